/** The worker: builds every dependency, hands it down, and stops cleanly on SIGTERM. */
import { setFlagsFromString } from 'node:v8';
import {
  ConfigError,
  databaseTimeouts,
  exportLimits,
  queueUrl,
  readWorkerConfig,
  type WorkerConfig,
} from '@parcelpost/shared/config.js';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { awaitSchema, SchemaError } from '@parcelpost/shared/db/schema-check.js';
import { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import { type ExportRow, ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { FinishedParts } from '@parcelpost/shared/db/services/finished-parts.js';
import { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import { OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import { RefusedJobs } from '@parcelpost/shared/db/services/refused-jobs.js';
import { auditedDecision } from '@parcelpost/shared/db/tasks/audit.js';
import { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { loadOwnSteps } from '@parcelpost/shared/pipeline/own-steps.js';
import { createConnections, PlatformClient } from '@parcelpost/shared/platform-client/client.js';
import { openQueues } from '@parcelpost/shared/queues/queues.js';
import { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import { loadOwnTasks } from '@parcelpost/shared/signatures/own-tasks.js';
import { createRegistry } from '@parcelpost/shared/signatures/registry.js';
import { stopOnSignals } from '@parcelpost/shared/stop.js';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import { processActor } from '@parcelpost/shared/tasks/actor.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { SOFTWARE_VERSION } from '@parcelpost/shared/version.js';
import { createFollowUpHandlers } from './follow-ups/handlers.js';
import { serveHealth } from './health.js';
import { OutcomeTasks } from './outcome/outcome-tasks.js';
import { WorkerPipeline } from './pipeline/pipeline.js';
import { platformOf } from './platform.js';
import { removeReplaced } from './processors/conclude.js';
import type { WorkerDeps } from './processors/deps.js';
import { PlanCache } from './processors/plan-cache.js';
import { FileFetcher, fileConnections } from './resources/fetch-file.js';
import { AllowedHosts } from './resources/hosts.js';
import { startWorker } from './worker.js';

/** Connections to one platform; several shards of this process share them. */
const PLATFORM_CONNECTIONS = 16;
const HOUR_MS = 3_600_000;
const MEGABYTE = 1024 * 1024;

// Pages come and go: what lives is a few tens of megabytes. Left to itself, V8 on a machine with much memory lets several
// times that gather before it clears up; collecting when the heap has doubled costs no time that could be measured.
setFlagsFromString('--heap-growing-percent=100');

async function main(config: WorkerConfig): Promise<void> {
  const log = createLogger('worker', config.LOG_LEVEL);
  const own = config.TASKS_MODULE === undefined ? {} : await loadOwnTasks(config.TASKS_MODULE);
  const pipeline = new WorkerPipeline(config.STEPS_MODULE === undefined ? [] : await loadOwnSteps(config.STEPS_MODULE));
  const tasks = createRegistry({ own, routes: config.TASK_ROUTES, formats: pipeline.formats });
  const db = openDatabase(config.DATABASE_URL, {
    name: 'parcelpost-worker',
    background: true,
    max: config.DATABASE_CONNECTIONS,
    timeouts: databaseTimeouts(config),
  });
  await awaitSchema(db, log);
  const queues = openQueues(queueUrl(config), { prefix: config.QUEUE_PREFIX, log });
  const connections = createConnections(PLATFORM_CONNECTIONS);
  const fileAgents = fileConnections({
    platform: connections,
    allowPrivate: config.RESOURCE_ALLOW_PRIVATE,
    timeoutMs: config.FETCH_TIMEOUT_SECONDS * 1000,
  });
  const hosts = new AllowedHosts(config.RESOURCE_HOSTS);
  const platform = platformOf(config);
  const metrics = createMetrics('worker', tasks);
  const relay = new OutboxRelay({ db, queues, log, metrics, exportsInFlight: config.EXPORTS_IN_FLIGHT });
  const writes = new Writes({
    db,
    log,
    actor: processActor('worker', 'worker'),
    limits: exportLimits(config),
    quota: { mb: config.PROJECT_QUOTA_MB },
    deferred: { secrets: config.SIGNATURE_SECRET, relay: () => relay.run() },
  });
  const exports = new ExportService(db);
  const jobs = new ExportJobService(db);
  const files = new FileService(db);
  const storage = openStorage(config.STORAGE_URL);
  const outcome = new OutcomeTasks({ exports, jobs, files: writes.files, finished: new FinishedParts(db) });
  auditedDecision(outcome.decide.taskName)(writes.runner.hooks);
  const followUps = createFollowUpHandlers({
    email: { smtpUrl: config.SMTP_URL, from: config.MAIL_FROM, publicUrl: config.PUBLIC_URL },
    webhook: { secrets: config.WEBHOOK_SECRET, allowPrivate: config.WEBHOOK_ALLOW_PRIVATE },
    bundles: { removeReplaced: (...of) => removeReplaced({ files, writes }, ...of) },
    nextExports: { writes, relay, publicUrl: config.PUBLIC_URL },
    own,
  });
  const deps: WorkerDeps = {
    db,
    runner: writes.runner,
    outcome,
    exports,
    jobs,
    plans: new PlanCache(jobs),
    pipeline,
    files,
    outbox: new OutboxService(db),
    followUps: new FollowUps(db),
    refusedJobs: new RefusedJobs(db),
    writes,
    queues,
    relay,
    storage,
    log,
    metrics,
    signatureSecrets: config.SIGNATURE_SECRET,
    routes: config.TASK_ROUTES,
    openClient: (row: ExportRow, signal: AbortSignal) =>
      new PlatformClient({
        apiUrl: platform.url,
        organization: row.organization,
        project: row.project,
        authorization: JSON.parse(unseal(row.sealedToken ?? '', config.SEAL_SECRET, row.id)),
        pageSize: config.PAGE_SIZE,
        timeoutMs: config.FETCH_TIMEOUT_SECONDS * 1000,
        dispatcher: connections,
        log: log.child({ exportId: row.id }),
        signal,
      }),
    openFiles: (row: ExportRow, signal: AbortSignal) =>
      new FileFetcher({
        platformUrl: platform.url,
        authorization: JSON.parse(unseal(row.sealedToken ?? '', config.SEAL_SECRET, row.id)),
        hosts,
        limits: { file: config.RESOURCE_FILE_MB * MEGABYTE, all: config.RESOURCE_TOTAL_MB * MEGABYTE },
        connections: fileAgents,
        timeoutMs: config.FETCH_TIMEOUT_SECONDS * 1000,
        log: log.child({ exportId: row.id }),
        signal,
      }),
    settings: {
      publicUrl: config.PUBLIC_URL,
      shardRecords: config.SHARD_RECORDS,
      zipLevel: config.ZIP_LEVEL,
      ttlMs: config.EXPORT_TTL_HOURS * HOUR_MS,
      partsTtlMs: config.PARTS_TTL_HOURS * HOUR_MS,
      removalGraceMs: config.REMOVAL_GRACE_SECONDS * 1000,
      softwareVersion: SOFTWARE_VERSION,
      platform,
    },
  };
  const worker = await startWorker({
    deps,
    handlers: followUps.handlers,
    queues: config.WORKER_QUEUES,
    concurrency: config.WORKER_CONCURRENCY,
    lockMs: config.WORKER_LOCK_SECONDS * 1000,
    sweepMs: config.SWEEP_SECONDS * 1000,
  });
  let stopping = false;
  const health = await serveHealth({
    port: config.PORT,
    host: config.HOST,
    checks: { database: () => db.raw('select 1'), queue: () => queues.ping() },
    stopping: () => stopping,
    metrics,
    log,
  });
  log.info({ address: health.address(), queues: worker.queues, engine: queues.engine }, 'worker started');

  const stop = async () => {
    stopping = true;
    await worker.stop();
    await followUps.close();
    await Promise.all([connections.destroy(), fileAgents.others.destroy()]);
    await queues.close();
    await db.destroy();
    health.close();
    health.closeAllConnections();
  };
  stopOnSignals(stop, log);
}

// Not awaited here: a file that awaits at its top cannot be packed into a script, as tests do that start many workers.
const run = async () => main(readWorkerConfig(process.env));
run().catch((error: unknown) => {
  console.error(error instanceof ConfigError || error instanceof SchemaError ? error.message : error);
  process.exit(1);
});
