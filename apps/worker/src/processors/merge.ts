/** The merge: the root of every export's flow. It runs whatever happened below it, and decides. */
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow, Outcome } from '@parcelpost/shared/db/services/exports.js';
import type { ExportFailure } from '@parcelpost/shared/errors.js';
import type { FlowJobData } from '@parcelpost/shared/queues/relay.js';
import type { Job } from 'bullmq';
import { type Decision, decide } from '../outcome/decide.js';
import { bundle } from './bundle.js';
import type { WorkerDeps } from './deps.js';
import { failureOf } from './failure.js';
import { bundleKey, bundlePrefix, exportPrefix, workPrefix } from './keys.js';
import { attemptOf, handBack, SHUTDOWN, SUPERSEDED } from './run-job.js';

export async function processMerge(
  deps: WorkerDeps,
  job: Job<FlowJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const { exportId, generation } = job.data;
  const log = deps.log.child({ exportId, kind: 'merge' });
  const { attempt, last } = attemptOf(job);
  const place = { exportId, generation, kind: 'merge', step: 'merge', shard: 0 } as const;
  const [row, { starts }] = await Promise.all([deps.exports.get(exportId), deps.jobs.begin(place, attempt)]);
  const key = { ...place, start: starts };
  if (!row || row.generation !== generation) return;
  if (row.outcome) {
    // A start before this one may have died between its decision and its clearing away.
    await clearAway(deps, row, row.outcome);
    return;
  }
  let decision: Decision;
  try {
    const [jobs] = await Promise.all([
      deps.jobs.all(exportId, generation),
      deps.exports.enterPhase(exportId, generation, 'bundling'),
    ]);
    const failure = row.abort ?? failureBelow(jobs);
    decision = failure ? { failure } : await bundle(deps, row, jobs, starts, signal);
  } catch (error) {
    if (signal.aborted && signal.reason === SHUTDOWN) {
      await deps.jobs.handBack(key);
      return handBack(job, token);
    }
    const failure = failureOf(error, { step: 'merge', shard: null, attempts: attempt });
    log.warn({ err: error, last, attempt }, 'the merge failed');
    if (!(await deps.jobs.fail(key, last ? 'failed' : 'waiting', failure))) return log.warn(SUPERSEDED);
    if (!last) throw error;
    decision = { failure };
  }
  await settle(deps, row, decision);
}

/** Decides, and clears away what the decision leaves without use. */
export async function settle(deps: WorkerDeps, row: ExportRow, decision: Decision): Promise<void> {
  const decided = await decide(deps, row, decision);
  if (decided) {
    await clearAway(deps, row, 'failure' in decision ? 'failed' : decision.result.outcome);
  } else if ('file' in decision) {
    // Somebody else decided; a bundle that lost that race is nobody's.
    await deps.storage.remove(decision.file.storageKey);
  }
}

/** Removes what a decided export does not need: all of it without a bundle, else all but the bundle. Never throws. */
async function clearAway({ storage, files, jobs, log }: WorkerDeps, row: ExportRow, outcome: Outcome): Promise<void> {
  try {
    if (outcome === 'failed' || outcome === 'cancelled') {
      await storage.removePrefix(exportPrefix(row));
      return;
    }
    await storage.removePrefix(workPrefix(row));
    const [merge] = await jobs.all(row.id, row.generation, 'merge');
    if (!merge || merge.starts < 2) return;
    // Starts whose worker was killed left bundles, or parts of them, that nobody will ever read.
    const kept = await files.ofExport(row.id);
    for (let start = 1; start <= merge.starts; start++) {
      if (kept && bundleKey(row, start) !== kept.storageKey) await storage.removePrefix(bundlePrefix(row, start));
    }
  } catch (error) {
    log.warn({ err: error, exportId: row.id }, 'what was in the making could not be cleared away');
  }
}

/** Why the work below a merge cannot be bundled; undefined when it is all there. */
export function failureBelow(jobs: readonly ExportJobRow[]): ExportFailure | undefined {
  const below = jobs.filter(({ kind }) => kind !== 'merge');
  const failed = below.find(({ state, error }) => state === 'failed' && error);
  if (failed?.error) return failed.error;
  const undone = below.find(({ state }) => state !== 'done');
  if (below.some(({ kind }) => kind === 'reduce') && !undone) return undefined;
  return {
    code: 'incomplete',
    message: 'Part of the work never came to its end. Try the export again.',
    step: undone?.step ?? 'plan',
    shard: undone?.kind === 'map' ? undone.shard : null,
    attempts: undone?.attempts ?? 0,
  };
}
