/** Whether the tables are those that this version of the software needs: looked at before anything is done with them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log.js';
import { databaseIsAway } from './away.js';
import type { Database } from './database.js';
import { MIGRATIONS } from './migrations/index.js';

/** Pause before a database that is away is asked again, in milliseconds. */
const AGAIN_MS = 2000;
const INSUFFICIENT_PRIVILEGE = '42501';

/** The tables are not those of this version. The message says what to do, for whoever runs it. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** How the migrations of a database differ from those that this version has. */
export interface SchemaDifference {
  /** Of this version, and not applied there; all of them where none ever was. */
  missing: string[];
  /** Applied there, and not known to this version: a newer one was here. */
  unknown: string[];
}

/**
 * Compares migrations by name, in one or two queries.
 * @throws {SchemaError} if this user may not even look
 */
export async function compareSchema(db: Pick<Database, 'raw'>): Promise<SchemaDifference> {
  const applied = await appliedMigrations(db);
  const known = MIGRATIONS.map(({ name }) => name);
  return {
    missing: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

/**
 * Resolves when the database has exactly the tables of this version.
 * @throws {SchemaError} if it lacks a migration, has one of a newer version, or may not be looked at
 */
export async function checkSchema(db: Pick<Database, 'raw'>): Promise<void> {
  const { missing, unknown } = await compareSchema(db);
  if (unknown.length > 0) {
    throw new SchemaError(
      `The database is newer than this version: it has ${unknown.join(', ')}. Start the version that migrated it, or a later one.`,
    );
  }
  if (missing.length > 0) {
    throw new SchemaError(
      `The database lacks ${missing.join(', ')}. Run npm run migrate, as the user who owns the tables, then start again.`,
    );
  }
}

/** As {@link checkSchema}; a database that is away is waited for. */
export async function awaitSchema(db: Pick<Database, 'raw'>, log: Logger): Promise<void> {
  for (;;) {
    try {
      return await checkSchema(db);
    } catch (error) {
      if (!databaseIsAway(error)) throw error;
      log.warn({ err: error }, 'the database does not answer; it is waited for');
      await delay(AGAIN_MS);
    }
  }
}

async function appliedMigrations(db: Pick<Database, 'raw'>): Promise<string[]> {
  // Not by information_schema, which hides what one may not read.
  const { rows } = await db.raw<{ rows: { there: boolean }[] }>(
    `select to_regclass('public.migrations') is not null as there`,
  );
  if (!rows[0]?.there) return [];
  try {
    const found = await db.raw<{ rows: { name: string }[] }>('select name from public.migrations order by id');
    return found.rows.map(({ name }) => name);
  } catch (error) {
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new SchemaError(
      'This user may not read the table migrations. Run npm run migrate, as the user who owns the tables: it says who may do what.',
      { cause: error },
    );
  }
}
