/** What an operator may want to know of the queues: who listens, what waits, what failed, and how their engine is set. */
import { Redis } from 'ioredis';
import { within } from '../within.js';
import type { Queues } from './queues.js';

/** Failed jobs that are looked at, newest first. */
const FAILED = 100;
/** Milliseconds in which Redis has to say how it is set. */
const PATIENCE_MS = 3000;

export interface QueueLook {
  name: string;
  /** Worker processes that listen; undefined where the engine does not tell. */
  workers: number | undefined;
  /** Jobs that could be taken now. */
  waiting: number;
  active: number;
  /** Jobs whose time has not come: a delay, or the pause between two tries. */
  delayed: number;
  paused: boolean;
  /** Jobs that failed since the given time, the newest first, and the first line of what was said of each. */
  failed: { id: string; name: string; reason: string; at: Date }[];
}

/**
 * Looks at one queue. Rejects when its engine does; ask {@link Queues.ping} before, since what is asked of an engine that
 * is away waits for it.
 * @param since failed jobs that ended before it are left out
 */
export async function lookAtQueue(queues: Queues, name: string, since: Date): Promise<QueueLook> {
  const queue = queues.queue(name);
  const [counts, paused, failed, workers] = await Promise.all([
    queue.getJobCounts('wait', 'prioritized', 'active', 'delayed'),
    queue.isPaused(),
    queue.getJobs(['failed'], 0, FAILED - 1),
    // A Redis that lets nobody list its clients is no reason to know nothing.
    queue.getWorkers().catch(() => undefined),
  ]);
  return {
    name,
    // On a Redis without names for clients BullMQ gives one entry that stands for nobody.
    workers: workers?.some((one) => one.rawname === undefined) ? undefined : workers?.length,
    waiting: (counts.wait ?? 0) + (counts.prioritized ?? 0),
    active: counts.active ?? 0,
    delayed: counts.delayed ?? 0,
    paused,
    failed: failed
      .map((job) => ({
        id: job.id ?? '',
        name: job.name,
        reason: (job.failedReason ?? '').split('\n', 1)[0]?.slice(0, 200) ?? '',
        at: new Date(job.finishedOn ?? 0),
      }))
      .filter(({ at }) => at >= since),
  };
}

/** A setting of the engine that jobs could suffer from. `loses` says that jobs are lost by it, not only after a crash. */
export interface EngineDoubt {
  what: string;
  advice: string;
  loses: boolean;
}

/** What is doubtful about how Redis is set. Asks `INFO`, which every provider allows. Rejects when it does not answer. */
export async function redisDoubts(url: string): Promise<EngineDoubt[]> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => {}); // comes with the rejection too
  try {
    return doubtsOf(
      await within(
        PATIENCE_MS,
        redis.connect().then(() => redis.info()),
      ),
    );
  } finally {
    redis.disconnect();
  }
}

/** Reads the answer of `INFO`. What is not in it gives no doubt. */
export function doubtsOf(info: string): EngineDoubt[] {
  const values = new Map(
    info
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  const doubts: EngineDoubt[] = [];
  const policy = values.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    doubts.push({
      what: `Redis may throw jobs away when its memory is full (maxmemory-policy ${policy}).`,
      advice: 'Set maxmemory-policy noeviction.',
      loses: true,
    });
  }
  const [used, most] = [Number(values.get('used_memory')), Number(values.get('maxmemory'))];
  if (most > 0 && used > 0.9 * most) {
    doubts.push({
      what: `Redis uses ${Math.round((100 * used) / most)} % of the memory it may have; when it is full, it takes no more jobs.`,
      advice: 'Raise maxmemory, or find what fills it.',
      loses: true,
    });
  }
  if (values.get('aof_enabled') === '0') {
    doubts.push({
      what: 'Redis keeps no append-only file: a restart forgets its jobs.',
      advice: 'Set appendonly yes. What was lost is entered again from the database, which takes a while.',
      loses: false,
    });
  }
  for (const [key, name] of [
    ['aof_last_write_status', 'append-only file'],
    ['rdb_last_bgsave_status', 'snapshot'],
  ] as const) {
    if ((values.get(key) ?? 'ok') === 'ok') continue;
    doubts.push({
      what: `Redis could not write its ${name} (${key} ${values.get(key)}).`,
      advice: 'Look at its log and at the free space of its disk.',
      loses: true,
    });
  }
  return doubts;
}
