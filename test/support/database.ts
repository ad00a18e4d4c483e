import { randomBytes } from 'node:crypto';
import { type Database, openDatabase } from '@parcelpost/shared/db/database.js';
import { inject } from 'vitest';

export interface TestDatabase {
  url: string;
  db: Database;
  /** Closes `db` and drops the database, whoever is still connected to it. */
  drop(): Promise<void>;
}

/** A migrated, empty database of the caller's own. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `${inject('runId')}_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => admin.raw('create database ?? template ??', [name, inject('templateDatabase')]));
  const url = new URL(inject('adminDatabaseUrl'));
  url.pathname = `/${name}`;
  const db = openDatabase(url.href, { name: 'parcelpost-test' });
  return {
    url: url.href,
    db,
    drop: async () => {
      await db.destroy();
      await asAdmin((admin) => admin.raw('drop database if exists ?? with (force)', [name]));
    },
  };
}

async function asAdmin(work: (admin: Database) => Promise<unknown>): Promise<void> {
  const admin = openDatabase(inject('adminDatabaseUrl'), { max: 1 });
  try {
    await work(admin);
  } finally {
    await admin.destroy();
  }
}
