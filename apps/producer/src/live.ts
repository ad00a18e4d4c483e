/** What makes pages and API tell of exports as they come along: one of each in a process, however many look. */
import { EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/names.js';
import { LookAtExports } from './actions/look-at-exports.js';
import { ProgressHub } from './actions/progress-hub.js';
import { QueueHealth } from './actions/queue-health.js';
import type { Dependencies } from './dependencies.js';
import { EventStreams } from './routes/event-stream.js';

/** Queues whose jobs bring exports further. */
const HEARD = [META_QUEUE, EXPORT_QUEUE];

export interface Live {
  look: LookAtExports;
  queue: QueueHealth;
  streams: EventStreams;
}

/** Nothing is asked, and nobody is listened to, before somebody watches. */
export function liveOf({ config, db, places, log, pingQueues, listenToJobs, onDecided }: Dependencies): Live {
  const queue = new QueueHealth(pingQueues);
  const look = new LookAtExports(db, places, queue);
  const hub = new ProgressHub({
    look: (ids) => look.of(ids),
    // Ids of an export's jobs begin with its own; see flowJobId.
    subscribe: (heard) => listenToJobs(HEARD, (jobId) => heard(jobId?.slice(0, UUID_LENGTH))),
    log,
  });
  onDecided((id) => hub.hearEnd(id));
  const limits = { most: config.EVENT_STREAMS, perPerson: config.EVENT_STREAMS_PER_PERSON };
  return { look, queue, streams: new EventStreams(hub, limits) };
}

const UUID_LENGTH = 36;
