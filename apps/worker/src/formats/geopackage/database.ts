/** SQLite, as far as writing one file needs it. */
import { rmSync } from 'node:fs';
import type { Database as SqliteDatabase, Statement as SqliteStatement } from 'node-sqlite3-wasm';

export type Bound = string | number | bigint | boolean | null | Uint8Array;

/** A statement that is run again and again. */
export class Statement {
  constructor(readonly statement: SqliteStatement) {}

  run(values: Bound[]): void {
    this.statement.run(values);
  }
}

/**
 * A database in one file. SQLite itself, compiled to WebAssembly: it needs no compiler where Parcelpost is installed, and it
 * writes pages to the file as they leave its cache of 2 MB. Its calls are synchronous: hand it no more than a batch at a time.
 */
export class Database {
  readonly #database: SqliteDatabase;
  readonly #statements: SqliteStatement[] = [];

  private constructor(
    readonly file: string,
    database: SqliteDatabase,
  ) {
    this.#database = database;
  }

  /** Makes the file, which must not be there. */
  static async create(file: string): Promise<Database> {
    // Not before it is needed: a worker that never writes one does without its memory.
    const { default: sqlite } = await import('node-sqlite3-wasm');
    return new Database(file, new sqlite.Database(file));
  }

  /** Runs statements without values. */
  run(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs one statement once. */
  insert(sql: string, values: Bound[]): void {
    this.#database.run(sql, values);
  }

  prepare(sql: string): Statement {
    const statement = this.#database.prepare(sql);
    this.#statements.push(statement);
    return new Statement(statement);
  }

  /** Lets go of the file; what is not committed is worth nothing. */
  close(): void {
    for (const statement of this.#statements) statement.finalize();
    this.#database.close();
    rmSync(`${this.file}.lock`, { recursive: true, force: true });
  }
}
