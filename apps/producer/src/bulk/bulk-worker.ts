/**
 * Does bulk work in the background. Every producer has one: each item is in one hand at a time, and should that producer die,
 * in another's a minute later. What was done is not done twice: a request bears a key of its own, a retry knows the generation
 * that it began from, and to cancel again changes nothing.
 */
import { databaseIsAway } from '@parcelpost/shared/db/away.js';
import type { BulkItem } from '@parcelpost/shared/db/services/bulks.js';
import type { UserService } from '@parcelpost/shared/db/services/users.js';
import type { BulkWorkTasks } from '@parcelpost/shared/db/tasks/bulk-work-tasks.js';
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import type { JsonValue } from '@parcelpost/shared/export-result.js';
import type { Logger } from '@parcelpost/shared/log.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { answerOf, problem } from '../problems.js';
import type { BulkItemRunner } from './bulk-item.js';
import { pauseAfter } from './bulk-pause.js';

/** An item that has no answer after so long is taken over. */
const LEASE_MS = 60_000;
/** An item that was begun so often, and never answered, is not begun again: it may be what whoever begins it dies of. */
const MOST_STARTS = 5;

export interface BulkWorkerOptions {
  writes: Pick<Writes, 'runner' | 'actor'>;
  tasks: BulkWorkTasks;
  items: BulkItemRunner;
  users: UserService;
  sealSecrets: readonly string[];
  publicUrl: string;
  log: Logger;
  /** Default {@link LEASE_MS}. */
  leaseMs?: number;
}

export class BulkWorker {
  readonly #options: BulkWorkerOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopping = false;
  /** Whose turn was last. */
  #after = '';

  constructor(options: BulkWorkerOptions) {
    this.#options = options;
  }

  /** Looks for items every `everyMs`: those that others left, and those that were put off. */
  start(everyMs: number): void {
    this.#timer = setInterval(() => void this.run(), everyMs);
  }

  /** Does what may be done now. Never throws: what cannot be done now is done later. */
  run(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Ends the item that is in hand, and takes no other. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #work(): Promise<void> {
    const { writes, tasks, log } = this.#options;
    const { runner, actor } = writes;
    try {
      while (this.#again && !this.#stopping) {
        this.#again = false;
        for (;;) {
          if (this.#stopping) return;
          const leaseMs = this.#options.leaseMs ?? LEASE_MS;
          const item = await runner.runSingle(tasks.take(actor, { leaseMs, after: this.#after }));
          if (!item) break;
          this.#after = item.userId;
          await this.#do(item);
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'bulk work could not go on; a later look tries again');
    }
  }

  async #do(item: BulkItem): Promise<void> {
    const { writes, tasks, log } = this.#options;
    const { runner, actor } = writes;
    const put = (state: 'ok' | 'failed', answer: object) =>
      runner.runSingle(tasks.answer(actor, { item, state, answer: answer as JsonValue }));
    try {
      const value = await this.#value(item);
      await put('ok', { ok: true, value });
    } catch (error) {
      if (databaseIsAway(error)) throw error;
      const pause = pauseAfter(error, Date.now() - item.createdAt.getTime());
      if (pause) {
        await runner.runSingle(tasks.postpone(actor, { item, ...pause }));
        return;
      }
      log.info({ bulk: item.bulkId, position: item.position, err: error }, 'an item of bulk work failed');
      await put('failed', { ok: false, error: answerOf(error, this.#options.publicUrl, item.bulkId, log) });
    }
  }

  async #value(item: BulkItem) {
    const { items, users, sealSecrets } = this.#options;
    const { bulkId, position, action, userId } = item;
    if (item.starts > MOST_STARTS) {
      throw problem(
        'internal-error',
        `This item was begun ${MOST_STARTS} times, and each time whoever did it ended, or lost the database, before it could answer. ` +
          'It is not begun again, and may have been done: look at your exports before you ask for it alone.',
      );
    }
    const user = await users.get(userId);
    if (!user) throw problem('export-not-permitted', 'Whoever asked for this is not known any more.');
    const asked: unknown = JSON.parse(unseal(item.sealed, sealSecrets, bulkId));
    if (action !== 'retry') return items.run(user, asked, { action, key: `bulk\n${bulkId}\n${position}` });
    const { id } = asked as { id: string };
    const row = await items.change.read.one(id, user);
    // A start before this one has done so, and died before it could say it.
    if (item.expected !== null && row.generation > item.expected) return items.valueOf(row);
    if (item.expected === null) {
      const { writes, tasks } = this.#options;
      await writes.runner.runSingle(tasks.expect(writes.actor, { item, generation: row.generation }));
    }
    return items.run(user, asked, { action });
  }
}
