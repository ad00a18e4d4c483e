/** What every plan, map and reduce has in common: look before, record, and tell the kinds of failure apart. */
import { setTimeout as delay } from 'node:timers/promises';
import { databaseIsAway } from '@parcelpost/shared/db/away.js';
import type { ExportJobRow, JobKind, JobStart } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { ExportError } from '@parcelpost/shared/errors.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { JobEnd } from '@parcelpost/shared/metrics.js';
import type { FlowJobData } from '@parcelpost/shared/queues/relay.js';
import { DelayedError, type Job, UnrecoverableError, WaitingChildrenError, WaitingError } from 'bullmq';
import type { WorkerDeps } from './deps.js';
import { AbortedError, failureOf } from './failure.js';
import { flowJobData, refuseUnplanned } from './flow-job.js';
import { startPrefixes } from './keys.js';
import { watch } from './watch.js';

/** The reason with which a worker's jobs are cancelled when it has been asked to stop. */
export const SHUTDOWN = 'shutdown';

/** Milliseconds after which work is taken up again that could not go on because the database was away. */
const AWAY_MS = 1000;

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
 * Runs work that must not be blamed for a database that is away: then the job waits a moment, and no attempt is spent. An
 * engine that is away with it is waited for, as long as this worker is not asked to stop. The export's deadline bounds
 * all of this.
 */
export async function unlessAway<T>(
  deps: Pick<WorkerDeps, 'log'>,
  job: Job,
  token: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!databaseIsAway(error)) throw error;
    deps.log.warn({ err: error, job: job.id }, 'the database is away; the work is taken up again later');
    do {
      const failure = await job.moveToDelayed(Date.now() + AWAY_MS, token).catch((reason: unknown) => reason);
      if (failure === undefined) break;
      if (!databaseIsAway(failure)) throw failure;
      await delay(AWAY_MS, undefined, { signal }).catch(() => {});
    } while (!signal.aborted);
    throw new DelayedError();
  }
}

/**
 * Runs one piece of work of an export. A repeat of work that is done, or of an export that is decided, is a no-op; but for
 * `follow`, which is run after work that turns out to be done already: what was entered behind it may have been lost.
 * A failure that cannot be mended raises the export's abort flag, so that the other shards stop and the merge decides;
 * unless the request takes a part for the whole, and this is one of the parts.
 * @returns `done`; or `left` where there was nothing to do, or not any more
 */
export function runJob(
  deps: WorkerDeps,
  kind: JobKind,
  job: Job<FlowJobData>,
  token: string,
  signal: AbortSignal,
  body: (run: JobRun) => Promise<JobDone>,
  follow?: (run: JobRun) => Promise<void>,
): Promise<'done' | 'left'> {
  return unlessAway(deps, job, token, signal, () => attemptJob(deps, kind, job, token, signal, body, follow));
}

async function attemptJob(
  deps: WorkerDeps,
  kind: JobKind,
  job: Job<FlowJobData>,
  token: string,
  signal: AbortSignal,
  body: (run: JobRun) => Promise<JobDone>,
  follow: ((run: JobRun) => Promise<void>) | undefined,
): Promise<'done' | 'left'> {
  const data = await flowJobData(deps, job, kind);
  const { exportId, generation, step, shard } = data;
  const log = deps.log.child({ exportId, kind, step, shard });
  const place = { exportId, generation, kind, step, shard };
  const count = (end: JobEnd) => deps.metrics.jobs.inc({ kind, end });
  const { attempt, last } = attemptOf(job);
  const [row, jobRow] = await Promise.all([deps.exports.get(exportId), deps.jobs.begin(place, attempt)]);
  if (!jobRow) await refuseUnplanned(deps, job, data);
  const repeat = jobRow?.state === 'done';
  if (!row || !jobRow || row.generation !== generation || row.outcome || (repeat && (row.abort || !follow))) {
    log.debug('nothing to do: the work is done, or the export is decided');
    return 'left';
  }
  const key: JobStart = { ...place, start: jobRow.starts };
  const given = { job, token, row, key, jobRow, log };
  if (repeat) {
    await follow?.({ ...given, signal, read: () => {} });
    return 'done';
  }
  const watched = watch(deps, key, signal, log);
  try {
    if (row.abort) throw new AbortedError(row.abort);
    const done = await body({ ...given, signal: watched.signal, read: watched.read });
    if (!(await deps.jobs.finish(key, done))) {
      log.warn(SUPERSEDED);
      count('superseded');
      for (const prefix of startPrefixes(row, key)) await deps.storage.removePrefix(prefix);
      return 'left';
    }
    log.debug({ rows: done.rows, bytes: done.bytes }, 'done');
    count('done');
    return 'done';
  } catch (error) {
    if (error instanceof WaitingChildrenError || databaseIsAway(error)) throw error;
    if (signal.aborted && signal.reason === SHUTDOWN) {
      await deps.jobs.handBack(key);
      count('handed-back');
      return handBack(job, token);
    }
    // However the work put it: once it was told to stop, that is why it did not end.
    const aborted = error instanceof AbortedError ? error : watched.signal.reason;
    if (aborted instanceof AbortedError) {
      if (typeof aborted.reason !== 'string') await deps.jobs.fail(key, 'aborted', aborted.reason);
      if (aborted.reason === 'superseded') log.warn(SUPERSEDED);
      else log.debug({ reason: aborted.reason }, 'stopped before its end');
      count(aborted.reason === 'superseded' ? 'superseded' : 'aborted');
      return 'left';
    }
    const final = last || (error instanceof ExportError && error.permanent);
    const failure = failureOf(error, {
      step,
      shard: kind === 'map' ? shard : null,
      attempts: attempt,
    });
    log.warn({ err: error, final, attempt }, 'work failed');
    if (!(await deps.jobs.fail(key, final ? 'failed' : 'waiting', failure))) {
      log.warn(SUPERSEDED);
      count('superseded');
      return 'left';
    }
    count(final ? 'failed' : 'retried');
    if (!final) throw error;
    const spared = row.options.allowPartial && kind !== 'plan';
    if (!spared) await deps.exports.raiseAbort(exportId, generation, failure);
    throw new UnrecoverableError(failure.message);
  } finally {
    watched.stop();
  }
}
