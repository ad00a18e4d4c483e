import knex, { type Knex } from 'knex';
import pg from 'pg';
import { KEEPALIVES } from './keepalives.js';
import { MIGRATIONS } from './migrations/index.js';

export type Database = Knex;
/** A database or a transaction on it: what every service is given. */
export type Connection = Knex | Knex.Transaction;

// Counts and byte sizes are bigint in PostgreSQL; all of ours stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * Opens a pool of connections to PostgreSQL. Nothing is connected until the first query.
 * @param url `postgres://user:password@host:port/database`
 * @param options.max most connections at once (default 10)
 * @param options.name shows in `pg_stat_activity`
 * @param options.background commits do not wait for the disk: a crash of the database may lose the last half second of
 *   them, never their order. For notes of progress; a transaction that must last sets `synchronous_commit` itself
 */
export function openDatabase(
  url: string,
  options: { max?: number; name?: string; background?: boolean } = {},
): Database {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: options.name ?? 'parcelpost',
      // A schema named like the user would come first otherwise, and the queues' may well be.
      options: `-c search_path=public ${KEEPALIVES}${options.background ? ' -c synchronous_commit=off' : ''}`,
    },
    // It would write to standard output, between the lines of the log; what it warns of, a query fails of too.
    log: { warn: () => {} },
    pool: { min: 0, max: options.max ?? 10 },
    acquireConnectionTimeout: 15_000,
  });
}

/**
 * Brings the schema up to date; safe to run from several processes at once (one migrates, the others wait and find
 * nothing left to do).
 * @returns names of the migrations that were applied
 */
export async function migrate(db: Database): Promise<string[]> {
  const source = {
    getMigrations: async () => MIGRATIONS.map(({ name }) => name),
    getMigrationName: (name: string) => name,
    getMigration: async (name: string) => ({
      up: async (trx: Knex) => {
        await trx.raw(MIGRATIONS.find((migration) => migration.name === name)?.sql ?? '');
      },
      down: async () => {
        throw new Error('migrations run forward only');
      },
    }),
  };
  return db.transaction(async (trx) => {
    // knex's own lock is a row that a killed process leaves locked; this one ends with its transaction.
    await trx.raw(`select pg_advisory_xact_lock(hashtext('parcelpost.migrate'))`);
    const [, applied] = (await trx.migrate.latest({
      migrationSource: source,
      tableName: 'migrations',
      disableTransactions: true,
    })) as [number, string[]];
    return applied;
  });
}

/** Names of the migrations that this database has not had yet; all of them where it never had any. */
export async function pendingMigrations(db: Database): Promise<string[]> {
  const done = (await db.schema.hasTable('migrations')) ? await db('migrations').pluck<string[]>('name') : [];
  return MIGRATIONS.map(({ name }) => name).filter((name) => !done.includes(name));
}
