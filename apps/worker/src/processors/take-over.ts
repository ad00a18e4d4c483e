/** What another try need not do again: parts that an earlier generation of the same export made, and that are still right. */
import { isDeepStrictEqual } from 'node:util';
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { TakenOver } from '@parcelpost/shared/db/services/taken-over.js';
import type { Plan } from '../pipeline/plan.js';
import type { WorkerDeps } from './deps.js';
import type { MapResult } from './map.js';
import type { ReduceResult } from './reduce.js';
import { there } from './there.js';

type Deps = Pick<WorkerDeps, 'jobs' | 'storage' | 'settings'>;

/**
 * The done work of the generation before this one that planned, where the project is what it was then as far as a plan
 * shows it: the same shards with the same counts, and the same forms. Of that the parts which this version of the
 * software made and storage still has. Files are taken over only with all of the shards that they are made of.
 * @returns undefined where there is nothing to take over
 */
export async function partsToTakeOver(deps: Deps, row: ExportRow, plan: Plan): Promise<TakenOver | undefined> {
  if (row.generation === 1) return undefined;
  const earlier = await deps.jobs.earlierPlan(row.id, row.generation);
  if (!earlier || !samePlan(earlier.plan as Plan, plan)) return undefined;
  const done = (await deps.jobs.all(row.id, earlier.generation)).filter(({ state }) => state === 'done');
  const maps = complete(
    await stillThere(deps, done, 'map', ({ result }) => {
      const { fragments, pages } = result as MapResult;
      return pages ? [...fragments, pages] : fragments;
    }),
    done,
  );
  const reduces =
    maps.length === plan.shards.length
      ? await stillThere(deps, done.filter(isWhole), 'reduce', ({ result }) => (result as ReduceResult).files)
      : [];
  return { generation: earlier.generation, parts: [...maps, ...reduces] };
}

/** A file that could not be had may be there by now. */
function isWhole({ kind, result }: ExportJobRow): boolean {
  return kind !== 'reduce' || ((result as ReduceResult).missing ?? []).length === 0;
}

/** Shards from which records were taken that others have are whole only together with all of those. */
function complete<Job extends ExportJobRow>(maps: readonly Job[], done: readonly ExportJobRow[]): Job[] {
  const there = (entity: string) => maps.filter(({ step }) => step === entity).length;
  const before = (entity: string) => done.filter(({ kind, step }) => kind === 'map' && step === entity).length;
  return maps.filter(({ step, result }) => !(result as MapResult).pruned || there(step) === before(step));
}

/** Whether shards of one plan are those of the other, as far as the platform tells. */
export function samePlan(before: Plan, now: Plan): boolean {
  // Of steps that were taken from other exports, shards have nothing.
  const compared = ({ shards, schemas, reused }: Plan) =>
    JSON.parse(JSON.stringify({ shards, schemas, taken: Object.keys(reused?.steps ?? {}).sort() }));
  // Where the platform tells versions of its data, the same figures are not enough.
  const sameData = !before.keys || !now.keys || isDeepStrictEqual(before.keys, now.keys);
  return sameData && isDeepStrictEqual(compared(before), compared(now));
}

async function stillThere(
  { storage, settings }: Deps,
  done: readonly ExportJobRow[],
  kind: 'map' | 'reduce',
  objectsOf: (job: ExportJobRow) => readonly { key: string; bytes: number }[],
): Promise<(ExportJobRow & { kind: typeof kind })[]> {
  const jobs = done.filter(
    (job): job is ExportJobRow & { kind: typeof kind } =>
      job.kind === kind && (job.result as MapResult | ReduceResult).software === settings.softwareVersion,
  );
  return there(storage, jobs, objectsOf);
}
