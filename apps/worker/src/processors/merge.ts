/** The merge: the root of every export's flow. It runs whatever happened below it, and decides. */
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import { databaseIsAway } from '@parcelpost/shared/db/away.js';
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { ExportError } from '@parcelpost/shared/errors.js';
import { userOwner } from '@parcelpost/shared/files/owner.js';
import type { JobEnd } from '@parcelpost/shared/metrics.js';
import type { FlowJobData } from '@parcelpost/shared/queues/relay.js';
import type { Job } from 'bullmq';
import type { Decision } from '../outcome/decide.js';
import { bundle } from './bundle.js';
import { clearAway, conclude } from './conclude.js';
import type { WorkerDeps } from './deps.js';
import { AbortedError, failureOf } from './failure.js';
import { awaitTurn, flowJobData } from './flow-job.js';
import { judge } from './judge.js';
import { attemptOf, handBack, SHUTDOWN, SUPERSEDED, unlessAway } from './run-job.js';
import { watch } from './watch.js';
import { disownDamaged } from './whole-parts.js';

export function processMerge(
  deps: WorkerDeps,
  job: Job<FlowJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  return unlessAway(deps, job, token, signal, () => merge(deps, job, token, signal));
}

async function merge(deps: WorkerDeps, job: Job<FlowJobData>, token: string, signal: AbortSignal): Promise<void> {
  const { exportId, generation } = await flowJobData(deps, job, 'merge');
  const { attempt } = attemptOf(job);
  const place = { exportId, generation, kind: 'merge', step: 'merge', shard: 0 } as const;
  const [row, jobs] = await Promise.all([deps.exports.get(exportId), deps.jobs.all(exportId, generation)]);
  if (!row || row.generation !== generation) return;
  if (row.outcome) {
    // A start before this one may have died between its decision and its clearing away.
    await clearAway(deps, row, row.outcome);
    return;
  }
  await awaitTurn(deps, job, token, row, jobs);
  const jobRow = await deps.jobs.begin(place, attempt);
  // Decided by somebody else in this very moment, who clears away.
  if (!jobRow) return;
  const decision = await reach(deps, job, token, row, jobs, { ...place, start: jobRow.starts }, signal);
  if (decision) await conclude(deps, row, decision);
}

/** Bundles, or finds out why that cannot be. @returns undefined where another has the say */
async function reach(
  deps: WorkerDeps,
  job: Job<FlowJobData>,
  token: string,
  row: ExportRow,
  jobs: readonly ExportJobRow[],
  key: Parameters<typeof watch>[1],
  signal: AbortSignal,
): Promise<Decision | undefined> {
  const { id, generation } = row;
  const log = deps.log.child({ exportId: id, kind: 'merge' });
  const { attempt, last } = attemptOf(job);
  const count = (end: JobEnd) => deps.metrics.jobs.inc({ kind: 'merge', end });
  const watched = watch(deps, key, signal, log);
  try {
    if (row.abort) {
      count('aborted');
      return { failure: row.abort };
    }
    await deps.exports.enterPhase(id, generation, 'bundling');
    const judged = judge(deps.pipeline, row.options, jobs);
    if ('failure' in judged) {
      count('done');
      return judged;
    }
    const { result, file, parts } = await bundle(deps, row, judged, jobs, key.start, watched.signal);
    // Until it is decided that this is the bundle, it belongs to who asked.
    const kept = await deps.files.insert(deps.db, file, userOwner(row.requester.id));
    crashPoint('merge.bundled');
    count('done');
    return { result, file: kept, parts };
  } catch (error) {
    if (databaseIsAway(error)) throw error;
    if (signal.aborted && signal.reason === SHUTDOWN) {
      await deps.jobs.handBack(key);
      count('handed-back');
      return handBack(job, token);
    }
    const stopped = watched.signal.reason;
    if (stopped instanceof AbortedError) {
      log.debug({ reason: stopped.reason }, 'stopped before its end');
      count(stopped.reason === 'superseded' ? 'superseded' : 'aborted');
      return typeof stopped.reason === 'string' ? undefined : { failure: stopped.reason };
    }
    const damaged = error instanceof ExportError && error.code === 'bundle-damaged';
    const hopeless = damaged && (await disownDamaged(deps, row, await deps.plans.get(row), jobs));
    const final = last || hopeless || (error instanceof ExportError && error.permanent);
    const failure = failureOf(error, { step: 'merge', shard: null, attempts: attempt });
    log.warn({ err: error, final, attempt }, 'the merge failed');
    if (!(await deps.jobs.fail(key, final ? 'failed' : 'waiting', failure))) {
      log.warn(SUPERSEDED);
      count('superseded');
      return undefined;
    }
    count(final ? 'failed' : 'retried');
    if (!final) throw error;
    return { failure };
  } finally {
    watched.stop();
  }
}
