import { type Database, migrate, openDatabase } from '@parcelpost/shared/db/database.js';
import { migrateQueues } from '@parcelpost/shared/queues/queues.js';
import { sqlFile } from './sql-files.js';

/** Brings the tables up to date, and what each role may do with them. @returns names of what was applied */
export function migrateTables(db: Database): Promise<string[]> {
  return migrate(db, sqlFile('grants.sql'));
}

/**
 * Makes or updates the queues' tables where PostgreSQL carries them, and says what each role may do there.
 * @param schema the schema they live in (`QUEUE_PREFIX`)
 */
export function makeQueues(queueUrl: string, schema: string): Promise<void> {
  return migrateQueues(queueUrl, schema, sqlFile('queue-grants.sql'));
}

/**
 * Brings the tables and, where PostgreSQL carries them, the queues up to date, and says who may do what with them. Safe to
 * run at any time, by any number at once. Throws with the address (never the password) of what did not answer or refused.
 * @returns names of what was applied
 */
export async function migrateAll(where: {
  databaseUrl: string;
  queueUrl: string;
  queuePrefix: string;
}): Promise<string[]> {
  const db = openDatabase(where.databaseUrl, { max: 1, name: 'parcelpost-migrate' });
  try {
    const applied = await at(where.databaseUrl, migrateTables(db));
    await at(where.queueUrl, makeQueues(where.queueUrl, where.queuePrefix));
    return applied;
  } finally {
    await db.destroy();
  }
}

async function at<T>(url: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { host, pathname } = new URL(url);
    throw new Error(`${host}${pathname}: ${(cause as Error).message}`, { cause });
  }
}
