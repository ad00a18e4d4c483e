/** The queues, on Redis or on PostgreSQL: one code for both engines. */
import {
  type BackendFactory,
  type BackoffStrategy,
  type ConnectionOptions,
  createPostgresBackend,
  type FlowJob,
  FlowProducer,
  type IQueueBackend,
  type Job,
  type Processor,
  Queue,
  QueueEvents,
  runMigrations,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { KEEPALIVES } from '../db/keepalives.js';
import { listenTo } from '../db/listen.js';
import type { Logger } from '../log.js';
import { within } from '../within.js';

export type Engine = 'redis' | 'postgres';
type AnyQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;
export type AnyWorker = Worker<unknown, unknown, string, IQueueBackend>;

export { EXPORT_QUEUE, META_QUEUE } from './names.js';

/** Milliseconds in which an engine has to say that it is there. */
const PATIENCE_MS = 2000;
/** Milliseconds after which a worker asks again for work when its engine was away. */
const AWAY_MS = 2000;

export interface WorkOptions {
  /** Jobs of this queue at once. */
  concurrency: number;
  /** A job whose worker has not renewed its claim for so long, in milliseconds, is taken over. */
  lockMs: number;
  /** Pauses of jobs whose backoff is of no built-in type. */
  backoff?: BackoffStrategy;
}

export interface Queues {
  readonly engine: Engine;
  /** The queue of this name; made once, closed with the rest. */
  queue(name: string): AnyQueue;
  /** Enters a tree of jobs, whole or not at all. */
  addFlow(flow: FlowJob): Promise<void>;
  /** Begins to work on a queue. Jobs that a dead worker held are taken over, however often that happens. */
  work(name: string, processor: Processor, options: WorkOptions): AnyWorker;
  /**
   * Hears that something has happened in these queues. What happens while the engine is away is missed, so this only makes
   * things quicker.
   * @param heard called with the id of the job that began, ended or was put back; with undefined where the engine does not say
   *   which
   * @returns how to end it
   */
  listen(names: readonly string[], heard: (jobId: string | undefined) => void): () => Promise<void>;
  /** Resolves when the engine answers; rejects with its error, or when it has not answered for {@link PATIENCE_MS}. */
  ping(): Promise<void>;
  /** Closes queues and flow producer; workers are closed by who made them. */
  close(): Promise<void>;
}

/** The engine that a `QUEUE_URL` names. */
function engineOf(url: string): Engine {
  return /^rediss?:/.test(url) ? 'redis' : 'postgres';
}

interface Backend {
  connection: () => ConnectionOptions;
  /** Workers wait on a connection of their own. */
  factory: BackendFactory | undefined;
  keys: { prefix?: string };
  ping(): Promise<void>;
  listen: Listen;
  close(): Promise<void>;
}

/** As {@link Queues.listen}. `report` makes what is told of the errors of a queue. */
type Listen = (
  names: readonly string[],
  heard: (jobId: string | undefined) => void,
  log: Logger,
  report: (what: string) => (error: Error) => void,
) => () => Promise<void>;

function redisBackend(url: string, prefix: string): Backend {
  const shared = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true });
  shared.on('error', () => {}); // each queue reports its own errors
  const connection = () => shared as unknown as ConnectionOptions;
  // One hash tag for every key, so that a tree of jobs stays on one node of a Redis Cluster.
  const keys = { prefix: `{${prefix}}` };
  return {
    connection,
    factory: undefined,
    keys,
    async ping() {
      // Without a connection, what is asked waits for one: too long, unless the first is just being made.
      if (!['wait', 'connecting', 'connect', 'ready'].includes(shared.status)) {
        throw new Error(`Redis is not connected (${shared.status})`);
      }
      await shared.ping();
    },
    listen(names, heard, _log, report) {
      const endings = names.map((name) =>
        hearEvents(new QueueEvents(name, { connection: connection(), ...keys, autorun: false }), heard, report(name)),
      );
      return async () => {
        await Promise.all(endings.map((end) => end()));
      };
    },
    async close() {
      shared.disconnect();
    },
  };
}

function postgresBackend(url: string, schema: string): Backend {
  // Every queue and worker opens a pool of its own; they stay small. Commits do not wait for the disk: what a crash of the
  // database takes from the queue is entered again from the tables that do.
  const options = {
    connectionString: url,
    schema,
    max: 4,
    keepAlive: true,
    application_name: 'parcelpost-queue',
    options: `-c synchronous_commit=off ${KEEPALIVES}`,
  };
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on('error', () => {});
  return {
    connection: () => options as unknown as ConnectionOptions,
    factory: createPostgresBackend as unknown as BackendFactory,
    keys: {},
    async ping() {
      await pool.query('select 1');
    },
    // BullMQ's own reader of events asks for each of them by a query, and does not end in good order while it begins.
    listen: (names, heard, log) =>
      listenTo(
        url,
        { channel: EVENTS_CHANNEL, what: 'jobs' },
        (queue) => names.includes(queue) && heard(undefined),
        log,
      ),
    close: () => pool.end(),
  };
}

/**
 * Opens the queues that a `QUEUE_URL` names.
 * @param url `redis://…`, `rediss://…` or `postgres://…`; the tables of the latter come from {@link migrateQueues}
 * @param options.prefix key prefix on Redis, schema on PostgreSQL
 */
export function openQueues(url: string, { prefix, log }: { prefix: string; log: Logger }): Queues {
  const engine = engineOf(url);
  const backend = engine === 'redis' ? redisBackend(url, prefix) : postgresBackend(url, prefix);
  const queues = new Map<string, AnyQueue>();
  let flows: FlowProducer | undefined;
  const args = () => (backend.factory ? [backend.factory] : []) as [];
  const report = (what: string) => (error: Error) => log.error({ err: error, queue: what }, 'queue engine error');

  return {
    engine,
    queue(name) {
      let queue = queues.get(name);
      if (!queue) {
        queue = new Queue(
          name,
          { connection: backend.connection(), ...backend.keys },
          ...args(),
        ) as unknown as AnyQueue;
        queue.on('error', report(name));
        queues.set(name, queue);
      }
      return queue;
    },
    async addFlow(flow) {
      if (!flows) {
        flows = new FlowProducer({ connection: backend.connection(), ...backend.keys }, ...args());
        flows.on('error', report('flows'));
      }
      await flows.add(flow);
    },
    work(name, processor, { concurrency, lockMs, backoff }) {
      const options: WorkerOptions = {
        connection: backend.connection(),
        ...backend.keys,
        concurrency,
        lockDuration: lockMs,
        stalledInterval: lockMs,
        // A job is not at fault when its worker is killed; the export's deadline is what ends a poisonous one.
        maxStalledCount: 1000,
        // After the engine was away; left to itself, a worker looks again after fifteen seconds.
        runRetryDelay: AWAY_MS,
        ...(backoff ? { settings: { backoffStrategy: backoff } } : {}),
      };
      const worker = new Worker(name, processor, options, ...args()) as unknown as AnyWorker;
      worker.on('error', report(name));
      return worker;
    },
    listen: (names, heard) => backend.listen(names, heard, log, report),
    ping: () => within(PATIENCE_MS, backend.ping()),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      await flows?.close();
      await backend.close();
    },
  };
}

/** On PostgreSQL, where BullMQ tells the name of the queue whose jobs something has happened to. */
const EVENTS_CHANNEL = 'bullmq_events';
/** Events of jobs after which there may be something new to see. */
const NEWS = ['active', 'completed', 'failed', 'waiting'] as const;

/** Hears of the jobs of one queue until it is ended; reading begins again whenever the engine was away. */
function hearEvents(
  events: QueueEvents,
  heard: (jobId: string) => void,
  report: (error: Error) => void,
): () => Promise<void> {
  let again: NodeJS.Timeout | undefined;
  let ended = false;
  const listener = ({ jobId }: { jobId: string }) => heard(jobId);
  for (const event of NEWS) events.on(event, listener);
  events.on('error', report);
  const run = () => {
    events.run().catch((error: Error) => {
      if (ended) return;
      report(error);
      again = setTimeout(run, AWAY_MS);
    });
  };
  run();
  return async () => {
    ended = true;
    clearTimeout(again);
    await events.close();
  };
}

/**
 * Makes or updates the queues' tables where PostgreSQL carries them; nothing to do on Redis.
 * @param schema the schema they live in (`QUEUE_PREFIX`)
 * @param grants SQL to run after it, with the schema in the setting `parcelpost.queue_schema`: who may do what
 */
export async function migrateQueues(url: string, schema: string, grants?: string): Promise<void> {
  if (engineOf(url) === 'redis') return;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`set statement_timeout = 0; set lock_timeout = 0`);
    await runMigrations(client, schema);
    if (grants === undefined) return;
    await client.query(`select set_config('parcelpost.queue_schema', $1, false)`, [schema]);
    await client.query(grants);
  } finally {
    await client.end();
  }
}

export type { Job };
