import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { until } from '../../../../test/support/platform-stack.js';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.js';
import { databaseIsAway } from './away.js';
import { type Database, openDatabase } from './database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const failureOf = (query: PromiseLike<unknown>) =>
  Promise.resolve(query).then(
    () => undefined,
    (error: unknown) => error,
  );

async function withDatabase<T>(url: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(url, { max: 1 });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

test('a query whose connection the server ends failed because the database is away', async () => {
  await withDatabase(database.url, async (db) => {
    const { rows } = await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
    const failure = failureOf(db.raw('select pg_sleep(30)'));
    await database.db.raw('select pg_terminate_backend(?)', [rows[0]?.pid as number]);
    expect(databaseIsAway(await failure)).toBe(true);
  });
});

test('so did a transaction whose connection breaks, in the query as in its rollback', async () => {
  const target = new URL(database.url);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  target.host = `127.0.0.1:${proxy.port}`;
  try {
    const failure = await withDatabase(target.href, (db) =>
      failureOf(
        db.transaction(async (trx) => {
          const running = trx.raw('select pg_sleep(30)');
          setImmediate(proxy.cut);
          await running;
        }),
      ),
    );
    expect(databaseIsAway(failure)).toBe(true);
  } finally {
    proxy.close();
  }
});

test('so did one that found nobody listening, or somebody who hangs up', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = new URL(database.url);
  url.port = String((server.address() as { port: number }).port);
  expect(databaseIsAway(await withDatabase(url.href, (db) => failureOf(db.raw('select 1'))))).toBe(true);
  await new Promise((done) => server.close(done));
  expect(databaseIsAway(await withDatabase(url.href, (db) => failureOf(db.raw('select 1'))))).toBe(true);
});

test('a server finds out within a minute that we vanished, and ends what we left open', async () => {
  const settings = [
    ['tcp_keepalives_idle', '30'],
    ['tcp_keepalives_interval', '10'],
    ['tcp_keepalives_count', '3'],
    ['idle_in_transaction_session_timeout', '600000'],
  ];
  await withDatabase(database.url, async (db) => {
    const names = settings.map(([name]) => name as string);
    const { rows } = await db.raw('select name, setting from pg_settings where name = any(?)', [names]);
    expect(rows.map((row: { name: string; setting: string }) => [row.name, row.setting]).sort()).toEqual(
      settings.toSorted(),
    );
  });
});

test('a transaction that was left open too long failed because the database is away', async () => {
  const failure = await withDatabase(database.url, (db) =>
    failureOf(
      db.transaction(async (trx) => {
        await trx.raw(`set local idle_in_transaction_session_timeout = '50ms'`);
        const { rows } = await trx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
        await until('it was ended', async () => {
          const found = await database.db('pg_stat_activity').where({ pid: rows[0]?.pid });
          return found.length === 0;
        });
        await trx.raw('select 1');
      }),
    ),
  );
  expect(databaseIsAway(failure)).toBe(true);
});

test('a query that the database refuses, and an error of ours, are something else', async () => {
  expect(databaseIsAway(await failureOf(database.db.raw('select * from nowhere')))).toBe(false);
  expect(databaseIsAway(await failureOf(database.db.raw(`select 'x'::uuid`)))).toBe(false);
  const missing = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open' });
  for (const error of [missing, new Error('it failed'), 'Connection terminated', undefined]) {
    expect(databaseIsAway(error)).toBe(false);
  }
});
