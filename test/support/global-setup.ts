/**
 * One PostgreSQL and one Redis for a whole run of the tests, both of its own and both gone afterwards; those of
 * `DATABASE_URL` (a user that may create databases) and `REDIS_URL` where they are set.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@parcelpost/infra/services/postgres.js';
import { startRedis } from '@parcelpost/infra/services/redis.js';
import { migrate, openDatabase } from '@parcelpost/shared/db/database.js';
import { Redis } from 'ioredis';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database of a user that may create databases; tests make their own by `createTestDatabase`. */
    adminDatabaseUrl: string;
    /** A migrated, empty database to copy. */
    templateDatabase: string;
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
    ]);
    const templateDatabase = `${runId}_template`;
    await makeTemplate(adminDatabaseUrl, templateDatabase);
    endings.push(() => dropDatabases(adminDatabaseUrl, runId));
    if (process.env.REDIS_URL) endings.push(() => removeKeys(redisUrl, runId));
    project.provide('adminDatabaseUrl', adminDatabaseUrl);
    project.provide('templateDatabase', templateDatabase);
    project.provide('redisUrl', redisUrl);
    project.provide('runId', runId);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

async function ownPostgres(endings: (() => Promise<void>)[]): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parcelpost-test-'));
  // Run by root, PostgreSQL runs as another user, who has to get in.
  chmodSync(dataDir, 0o755);
  endings.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const server = await startPostgres({
    dataDir,
    tuning: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      shared_buffers: '64MB',
      autovacuum_naptime: '1h',
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

async function makeTemplate(adminUrl: string, name: string): Promise<void> {
  const admin = openDatabase(adminUrl, { max: 1 });
  try {
    await admin.raw('create database ??', [name]);
  } finally {
    await admin.destroy();
  }
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const template = openDatabase(url.href, { max: 1 });
  try {
    await migrate(template);
  } finally {
    await template.destroy();
  }
}

/** Drops what tests that broke off left behind, and the template. */
async function dropDatabases(adminUrl: string, runId: string): Promise<void> {
  const admin = openDatabase(adminUrl, { max: 1 });
  try {
    const { rows } = (await admin.raw('select datname from pg_database where starts_with(datname, ?)', [
      `${runId}_`,
    ])) as {
      rows: { datname: string }[];
    };
    for (const { datname } of rows) await admin.raw('drop database if exists ?? with (force)', [datname]);
  } finally {
    await admin.destroy();
  }
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
