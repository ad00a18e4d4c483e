/** The next export of a canvas: begun by its follow-up, once, however often that is run. */
import { randomUUID } from 'node:crypto';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { META_QUEUE, migrateQueues, openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import type { PreparedExport } from '@parcelpost/shared/signatures/prepared.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNextExportHandler } from '../../apps/worker/src/follow-ups/next-export.js';
import type { FollowUpHandler } from '../../apps/worker/src/follow-ups/types.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';
import { EXPORT_ID, followUpContext, NO_INPUT, PUBLIC_URL } from '../support/follow-ups.js';
import { testWrites } from '../support/writes.js';

const log = createLogger('test', 'silent');

const prepared: PreparedExport = {
  organization: 'cadasta',
  organizationName: 'Cadasta',
  project: 'london-20',
  projectName: 'London 20',
  requester: { id: 'ana', name: 'Ana Álvarez', email: 'ana@example.org', language: 'es' },
  options: {
    outputType: 'shp',
    formats: ['csv', 'shapefiles'],
    csv: { bom: false, escapeFormulas: true },
  } as PreparedExport['options'],
  onSuccess: [{ task: 'log.info', args: {}, options: {}, immutable: false, onSuccess: [], onFailure: [], mac: 'm' }],
  onFailure: [],
  deadlineMinutes: 90,
};
const args = { project: 'london-20', request: {}, prepared } as unknown as Record<string, unknown>;
const sealed = { token: 'v1.key.box', next: { 'onSuccess/0': { token: 'v1.key.inner', next: {} } } };

describe.each(ENGINES)('export.project on the %s engine', (engine) => {
  let database: TestDatabase;
  let queues: Queues;
  let run: FollowUpHandler;
  beforeAll(async () => {
    database = await createTestDatabase();
    const url = queueUrlFor(engine, database.url);
    const prefix = uniquePrefix();
    await migrateQueues(url, prefix);
    queues = openQueues(url, { prefix, log });
    const relay = new OutboxRelay({ db: database.db, queues, log, exportsInFlight: 0 });
    run = createNextExportHandler({ writes: testWrites(database.db), relay, publicUrl: PUBLIC_URL });
  });
  afterAll(async () => {
    await queues?.close();
    await database?.drop();
  });

  const exportsOf = (id: string) => database.db('exports').where({ id });
  const mergeState = (id: string) => queues.queue(META_QUEUE).getJobState(`${id}-1-merge`);

  it('starts the export that was prepared, under the follow-up’s own id, and tells where it is', async () => {
    const followUpId = randomUUID();
    const before = Date.now();
    expect(await run(NO_INPUT, args, followUpContext({ followUpId, sealed }))).toEqual({
      exportId: followUpId,
      organization: 'cadasta',
      project: 'london-20',
      links: [{ text: 'Export of London 20', url: `${PUBLIC_URL}/exports/${followUpId}` }],
    });
    const row = await new ExportService(database.db).get(followUpId);
    const { deadlineMinutes, ...asked } = prepared;
    expect(row).toMatchObject({ ...asked, generation: 1, outcome: null, sealedToken: sealed.token });
    expect(row?.deadlineAt.getTime()).toBeGreaterThanOrEqual(before + deadlineMinutes * 60_000);
    const [more] = await exportsOf(followUpId).select('started_by', 'next_tokens');
    expect(more).toEqual({ started_by: followUpId, next_tokens: sealed.next });
    expect(await mergeState(followUpId)).toBe('waiting-children');
  });

  it('run again, or twice at once, it finds the export begun and says the same', async () => {
    const followUpId = randomUUID();
    const once = (attempt: number) => run(NO_INPUT, args, followUpContext({ followUpId, sealed, attempt }));
    const results = [...(await Promise.all([once(1), once(1), once(1)])), await once(2)];
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(await exportsOf(followUpId)).toHaveLength(1);
    expect(await database.db('outbox').where({ export_id: followUpId })).toHaveLength(1);
  });

  it('started before by a worker that died ahead of the relay, it is entered by the next one', async () => {
    const followUpId = randomUUID();
    const node = { id: followUpId, exportId: EXPORT_ID };
    await testWrites(database.db).startNext(node, prepared, sealed);
    expect(await mergeState(followUpId)).toBe('unknown');
    await run(NO_INPUT, args, followUpContext({ followUpId, sealed }));
    expect(await mergeState(followUpId)).toBe('waiting-children');
  });

  it('over a limit of its requester it is postponed, and begins nothing; then it begins', async () => {
    const limits = { person: { inFlight: 1, perHour: 0 }, project: { inFlight: 0, perHour: 0 } };
    const requester = { ...prepared.requester, id: randomUUID() };
    const relay = new OutboxRelay({ db: database.db, queues, log, exportsInFlight: 0 });
    const limited = createNextExportHandler({
      writes: testWrites(database.db, { limits }),
      relay,
      publicUrl: PUBLIC_URL,
    });
    const begin = (followUpId: string) =>
      limited(NO_INPUT, { ...args, prepared: { ...prepared, requester } }, followUpContext({ followUpId, sealed }));
    const [first, second] = [randomUUID(), randomUUID()];
    await begin(first);
    const { deadlineMinutes } = prepared;
    await expect(begin(second)).rejects.toMatchObject({
      name: 'PostponedError',
      code: 'too-many-exports',
      patienceMs: deadlineMinutes * 60_000,
    });
    expect(await exportsOf(second)).toEqual([]);
    // Said again, what has begun is not counted anew.
    await begin(first);
    await exportsOf(first).update({ outcome: 'failed', decided_at: new Date() });
    expect(await begin(second)).toMatchObject({ exportId: second });
  });

  it.each([
    ['not prepared', { ...args, prepared: undefined }, sealed],
    ['without its token', args, null],
  ])('%s it fails for good, says what to do, and starts nothing', async (_what, given, box) => {
    const followUpId = randomUUID();
    const running = run(NO_INPUT, given, followUpContext({ followUpId, sealed: box }));
    await expect(running).rejects.toMatchObject({
      name: 'PermanentFollowUpError',
      code: 'next-export-not-prepared',
      message: expect.stringContaining('Ask for that export itself'),
    });
    expect(await exportsOf(followUpId)).toEqual([]);
  });
});
