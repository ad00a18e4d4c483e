/** Brings what the outbox holds into the queues: at once when asked, and by a sweep in case somebody died in between. */
import type { JobsOptions } from 'bullmq';
import { crashPoint } from '../crash-points.js';
import type { Database } from '../db/database.js';
import { Admission } from '../db/services/admission.js';
import { type OutboxRow, OutboxService } from '../db/services/outbox.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { queueOfTask } from '../signatures/registry.js';
import { within } from '../within.js';
import { collectJobData, collectJobId, delayLeft, followUpJobData, followUpJobOptions } from './follow-up-job.js';
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
          // Its shards and files inherit it. The merge has none: what is nearly done is done first.
          ...(row.priority === null ? {} : { priority: row.priority }),
          attempts: 4,
          backoff: { type: 'exponential', delay: 1000 },
        },
      },
    ],
  });
}

/** A task of another service: its job, and above it the one that takes its result over once it has ended. */
async function enterRouted(queues: Queues, row: OutboxRow): Promise<void> {
  await queues.addFlow({
    name: 'collect',
    queueName: META_QUEUE,
    data: collectJobData(row),
    opts: { ...KEEP, jobId: collectJobId(row), attempts: 5, backoff: { type: 'exponential', delay: 1000 } },
    children: [
      {
        name: row.task,
        queueName: queueOfTask(row.task),
        data: followUpJobData(row),
        opts: { ...CHILD_OPTIONS, ...followUpJobOptions(row, true) },
      },
    ],
  });
}

/** Tasks of ours that stand one behind the other and go to the same queue, in one go. */
async function enterOwn(queues: Queues, queue: string, rows: readonly OutboxRow[]): Promise<void> {
  await queues.queue(queue).addBulk(
    rows.map((row) => ({
      name: row.task,
      data: followUpJobData(row),
      opts: { ...KEEP, ...followUpJobOptions(row, false) },
    })),
  );
}

export interface RelayOptions {
  db: Database;
  queues: Queues;
  log: Logger;
  metrics?: Pick<Metrics, 'relayEntered'>;
  /** Most exports under way at once, see {@link Admission}; 0 for no bound. */
  exportsInFlight: number;
}

/** The outbox's way into the queues. Every process that may write into the outbox, and every worker, has one. */
export class OutboxRelay {
  readonly #outbox: OutboxService;
  readonly #admission: Admission;
  readonly #queues: Queues;
  readonly #log: Logger;
  readonly #metrics: Pick<Metrics, 'relayEntered'> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor({ db, queues, log, metrics, exportsInFlight }: RelayOptions) {
    this.#outbox = new OutboxService(db);
    this.#admission = new Admission(db, exportsInFlight);
    this.#queues = queues;
    this.#log = log;
    this.#metrics = metrics;
  }

  /**
   * Lets exports in as far as there is room, and enters what is pending. Never throws: what cannot be entered now stays
   * pending for the next sweep.
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
        await this.#admit();
        let more: boolean;
        do {
          // An engine that is away lets us wait until it is back. No row is locked for that; entering one again later,
          // should this engine have taken it after all, changes nothing.
          await this.#queues.ping();
          ({ more } = await this.#outbox.takePending(
            BATCH,
            (rows) => within(ENTER_LIMIT_MS, this.#enter(rows)),
            dueIn,
          ));
        } while (more);
      } while (this.#again);
    } catch (error) {
      this.#log.warn({ err: error }, 'the outbox could not be relayed; the next sweep tries again');
    }
  }

  /** Lets exports in. Follow-ups are not kept back by those that cannot be. */
  async #admit(): Promise<void> {
    try {
      await this.#admission.admit();
    } catch (error) {
      this.#log.warn({ err: error }, 'no export could be let in; the next sweep tries again');
    }
  }

  /** Enters rows in their order. */
  async #enter(rows: readonly OutboxRow[]): Promise<void> {
    crashPoint('relay.taken');
    for (let next = 0; next < rows.length; ) {
      const row = rows[next] as OutboxRow;
      if (row.hook === 'enter' || row.routed) {
        await (row.hook === 'enter' ? enterExport : enterRouted)(this.#queues, row);
        next += 1;
        continue;
      }
      const queue = queueOfTask(row.task);
      const run = [row];
      for (next += 1; next < rows.length; next++) {
        const other = rows[next] as OutboxRow;
        if (other.hook === 'enter' || other.routed || queueOfTask(other.task) !== queue) break;
        run.push(other);
      }
      await enterOwn(this.#queues, queue, run);
    }
    crashPoint('relay.entered');
    for (const row of rows) {
      this.#metrics?.relayEntered.inc({ what: row.hook === 'enter' ? 'export' : 'follow-up' });
      this.#log.debug({ exportId: row.exportId, task: row.task, job: row.id }, 'entered into the queue');
    }
  }
}

/** Milliseconds in which another service has to end a task of its own. */
function dueIn(row: OutboxRow): number | null {
  const { timeout } = row.options;
  return row.routed && timeout !== undefined ? delayLeft(row, Date.now()) + timeout : null;
}
