/**
 * One PostgreSQL and one Redis for a whole run of the tests, both of its own and both gone afterwards; those of
 * `DATABASE_URL` (a superuser of a server without an installation) and `REDIS_URL` where they are set.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateTables } from '@parcelpost/infra/database/migrate-all.js';
import { makeRoles, newPasswords, type OfRoles, ROLES } from '@parcelpost/infra/database/roles.js';
import { startPostgres } from '@parcelpost/infra/services/postgres.js';
import { startRedis } from '@parcelpost/infra/services/redis.js';
import { type Database, openDatabase } from '@parcelpost/shared/db/database.js';
import { Redis } from 'ioredis';
import type { TestProject } from 'vitest/node';
import { packApps } from './packed/apps.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database of a superuser; tests make their own by `createTestDatabase`. */
    adminDatabaseUrl: string;
    /** A migrated, empty database to copy. */
    templateDatabase: string;
    /** Of the roles, which are the whole server's. */
    rolePasswords: OfRoles;
    redisUrl: string;
    /** Begins every prefix and database name of this run. */
    runId: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runId = `t${randomBytes(4).toString('hex')}`;
  const endings: (() => Promise<void>)[] = [];
  const end = async () => {
    for (const ending of endings.splice(0).reverse()) await ending();
  };
  try {
    const [adminDatabaseUrl, redisUrl] = await Promise.all([
      process.env.DATABASE_URL || ownPostgres(endings),
      process.env.REDIS_URL || ownRedis(endings),
      // As built they do as well, and tell more where they do not start.
      packApps().catch((error: Error) => console.warn(`the apps are started as built: ${error.message}`)),
    ]);
    const templateDatabase = `${runId}_template`;
    const rolePasswords = newPasswords();
    if (process.env.DATABASE_URL) {
      await refuseRoles(adminDatabaseUrl);
      endings.push(() => dropRoles(adminDatabaseUrl));
    }
    endings.push(() => dropDatabases(adminDatabaseUrl, runId));
    await makeTemplate(adminDatabaseUrl, templateDatabase, rolePasswords);
    if (process.env.REDIS_URL) endings.push(() => removeKeys(redisUrl, runId));
    project.provide('adminDatabaseUrl', adminDatabaseUrl);
    project.provide('templateDatabase', templateDatabase);
    project.provide('rolePasswords', rolePasswords);
    project.provide('redisUrl', redisUrl);
    project.provide('runId', runId);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

function ownFolder(endings: (() => Promise<void>)[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'parcelpost-test-'));
  endings.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function ownPostgres(endings: (() => Promise<void>)[]): Promise<string> {
  const dataDir = ownFolder(endings);
  // Run by root, PostgreSQL runs as another user, who has to get in.
  chmodSync(dataDir, 0o755);
  const server = await startPostgres({
    dataDir,
    tuning: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      shared_buffers: '64MB',
      autovacuum_naptime: '1h',
      // Passwords that cost next to nothing to prove: every process that is started opens a dozen connections.
      scram_iterations: 1,
    },
  });
  endings.push(() => server.stop());
  return server.url;
}

async function ownRedis(endings: (() => Promise<void>)[]): Promise<string> {
  const server = await startRedis({ log: console.error });
  endings.push(() => server.stop());
  return server.url;
}

async function makeTemplate(adminUrl: string, name: string, passwords: OfRoles): Promise<void> {
  await asAdmin(adminUrl, (admin) => admin.raw('create database ??', [name]));
  const url = Object.assign(new URL(adminUrl), { pathname: `/${name}` });
  const urls = await makeRoles(url.href, passwords);
  // Tests look at what others do, and break their connections.
  await asAdmin(adminUrl, (admin) => admin.raw('grant pg_monitor, pg_signal_backend to parcelpost_owner'));
  const template = openDatabase(urls.owner, { max: 1 });
  try {
    await migrateTables(template);
  } finally {
    await template.destroy();
  }
}

/** The roles get passwords of the tests, which no installation may lose its own by. */
async function refuseRoles(adminUrl: string): Promise<void> {
  await asAdmin(adminUrl, async (admin) => {
    const { rows } = await admin.raw(`select rolname from pg_roles where rolname = any(?)`, [ROLES.map(roleName)]);
    if (rows.length === 0) return;
    const names = rows.map(({ rolname }: { rolname: string }) => rolname).join(', ');
    throw new Error(
      `The server of DATABASE_URL has the roles ${names} already, and the tests would change their passwords. Give them a server of their own; or drop these roles, if a run that was broken off left them.`,
    );
  });
}

async function dropRoles(adminUrl: string): Promise<void> {
  await asAdmin(adminUrl, (admin) => admin.raw(`drop role if exists ${ROLES.map(roleName).join(', ')}`));
}

const roleName = (role: string) => `parcelpost_${role}`;

async function asAdmin<T>(adminUrl: string, work: (admin: Database) => Promise<T>): Promise<T> {
  const admin = openDatabase(adminUrl, { max: 1 });
  try {
    return await work(admin);
  } finally {
    await admin.destroy();
  }
}

/** Drops what tests that broke off left behind, and the template. */
async function dropDatabases(adminUrl: string, runId: string): Promise<void> {
  await asAdmin(adminUrl, async (admin) => {
    const { rows } = (await admin.raw('select datname from pg_database where starts_with(datname, ?)', [
      `${runId}_`,
    ])) as {
      rows: { datname: string }[];
    };
    for (const { datname } of rows) await admin.raw('drop database if exists ?? with (force)', [datname]);
  });
}

async function removeKeys(url: string, runId: string): Promise<void> {
  const redis = new Redis(url);
  try {
    for await (const keys of redis.scanStream({ match: `*${runId}_*`, count: 1000 })) {
      if ((keys as string[]).length > 0) await redis.unlink(...(keys as string[]));
    }
  } finally {
    await redis.quit();
  }
}
