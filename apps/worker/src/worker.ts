/** A worker process as an object: listens to its queues, reconciles, and hands back what it holds when it is stopped. */
import type { Logger } from '@parcelpost/shared/log.js';
import { type AnyWorker, EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import type { Processor } from 'bullmq';
import type { FollowUpHandler } from './follow-ups/types.js';
import { processCollect } from './processors/collect.js';
import type { WorkerDeps } from './processors/deps.js';
import { followUpBackoff, processFollowUp } from './processors/follow-up.js';
import { processMap } from './processors/map.js';
import { processMerge } from './processors/merge.js';
import { processPlan } from './processors/plan.js';
import { Reconciler } from './processors/reconcile.js';
import { processReduce } from './processors/reduce.js';
import { refuse } from './processors/refuse.js';
import { handBack, SHUTDOWN } from './processors/run-job.js';
import { queuesToServe } from './roles.js';
import { clearTemporary } from './temporary-folders.js';

export interface WorkerOptions {
  deps: WorkerDeps;
  handlers: ReadonlyMap<string, FollowUpHandler>;
  /** Queues to listen to, beside the meta queue; without it all that `handlers` have tasks in. */
  queues?: readonly string[] | undefined;
  concurrency: number;
  lockMs: number;
  sweepMs: number;
}

const EXPORT_PROCESSORS = { plan: processPlan, map: processMap, reduce: processReduce } as const;
const isExportWork = (name: string): name is keyof typeof EXPORT_PROCESSORS => Object.hasOwn(EXPORT_PROCESSORS, name);

function processorOf(queue: string, { deps, handlers }: WorkerOptions): Processor {
  // BullMQ hands a signal only to processors that declare three parameters.
  if (queue === META_QUEUE) {
    return (job, token, signal) => {
      if (job.name === 'merge') return processMerge(deps, job, token as string, signal as AbortSignal);
      if (job.name === 'collect') return processCollect(deps, job, token as string, signal as AbortSignal);
      return refuse(deps, job, 'malformed');
    };
  }
  if (queue === EXPORT_QUEUE) {
    return (job, token, signal) => {
      // `export.…` follow-ups share this queue.
      if (!isExportWork(job.name)) return processFollowUp(deps, handlers, job, token as string, signal as AbortSignal);
      return EXPORT_PROCESSORS[job.name](deps, job, token as string, signal as AbortSignal);
    };
  }
  return (job, token, signal) => processFollowUp(deps, handlers, job, token as string, signal as AbortSignal);
}

/**
 * Begins to work.
 * @returns the queues it listens to, and how to stop: resolves when everything was finished or handed back
 * @throws {ConfigError} if it is to listen to a queue that is not its own; see {@link queuesToServe}
 */
export async function startWorker(options: WorkerOptions): Promise<{ queues: string[]; stop(): Promise<void> }> {
  const { deps, sweepMs } = options;
  let stopping = false;
  // A fetch that was on its way when the worker was told to stop may still bring a job, the one just handed back even.
  const unlessStopping =
    (process: Processor): Processor =>
    async (job, token, signal) =>
      stopping ? handBack(job, token as string) : process(job, token, signal);
  const queues = queuesToServe(options.queues, options.handlers.keys(), deps.routes);
  const workers: AnyWorker[] = queues.map((queue) =>
    deps.queues.work(queue, unlessStopping(processorOf(queue, options)), {
      concurrency: options.concurrency,
      lockMs: options.lockMs,
      backoff: followUpBackoff,
    }),
  );
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  deps.relay.start(sweepMs);
  const stopSweep = sweep(deps, sweepMs, deps.log);
  const stopClearing = clearNowAndThen(deps);
  return {
    queues,
    async stop() {
      stopping = true;
      await Promise.all([stopSweep(), stopClearing()]);
      const closed = workers.map((worker) => worker.close());
      for (const worker of workers) worker.cancelAllJobs(SHUTDOWN);
      await Promise.all(closed);
      await deps.relay.stop();
    },
  };
}

/** Between two looks for what killed workers have left in `TMPDIR`. */
const CLEARING_MS = 3_600_000;

/** Clears temporary folders now, and every hour. @returns how to end it */
function clearNowAndThen({ metrics, log }: Pick<WorkerDeps, 'metrics' | 'log'>): () => Promise<void> {
  const clear = async () => {
    try {
      const { folders, bytes } = await clearTemporary();
      metrics.removed('temporary', folders, bytes);
      if (folders > 0) log.info({ folders, bytes }, 'temporary folders of killed workers removed');
    } catch (error) {
      log.warn({ err: error }, 'temporary folders could not be cleared away; tried again in an hour');
    }
  };
  let running = clear();
  const timer = setInterval(() => {
    running = running.then(clear);
  }, CLEARING_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Reconciles every `sweepMs`, one round at a time. @returns how to end it */
function sweep(deps: WorkerDeps, sweepMs: number, log: Logger): () => Promise<void> {
  const reconciler = new Reconciler(deps);
  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    round ??= reconciler
      .round()
      .catch((error: Error) => log.warn({ err: error }, 'a round of reconciling failed; the next one tries again'))
      .finally(() => {
        round = undefined;
      });
  }, sweepMs);
  return async () => {
    clearInterval(timer);
    await round;
  };
}
