/** The course of a round: orders go out a few at a time, some are taken back, some tried again, until all is settled. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@parcelpost/infra/samples/random.js';
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Order } from './orders.js';
import type { CancelAnswer, Requester } from './requester.js';

/** Exports that are asked for and not decided, at most. */
const IN_FLIGHT = 32;
const LOOK_MS = 200;
/** Of those that did not complete, so many are tried again. */
const RETRIED_SHARE = 0.2;

/** An order that was asked for. */
export interface Asked {
  order: Order;
  id: string;
  cancel: CancelAnswer | undefined;
  /** Whether a second generation was asked for. */
  retried: boolean;
}

export interface CourseOptions {
  db: Database;
  requester: Requester;
  orders: readonly Order[];
  random: Random;
  /** Called once, when half of the orders have gone out. */
  disaster?: (() => Promise<void>) | undefined;
}

interface Look {
  openExports: number;
  openFollowUps: number;
  /** Exports that may be tried again. */
  unsuccessful: string[];
}

export class Course {
  readonly asked: Asked[] = [];
  /** What the API answered and should not have. */
  readonly errors: string[] = [];
  readonly #options: CourseOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #judged = new Set<string>();

  constructor(options: CourseOptions) {
    this.#options = options;
  }

  /** @returns whether everything was settled before `until`, a time in milliseconds */
  async run(until: number): Promise<boolean> {
    const { orders, disaster } = this.#options;
    const left = [...orders];
    let pending: Promise<void> | undefined;
    while (Date.now() < until) {
      const look = await this.#look();
      if (look) {
        this.#retrySome(look.unsuccessful);
        const room = IN_FLIGHT - look.openExports - this.#underWay.size;
        for (const order of left.splice(0, Math.max(0, room))) this.#do(this.#ask(order));
        if (left.length <= orders.length / 2) pending ??= disaster?.() ?? Promise.resolve();
        const quiet = left.length === 0 && this.#underWay.size === 0;
        if (quiet && look.openExports === 0 && look.openFollowUps === 0) {
          // What went out since that look counts, too.
          await pending;
          const again = await this.#look();
          if (again && again.openExports === 0 && again.openFollowUps === 0) return true;
        }
      }
      await delay(LOOK_MS);
    }
    await pending;
    return false;
  }

  #do(work: Promise<void>): void {
    const done = work
      .catch((error: Error) => void this.errors.push(error.message))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #ask(order: Order): Promise<void> {
    const { requester } = this.#options;
    const asked: Asked = { order, id: await requester.ask(order), cancel: undefined, retried: false };
    this.asked.push(asked);
    if (order.cancelAfterMs === undefined) return;
    await delay(order.cancelAfterMs);
    asked.cancel = await requester.cancel(asked.id);
  }

  /** Has some of those that did not complete tried again, each once at most. */
  #retrySome(ids: readonly string[]): void {
    const { requester, random } = this.#options;
    const unsuccessful = new Set(ids);
    for (const asked of this.asked) {
      const { id, order, cancel } = asked;
      const answered = order.cancelAfterMs === undefined || cancel !== undefined;
      if (!answered || this.#judged.has(id) || !unsuccessful.has(id)) continue;
      this.#judged.add(id);
      if (random.next() >= RETRIED_SHARE) continue;
      asked.retried = true;
      this.#do(requester.retry(id));
    }
  }

  /** What there is to wait for; undefined while the database is away. */
  async #look(): Promise<Look | undefined> {
    try {
      const { rows } = await this.#options.db.raw<{ rows: [Look] }>(
        `select
           (select count(*) from exports where outcome is null) as "openExports",
           (select count(*) from outbox where state not in ('done', 'failed', 'skipped') and hook <> 'enter')
             as "openFollowUps",
           (select coalesce(jsonb_agg(id), '[]') from exports where outcome in ('failed', 'cancelled', 'partial'))
             as unsuccessful`,
      );
      return rows[0];
    } catch {
      return undefined;
    }
  }
}
