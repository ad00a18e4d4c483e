/**
 * The fault "a crash leaves the record saved and the transfer lost": a process is killed by SIGKILL between any two statements
 * of a decision, and of adding a resource, and the owner's row never disagrees with the rest.
 */
import { randomUUID } from 'node:crypto';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { userOwner } from '@parcelpost/shared/files/owner.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { signatureSchema } from '@parcelpost/shared/signatures/schema.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExpiredFiles } from '../../apps/worker/src/processors/expired-files.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { killBetweenStatements } from '../support/dies-at-statement.js';
import { plantExport } from '../support/planted.js';
import { insertPeopleAndProjects, projectId, type TestProducer } from '../support/producer.js';
import { testWrites } from '../support/writes.js';

const LONGEST_MS = 60_000;

let database: TestDatabase;
let users: TestProducer['users'];
beforeAll(async () => {
  database = await createTestDatabase();
  users = await insertPeopleAndProjects(database.db);
});
afterAll(() => database?.drop());

const HOUR_MS = 3_600_000;
const onSuccess = [signatureSchema.parse({ task: 'log.info' })];

/** A bundle that a start of the merge has written, of an export that is not decided. */
async function bundled(exportId: string) {
  const expiresAt = new Date(Date.now() + HOUR_MS);
  const about = { name: 'a.zip', mediaType: 'application/zip', bytes: 1, sha256: '00', contents: [], expiresAt };
  const storageKey = `cadasta/london-2/${exportId}/${randomUUID()}/bundle.zip`;
  const file = { exportId, generation: 1, storageKey, ...about };
  return new FileService(database.as('worker')).insert(database.as('worker'), file, userOwner('ana'));
}

async function decided(exportId: string) {
  const { db } = database;
  const [row, [file], [merge], followUps] = await Promise.all([
    db('exports').where({ id: exportId }).first('outcome', 'sealed_token'),
    db('files').where({ export_id: exportId }).select('owner_kind', 'owner_id', 'pinned', 'removed_at'),
    db('export_jobs').where({ export_id: exportId }).select('state'),
    db('outbox').where({ export_id: exportId, hook: 'onSuccess' }).pluck('task'),
  ]);
  return { ...row, ...file, merge: merge?.state, followUps };
}

const OPEN = { outcome: null, sealed_token: 'sealed', owner_kind: 'user', owner_id: 'ana', pinned: false };
const DONE = {
  outcome: 'completed',
  sealed_token: null,
  owner_kind: 'project',
  owner_id: 'cadasta/london-2',
  pinned: true,
};

test('owner and outcome are one: a worker killed between any two statements of its decision leaves both or neither', {
  timeout: LONGEST_MS,
}, async () => {
  const left: ('before' | 'after')[] = [];
  const statements = await killBetweenStatements(
    async () => {
      const exportId = await plantExport(database.db, {
        sealed_token: 'sealed',
        on_success: JSON.stringify(onSuccess),
      });
      const merge = { export_id: exportId, generation: 1, kind: 'merge', step: 'merge', shard: 0, state: 'active' };
      await database.db('export_jobs').insert(merge);
      const file = await bundled(exportId);
      const result = { exportId, outcome: 'completed', rows: 0, warnings: [], missing: [], files: [], links: [] };
      return { exportId, order: { deed: 'decide', url: database.urls.worker, exportId, decision: { result, file } } };
    },
    async ({ exportId }, killed, nth) => {
      const now = await decided(exportId);
      const done = now.outcome !== null;
      expect(now, `killed before statement ${nth}`).toEqual(
        done
          ? { ...DONE, removed_at: null, merge: 'done', followUps: ['log.info'] }
          : { ...OPEN, removed_at: null, merge: 'active', followUps: [] },
      );
      if (!killed) expect(done).toBe(true);
      else left.push(done ? 'after' : 'before');
    },
  );
  // BEGIN, the outcome, what goes with it, the transfer in its savepoint, COMMIT: each was killed before.
  expect(statements).toBeGreaterThan(8);
  expect(left).toEqual(Array.from({ length: statements }, () => 'before'));
});

test('a bundle that nobody decided on goes from storage and says so; one that may yet be decided on stays', async () => {
  const removed: string[] = [];
  const storage = { removePrefix: async (prefix: string) => void removed.push(prefix) } as Partial<Storage> as Storage;
  const db = database.as('worker');
  const rest = { metrics: createMetrics('worker'), settings: { removalGraceMs: 60_000 } };
  const deps = { db, writes: testWrites(db), storage, log: createLogger('test', 'silent'), ...rest };
  const round = () => new ExpiredFiles(deps).round();
  const [open, failed, again, good] = await Promise.all(Array.from({ length: 4 }, () => plantExport(database.db))).then(
    (ids) => ids as [string, string, string, string],
  );
  const [ofOpen, ofFailed, ofAgain, ofGood] = [
    await bundled(open),
    await bundled(failed),
    await bundled(again),
    await bundled(good),
  ];
  const overtaken = await bundled(good);
  const end = { phase: 'decided', decided_at: new Date() };
  await database
    .db('exports')
    .where({ id: failed })
    .update({ ...end, outcome: 'failed' });
  await database.db('exports').where({ id: again }).update({ generation: 2 });
  await database
    .db('exports')
    .where({ id: good })
    .update({ ...end, outcome: 'completed' });
  await database.db('files').where({ id: ofGood.id }).update({ owner_kind: 'project', owner_id: 'cadasta/london-2' });
  await round();
  const folder = ({ storageKey }: { storageKey: string }) => storageKey.replace('/bundle.zip', '');
  expect(removed.sort()).toEqual([ofFailed, ofAgain, overtaken].map(folder).sort());
  const gone = await database.db('files').whereNotNull('removed_at').pluck('id');
  expect(gone.sort()).toEqual([ofFailed, ofAgain, overtaken].map(({ id }) => id).sort());
  expect(removed).not.toContain(folder(ofOpen));
  await round();
  expect(removed).toHaveLength(3);
});

test('record and transfer are one: a producer killed between any two statements of adding a resource leaves both or neither', {
  timeout: LONGEST_MS,
}, async () => {
  const project_id = await projectId(database.db, 'london-2');
  await database.db('parties').insert({ project_id, id: 'p1', name: 'P', type: 'IN' });
  const user = { id: users.ana, name: 'Ana' };
  const address = { organization: 'cadasta', project: 'london-2' };
  const links = [{ id: 'p1', type: 'party' }];
  const statements = await killBetweenStatements(
    async () => {
      const file = randomUUID();
      const about = { kind: 'upload', name: 'a.pdf', media_type: 'application/pdf', bytes: 1, sha256: '00' };
      const whose = { owner_kind: 'user', owner_id: user.id, arrived_at: new Date() };
      await database.db('files').insert({ id: file, storage_key: `uploads/${file}`, ...about, ...whose });
      const body = { name: 'A', description: '', file, links };
      return { file, order: { deed: 'add', url: database.urls.producer, user, address, body } };
    },
    async ({ file }, killed, nth) => {
      const row = await database.db('files').where({ id: file }).first('owner_kind', 'owner_id', 'pinned');
      const [resource] = await database.db('resources').where({ file_id: file });
      const of = { project_id, resource_id: resource?.id ?? '' };
      const found = { ...row, links: await database.db('resource_links').where(of).pluck('target_id') };
      expect(found, `killed before statement ${nth}`).toEqual(
        killed
          ? { owner_kind: 'user', owner_id: user.id, pinned: false, links: [] }
          : { owner_kind: 'record', owner_id: `cadasta/london-2/${resource?.id}`, pinned: true, links: ['p1'] },
      );
    },
  );
  expect(statements).toBeGreaterThan(8);
});
