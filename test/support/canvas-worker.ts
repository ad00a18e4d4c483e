/** Database, queues and workers in this process, for tests of what happens to follow-ups; tasks are the test's own. */
import { makeQueues } from '@parcelpost/infra/database/migrate-all.js';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import { type FollowUpNode, OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import { RefusedJobs } from '@parcelpost/shared/db/services/refused-jobs.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import type { FollowUpHandler } from '../../apps/worker/src/follow-ups/types.js';
import type { WorkerDeps } from '../../apps/worker/src/processors/deps.js';
import { startWorker } from '../../apps/worker/src/worker.js';
import { type ReleasedCanvas, releaseCanvas, SIGNATURE_SECRETS } from './canvas.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { queueUrlFor, type TestEngine, uniquePrefix } from './engines.js';
import { until } from './platform-stack.js';
import { testWrites } from './writes.js';

const log = createLogger('test', 'silent');

/** What a worker of these tests has of its dependencies. */
export type CanvasDeps = Pick<
  WorkerDeps,
  | 'db'
  | 'exports'
  | 'outbox'
  | 'followUps'
  | 'refusedJobs'
  | 'writes'
  | 'queues'
  | 'relay'
  | 'metrics'
  | 'signatureSecrets'
  | 'routes'
  | 'log'
>;

export interface CanvasBench {
  database: TestDatabase;
  queueUrl: string;
  queuePrefix: string;
  queues: Queues;
  deps: CanvasDeps;
  /** A relay of its own, as another process has one. */
  newRelay(): OutboxRelay;
  /** Starts a worker in this process. */
  work(tasks: Record<string, FollowUpHandler>, concurrency?: number): Promise<{ stop(): Promise<void> }>;
  /** Releases a canvas, as the decision does, and relays it. */
  release(...args: DropFirst<Parameters<typeof releaseCanvas>>): Promise<ReleasedCanvas>;
  /** Every node of an export's canvases, by place, once none is on its way. */
  settled(exportId: string): Promise<Map<string, FollowUpNode>>;
  rows(exportId: string): Promise<Map<string, FollowUpNode>>;
  stop(): Promise<void>;
}

type DropFirst<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

const ENDED = ['done', 'failed', 'skipped'];

/** @param routes queues of other services; told to whoever signs alone, as to a producer before all other processes */
export async function openCanvasBench(engine: TestEngine, routes: readonly string[] = []): Promise<CanvasBench> {
  const database = await createTestDatabase();
  const db = database.as('worker');
  const queuePrefix = uniquePrefix();
  await makeQueues(queueUrlFor(engine, database.url), queuePrefix);
  const queueUrl = queueUrlFor(engine, database.urls.worker);
  const queues = openQueues(queueUrl, { prefix: queuePrefix, log });
  const newRelay = () => new OutboxRelay({ db, queues, log, exportsInFlight: 0 });
  const deps: CanvasDeps = {
    db,
    exports: new ExportService(db),
    outbox: new OutboxService(db),
    followUps: new FollowUps(db),
    refusedJobs: new RefusedJobs(db),
    writes: testWrites(db),
    queues,
    relay: newRelay(),
    metrics: createMetrics('worker'),
    signatureSecrets: SIGNATURE_SECRETS,
    routes: [],
    log,
  };
  const workers = new Set<{ stop(): Promise<void> }>();
  const rows = async (exportId: string) =>
    new Map((await deps.outbox.followUps(exportId)).map((row) => [row.place, row]));
  return {
    database,
    queueUrl,
    queuePrefix,
    queues,
    deps,
    newRelay,
    async work(tasks, concurrency = 4) {
      const names = Object.keys(tasks);
      const worker = await startWorker({
        // Each worker has a relay of its own, as a process has.
        deps: { ...deps, relay: newRelay() } as Partial<WorkerDeps> as WorkerDeps,
        handlers: new Map(Object.entries(tasks)),
        queues: [...new Set(names.map((name) => name.split('.', 1)[0] as string))],
        concurrency,
        lockMs: 30_000,
        sweepMs: 60_000,
      });
      const stop = async () => {
        workers.delete(worker);
        await worker.stop();
      };
      workers.add(worker);
      return { stop };
    },
    async release(list, options) {
      const released = await releaseCanvas(database.db, list, { routes, ...options });
      await deps.relay.run();
      return released;
    },
    rows,
    settled: (exportId) =>
      until(`the canvas of ${exportId} has come to its end`, async () => {
        const nodes = await rows(exportId);
        return [...nodes.values()].every(({ state }) => ENDED.includes(state)) && nodes;
      }),
    async stop() {
      for (const worker of workers) await worker.stop();
      await deps.relay.stop();
      await queues.close();
      await database.drop();
    },
  };
}
