/**
 * What the service does in a transaction is done whole or not at all, wherever its process dies; and of what is done one note
 * is kept, in the same transaction.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from '@parcelpost/shared/db/database.js';
import { AuditLog } from '@parcelpost/shared/db/services/audit-log.js';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { exportRequestSchema } from '@parcelpost/shared/export-request.js';
import { userOwner } from '@parcelpost/shared/files/owner.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import type { PreparedExport } from '@parcelpost/shared/signatures/prepared.js';
import { createRegistry } from '@parcelpost/shared/signatures/registry.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportActions } from '../../apps/producer/src/actions/export-actions.js';
import { ReadExports } from '../../apps/producer/src/actions/read-exports.js';
import type { Dependencies } from '../../apps/producer/src/dependencies.js';
import { decide } from '../../apps/worker/src/outcome/decide.js';
import type { WorkerDeps } from '../../apps/worker/src/processors/deps.js';
import { releaseCanvas } from '../support/canvas.js';
import { cutDatabase } from '../support/cut-database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { deciding } from '../support/deciding.js';
import { plantDecided, plantExport, secondsAgo } from '../support/planted.js';
import {
  AUTH_SECRET,
  insertPeopleAndProjects,
  PUBLIC_URL,
  SEAL_SECRET,
  SIGNATURE_SECRET,
  TOKEN_KEYS,
} from '../support/producer.js';
import { testWrites } from '../support/writes.js';

let database: TestDatabase;
let people: Awaited<ReturnType<typeof insertPeopleAndProjects>>;
beforeAll(async () => {
  database = await createTestDatabase();
  people = await insertPeopleAndProjects(database.db);
});
afterAll(() => database?.drop());

const TABLES = ['exports', 'outbox', 'files', 'idempotency_keys', 'scoped_tokens', 'audit_log'];

/** All that there is, by table. */
async function everything(): Promise<Record<string, string[]>> {
  const { rows } = await database.db.raw<{ rows: { name: string; row: string }[] }>(
    TABLES.map((name) => `select '${name}' as name, to_jsonb(t)::text as row from ${name} t`).join(' union all '),
  );
  return Object.fromEntries(
    TABLES.map((table) => [
      table,
      rows
        .filter(({ name }) => name === table)
        .map(({ row }) => row)
        .sort(),
    ]),
  );
}

const ana = () => ({ id: people.ana, username: 'ana', name: 'Ana', email: 'ana@example.org', language: 'en' });

/** The producer's own actions, on a database. */
function actionsOn(db: Database) {
  const dependencies = {
    config: {
      PUBLIC_URL,
      TOKEN_KEYS,
      AUTH_SECRET: [AUTH_SECRET],
      SEAL_SECRET: [SEAL_SECRET],
      SIGNATURE_SECRET: [SIGNATURE_SECRET],
      TOKEN_HOURS: 12,
      EXPORT_DEADLINE_MINUTES: 60,
    },
    db,
    tasks: createRegistry(),
    log: createLogger('test', 'silent'),
    metrics: createMetrics('producer'),
    writes: testWrites(db),
    relay: { run: async () => {} },
  } as Partial<Dependencies> as Dependencies;
  return exportActions(dependencies, new ReadExports(dependencies));
}

/** A request whose follow-up starts the next export. */
const asked = (key: string) => ({
  organization: 'cadasta',
  project: 'london-2',
  key,
  body: exportRequestSchema.parse({
    formats: ['csv'],
    onSuccess: [
      { task: 'log.info', args: { message: key } },
      { task: 'export.project', args: { project: 'london-20', request: { formats: ['csv'] } } },
    ],
  }),
});

const mine = () => ({ requester_id: people.ana, requester: JSON.stringify(ana()) });

/** An export in its second generation, with the row of a bundle that was brought for it. */
async function bundled(): Promise<{ id: string; fileId: string }> {
  const id = await plantExport(database.db, { ...mine(), generation: 2 });
  const file = {
    exportId: id,
    generation: 2,
    name: 'a.zip',
    storageKey: `k/${id}`,
    mediaType: 'application/zip',
    bytes: 1,
    sha256: '00',
    contents: [],
    expiresAt: secondsAgo(-3600),
  };
  const kept = await new FileService(database.db).insert(database.db, file, userOwner(people.ana));
  return { id, fileId: kept.id };
}

async function decideOn(db: Database, id: string): Promise<unknown> {
  const exports = new ExportService(db);
  const row = await exports.get(id);
  const file = await db('files').where({ export_id: id }).first();
  if (!row) throw new Error(`there is no export ${id}`);
  const deps = {
    ...deciding(db),
    exports,
    relay: { run: async () => {} },
    outbox: { get: async () => undefined },
    metrics: createMetrics('worker'),
    log: createLogger('test', 'silent'),
    settings: { publicUrl: PUBLIC_URL, partsTtlMs: 1000 },
  } as unknown as WorkerDeps;
  const kept = { id: file.id, exportId: id, generation: 2, bytes: 1, expiresAt: secondsAgo(-3600) };
  const result = { exportId: id, outcome: 'completed' };
  return decide(deps, row, { result, file: kept } as unknown as Parameters<typeof decide>[2]);
}

interface Case {
  /** Makes what is to be changed. */
  prepare(): Promise<string>;
  /** Changes it, by the connection that is cut. */
  run(db: Database, id: string): Promise<unknown>;
  /** What is noted of that, in its order. */
  noted: object[];
}

const CASES: Record<string, Case> = {
  'asking for an export': {
    prepare: async () => `"${randomUUID()}"`,
    run: (db, key) => actionsOn(db).request.run(ana(), asked(key)),
    noted: [{ actor_kind: 'user', actor_name: 'Ana', task: 'exports.record', subject_kind: 'export', generation: 1 }],
  },
  'cancelling it': {
    prepare: () => plantExport(database.db, mine()),
    run: (db, id) => actionsOn(db).change.cancel(id, ana()),
    noted: [{ actor_kind: 'user', task: 'exports.cancel', details: { reason: 'cancelled' } }],
  },
  'trying it again': {
    prepare: () => plantDecided(database.db, { ...mine(), outcome: 'failed' }),
    run: (db, id) => actionsOn(db).change.retry(id, ana(), undefined),
    noted: [{ actor_kind: 'user', task: 'exports.retry', generation: 2 }],
  },
  'stopping it': {
    prepare: () => plantExport(database.db),
    run: (db, id) =>
      testWrites(db).stop(
        { id, generation: 1 },
        { code: 'deadline', message: '', step: null, shard: null, attempts: 1 },
      ),
    noted: [{ actor_kind: 'service', task: 'exports.stop', details: { reason: 'deadline' } }],
  },
  'entering it again': {
    prepare: () => plantExport(database.db),
    run: (db, id) => testWrites(db).enterAgain({ id, generation: 1 }),
    noted: [{ task: 'exports.enter-again', generation: 1 }],
  },
  'beginning the next one': {
    prepare: async () => randomUUID(),
    run: (db, id) => {
      const prepared: PreparedExport = {
        organization: 'cadasta',
        organizationName: 'Cadasta',
        project: 'london-20',
        projectName: 'London 20',
        requester: ana(),
        options: {
          outputType: 'custom',
          formats: ['csv'],
          csv: { bom: false, escapeFormulas: true },
          allowPartial: false,
        },
        onSuccess: [],
        onFailure: [],
        deadlineMinutes: 60,
      } as unknown as PreparedExport;
      return testWrites(db).startNext({ id, exportId: randomUUID() }, prepared, { token: 'sealed', next: {} });
    },
    noted: [{ task: 'exports.start-next', generation: 1, details: { project: 'cadasta/london-20' } }],
  },
  'ending a follow-up': {
    prepare: async () => {
      const { id } = await releaseCanvas(database.db, [{ chain: [{ task: 'log.info' }, { task: 'log.info' }] }]);
      return id('onSuccess/0/chain/0');
    },
    run: (db, id) => testWrites(db).settle({ id, replay: 0 }, { result: 'done' }),
    noted: [],
  },
  'calling a follow-up again': {
    prepare: async () => {
      const { id } = await releaseCanvas(database.db, [{ chain: [{ task: 'log.info' }, { task: 'log.info' }] }]);
      const error = { code: 'test', message: 'it failed' };
      await testWrites(database.db).settle({ id: id('onSuccess/0/chain/0'), replay: 0 }, { error });
      return id('onSuccess/0/chain/0');
    },
    run: (db, id) => testWrites(db).replay(id),
    noted: [{ task: 'follow-ups.replay', subject_kind: 'follow-up', details: { place: 'onSuccess/0/chain/0' } }],
  },
  'deciding it, with a bundle that replaces another': {
    prepare: async () => (await bundled()).id,
    run: decideOn,
    noted: [
      { task: 'exports.decide', generation: 2, details: { outcome: 'completed' } },
      {
        task: 'files.transferOwnership',
        subject_kind: 'file',
        details: { to: 'project cadasta/london-2', pinned: true },
      },
    ],
  },
  'noting that a bundle is gone': {
    prepare: async () => (await bundled()).fileId,
    run: (db, id) => testWrites(db).noteRemoved([id], 'expired'),
    noted: [{ task: 'files.note-removed', subject_kind: 'file', details: { why: 'expired' } }],
  },
};

test.each(Object.entries(CASES))(
  '%s: a death between any two statements leaves nothing of it; else there is one note',
  async (_name, one) => {
    const run = async (at: number) => {
      const subject = await one.prepare();
      const before = await everything();
      const cut = cutDatabase(database.url, at);
      const end = await one.run(cut.db, subject).then(
        () => 'done',
        () => 'died',
      );
      await cut.close();
      return { end, before, after: await everything(), sent: cut.sent };
    };
    const whole = await run(Number.POSITIVE_INFINITY);
    expect(whole.end).toBe('done');
    expect(whole.after).not.toEqual(whole.before);
    const known = new Set(whole.before.audit_log);
    const noted = (whole.after.audit_log ?? []).filter((row) => !known.has(row)).map((row) => JSON.parse(row));
    expect(noted.sort((a, b) => a.id - b.id)).toMatchObject(one.noted);
    expect(noted).toHaveLength(one.noted.length);

    const commit = whole.sent.findIndex((sql) => /^commit/i.test(sql)) + 1;
    expect(commit).toBeGreaterThan(2);
    for (let at = 1; at <= commit; at++) {
      const { end, before, after } = await run(at);
      expect(end, `cut before statement ${at}: ${whole.sent[at - 1]}`).toBe('died');
      expect(after, `cut before statement ${at}: ${whole.sent[at - 1]}`).toEqual(before);
    }
  },
);

test('what is refused, or changes nothing, leaves no note', async () => {
  const before = (await everything()).audit_log;
  const { request, change } = actionsOn(database.as('producer'));
  const eve = { ...ana(), id: people.eve };
  await expect(request.run(eve, asked('"refused"'))).rejects.toMatchObject({ type: 'project-not-found' });
  const id = await plantDecided(database.db, mine());
  await expect(change.cancel(id, ana())).rejects.toMatchObject({ type: 'export-decided' });
  await expect(change.retry(id, ana(), undefined)).rejects.toMatchObject({ type: 'export-not-retryable' });
  const other = await plantExport(database.db);
  await expect(change.cancel(other, eve)).rejects.toMatchObject({ type: 'export-not-found' });
  expect((await everything()).audit_log).toEqual(before);
});

test('whoever joins an export is noted, and who repeats a request is not', async () => {
  const { request } = actionsOn(database.as('producer'));
  const first = await request.run(ana(), asked('"first"'));
  await request.run(ana(), asked('"first"'));
  const notes = () => database.db('audit_log').where({ export_id: first.exportId }).orderBy('id').pluck('details');
  expect(await notes()).toMatchObject([{ did: 'created', project: 'cadasta/london-2', formats: ['csv'] }]);
  const joined = await request.run(ana(), { ...asked('"second"'), body: asked('"first"').body });
  expect(joined).toMatchObject({ exportId: first.exportId, joined: true });
  expect(await notes()).toMatchObject([{ did: 'created' }, { did: 'joined' }]);
});

test('notes are kept as long as they are to be, and then go, the oldest first', async () => {
  const log = new AuditLog(database.as('producer'));
  const ids = await database.db('audit_log').orderBy('id').pluck('id');
  expect(await log.removeOld(30, 100)).toBe(0);
  const [oldest, older, old, ...others] = ids;
  for (const [id, days] of [
    [oldest, 33],
    [older, 32],
    [old, 31],
  ]) {
    await database
      .db('audit_log')
      .where({ id })
      .update({ at: secondsAgo(days * 24 * 3600) });
  }
  expect(await log.removeOld(30, 2)).toBe(2);
  expect(await database.db('audit_log').orderBy('id').pluck('id')).toEqual([old, ...others]);
  expect(await log.removeOld(30, 2)).toBe(1);
  expect((await log.recent({ limit: 1000 })).map(({ id }) => id)).toEqual([...others].reverse());
});
