/** The producer's composition root: reads the environment, builds what there is, serves, and stops when told to. */
import { EventEmitter } from 'node:events';
import {
  ConfigError,
  databaseTimeouts,
  exportLimits,
  type ProducerConfig,
  queueUrl,
  readProducerConfig,
  uploadLimits,
} from '@parcelpost/shared/config.js';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { listenForDecisions } from '@parcelpost/shared/db/decisions.js';
import { awaitSchema, SchemaError } from '@parcelpost/shared/db/schema-check.js';
import { AuditLog } from '@parcelpost/shared/db/services/audit-log.js';
import { BulkService } from '@parcelpost/shared/db/services/bulks.js';
import { Chores } from '@parcelpost/shared/db/services/chores.js';
import { FinishedParts } from '@parcelpost/shared/db/services/finished-parts.js';
import { PlacesInQueue } from '@parcelpost/shared/db/services/places-in-queue.js';
import { RefusedJobs } from '@parcelpost/shared/db/services/refused-jobs.js';
import { SessionService } from '@parcelpost/shared/db/services/sessions.js';
import { SnapshotService } from '@parcelpost/shared/db/services/snapshots.js';
import { UploadService } from '@parcelpost/shared/db/services/uploads.js';
import { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import { createLogger, type Logger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { addDatabaseGauges } from '@parcelpost/shared/metrics-database.js';
import { declaredOwnSteps, loadOwnSteps } from '@parcelpost/shared/pipeline/own-steps.js';
import { declaredPipeline } from '@parcelpost/shared/pipeline/pipeline.js';
import { META_QUEUE, openQueues } from '@parcelpost/shared/queues/queues.js';
import { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import { loadOwnTasks } from '@parcelpost/shared/signatures/own-tasks.js';
import { createRegistry } from '@parcelpost/shared/signatures/registry.js';
import { stopOnSignals } from '@parcelpost/shared/stop.js';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import { processActor } from '@parcelpost/shared/tasks/actor.js';
import { exportActions } from './actions/export-actions.js';
import { externalPlatform } from './actions/platform-url.js';
import { ReadExports } from './actions/read-exports.js';
import { clearUploads } from './clear-uploads.js';
import type { Dependencies } from './dependencies.js';
import { startHousekeeping } from './housekeeping.js';
import { orphanPass } from './janitor/orphan-pass.js';
import { Orphans } from './janitor/orphans.js';
import { Snapshots } from './platform/snapshots.js';
import { buildServer } from './server.js';

/** How long requests that are being answered may take once the process is told to stop. */
const STOP_PATIENCE_MS = 10_000;
/** Between two rounds of clearing away what nobody needs any more. */
const HOUSEKEEPING_MS = 60_000;
/** How often a producer asks whether a pass for orphans is due. */
const ORPHANS_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
/** What bulk work came to is kept for so long. */
const BULK_DAYS = 7;
/** Rows that one round removes of a kind. */
const CLEARED_AT_ONCE = 10_000;

async function run(config: ProducerConfig, log: Logger): Promise<void> {
  const own = config.TASKS_MODULE === undefined ? {} : await loadOwnTasks(config.TASKS_MODULE);
  const ownSteps = config.STEPS_MODULE === undefined ? [] : await loadOwnSteps(config.STEPS_MODULE);
  const pipeline = declaredPipeline(declaredOwnSteps(ownSteps));
  const tasks = createRegistry({ own, routes: config.TASK_ROUTES, formats: pipeline.formats });
  const db = openDatabase(config.DATABASE_URL, {
    name: 'parcelpost-producer',
    max: config.DATABASE_CONNECTIONS,
    timeouts: databaseTimeouts(config),
  });
  await awaitSchema(db, log);
  const queues = openQueues(queueUrl(config), { prefix: config.QUEUE_PREFIX, log });
  // Connects now, so that readiness says whether the engine is there before the first export asks.
  queues.queue(META_QUEUE);
  const storage = openStorage(config.STORAGE_URL);
  const decided = new EventEmitter<{ export: [id: string] }>();
  const stopListening = listenForDecisions(config.DATABASE_URL, (id) => decided.emit('export', id), log);
  const metrics = createMetrics('producer', tasks);
  const relay = new OutboxRelay({ db, queues, log, metrics, exportsInFlight: config.EXPORTS_IN_FLIGHT });
  addDatabaseGauges(metrics.registry, db);
  const snapshots = new Snapshots({
    databaseUrl: config.DATABASE_URL,
    service: new SnapshotService(db),
    most: config.SNAPSHOTS_OPEN,
    minutes: config.SNAPSHOT_MINUTES,
    sweepMs: config.SWEEP_SECONDS * 1000,
    log,
  });
  decided.on('export', () => void snapshots.sweep());
  const refusedJobs = new RefusedJobs(db);
  const audit = new AuditLog(db);
  const finishedParts = new FinishedParts(db);
  const uploads = new UploadService(db);
  const sessions = new SessionService(db);
  const bulks = new BulkService(db);
  const chores = new Chores(db);
  const stopHousekeeping = startHousekeeping(
    {
      'refused jobs': () => refusedJobs.trim(),
      'finished parts': () => finishedParts.removeCleared(CLEARED_AT_ONCE),
      'bulk work': () => bulks.removeOld(BULK_DAYS, CLEARED_AT_ONCE),
      'audit rows': () => audit.removeOld(config.AUDIT_TTL_DAYS, CLEARED_AT_ONCE),
      'ended sessions': () => sessions.removeExpired(CLEARED_AT_ONCE),
      uploads: async () => {
        const clear = (goOn: () => Promise<boolean>) =>
          clearUploads(uploads, storage, uploadLimits(config).ttlMs, goOn);
        const removed = (await chores.alone('uploads', clear)) ?? 0;
        metrics.removed('upload', removed, 0);
        return removed;
      },
    },
    { everyMs: HOUSEKEEPING_MS, log },
  );
  // By itself: a pass through a large storage takes a while, and the rest does not wait for it.
  const stopping = new AbortController();
  const orphans = new Orphans({ db, storage, log });
  const safeMs = config.ORPHAN_HOURS * HOUR_MS;
  const stopOrphans = startHousekeeping(
    safeMs === 0
      ? {}
      : { orphans: () => orphanPass({ orphans, chores, metrics, log }, { safeMs, signal: stopping.signal }) },
    { everyMs: ORPHANS_MS, log },
  );
  const writes = new Writes({
    db,
    log,
    actor: processActor('service', 'producer'),
    limits: exportLimits(config),
    quota: { mb: config.PROJECT_QUOTA_MB },
    deferred: { secrets: config.SIGNATURE_SECRET, relay: () => relay.run() },
  });
  const dependencies: Dependencies = {
    config,
    log,
    metrics,
    pipeline,
    tasks,
    db,
    places: new PlacesInQueue(db),
    storage,
    writes,
    relay,
    pingQueues: () => queues.ping(),
    listenToJobs: (names, heard) => queues.listen(names, heard),
    snapshots,
    onDecided: (listener) => decided.on('export', listener),
  };
  const app = await buildServer(dependencies);
  // What another platform may be read with, only people bring.
  const renews = config.AUTO_RENEW && externalPlatform(config) === undefined;
  const { renew } = exportActions(dependencies, new ReadExports(dependencies));
  const stopRenewing = startHousekeeping(renews ? { renewals: () => renew.round().then(() => 0) } : {}, {
    everyMs: HOUSEKEEPING_MS,
    log,
  });

  const stop = async () => {
    const hurry = setTimeout(() => app.server.closeAllConnections(), STOP_PATIENCE_MS);
    // A connection that was busy when the server closed stays open, idle, for as long as its client likes.
    const idle = setInterval(() => app.server.closeIdleConnections(), 50);
    await app.close();
    clearInterval(idle);
    clearTimeout(hurry);
    await stopListening();
    stopping.abort();
    await Promise.all([stopHousekeeping(), stopOrphans(), stopRenewing()]);
    await snapshots.stop();
    await relay.stop();
    await queues.close();
    await db.destroy();
  };

  stopOnSignals(stop, log);

  relay.start(config.SWEEP_SECONDS * 1000);
  const address = await app.listen({ port: config.PORT, host: config.HOST });
  log.info({ address, publicUrl: config.PUBLIC_URL, queues: queues.engine }, 'listening');
}

// Not awaited here: a file that awaits at its top cannot be packed into a script, as tests do that start many producers.
const begin = async () => {
  const config = readProducerConfig(process.env);
  await run(config, createLogger('producer', config.LOG_LEVEL));
};
begin().catch((error: unknown) => {
  if (!(error instanceof ConfigError || error instanceof SchemaError)) throw error;
  process.stderr.write(`The producer cannot start:\n${error.message}\n`);
  process.exit(1);
});
