import knex, { type Knex } from 'knex';
import pg from 'pg';
import { KEEPALIVES } from './keepalives.js';
import { MIGRATIONS } from './migrations/index.js';

export type Database = Knex;
/** A database or a transaction on it: what every service is given. */
export type Connection = Knex | Knex.Transaction;

// Counts and byte sizes are bigint in PostgreSQL; all of ours stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** How long the database goes on with what a connection asks of it, in milliseconds; 0 is without end. */
export interface Timeouts {
  /** One statement; it is cancelled with SQLSTATE 57014. */
  statement: number;
  /** One lock that somebody else holds; the statement fails with SQLSTATE 55P03. */
  lock: number;
  /** A transaction of which nothing is heard; its connection is ended with SQLSTATE 25P03. */
  idleInTransaction: number;
}

export interface DatabaseOptions {
  /** Most connections at once (default 10). */
  max?: number;
  /** Shows in `pg_stat_activity` (default parcelpost). */
  name?: string;
  /**
   * Commits do not wait for the disk: a crash of the database may lose the last half second of them, never their order. For
   * notes of progress; a transaction that must last sets `synchronous_commit` itself.
   */
  background?: boolean;
  /** Default: statements and locks as the server has it, a silent transaction for ten minutes. */
  timeouts?: Timeouts;
}

/**
 * Opens a pool of connections to PostgreSQL. Nothing is connected until the first query.
 * @param url `postgres://user:password@host:port/database`
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: options.name ?? 'parcelpost',
      options: sessionOptions(options),
    },
    // It would write to standard output, between the lines of the log; what it warns of, a query fails of too.
    log: { warn: () => {} },
    pool: { min: 0, max: options.max ?? 10 },
    acquireConnectionTimeout: 15_000,
  });
}

function sessionOptions({ background, timeouts }: DatabaseOptions): string {
  const settings = [
    // A schema named like the user would come first otherwise, and the queues' may well be.
    'search_path=public',
    ...(background ? ['synchronous_commit=off'] : []),
    ...(timeouts
      ? [
          `statement_timeout=${timeouts.statement}`,
          `lock_timeout=${timeouts.lock}`,
          `idle_in_transaction_session_timeout=${timeouts.idleInTransaction}`,
        ]
      : []),
  ];
  // Of two of a name the last counts.
  return [KEEPALIVES, ...settings.map((setting) => `-c ${setting}`)].join(' ');
}

/**
 * Brings the schema up to date; safe to run from several processes at once (one migrates, the others wait and find
 * nothing left to do). Takes the time that it takes, whatever time-outs the server sets.
 * @param grants SQL to run after it in the same transaction, also where nothing was applied: who may do what
 * @returns names of the migrations that were applied
 */
export async function migrate(db: Database, grants?: string): Promise<string[]> {
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
    await trx.raw(`select set_config(name, '0', true)
      from unnest(array['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) as name`);
    await trx.raw(`select pg_advisory_xact_lock(hashtext('parcelpost.migrate'))`);
    const [, applied] = (await trx.migrate.latest({
      migrationSource: source,
      tableName: 'migrations',
      disableTransactions: true,
    })) as [number, string[]];
    if (grants !== undefined) await trx.raw(grants);
    return applied;
  });
}
