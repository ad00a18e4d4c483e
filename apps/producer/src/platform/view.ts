/** Runs queries in consistent views that transactions elsewhere hold open. */
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Knex } from 'knex';

/** As `pg_export_snapshot` writes it; it stands in a statement that takes no bindings. */
const PG_SNAPSHOT = /^[0-9A-F]+-[0-9A-F]+-\d+$/;

/** Its file is not there (of old versions, of new ones); the transaction that held it has ended in this moment. */
const GONE = new Set(['22023', '42704', '55000']);

/** How long one waits, in milliseconds. Pages of one reader follow each other closely. */
const IDLE_MS = 250;

interface PgConnection {
  query(sql: string): Promise<unknown>;
}

interface Idle {
  view: string;
  connection: PgConnection;
  timer: NodeJS.Timeout;
}

/**
 * The views that this process reads in. A connection that has taken a view keeps it for a moment: to take one and to leave
 * it for each page would cost as much as a small page itself.
 */
export class Views {
  readonly #db: Database;
  readonly #idle: Idle[] = [];
  /** Connections that may wait for the next page of their view: half of all, since other requests need some too. */
  readonly #mostIdle: number;

  constructor(db: Database) {
    this.#db = db;
    this.#mostIdle = Math.floor(db.client.pool.max / 2);
  }

  /**
   * Runs a query in a view.
   * @param view as `pg_export_snapshot` named it
   * @param gone makes the error for a view that is not held open any more
   */
  async run(view: string, query: Knex.Raw, gone: () => Error): Promise<unknown> {
    const connection = this.#takeIdle(view) ?? (await this.#enter(view, gone));
    try {
      const answer = await query.connection(connection);
      this.#keep(view, connection);
      return answer;
    } catch (error) {
      await this.#leave(connection, 'rollback');
      throw error;
    }
  }

  #takeIdle(view: string): PgConnection | undefined {
    const place = this.#idle.findIndex((each) => each.view === view);
    if (place < 0) return undefined;
    const [{ connection, timer }] = this.#idle.splice(place, 1) as [Idle];
    clearTimeout(timer);
    return connection;
  }

  #keep(view: string, connection: PgConnection): void {
    if (this.#idle.length >= this.#mostIdle) {
      void this.#leave(connection, 'commit');
      return;
    }
    const timer = setTimeout(() => {
      const place = this.#idle.findIndex((each) => each.connection === connection);
      this.#idle.splice(place, 1);
      void this.#leave(connection, 'commit');
    }, IDLE_MS);
    this.#idle.push({ view, connection, timer });
  }

  async #enter(view: string, gone: () => Error): Promise<PgConnection> {
    if (!PG_SNAPSHOT.test(view)) throw gone();
    const connection: PgConnection = await this.#db.client.acquireConnection();
    try {
      await connection.query(`begin isolation level repeatable read read only; set transaction snapshot '${view}'`);
      return connection;
    } catch (error) {
      await this.#leave(connection, 'rollback');
      throw GONE.has((error as { code?: string }).code ?? '') ? gone() : error;
    }
  }

  async #leave(connection: PgConnection, statement: 'commit' | 'rollback'): Promise<void> {
    try {
      await connection.query(statement);
    } catch {
      // A connection that cannot end its transaction is broken, which the pool sees when it is asked for.
    }
    await this.#db.client.releaseConnection(connection);
  }
}
