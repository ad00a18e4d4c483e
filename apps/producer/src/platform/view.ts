/** Runs one query in a consistent view that a transaction elsewhere holds open. */
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Knex } from 'knex';

/** As `pg_export_snapshot` writes it; it stands in a statement that takes no bindings. */
const PG_SNAPSHOT = /^[0-9A-F]+-[0-9A-F]+-\d+$/;

/** Its file is not there (of old versions, of new ones); the transaction that held it has ended in this moment. */
const GONE = new Set(['22023', '42704', '55000']);

interface PgConnection {
  query(sql: string): Promise<unknown>;
}

/**
 * Runs a query in a view, which costs two short exchanges with the database: one before it, and one behind the answer.
 * @param view as `pg_export_snapshot` named it
 * @param gone makes the error for a view that is not held open any more
 */
export async function inView(db: Database, view: string, query: Knex.Raw, gone: () => Error): Promise<unknown> {
  if (!PG_SNAPSHOT.test(view)) throw gone();
  const connection: PgConnection = await db.client.acquireConnection();
  const release = () => db.client.releaseConnection(connection);
  const end = async (statement: string) => {
    try {
      await connection.query(statement);
    } catch {
      // A connection that cannot end its transaction is broken, which the pool sees when it is asked for.
    }
    await release();
  };
  try {
    await connection.query(`begin isolation level repeatable read read only; set transaction snapshot '${view}'`);
  } catch (error) {
    await end('rollback');
    throw GONE.has((error as { code?: string }).code ?? '') ? gone() : error;
  }
  try {
    const answer = await query.connection(connection);
    void end('commit');
    return answer;
  } catch (error) {
    await end('rollback');
    throw error;
  }
}
