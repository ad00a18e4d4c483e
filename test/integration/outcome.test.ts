import { randomUUID } from 'node:crypto';
import type { RequestedExport } from '@parcelpost/shared/db/services/export-requests.js';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import { OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import type { ExportFailure } from '@parcelpost/shared/errors.js';
import type { ExportResult } from '@parcelpost/shared/export-result.js';
import { userOwner } from '@parcelpost/shared/files/owner.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { migrateQueues, openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import { signatureSchema } from '@parcelpost/shared/signatures/schema.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Decision, decide } from '../../apps/worker/src/outcome/decide.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { deciding } from '../support/deciding.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';
import { record, testWrites } from '../support/writes.js';

const log = createLogger('test', 'silent');
const FAILURE: ExportFailure = { code: 'test', message: 'it failed', step: 'locations', shard: 3, attempts: 2 };

function newExport(): RequestedExport {
  const followUp = signatureSchema.parse({ task: 'msg.email', args: { to: ['ana@example.org'] } });
  const hook = signatureSchema.parse({ task: 'webhook.post', args: { url: 'https://example.org/hook' } });
  return {
    id: randomUUID(),
    requestHash: randomUUID(),
    nextTokens: {},
    organization: 'cadasta',
    organizationName: 'Cadasta',
    project: 'london-2',
    projectName: 'London 2',
    requester: { id: 'u1', name: 'Ana', email: 'ana@example.org', language: 'en' },
    options: {
      outputType: 'shp',
      formats: ['csv', 'shapefiles'],
      csv: { bom: false, escapeFormulas: true },
      allowPartial: false,
    },
    onSuccess: [followUp, hook],
    onFailure: [followUp],
    sealedToken: 'sealed',
    deadlineAt: new Date(Date.now() + 3_600_000),
  };
}

describe.each(ENGINES)('one outcome, one release (%s)', (engine) => {
  let database: TestDatabase;
  let queues: Queues;
  let relay: OutboxRelay;
  let exports: ExportService;
  let writes: Writes;
  let outbox: OutboxService;

  beforeAll(async () => {
    database = await createTestDatabase();
    const prefix = uniquePrefix();
    const url = queueUrlFor(engine, database.url);
    await migrateQueues(url, prefix);
    queues = openQueues(url, { prefix, log });
    relay = new OutboxRelay({ db: database.db, queues, log, exportsInFlight: 0 });
    exports = new ExportService(database.db);
    writes = testWrites(database.db);
    outbox = new OutboxService(database.db);
  });
  afterAll(async () => {
    await relay.stop();
    await queues.close();
    await database.drop();
  });

  const deps = () => ({
    exports,
    ...deciding(database.db),
    outbox,
    relay,
    metrics: createMetrics('worker'),
    log,
    settings: {
      publicUrl: 'http://127.0.0.1:3000',
      shardRecords: 1,
      zipLevel: 1,
      ttlMs: 1,
      partsTtlMs: 3_600_000,
      removalGraceMs: 0,
      softwareVersion: '0',
      platform: { url: 'http://127.0.0.1:9', own: true },
    },
  });

  /** What a merge brings: its bundle has a row, which belongs to who asked. */
  const success = async (id: string): Promise<Extract<Decision, { file: object }>> => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    const result: ExportResult = {
      exportId: id,
      project: { organization: 'cadasta', slug: 'london-2', name: 'London 2' },
      outcome: 'completed',
      file: { name: 'a.zip', bytes: 1, sha256: '00', expiresAt: expiresAt.toISOString() },
      links: [],
      rows: 0,
      files: [],
      warnings: [],
      missing: [],
      requestedBy: { id: 'u1', name: 'Ana' },
      finishedAt: new Date().toISOString(),
    };
    const file = {
      exportId: id,
      generation: 1,
      name: 'a.zip',
      storageKey: `k/${id}/${randomUUID()}`,
      mediaType: 'application/zip',
      bytes: 1,
      sha256: '00',
      contents: [],
      expiresAt,
    };
    return { result, file: await new FileService(database.db).insert(database.db, file, userOwner('u1')) };
  };

  /** Owners of the bundles of an export. */
  const owners = async (id: string): Promise<string[]> => {
    const rows = await database.db('files').where({ export_id: id }).orderBy('owner_kind');
    return rows.map(({ owner_kind, owner_id, pinned }) => `${owner_kind} ${owner_id}${pinned ? ', pinned' : ''}`);
  };

  test('of many deciders at once exactly one decides, and only its follow-ups are released', async () => {
    const asked = newExport();
    await record(writes, asked);
    const row = await exports.get(asked.id);
    if (!row) throw new Error('not there');
    const decisions = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => (i % 2 ? success(row.id) : { failure: FAILURE })),
    );
    const won = await Promise.all(decisions.map((decision) => decide(deps(), row, decision)));
    expect(won.filter(Boolean)).toHaveLength(1);
    const after = await exports.get(asked.id);
    const failed = won.findIndex(Boolean) % 2 === 0;
    expect(after?.outcome).toBe(failed ? 'failed' : 'completed');
    const released = await outbox.followUps(asked.id);
    expect(released.map(({ hook, position }) => `${hook} ${position}`)).toEqual(
      failed ? ['onFailure 0'] : ['onSuccess 0', 'onSuccess 1'],
    );
    const lost = Array.from({ length: failed ? 6 : 5 }, () => 'user u1');
    expect(await owners(asked.id)).toEqual([...(failed ? [] : ['project cadasta/london-2, pinned']), ...lost]);
  });

  test('the token is forgotten with the outcome', async () => {
    const asked = newExport();
    await record(writes, asked);
    const row = await exports.get(asked.id);
    if (!row) throw new Error('not there');
    expect(row.sealedToken).toBe('sealed');
    await decide(deps(), row, { failure: FAILURE });
    expect((await exports.get(asked.id))?.sealedToken).toBeNull();
  });

  test('an export that was told to stop is not completed: the reason is decided, and handed to onFailure', async () => {
    const asked = newExport();
    await record(writes, asked);
    const row = await exports.get(asked.id);
    if (!row) throw new Error('not there');
    const cancelled = { code: 'cancelled', message: 'Cancelled by Ana.', step: null, shard: null, attempts: 1 };
    await exports.raiseAbort(row.id, 1, cancelled);
    expect(await decide(deps(), row, await success(row.id))).toBe('cancelled');
    expect(await exports.get(row.id)).toMatchObject({ outcome: 'cancelled', error: cancelled, result: null });
    const [released, ...others] = await outbox.followUps(row.id);
    expect(await outbox.get(released?.id ?? '')).toMatchObject({
      hook: 'onFailure',
      input: { kind: 'failure', report: { outcome: 'cancelled', failure: cancelled } },
    });
    expect(others).toEqual([]);
    expect(await new FileService(database.db).ofExports([row.id])).toEqual([]);
  });

  test.each([
    ['completed', 'for minutes, until they are cleared away'],
    ['partial', 'for another try'],
    ['failed', 'for another try'],
    ['cancelled', 'for another try'],
  ] as const)('parts of an export that is %s are kept %s', async (outcome, kept) => {
    const asked = newExport();
    await record(writes, asked);
    const row = await exports.get(asked.id);
    if (!row) throw new Error('not there');
    const good = await success(row.id);
    const decision: Decision =
      outcome === 'completed' || outcome === 'partial'
        ? { ...good, result: { ...good.result, outcome } }
        : { failure: { ...FAILURE, code: outcome } };
    expect(await decide(deps(), row, decision)).toBe(outcome);
    const keptMs = ((await exports.get(row.id))?.partsUntil?.getTime() ?? 0) - Date.now();
    expect(keptMs).toBeGreaterThan(0);
    expect(keptMs > 600_000).toBe(kept === 'for another try');
    const hooks = (await outbox.followUps(row.id)).map(({ hook }) => hook);
    expect(new Set(hooks)).toEqual(
      new Set([outcome === 'failed' || outcome === 'cancelled' ? 'onFailure' : 'onSuccess']),
    );
  });

  test('a token for a next export goes to the follow-up that starts it, and is forgotten once that is done', async () => {
    const asked = newExport();
    const next = signatureSchema.parse({
      task: 'export.project',
      args: { project: 'p', request: { outputType: 'shp' } },
    });
    const sealed = { token: 'for the next', next: { 'onSuccess/0': { token: 'for the one after', next: {} } } };
    await record(writes, {
      ...asked,
      onSuccess: [next],
      nextTokens: { 'onSuccess/0': sealed, 'onFailure/0': { token: 'never needed', next: {} } },
    });
    const row = await exports.get(asked.id);
    if (!row) throw new Error('not there');
    await decide(deps(), row, await success(row.id));
    expect((await exports.get(row.id))?.nextTokens).toBeNull();
    const followUps = new FollowUps(database.db);
    const [{ id } = { id: '' }] = await outbox.followUps(row.id);
    expect((await followUps.get(id))?.sealed).toEqual(sealed);
    await writes.settle({ id, replay: 0 }, { result: null });
    expect((await followUps.get(id))?.sealed).toBeNull();
  });

  test('a decision for an earlier generation changes nothing', async () => {
    const asked = newExport();
    await record(writes, asked);
    const row = await exports.get(asked.id);
    if (!row) throw new Error('not there');
    await database.db('exports').where({ id: row.id }).update({ generation: 2 });
    expect(await decide(deps(), row, { failure: FAILURE })).toBeUndefined();
    expect((await exports.get(row.id))?.outcome).toBeNull();
    expect(await outbox.followUps(row.id)).toEqual([]);
  });

  test('what the outbox holds is entered once, however many relays run, and again after a relay died before noting it', async () => {
    const asked = newExport();
    await record(writes, asked);
    const others = Array.from(
      { length: 4 },
      () => new OutboxRelay({ db: database.db, queues, log, exportsInFlight: 0 }),
    );
    await Promise.all([relay, ...others].map((each) => each.run()));
    const merge = `${asked.id}-1-merge`;
    expect(await queues.queue('meta').getJobState(merge)).toBe('waiting-children');
    expect(await queues.queue('export').getJobState(`${asked.id}-1-plan`)).toBe('prioritized');
    const waiting = await queues.queue('export').getJobCounts('waiting', 'prioritized');
    await database.db('outbox').where({ export_id: asked.id }).update({ state: 'pending' });
    await relay.run();
    expect(await queues.queue('meta').getJobState(merge)).toBe('waiting-children');
    expect(await queues.queue('export').getJobCounts('waiting', 'prioritized')).toEqual(waiting);
  });

  test('a follow-up is a job of the queue that its task’s name begins with, under its own id', async () => {
    const asked = newExport();
    await record(writes, asked);
    const row = await exports.get(asked.id);
    if (!row) throw new Error('not there');
    await decide(deps(), row, await success(row.id));
    const [mail, hook] = await outbox.followUps(row.id);
    expect(await queues.queue('msg').getJobState(mail?.id as string)).toBe('waiting');
    expect(await queues.queue('webhook').getJobState(hook?.id as string)).toBe('waiting');
  });
});
