import type { Database } from '@parcelpost/shared/db/database.js';
import type { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow, ExportService } from '@parcelpost/shared/db/services/exports.js';
import type { FileService } from '@parcelpost/shared/db/services/files.js';
import type { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import type { OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import type { RefusedJobs } from '@parcelpost/shared/db/services/refused-jobs.js';
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { Metrics } from '@parcelpost/shared/metrics.js';
import type { PlatformClient } from '@parcelpost/shared/platform-client/client.js';
import type { Queues } from '@parcelpost/shared/queues/queues.js';
import type { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import type { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import type { OutcomeTasks } from '../outcome/outcome-tasks.js';
import type { FileSource } from '../pipeline/file-source.js';
import type { WorkerPipeline } from '../pipeline/pipeline.js';
import type { Platform } from '../platform.js';
import type { PlanCache } from './plan-cache.js';

/** Everything that the processors need, made once by main.ts. */
export interface WorkerDeps {
  db: Database;
  /** Runs tasks, each sequence in one transaction. */
  runner: TaskRunner;
  outcome: OutcomeTasks;
  exports: ExportService;
  jobs: ExportJobService;
  plans: PlanCache;
  /** The steps, those of the installation's own too. */
  pipeline: WorkerPipeline;
  files: FileService;
  outbox: OutboxService;
  followUps: FollowUps;
  refusedJobs: RefusedJobs;
  /** What is done in a transaction, as tasks. */
  writes: Writes;
  queues: Queues;
  relay: OutboxRelay;
  storage: Storage;
  log: Logger;
  metrics: Metrics;
  /** Secrets of signatures: what the producer signed is verified with any of them. */
  signatureSecrets: readonly string[];
  /** Queues of other services: no worker of ours listens to them. */
  routes: readonly string[];
  /** Opens the platform's API for one export, with the token that came with it. */
  openClient(row: ExportRow, signal: AbortSignal): PlatformClient;
  /** Fetches files of one export's records, from the hosts that are allowed. */
  openFiles(row: ExportRow, signal: AbortSignal): FileSource;
  settings: {
    publicUrl: string;
    /** Records a shard should have. */
    shardRecords: number;
    /** Deflate level of bundles, 0 to 9. */
    zipLevel: number;
    /** How long a bundle is kept. */
    ttlMs: number;
    /** How long parts of an export without a whole bundle are kept for another try. */
    partsTtlMs: number;
    /** How long bytes stay once a bundle is out of reach, for those who have just begun to read it. */
    removalGraceMs: number;
    softwareVersion: string;
    platform: Platform;
  };
}
