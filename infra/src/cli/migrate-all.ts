import { migrate, openDatabase } from '@parcelpost/shared/db/database.js';
import { migrateQueues } from '@parcelpost/shared/queues/queues.js';

/**
 * Brings the tables and, where PostgreSQL carries them, the queues up to date. Safe to run at any time, by any number at
 * once. Throws with the address (never the password) of what did not answer or refused.
 * @returns names of what was applied
 */
export async function migrateAll(where: {
  databaseUrl: string;
  queueUrl: string;
  queuePrefix: string;
}): Promise<string[]> {
  const db = openDatabase(where.databaseUrl, { max: 1, name: 'parcelpost-migrate' });
  try {
    const applied = await at(where.databaseUrl, migrate(db));
    await at(where.queueUrl, migrateQueues(where.queueUrl, where.queuePrefix));
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
