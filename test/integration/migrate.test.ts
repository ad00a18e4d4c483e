import { tmpdir } from 'node:os';
import { migrateAll } from '@parcelpost/infra/database/migrate-all.js';
import { seedSamples } from '@parcelpost/infra/samples/seed-samples.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('a migration', () => {
  test('of a database that is up to date changes nothing, also where the queues have a schema named like the user', async () => {
    const user = decodeURIComponent(new URL(database.url).username);
    const where = { databaseUrl: database.url, queueUrl: database.url, queuePrefix: user };
    const storage = new FileStorage(tmpdir());
    await seedSamples(database.url, storage, { projects: ['cadasta/london-20'] });
    for (let round = 0; round < 2; round += 1) expect(await migrateAll(where)).toEqual([]);
    expect(await seedSamples(database.url, storage, { projects: ['cadasta/london-20'] })).toEqual([]);
    const { rows } = await database.db.raw(
      `select table_schema from information_schema.tables where table_name = 'projects'`,
    );
    expect(rows).toEqual([{ table_schema: 'public' }]);
  });

  test('of an empty database applies every migration, once, when two run at the same time', async () => {
    await database.db.raw('drop schema public cascade');
    await database.db.raw('create schema public');
    const where = { databaseUrl: database.url, queueUrl: database.url, queuePrefix: 'queue_of_two' };
    const applied = await Promise.all([migrateAll(where), migrateAll(where)]);
    expect(applied.flat()).toEqual([...new Set(applied.flat())]);
    expect(applied.flat()).toContain('0001-platform');
    expect((await database.db('migrations').select('name')).map(({ name }) => name)).toEqual(applied.flat());
  });
});
