/** What one process at a time does for all of them: clearing away. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../database.js';

export interface ChoreOptions {
  /** Milliseconds after which another process may stand in for one that has said nothing (default 60,000). */
  leaseMs?: number;
  /** Milliseconds that have to pass between the end of one time and the next (default none). */
  everyMs?: number;
}

const LEASE_MS = 60_000;

/** The rows of `chores`. One for each process. */
export class Chores {
  readonly #holder = randomUUID();

  constructor(readonly db: Database) {}

  /**
   * Does a chore unless another process is at it, or it has been done lately.
   * @param work is to call `goOn` now and then, at least once in a lease; false says that another process has taken over
   * @returns what the work came to; undefined where it was not this process's turn
   */
  async alone<Result>(
    name: string,
    work: (goOn: () => Promise<boolean>) => Promise<Result>,
    { leaseMs = LEASE_MS, everyMs = 0 }: ChoreOptions = {},
  ): Promise<Result | undefined> {
    if (!(await this.#take(name, leaseMs, everyMs))) return undefined;
    let done = false;
    try {
      const result = await work(() => this.#keep(name, leaseMs));
      done = true;
      return result;
    } finally {
      await this.#end(name, done);
    }
  }

  async #take(name: string, leaseMs: number, everyMs: number): Promise<boolean> {
    const { rows } = await this.db.raw<{ rows: object[] }>(
      `insert into chores (name, holder, held_until) values (:name, :holder, now() + :leaseMs * interval '1 millisecond')
       on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
       where (chores.held_until is null or chores.held_until < now())
         and (chores.ended_at is null or chores.ended_at <= now() - :everyMs * interval '1 millisecond')
       returning name`,
      { name, holder: this.#holder, leaseMs, everyMs },
    );
    return rows.length > 0;
  }

  async #keep(name: string, leaseMs: number): Promise<boolean> {
    const kept = await this.db('chores')
      .where({ name, holder: this.#holder })
      .whereNotNull('held_until')
      .update({ held_until: this.db.raw(`now() + ? * interval '1 millisecond'`, [leaseMs]) });
    return kept === 1;
  }

  /** @param done false for one that broke off: anybody may begin it anew at once */
  async #end(name: string, done: boolean): Promise<void> {
    await this.db('chores')
      .where({ name, holder: this.#holder })
      .update({ held_until: null, ...(done && { ended_at: this.db.fn.now() }) });
  }
}
