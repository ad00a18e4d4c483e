import { randomBytes } from 'node:crypto';
import { type OfRoles, ROLES, type Role, roleUrls } from '@parcelpost/infra/database/roles.js';
import { type Database, openDatabase } from '@parcelpost/shared/db/database.js';
import { inject } from 'vitest';

export interface TestDatabase {
  /** Its address for the role that owns the tables: fixtures may do what the apps may not. */
  url: string;
  /** Its address for each role. */
  urls: OfRoles;
  /** Connected as the owner. */
  db: Database;
  /** Connected as a role; the same at every call. */
  as(role: Role): Database;
  /** Closes what is connected here and drops the database, whoever is still connected to it. */
  drop(): Promise<void>;
}

/** A migrated, empty database of the caller's own. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `${inject('runId')}_${randomBytes(6).toString('hex')}`;
  await asAdmin(async (admin) => {
    await admin.raw('create database ?? template ?? owner parcelpost_owner', [name, inject('templateDatabase')]);
    // What is said of a database as a whole is not copied with it.
    await admin.raw('revoke temporary on database ?? from public', [name]);
  });
  const url = Object.assign(new URL(inject('adminDatabaseUrl')), { pathname: `/${name}` });
  const urls = roleUrls(url.href, inject('rolePasswords'));
  const opened = new Map<Role, Database>();
  const as = (role: Role) => {
    const db = opened.get(role) ?? openDatabase(urls[role], { name: `parcelpost-test-${role}` });
    opened.set(role, db);
    return db;
  };
  return {
    url: urls.owner,
    urls,
    db: as('owner'),
    as,
    drop: async () => {
      await Promise.all(ROLES.map((role) => opened.get(role)?.destroy()));
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
