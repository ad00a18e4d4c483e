/**
 * Objects that no row stands for, and rows whose object is gone: told, removed after a safe age, never what is in flight or kept.
 * And what of expiry and orphans a kill or a storage that refuses leaves half done.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chores } from '@parcelpost/shared/db/services/chores.js';
import { FinishedParts } from '@parcelpost/shared/db/services/finished-parts.js';
import { RemovalService } from '@parcelpost/shared/db/services/removals.js';
import { uploadKey } from '@parcelpost/shared/db/services/uploads.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runOps } from '../../apps/producer/src/cli/ops/run.js';
import { orphanPass } from '../../apps/producer/src/janitor/orphan-pass.js';
import { Orphans } from '../../apps/producer/src/janitor/orphans.js';
import { ExpiredFiles } from '../../apps/worker/src/processors/expired-files.js';
import { bundleKey, workKey } from '../../apps/worker/src/processors/keys.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { AT_ONCE, killBetweenStatements } from '../support/dies-at-statement.js';
import { plantDecided, plantExport } from '../support/planted.js';
import { testWrites } from '../support/writes.js';

const HOUR_MS = 3_600_000;
const log = createLogger('test', 'silent');
let database: TestDatabase;
let folder: string;
let storage: FileStorage;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-orphans-'));
  storage = new FileStorage(folder);
  await database.db.raw('truncate exports, files, chores cascade');
  return () => rmSync(folder, { recursive: true, force: true });
});
afterAll(() => database?.drop());

const row = (id: string, generation = 1) => ({ id, organization: 'cadasta', project: 'london-2', generation });
const work = (id: string, generation = 1) =>
  workKey(row(id, generation), { exportId: id, generation, kind: 'map', step: 'parties', shard: 0, start: 1 }, 'csv');
const keys = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** Writes an object that was changed two days ago, or now. */
async function put(key: string, { fresh = false } = {}): Promise<string> {
  await storage.put(key, 'bytes');
  const then = new Date(Date.now() - 48 * HOUR_MS);
  if (!fresh) utimesSync(join(folder, key), then, then);
  return key;
}

/** A bundle of an export, in storage and with a row. */
async function bundle(id: string, changes: object = {}, { db }: TestDatabase = database): Promise<string> {
  const key = await put(bundleKey(row(id), 1));
  await db('files').insert({
    ...{ export_id: id, generation: 1, name: 'b.zip', storage_key: key, media_type: 'application/zip', bytes: 5 },
    ...{ sha256: '', expires_at: new Date(Date.now() + HOUR_MS), arrived_at: new Date(), pinned: true },
    ...{ owner_kind: 'project', owner_id: 'cadasta/london-2' },
    ...changes,
  });
  return key;
}

const ops = async (...args: string[]) => {
  const out: string[] = [];
  const note = (line: string) => void out.push(line);
  const env = { DATABASE_URL: database.urls.producer, STORAGE_URL: pathToFileURL(folder).href, PROJECT_QUOTA_MB: '1' };
  const code = await runOps(args, env, { print: note, complain: note });
  return { code, text: out.join('\n') };
};
/** The storage with some of its methods replaced. */
const changed = (over: Partial<Storage>): Storage =>
  new Proxy<Storage>(storage, {
    get: (target, name: keyof Storage) => over[name] ?? target[name].bind(target),
  });
const orphansIn = (over: Partial<Storage> = {}) => {
  return new Orphans({ db: database.as('producer'), storage: changed(over), log });
};
const pass = (orphans = orphansIn(), everyMs = 0, signal = new AbortController().signal) => {
  const chores = new Chores(database.as('producer'));
  const options = { safeMs: 24 * HOUR_MS, signal, everyMs };
  return orphanPass({ orphans, chores, metrics: createMetrics('producer'), log }, options);
};

/** One of each: what is to stay, and what is to go. */
async function oneOfEach() {
  const { db } = database;
  const [open, kept, done, failed] = [
    await plantExport(db),
    await plantDecided(db, { outcome: 'failed', parts_until: new Date(Date.now() + HOUR_MS) }),
    await plantDecided(db, { expires_at: new Date(Date.now() + HOUR_MS) }),
    await plantDecided(db, { outcome: 'failed' }),
  ];
  const upload = randomUUID();
  await db('files').insert({
    ...{
      id: upload,
      kind: 'upload',
      name: 'a',
      media_type: 'a/b',
      storage_key: uploadKey(upload),
      bytes: 5,
      sha256: '',
    },
    ...{ owner_kind: 'user', owner_id: 'ana' },
  });
  const stays = [
    await put(work(open)),
    await put(bundleKey(row(open), 1)),
    await put(work(kept)),
    await put(bundleKey(row(kept), 4)),
    await bundle(done),
    await put(uploadKey(upload)),
    await put('backup/of-somebody.tar'),
    // Changed lately: its row may be about to be written.
    await put(uploadKey(randomUUID()), { fresh: true }),
    await put(work(done, 7), { fresh: true }),
  ];
  const goes = [
    await put(work(failed)),
    await put(bundleKey(row(failed), 1)),
    await put(work(done)),
    // A start of the merge that came too late, and what a killed writer left beside a key.
    await put(bundleKey(row(done), 2)),
    await put(`${work(done)}.7d4b7c0e-12f1-4a53-8f43-06f9a9a5e0bb.part`),
    await put(work(randomUUID())),
    await put(uploadKey(randomUUID())),
    await put(`ops-doctor-${randomUUID()}/probe`),
  ];
  return { stays: stays.sort(), goes: goes.sort(), open, done };
}

test('orphans are listed and nothing is touched; told to, they are removed, and nothing else is', async () => {
  const { stays, goes } = await oneOfEach();
  const dry = await ops('orphans');
  expect(dry.code).toBe(1);
  for (const key of goes) expect(dry.text).toContain(key);
  for (const key of stays) expect(dry.text.includes(key)).toBe(key.startsWith('backup/'));
  expect(dry.text).toContain('1 object is not this service’s');
  expect(keys()).toEqual([...stays, ...goes].sort());

  const json = JSON.parse((await ops('orphans', '--json')).text);
  expect(json).toMatchObject({ orphans: 8, removed: 0, unknown: 1, lost: 0, files: 1 });
  const done = await ops('orphans', '--remove');
  expect([done.code, keys()]).toEqual([0, stays]);
  expect(done.text).toContain('8 objects removed.');
  expect((await ops('orphans')).code).toBe(0);
});

test('they go by themselves: one producer at a time, once in a while, and pages through a storage of any size', async () => {
  const { stays } = await oneOfEach();
  const id = randomUUID();
  await Promise.all(Array.from({ length: 1100 }, (_, n) => put(`${work(id)}-${n}`)));
  const removed = await Promise.all([pass(), pass(), pass()]);
  expect(removed.toSorted((a, b) => a - b)).toEqual([0, 0, 1108]);
  expect(keys()).toEqual(stays);
  const late = await put(uploadKey(randomUUID()));
  expect(await pass(orphansIn(), HOUR_MS)).toBe(0);
  expect(keys()).toContain(late);
  await database.db('chores').update({ ended_at: new Date(Date.now() - 2 * HOUR_MS) });
  expect(await pass(orphansIn(), HOUR_MS)).toBe(1);
});

test('a try that begins between the look and the removal keeps what it may take over; so does whoever holds the row', async () => {
  const id = await plantDecided(database.db, { outcome: 'failed' });
  const key = await put(work(id));
  const orphans = orphansIn();
  const found = async () => {
    for await (const { orphans: some } of orphans.find(0)) return some;
    return [];
  };
  const some = await found();
  expect(some).toMatchObject([{ key, why: 'left-over', exportId: id }]);
  await database.db('exports').where({ id }).update({ outcome: null, decided_at: null, generation: 2 });
  expect(await orphans.remove(some)).toEqual([]);
  await database.db('exports').where({ id }).update({ outcome: 'failed', decided_at: new Date() });
  await database.db.transaction(async (trx) => {
    await trx.raw('select from exports where id = ? for update', [id]);
    expect(await orphans.remove(some)).toEqual([]);
  });
  expect(keys()).toEqual([key]);
  expect(await orphans.remove(some)).toHaveLength(1);
});

test('a storage that refuses some removals keeps none of the others; a pass that breaks off is begun anew by whoever comes', async () => {
  const [one, two] = [await put(uploadKey(randomUUID())), await put(uploadKey(randomUUID()))];
  const refusing = orphansIn({
    remove: (key) => (key === one ? Promise.reject(new Error('read-only')) : storage.remove(key)),
  });
  expect(await pass(refusing)).toBe(1);
  expect(keys()).toEqual([one]);
  const breaking = orphansIn({
    // biome-ignore lint/correctness/useYield: it breaks off before there is anything
    list: async function* () {
      throw new Error('away');
    },
  });
  await database.db('chores').update({ ended_at: null });
  await expect(pass(breaking, HOUR_MS)).rejects.toThrow('away');
  expect(await pass(orphansIn(), HOUR_MS)).toBe(1);
  expect([two, keys()]).toEqual([two, []]);
});

test('files that are gone from storage, or are shorter than their rows say, are told by orphans and by the doctor', async () => {
  const { db } = database;
  const ids = await Promise.all(
    Array.from({ length: 3 }, () => plantDecided(db, { expires_at: new Date(Date.now() + HOUR_MS) })),
  );
  const [fine, gone, short] = await Promise.all(ids.map((id) => bundle(id)));
  const over = await plantDecided(db, { expires_at: new Date(0) });
  await storage.remove(await bundle(over, { expires_at: new Date(0) }));
  await storage.remove(`${gone}`);
  await storage.put(`${short}`, 'b');
  const told = await ops('orphans');
  expect(told.code).toBe(1);
  expect(told.text).toContain(`${gone} is gone`);
  expect(told.text).toContain(`${short} has 1 bytes and not 5`);
  expect(told.text).toContain('2 files of 3 lost from storage.');
  expect(told.text).not.toContain(`${fine}`);
  const doctor = await ops('doctor');
  expect(doctor.text).toContain('2 files are not in storage as the database says, of 3 that were looked for.');
});

test('the operator pins, unpins, lets go, and sees what each project uses', async () => {
  const id = await plantDecided(database.db, { expires_at: new Date(Date.now() + HOUR_MS) });
  await bundle(id, { bytes: 1024 * 1024 });
  expect(await ops('pin', id)).toEqual({
    code: 0,
    text: `The files of export ${id} are kept until they are unpinned.`,
  });
  expect((await ops('pin', id, '--until', '2100-01-01T00:00:00Z')).text).toContain('until 2100-01-01T00:00:00.000Z');
  expect((await ops('pin', id, '--until', 'yesterday')).code).toBe(2);
  expect((await ops('pin', randomUUID())).code).toBe(1);
  expect((await ops('usage')).text).toMatch(/cadasta\/london-2 +1\.05 MB +100 % +1 \(1\.05 MB\) +1\.05 MB +0 /);
  expect(JSON.parse((await ops('usage', '--json')).text)).toMatchObject({ quotaBytes: 1_048_576 });
  const refused = await ops('expire', id);
  expect([refused.code, refused.text]).toEqual([1, `Export ${id}: its files are pinned; unpin them first.`]);
  expect((await ops('unpin', id)).text).toContain('an hour from now at the soonest');
  expect((await ops('unpin', id)).text).toContain('was not pinned');
  expect((await ops('expire', id)).text).toContain('have expired');
  const deeds = await database.db('audit_log').where({ export_id: id }).orderBy('id').pluck('task');
  expect(deeds).toEqual(['exports.pin', 'exports.pin', 'exports.unpin', 'exports.expire']);
});

/** A round of a worker, on a storage of whatever kind. */
const round = (over: Partial<Storage> = {}, removalGraceMs = 0, of: TestDatabase = database) => {
  const db = of.as('worker');
  const rest = { metrics: createMetrics('worker'), settings: { removalGraceMs } };
  return new ExpiredFiles({ db, writes: testWrites(db), storage: changed(over), log, ...rest }).round();
};
const OVER = { expires_at: new Date(0) };
const expired = async (of: TestDatabase = database) => {
  const id = await plantDecided(of.db, OVER);
  return { id, key: await bundle(id, OVER, of) };
};
const fileOf = (id: string, { db }: TestDatabase = database) =>
  db('files').where({ export_id: id }).first('removed_at', 'cleared_at');

test('a storage that refuses to remove one expired bundle keeps none of the others; out of reach is it all the same', async () => {
  const [refused, other] = [await expired(), await expired()];
  const removePrefix = (prefix: string) =>
    refused.key.startsWith(prefix) ? Promise.reject(new Error('busy')) : storage.removePrefix(prefix);
  await round({ removePrefix });
  expect(keys()).toEqual([refused.key]);
  expect(await fileOf(refused.id)).toEqual({ removed_at: expect.any(Date), cleared_at: null });
  expect((await fileOf(other.id)).cleared_at).not.toBeNull();
  await round();
  expect([keys(), (await fileOf(refused.id)).cleared_at]).toEqual([[], expect.any(Date)]);
});

test('bytes stay for the grace; what another process has in hand is left to it', async () => {
  const { id, key } = await expired();
  await round({}, HOUR_MS);
  expect([keys(), (await fileOf(id)).removed_at]).toEqual([[key], expect.any(Date)]);
  await new Chores(database.as('worker')).alone('bundles', async () => {
    await round();
    expect(keys()).toEqual([key]);
  });
  await database
    .db('chores')
    .insert({ name: 'bundles', holder: randomUUID(), held_until: new Date(Date.now() - 1) })
    .onConflict('name')
    .merge();
  await round();
  expect(keys()).toEqual([]);
});

test('a worker killed between any two statements of a round leaves nothing that the next one does not end', {
  timeout: 60_000,
}, async () => {
  // Each of those that are killed at once has a database to itself: a round does whatever there is to be done.
  const databases = await Promise.all(Array.from({ length: AT_ONCE }, createTestDatabase));
  let cases = 0;
  const seen = new Set<string>();
  const statements = await killBetweenStatements(
    async () => {
      const of = databases[cases++ % AT_ONCE] as TestDatabase;
      return { of, ...(await expired(of)), order: { deed: 'expire', url: of.urls.worker, storage: folder } };
    },
    async ({ of, id, key }) => {
      const { removed_at, cleared_at } = await fileOf(id, of);
      const there = await storage.stat(key);
      // In reach with its bytes, or out of reach; noted as gone only where they are.
      if (removed_at === null || there) expect([there, cleared_at]).toEqual([{ bytes: 5 }, null]);
      seen.add(removed_at === null ? 'in reach' : there ? 'out of reach' : cleared_at === null ? 'gone' : 'noted');
      await of.db('chores').update({ held_until: new Date(0) });
      await round({}, 0, of);
      const after = [await storage.stat(key), Object.values(await fileOf(id, of))];
      expect(after).toEqual([undefined, [expect.any(Date), expect.any(Date)]]);
    },
  ).finally(() => Promise.all(databases.map(({ drop }) => drop())));
  expect(statements).toBeGreaterThan(8);
  expect([...seen].sort()).toEqual(['gone', 'in reach', 'noted', 'out of reach']);
});

test('what a round asks first costs one statement where nothing is over', async () => {
  await bundle(await plantDecided(database.db));
  expect(await new RemovalService(database.as('worker')).any(0)).toBe(false);
});

test('a pass that a stop breaks off does not count as done', async () => {
  await put(uploadKey(randomUUID()));
  expect(await pass(orphansIn(), HOUR_MS, AbortSignal.abort())).toBe(1);
  await put(uploadKey(randomUUID()));
  expect(await pass(orphansIn(), HOUR_MS)).toBe(1);
  await put(uploadKey(randomUUID()));
  expect(await pass(orphansIn(), HOUR_MS)).toBe(0);
});

test('the row of a cleared part that another export makes anew at this moment stays', async () => {
  const { db } = database;
  const [cleared, making] = [await plantDecided(db), await plantDecided(db)];
  const parts = new FinishedParts(database.as('producer'));
  const part = { key: 'k', step: 'parties', version: '1', bytes: 1, content: {} };
  await db.transaction((trx) => parts.keep(trx, cleared, [part]));
  const { removing } = await db.transaction(async (trx) => {
    await trx('exports')
      .where({ id: making })
      .update({ parts_until: new Date(Date.now() + HOUR_MS) });
    await parts.keep(trx, making, [part]);
    const removing = parts.removeCleared(10);
    const waits = () =>
      db('pg_stat_activity')
        .where({ datname: db.raw('current_database()'), wait_event_type: 'Lock' })
        .select('pid');
    await expect.poll(waits).toHaveLength(1);
    return { removing };
  });
  expect(await removing).toBe(0);
  expect(await db('finished_parts').pluck('export_id')).toEqual([making]);
  await db('exports').where({ id: making }).update({ parts_until: null });
  expect(await parts.removeCleared(10)).toBe(1);
});
