/** Brings what the outbox holds into the queues: at once when asked, and by a sweep in case somebody died in between. */
import type { JobsOptions } from 'bullmq';
import type { Database } from '../db/database.js';
import { type OutboxRow, OutboxService } from '../db/services/outbox.js';
import type { Logger } from '../log.js';
import { queueOfTask } from '../signatures/registry.js';
import { within } from '../within.js';
import { EXPORT_QUEUE, META_QUEUE, type Queues } from './queues.js';

const BATCH = 50;
/** Milliseconds in which a batch has to be entered; its rows are locked as long. */
const ENTER_LIMIT_MS = 10_000;
const DAY_SECONDS = 24 * 3600;

/** Jobs that ended are kept for a day, for whoever looks; the database holds what matters. */
const KEEP: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'> = {
  removeOnComplete: { age: DAY_SECONDS, count: 5000 },
  removeOnFail: { age: 7 * DAY_SECONDS, count: 5000 },
};

/** Options that every child of a flow has: its failure is the parent's to judge, and never keeps the parent waiting. */
export const CHILD_OPTIONS = { ...KEEP, ignoreDependencyOnFailure: true } as const satisfies JobsOptions;

/** Data of the jobs of an export's flow. */
export interface FlowJobData {
  exportId: string;
  generation: number;
  step: string;
  shard: number;
}

/** The pauses between a follow-up's tries double, unless the receiver names a time; see the worker's backoff strategy. */
const FOLLOW_UP_BACKOFF = 'follow-up';

/** Data of a follow-up's job: all that a service of its own, in any language, needs to run it. */
export interface FollowUpJobData {
  followUpId: string;
  exportId: string;
  task: string;
  args: Record<string, unknown>;
  input: unknown;
}

/** Ids of jobs are derived, so that adding one again is a no-op; the generation keeps a retry apart. */
export function flowJobId(data: FlowJobData, kind: 'plan' | 'map' | 'reduce' | 'merge'): string {
  const place = kind === 'map' || kind === 'reduce' ? `-${data.step}-${data.shard}` : '';
  return `${data.exportId}-${data.generation}-${kind}${place}`;
}

async function enterExport(queues: Queues, row: OutboxRow): Promise<void> {
  const data: FlowJobData = { exportId: row.exportId, generation: row.generation, step: '', shard: 0 };
  await queues.addFlow({
    name: 'merge',
    queueName: META_QUEUE,
    data: { ...data, step: 'merge' },
    opts: { ...KEEP, jobId: flowJobId(data, 'merge'), attempts: 5, backoff: { type: 'exponential', delay: 1000 } },
    children: [
      {
        name: 'plan',
        queueName: EXPORT_QUEUE,
        data: { ...data, step: 'plan' },
        opts: {
          ...CHILD_OPTIONS,
          jobId: flowJobId(data, 'plan'),
          attempts: 4,
          backoff: { type: 'exponential', delay: 1000 },
        },
      },
    ],
  });
}

async function enterFollowUp(queues: Queues, row: OutboxRow): Promise<void> {
  const data: FollowUpJobData = {
    followUpId: row.id,
    exportId: row.exportId,
    task: row.task,
    args: row.args,
    input: row.input,
  };
  const { attempts = 8, backoff = 2000, delay = 0 } = row.options;
  await queues.queue(queueOfTask(row.task)).add(row.task, data, {
    ...KEEP,
    jobId: row.id,
    attempts,
    delay,
    backoff: { type: FOLLOW_UP_BACKOFF, delay: backoff },
  });
}

/** The outbox's way into the queues. Every process that may write into the outbox, and every worker, has one. */
export class OutboxRelay {
  readonly #outbox: OutboxService;
  readonly #queues: Queues;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor({ db, queues, log }: { db: Database; queues: Queues; log: Logger }) {
    this.#outbox = new OutboxService(db);
    this.#queues = queues;
    this.#log = log;
  }

  /**
   * Enters what is pending. Never throws: what cannot be entered now stays pending for the next sweep.
   * Calls that come while it runs are answered by one more round.
   */
  run(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#rounds().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Sweeps every `sweepMs`, in case a process died between its commit and its relay. */
  start(sweepMs: number): void {
    this.#timer = setInterval(() => void this.run(), sweepMs);
  }

  /** Ends the sweep, and waits for a round that is on its way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #rounds(): Promise<void> {
    try {
      do {
        this.#again = false;
        let taken: number;
        do {
          // An engine that is away lets us wait until it is back. No row is locked for that; entering one again later,
          // should this engine have taken it after all, changes nothing.
          await this.#queues.ping();
          taken = await this.#outbox.takePending(BATCH, (rows) => within(ENTER_LIMIT_MS, this.#enter(rows)));
        } while (taken === BATCH);
      } while (this.#again);
    } catch (error) {
      this.#log.warn({ err: error }, 'the outbox could not be relayed; the next sweep tries again');
    }
  }

  async #enter(rows: OutboxRow[]): Promise<void> {
    for (const row of rows) {
      await (row.hook === 'enter' ? enterExport(this.#queues, row) : enterFollowUp(this.#queues, row));
      this.#log.debug({ exportId: row.exportId, task: row.task, job: row.id }, 'entered into the queue');
    }
  }
}
