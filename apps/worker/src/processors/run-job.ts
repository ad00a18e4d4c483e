/** What every plan, map and reduce has in common: look before, record, and tell the kinds of failure apart. */
import type { ExportJobRow, JobKind, JobStart } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { ExportError } from '@parcelpost/shared/errors.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { FlowJobData } from '@parcelpost/shared/queues/relay.js';
import { type Job, UnrecoverableError, WaitingChildrenError, WaitingError } from 'bullmq';
import type { WorkerDeps } from './deps.js';
import { AbortedError, failureOf } from './failure.js';
import { startPrefix } from './keys.js';
import { watch } from './watch.js';

/** The reason with which a worker's jobs are cancelled when it has been asked to stop. */
export const SHUTDOWN = 'shutdown';

/** What becomes of work whose worker was believed dead: the one that took it over has the say. */
export const SUPERSEDED = 'another worker has taken this work over; what came of it here is left aside';

export interface JobRun {
  job: Job<FlowJobData>;
  token: string;
  /** Aborted when the worker stops, and when the work is not wanted any more. */
  signal: AbortSignal;
  /** Says how many records have been read so far. */
  read(rows: number): void;
  row: ExportRow;
  key: JobStart;
  /** The work's own row, as this attempt found it. */
  jobRow: ExportJobRow;
  log: Logger;
}

export interface JobDone {
  rows: number;
  bytes: number;
  result: unknown;
}

/** Which attempt of a job is running, and whether it is its last. */
export function attemptOf(job: Pick<Job, 'attemptsMade' | 'opts'>): { attempt: number; last: boolean } {
  const attempt = job.attemptsMade + 1;
  return { attempt, last: attempt >= (job.opts.attempts ?? 1) };
}

/** Gives a job back to the queue because this worker stops: no attempt is spent, no stall. Always throws. */
export async function handBack(job: Job, token: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/**
 * Runs one piece of work of an export. A repeat of work that is done, or of an export that is decided, is a no-op; but for
 * `follow`, which is run after work that turns out to be done already: what was entered behind it may have been lost.
 * A failure that cannot be mended raises the export's abort flag, so that the other shards stop and the merge decides.
 */
export async function runJob(
  deps: WorkerDeps,
  kind: JobKind,
  job: Job<FlowJobData>,
  token: string,
  signal: AbortSignal,
  body: (run: JobRun) => Promise<JobDone>,
  follow?: (run: JobRun) => Promise<void>,
): Promise<void> {
  const { exportId, generation, step, shard } = job.data;
  const log = deps.log.child({ exportId, kind, step, shard });
  const place = { exportId, generation, kind, step, shard };
  const { attempt, last } = attemptOf(job);
  const [row, jobRow] = await Promise.all([deps.exports.get(exportId), deps.jobs.begin(place, attempt)]);
  const key: JobStart = { ...place, start: jobRow.starts };
  const repeat = jobRow.state === 'done';
  if (!row || row.generation !== generation || row.outcome || (repeat && (row.abort || !follow))) {
    log.debug('nothing to do: the work is done, or the export is decided');
    return;
  }
  const given = { job, token, row, key, jobRow, log };
  if (repeat) return follow?.({ ...given, signal, read: () => {} });
  const watched = watch(deps, key, signal, log);
  try {
    if (row.abort) throw new AbortedError(row.abort);
    const done = await body({ ...given, signal: watched.signal, read: watched.read });
    if (!(await deps.jobs.finish(key, done))) {
      log.warn(SUPERSEDED);
      return deps.storage.removePrefix(startPrefix(row, key));
    }
    log.debug({ rows: done.rows, bytes: done.bytes }, 'done');
  } catch (error) {
    if (error instanceof WaitingChildrenError) throw error;
    if (signal.aborted && signal.reason === SHUTDOWN) {
      await deps.jobs.handBack(key);
      return handBack(job, token);
    }
    // However the work put it: once it was told to stop, that is why it did not end.
    const aborted = error instanceof AbortedError ? error : watched.signal.reason;
    if (aborted instanceof AbortedError) {
      if (typeof aborted.reason !== 'string') await deps.jobs.fail(key, 'aborted', aborted.reason);
      log.debug({ reason: aborted.reason }, 'stopped before its end');
      return;
    }
    const final = last || (error instanceof ExportError && error.permanent);
    const failure = failureOf(error, {
      step,
      shard: kind === 'map' ? shard : null,
      attempts: attempt,
    });
    log.warn({ err: error, final, attempt }, 'work failed');
    if (!(await deps.jobs.fail(key, final ? 'failed' : 'waiting', failure))) return log.warn(SUPERSEDED);
    if (!final) throw error;
    await deps.exports.raiseAbort(exportId, generation, failure);
    throw new UnrecoverableError(failure.message);
  } finally {
    watched.stop();
  }
}
