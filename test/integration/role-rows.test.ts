/** Whose rows a worker may see, make and change where it has the right to the table: tried with the role that it has. */
import { randomUUID } from 'node:crypto';
import type { Database } from '@parcelpost/shared/db/database.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { plantExport } from '../support/planted.js';

const FILE = {
  generation: 1,
  name: 'b.zip',
  media_type: 'application/zip',
  bytes: 1,
  sha256: '',
  contents: '[]',
  expires_at: new Date(),
  owner_kind: 'user',
  owner_id: 'ana',
};
const UPLOAD = { kind: 'upload', export_id: null, generation: null, expires_at: null };
const DEED = { actor_id: 'w', actor_name: 'worker', task: 'tried', subject_kind: 'file', subject_id: 'f' };

let database: TestDatabase;
let worker: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  worker = database.as('worker');
});
afterAll(() => database?.drop());

describe('parcelpost_worker among files', () => {
  let id: string;
  let other: string;
  let bundle: string;
  let upload: string;
  const bring = async (changes: object = {}, db = worker) => {
    const [row] = await db('files')
      .insert({ ...FILE, export_id: id, storage_key: randomUUID(), ...changes })
      .returning('id');
    return row.id as string;
  };
  const set = (file: string, changes: object, db = worker) => db('files').where({ id: file }).update(changes);
  const give = (to: object) =>
    set(bundle, { owner_kind: 'project', owner_id: 'cadasta/london-2', pinned: true, ...to });
  const denied = { code: '42501' };

  beforeAll(async () => {
    id = await plantExport(database.db, { requester_id: 'ana' });
    other = await plantExport(database.db, { requester_id: 'eve', project: 'london-20' });
    upload = await bring({ ...UPLOAD, owner_id: 'ana' }, database.as('producer'));
  });
  beforeEach(async () => {
    bundle = await bring();
  });

  it('sees and changes no upload, and makes none', async () => {
    expect(await worker('files').where({ id: upload })).toEqual([]);
    expect(await worker('files').where({ kind: 'upload' }).count()).toEqual([{ count: 0 }]);
    expect(await set(upload, { removed_at: new Date() })).toBe(0);
    expect(await set(upload, { owner_id: 'eve' })).toBe(0);
    await expect(bring({ ...UPLOAD, owner_id: 'ana' })).rejects.toMatchObject(denied);
    expect(await worker('files').where({ id: bundle }).pluck('id')).toEqual([bundle]);
  });

  it('brings bundles for who asked for their export, and for nobody else', async () => {
    for (const changes of [
      { owner_id: 'eve' },
      { export_id: other },
      { export_id: randomUUID() },
      { owner_kind: 'project', owner_id: 'cadasta/london-2' },
      { owner_kind: 'record', owner_id: 'cadasta/london-2/1' },
      { pinned: true },
    ]) {
      await expect(bring(changes), JSON.stringify(changes)).rejects.toMatchObject(denied);
    }
  });

  it('gives a bundle to the project of its export, for good, and to nobody else', async () => {
    for (const to of [
      { owner_id: 'cadasta/london-20' },
      { owner_id: 'other/london-2' },
      { owner_kind: 'user', owner_id: 'eve' },
      { owner_kind: 'record', owner_id: 'cadasta/london-2/1' },
      { pinned: false },
    ]) {
      await expect(give(to), JSON.stringify(to)).rejects.toMatchObject(denied);
    }
    await expect(set(bundle, { pinned: true })).rejects.toMatchObject(denied);
    expect(await give({})).toBe(1);
    for (const back of [
      { owner_kind: 'user', owner_id: 'ana' },
      { owner_id: 'cadasta/london-20' },
      { pinned: false },
    ]) {
      await expect(set(bundle, back), JSON.stringify(back)).rejects.toMatchObject(denied);
    }
    // What it has to do goes on.
    expect(await set(bundle, { removed_at: new Date() })).toBe(1);
    await set(bundle, { removed_at: new Date(), owner_kind: 'user', owner_id: 'ana', pinned: false }, database.db);
  });

  it('who owns the tables, and the producer, are bound by none of it', async () => {
    for (const db of [database.db, database.as('producer')]) {
      expect(await db('files').where({ id: upload }).pluck('id')).toEqual([upload]);
      expect(await set(bundle, { owner_kind: 'project', owner_id: 'cadasta/london-20' }, db)).toBe(1);
      expect(await set(bundle, { owner_kind: 'user', owner_id: 'ana' }, db)).toBe(1);
      await bring({ owner_kind: 'user', owner_id: 'eve' }, db);
    }
  });

  it('finds what it looks for by the same indexes as who owns the tables', async () => {
    for (const where of [`id = '${bundle}'`, `export_id = '${id}'`, 'expires_at < now() and removed_at is null']) {
      const conditions = async (db: Database) => {
        const { rows } = await db.transaction(async (trx) => {
          await trx.raw('set local enable_seqscan = off');
          return trx.raw<{ rows: { 'QUERY PLAN': string }[] }>(
            `explain select id from files where ${where} and kind = 'bundle'`,
          );
        });
        return rows.map((row) => row['QUERY PLAN']).filter((line) => line.includes('Index Cond'));
      };
      const found = await conditions(worker);
      expect(found, where).toHaveLength(1);
      expect(found).toEqual(await conditions(database.db));
    }
  });
});

it('parcelpost_worker notes what it did in its own name, now, and in nobody else’s', async () => {
  const note = (changes: object, db = worker) => db('audit_log').insert({ ...DEED, actor_kind: 'worker', ...changes });
  for (const changes of [
    { actor_kind: 'user', actor_id: 'ana' },
    { actor_kind: 'operator' },
    { at: new Date('2020-01-01') },
  ]) {
    await expect(note(changes), JSON.stringify(changes)).rejects.toMatchObject({ code: '42501' });
  }
  await note({});
  await note({ actor_kind: 'service' });
  await note({ actor_kind: 'user' }, database.as('producer'));
  const kinds = database.as('producer')('audit_log').where({ task: DEED.task }).orderBy('id').pluck('actor_kind');
  expect(await kinds).toEqual(['worker', 'service', 'user']);
});
