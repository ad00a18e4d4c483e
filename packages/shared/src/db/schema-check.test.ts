import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { startProcess } from '../../../../test/support/processes.js';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.js';
import { createLogger } from '../log.js';
import { openDatabase } from './database.js';
import { MIGRATIONS } from './migrations/index.js';
import { awaitSchema, checkSchema, SchemaError } from './schema-check.js';

const NEWER = '9999-of-a-later-version';
const last = MIGRATIONS.at(-1)?.name as string;
let database: TestDatabase;
let applied: object[];

beforeAll(async () => {
  database = await createTestDatabase();
  applied = await database.db('migrations').select();
});
afterEach(async () => {
  await database.db('migrations').delete();
  await database.db('migrations').insert(applied);
});
afterAll(() => database?.drop());

const lacksLast = () => database.db('migrations').where({ name: last }).delete();
const hasNewer = () => database.db('migrations').insert({ name: NEWER, batch: 1, migration_time: new Date() });
const SECRET = 'a secret of the tests with more than 32 characters: 0123456789abcdef';

describe('before anything is done with the tables', () => {
  test('they are found to be those of this version, by each role', async () => {
    for (const role of ['owner', 'producer', 'worker'] as const) {
      await expect(checkSchema(database.as(role))).resolves.toBeUndefined();
    }
  });

  test('a database that lacks a migration is refused, with what to do', async () => {
    await lacksLast();
    const message = `The database lacks ${last}. Run npm run migrate, as the user who owns the tables, then start again.`;
    await expect(checkSchema(database.as('worker'))).rejects.toThrow(new SchemaError(message));
  });

  test('so is one that was never migrated', async () => {
    const empty = openDatabase(Object.assign(new URL(database.url), { pathname: '/postgres' }).href, { max: 1 });
    try {
      await expect(checkSchema(empty)).rejects.toThrow(`The database lacks ${MIGRATIONS[0]?.name}, `);
    } finally {
      await empty.destroy();
    }
  });

  test('so is one that a newer version has migrated, whatever else it lacks', async () => {
    await hasNewer();
    await lacksLast();
    await expect(checkSchema(database.as('worker'))).rejects.toThrow(`newer than this version: it has ${NEWER}.`);
  });

  test('a role that may not look is told that a migration says who may', async () => {
    await database.db.raw('revoke select on migrations from parcelpost_worker');
    try {
      await expect(checkSchema(database.as('worker'))).rejects.toThrow(
        /may not read the table migrations.*npm run mig/,
      );
    } finally {
      await database.db.raw('grant select on migrations to parcelpost_worker');
    }
  });

  test('a database that is away is waited for', async () => {
    const url = new URL(database.urls.worker);
    const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    proxy.cut();
    url.host = `127.0.0.1:${proxy.port}`;
    const db = openDatabase(url.href, { max: 1 });
    const said: string[] = [];
    const log = Object.assign(createLogger('test', 'silent'), {
      warn: (_about: unknown, text: string) => {
        said.push(text);
        void proxy.restore();
      },
    });
    try {
      await awaitSchema(db, log);
      expect(said).toEqual(['the database does not answer; it is waited for']);
    } finally {
      await db.destroy();
      proxy.close();
    }
  });

  test.each([
    ['producer', lacksLast, /The producer cannot start:\nThe database lacks /],
    ['worker', hasNewer, /The database is newer than this version: /],
  ] as const)('the %s ends, and says why in words', async (kind, change, message) => {
    await change();
    const started = startProcess(kind, {
      DATABASE_URL: database.urls[kind],
      STORAGE_URL: 'file:///tmp',
      SMTP_URL: 'smtp://127.0.0.1:9',
      TOKEN_SECRET: SECRET,
      AUTH_SECRET: SECRET,
      SEAL_SECRET: SECRET,
      SIGNATURE_SECRET: SECRET,
    });
    const said: string = await started.then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(said).toMatch(message);
    expect(said).not.toMatch(/\n {4}at /);
  });
});
