/**
 * What a process counts about itself, for Prometheus (text format 0.0.4). Names begin with `parcelpost_`; labels take few
 * values, whatever people ask for: no id, no address, no name that a requester made up.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { queueOfTask } from './signatures/registry.js';

export type Role = 'producer' | 'worker';

/** How one try of a follow-up ended: `retried` has another before it, `timeout` is an end without an answer. */
export type FollowUpEnd = 'done' | 'failed' | 'retried' | 'timeout';
/** How one run of a piece of an export's work ended. */
export type JobEnd = 'done' | 'failed' | 'retried' | 'aborted' | 'superseded' | 'handed-back';

const REMOVED = ['bundle', 'upload', 'orphan', 'temporary'] as const;
/** What is cleared away: `orphan` is an object that no row stands for, `temporary` what a killed worker left in `TMPDIR`. */
export type Removed = (typeof REMOVED)[number];

/** The tasks that may be named in labels; all that a registry of tasks knows of itself. */
export interface KnownTasks {
  names: readonly string[];
  /** Queues of other services, whose tasks have any name. */
  routes: readonly string[];
}

export interface Metrics {
  registry: Registry;
  /** Jobs that were found in a queue and not run: forged, altered, or never released. `reason` is one of a fixed list. */
  signaturesRefused: Counter<'queue' | 'reason'>;
  /** Exports that this process decided. */
  exportsDecided: Counter<'outcome'>;
  /** Seconds from the request to the decision. */
  exportDuration: Histogram<'outcome'>;
  /** Notes the end of one try of a follow-up; a task that nobody knows counts as `other`, another service's as `queue.*`. */
  followUpEnded(task: string, end: FollowUpEnd): void;
  /** Runs of plan, map, reduce and merge. */
  jobs: Counter<'kind' | 'end'>;
  /** Rows of the outbox that this process entered into queues: an export, or a follow-up. */
  relayEntered: Counter<'what'>;
  /** Requests that joined an identical export that was running. */
  requestsJoined: Counter;
  /** Requests that were a repeat by their Idempotency-Key. */
  idempotentRepeats: Counter;
  /** Notes what was cleared away from storage, or of a worker's temporary folders. */
  removed(what: Removed, files: number, bytes: number): void;
  /** Seconds to an answer's last byte; `route` is the pattern, not the path, and `none` for what has no route. */
  httpRequests: Histogram<'method' | 'route' | 'status'>;
}

const OUTCOMES = ['completed', 'partial', 'failed', 'cancelled'] as const;
const DURATION_SECONDS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 1800, 3600, 7200, 21_600];
const ANSWER_SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/**
 * The metrics of one process, in a registry of their own, beside those of Node itself (`process_…`, `nodejs_…`). All of
 * them can be called in both roles; only what the role does is shown.
 */
export function createMetrics(role: Role, tasks: KnownTasks = { names: [], routes: [] }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
  const shownTo = (...roles: Role[]) => (roles.includes(role) ? [registry] : []);
  const worker = shownTo('worker');
  const producer = shownTo('producer');
  const both = shownTo('worker', 'producer');

  const followUps = new Counter({
    name: 'parcelpost_follow_ups_total',
    help: 'Tries of follow-ups by how they ended: done, failed for good, retried, timeout',
    labelNames: ['task', 'end'],
    registers: worker,
  });
  const known = new Set(tasks.names);
  const labelOf = (task: string) => {
    if (known.has(task)) return task;
    const queue = queueOfTask(task);
    return tasks.routes.includes(queue) ? `${queue}.*` : 'other';
  };
  const removedFiles = new Counter({
    name: 'parcelpost_removed_files_total',
    help: 'Files cleared away: bundle, upload, orphan (no row stands for it), temporary (left by a killed worker)',
    labelNames: ['what'],
    registers: both,
  });
  const removedBytes = new Counter({
    name: 'parcelpost_removed_bytes_total',
    help: 'Their bytes, where they are known',
    labelNames: ['what'],
    registers: both,
  });
  const metrics: Metrics = {
    registry,
    removed: (what, files, bytes) => {
      removedFiles.inc({ what }, files);
      removedBytes.inc({ what }, bytes);
    },
    signaturesRefused: new Counter({
      name: 'parcelpost_signatures_refused_total',
      help: 'Jobs found in a queue and not run: forged, altered, or never released',
      labelNames: ['queue', 'reason'],
      registers: worker,
    }),
    exportsDecided: new Counter({
      name: 'parcelpost_exports_decided_total',
      help: 'Exports by their outcome',
      labelNames: ['outcome'],
      registers: worker,
    }),
    exportDuration: new Histogram({
      name: 'parcelpost_export_duration_seconds',
      help: 'Seconds from the request of an export, or of its last retry, to its outcome',
      labelNames: ['outcome'],
      buckets: DURATION_SECONDS,
      registers: worker,
    }),
    followUpEnded: (task, end) => followUps.inc({ task: labelOf(task), end }),
    jobs: new Counter({
      name: 'parcelpost_jobs_total',
      help: 'Runs of plan, map, reduce and merge by how they ended',
      labelNames: ['kind', 'end'],
      registers: worker,
    }),
    relayEntered: new Counter({
      name: 'parcelpost_relay_entered_total',
      help: 'Rows of the outbox entered into queues: export or follow-up',
      labelNames: ['what'],
      registers: both,
    }),
    requestsJoined: new Counter({
      name: 'parcelpost_requests_joined_total',
      help: 'Requests that joined an identical export that was running',
      registers: producer,
    }),
    idempotentRepeats: new Counter({
      name: 'parcelpost_idempotent_repeats_total',
      help: 'Requests that were a repeat by their Idempotency-Key',
      registers: producer,
    }),
    httpRequests: new Histogram({
      name: 'parcelpost_http_request_duration_seconds',
      help: 'Seconds to the last byte of an answer, by method, route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: ANSWER_SECONDS,
      registers: producer,
    }),
  };
  // What has not happened yet is 0 and not absent: rates need a first value.
  for (const outcome of OUTCOMES) metrics.exportsDecided.inc({ outcome }, 0);
  for (const what of ['export', 'follow-up']) metrics.relayEntered.inc({ what }, 0);
  for (const what of REMOVED) metrics.removed(what, 0, 0);
  return metrics;
}
