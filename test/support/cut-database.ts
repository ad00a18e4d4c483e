/** Databases whose connection breaks at a chosen moment, which is all that PostgreSQL sees of a process that dies there. */
import { type Database, openDatabase } from '@parcelpost/shared/db/database.js';
import type pg from 'pg';

export interface CutDatabase {
  db: Database;
  /** The statements that were to be sent, `begin`, savepoints and `commit` among them. */
  sent: string[];
  close(): Promise<void>;
}

/**
 * Opens one connection, that is closed without a word right before the statement number `at` is sent, counted from 1.
 * @param at Infinity for one that holds
 */
export function cutDatabase(url: string, at: number): CutDatabase {
  const db = openDatabase(url, { name: 'parcelpost-cut', max: 1 });
  const open = db.client.acquireRawConnection.bind(db.client);
  let connection: (pg.Client & { connection: { stream: { destroy(): void } } }) | undefined;
  db.client.acquireRawConnection = async () => {
    connection = await open();
    return connection;
  };
  const sent: string[] = [];
  db.on('query', ({ sql }: { sql: string }) => {
    sent.push(sql);
    if (sent.length === at) connection?.connection.stream.destroy();
  });
  return { db, sent, close: () => db.destroy() };
}
