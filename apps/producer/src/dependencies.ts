import type { ProducerConfig } from '@parcelpost/shared/config.js';
import type { Database } from '@parcelpost/shared/db/database.js';
import type { PlacesInQueue } from '@parcelpost/shared/db/services/places-in-queue.js';
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { Metrics } from '@parcelpost/shared/metrics.js';
import type { Pipeline } from '@parcelpost/shared/pipeline/pipeline.js';
import type { Queues } from '@parcelpost/shared/queues/queues.js';
import type { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import type { Registry } from '@parcelpost/shared/signatures/registry.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import type { Snapshots } from './platform/snapshots.js';

/** What of the configuration the server itself looks at. */
export type ServerConfig = Pick<
  ProducerConfig,
  | 'PUBLIC_URL'
  | 'CORS_ORIGINS'
  | 'TOKEN_KEYS'
  | 'AUTH_SECRET'
  | 'SEAL_SECRET'
  | 'SIGNATURE_SECRET'
  | 'TOKEN_HOURS'
  | 'EXPORT_DEADLINE_MINUTES'
  | 'SAMPLE_SIGN_IN'
  | 'SESSION_HOURS'
  | 'OIDC'
  | 'PLATFORM_API_URL'
  | 'UPLOAD_MAX_MB'
  | 'UPLOAD_TTL_HOURS'
  | 'UPLOADS_PER_PERSON'
  | 'UPLOADS_PER_PERSON_MB'
  | 'BULK_LIMIT'
  | 'BULK_ITEMS'
  | 'BULKS_OPEN_PER_PERSON'
  | 'SWEEP_SECONDS'
  | 'EVENT_STREAMS'
  | 'EVENT_STREAMS_PER_PERSON'
>;

/** All that the server needs; main.ts makes it, and closes it after the server. */
export interface Dependencies {
  config: ServerConfig;
  log: Logger;
  metrics: Metrics;
  db: Database;
  /** Of the exports that wait. */
  places: PlacesInQueue;
  storage: Storage;
  /** What requests may name, and what it is made by. */
  pipeline: Pipeline;
  /** What follow-ups may name. */
  tasks: Registry;
  /** What is done in a transaction, as tasks. */
  writes: Writes;
  relay: Pick<OutboxRelay, 'run'>;
  /** Resolves when the queue engine answers. */
  pingQueues: () => Promise<void>;
  /** Hears of jobs of the queues; see `Queues.listen`. */
  listenToJobs: Queues['listen'];
  /** Consistent views of projects, for readers of the platform API. */
  snapshots: Pick<Snapshots, 'openFor'>;
  /** Calls the listener with the id of each export that is decided, as soon as it is; may miss some. */
  onDecided: (listener: (exportId: string) => void) => void;
}
