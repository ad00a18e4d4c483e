/** What is looked at in the end: rows of the database, what the endpoint received, jobs that the queues still know. */
import type { Database } from '@parcelpost/shared/db/database.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { openQueues } from '@parcelpost/shared/queues/queues.js';
import type { Asked } from './course.js';

export interface ExportRecord {
  id: string;
  project: string;
  generation: number;
  outcome: 'completed' | 'partial' | 'failed' | 'cancelled' | null;
  error: { code: string; message: string; step: string | null } | null;
  /** Parts named as missing. */
  missing: number;
  /** Whether its token is still there. */
  token: boolean;
  /** Whether its parts are kept for another try. */
  partsKept: boolean;
}

/** A row of the outbox that is a follow-up, or joins some. */
export interface NodeRecord {
  id: string;
  exportId: string;
  generation: number;
  hook: 'onSuccess' | 'onFailure';
  place: string;
  kind: 'task' | 'chain' | 'group' | 'chord';
  task: string;
  /** Where its webhook goes. */
  url: string | null;
  state: string;
  error: { code: string; message: string } | null;
}

export interface BundleRecord {
  exportId: string;
  generation: number;
  storageKey: string;
  bytes: number;
  sha256: string;
  ownerKind: string;
  ownerId: string;
  pinned: boolean;
}

/** What the endpoint was sent. */
export interface Received {
  /** The header `webhook-id`. */
  id: string;
  path: string;
  at: number;
}

export interface Evidence {
  asked: readonly Asked[];
  exports: ExportRecord[];
  nodes: NodeRecord[];
  bundles: BundleRecord[];
  received: readonly Received[];
}

export async function readRows(db: Database): Promise<Pick<Evidence, 'exports' | 'nodes' | 'bundles'>> {
  const { rows: exports } = await db.raw<{ rows: ExportRecord[] }>(`
    select id, project, generation, outcome, error, coalesce(jsonb_array_length(result -> 'missing'), 0) as missing,
      sealed_token is not null as token, parts_until is not null as "partsKept"
    from exports`);
  const { rows: nodes } = await db.raw<{ rows: NodeRecord[] }>(`
    select id, export_id as "exportId", generation, hook, place, kind, task, args ->> 'url' as url, state, error
    from outbox where hook in ('onSuccess', 'onFailure') order by export_id, generation, place`);
  const { rows: bundles } = await db.raw<{ rows: BundleRecord[] }>(`
    select export_id as "exportId", generation, storage_key as "storageKey", bytes, sha256,
      owner_kind as "ownerKind", owner_id as "ownerId", pinned
    from files where removed_at is null`);
  return { exports, nodes, bundles };
}

export interface QueueRecord {
  /** Jobs that failed for good, counted by what they were and why. */
  failed: Map<string, number>;
  /** How often jobs were taken over from a worker that was gone. */
  stalls: number;
  /** Jobs that have not come to their end, by queue and state. */
  left: Map<string, number>;
}

const QUEUES = ['meta', 'export', 'msg', 'webhook', 'log'];
const LEFT = ['active', 'waiting', 'prioritized', 'delayed', 'waiting-children'] as const;
/** The queues keep so many that ended. */
const KEPT = 5000;

export async function readQueues(url: string, prefix: string): Promise<QueueRecord> {
  const queues = openQueues(url, { prefix, log: createLogger('chaos', 'silent') });
  const record: QueueRecord = { failed: new Map(), stalls: 0, left: new Map() };
  const count = (counts: Map<string, number>, what: string, by = 1) => counts.set(what, (counts.get(what) ?? 0) + by);
  try {
    for (const name of QUEUES) {
      const queue = queues.queue(name);
      for (const job of await queue.getJobs(['completed', 'failed'], 0, KEPT)) {
        record.stalls += job.stalledCounter;
        if (job.failedReason) count(record.failed, `${job.name}: ${wordsOf(job.failedReason)}`);
      }
      for (const [state, jobs] of Object.entries(await queue.getJobCounts(...LEFT))) {
        if (jobs > 0) count(record.left, `${name} ${state}`, jobs);
      }
    }
  } finally {
    await queues.close();
  }
  return record;
}

/** A reason without what differs from one export to the next. */
const wordsOf = (reason: string) =>
  reason
    .replace(/\/(api|projects)\/\S+|https?:\/\/\S+/g, '…')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')
    .replace(/\d+/g, '…')
    .slice(0, 90);
