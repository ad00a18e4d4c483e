import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { until } from '../../../../test/support/platform-stack.js';
import { databaseIsAway } from './away.js';
import { type Database, migrate, openDatabase, type Timeouts } from './database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function failsWithin(
  timeouts: Partial<Timeouts>,
  work: (db: Database) => Promise<unknown>,
): Promise<{ code?: string }> {
  const db = openDatabase(database.urls.worker, {
    max: 1,
    timeouts: { statement: 0, lock: 0, idleInTransaction: 0, ...timeouts },
  });
  try {
    return await work(db).then(
      () => ({}),
      (error: { code?: string }) => error,
    );
  } finally {
    await db.destroy();
  }
}

test('a statement that takes too long is cancelled', async () => {
  const error = await failsWithin({ statement: 50 }, async (db) => db.raw('select pg_sleep(60)'));
  expect(error.code).toBe('57014');
  expect(databaseIsAway(error)).toBe(true);
});

test('a lock that somebody else holds is not waited for without end', async () => {
  const holder = await database.db.transaction();
  try {
    await holder.raw('lock table exports in access exclusive mode');
    const error = await failsWithin({ lock: 50 }, async (db) => db('exports').select('id'));
    expect(error.code).toBe('55P03');
    expect(databaseIsAway(error)).toBe(true);
  } finally {
    await holder.rollback();
  }
});

test('a transaction of which nothing is heard is ended, and its locks with it', async () => {
  const error = await failsWithin({ idleInTransaction: 50 }, (db) =>
    db.transaction(async (trx) => {
      const { rows } = await trx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
      await until('it was ended', async () => {
        return (await database.db('pg_stat_activity').where({ pid: rows[0]?.pid })).length === 0;
      });
      await trx.raw('select 1');
    }),
  );
  expect(databaseIsAway(error)).toBe(true);
});

test('a migration takes the time that it takes', async () => {
  const timeouts = { statement: 500, lock: 500, idleInTransaction: 500 };
  const db = openDatabase(database.url, { max: 1, timeouts });
  try {
    expect(await migrate(db, 'select pg_sleep(0.7)')).toEqual([]);
    await expect(Promise.resolve(db.raw('select pg_sleep(0.7)'))).rejects.toMatchObject({ code: '57014' });
  } finally {
    await db.destroy();
  }
});

test('commits of a database that is opened for notes of progress do not wait for the disk; all look in public first', async () => {
  const db = openDatabase(database.urls.worker, { max: 1, background: true, name: 'parcelpost-notes' });
  try {
    const { rows } = await db.raw(
      `select current_setting('synchronous_commit') as commit, current_setting('search_path') as path,
         current_setting('application_name') as name`,
    );
    expect(rows).toEqual([{ commit: 'off', path: 'public', name: 'parcelpost-notes' }]);
  } finally {
    await db.destroy();
  }
});
