/** What the work below a merge came to: everything, a part that the request is content with, or too little. Pure. */
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportFailure } from '@parcelpost/shared/errors.js';
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { MissingPart } from '@parcelpost/shared/export-result.js';
import type { WorkerPipeline } from '../pipeline/pipeline.js';
import type { Plan } from '../pipeline/plan.js';
import type { MapResult } from './map.js';
import type { ReduceResult } from './reduce.js';

/** What a bundle can be made of. */
export interface Judged {
  /** The shards that were read. */
  maps: ExportJobRow[];
  /** What the reduces made of them, in the order of the bundle. */
  reduced: ReduceResult[];
  /** Shards that were not read and files that were not made; empty unless the request allows it. */
  missing: MissingPart[];
}

/** Why shards are missing that nobody can end any more. */
export const INCOMPLETE = {
  code: 'incomplete',
  message: 'Part of the work never came to its end. Try the export again.',
} as const;

/**
 * Judges all the work of one generation, once it has settled.
 * @returns why it cannot be bundled; or what can be
 */
export function judge(
  pipeline: WorkerPipeline,
  options: ExportOptions,
  jobs: readonly ExportJobRow[],
): { failure: ExportFailure } | Judged {
  const below = jobs.filter(({ kind }) => kind !== 'merge');
  const failure = below.find(({ state, error }) => state === 'failed' && error)?.error;
  const plan = below.find(({ kind }) => kind === 'plan');
  if (plan?.state !== 'done') return { failure: failure ?? reasonOf('plan', plan) };

  const shards = below.filter(({ kind }) => kind === 'map');
  const maps = shards.filter(({ state }) => state === 'done');
  const fragments = maps.flatMap(({ result }) => (result as MapResult).fragments);
  const outputs = pipeline.outputs(options, fragments, (plan.result as Plan | null)?.reused).map((output) => ({
    output,
    job: below.find(({ kind, step }) => kind === 'reduce' && step === output),
  }));
  const unread = shards.filter(({ state }) => state !== 'done');
  const unmade = outputs.filter(({ job }) => job?.state !== 'done');
  const missing: MissingPart[] = [
    ...unread.map((shard) => ({ ...reasonOf(shard.step, shard), rowsExpected: shard.rowsExpected })),
    ...unmade.map(({ output, job }) => ({ ...reasonOf(output, job), rowsExpected: null })),
    ...outputs.flatMap(({ job }) => (job?.state === 'done' ? ((job.result as ReduceResult).missing ?? []) : [])),
  ];
  const [first] = missing;
  if (first) {
    const nothingRead = unread.length > 0 && sum(shards, 'rowsExpected') > 0 && sum(maps, 'rows') === 0;
    const nothingMade =
      unmade.length > 0 &&
      !outputs.some(({ job }) => job?.state === 'done' && (job.result as ReduceResult).files.length > 0);
    const { rowsExpected: _, ...reason } = first;
    if (!options.allowPartial || nothingRead || nothingMade) return { failure: failure ?? reason };
  }
  return {
    maps,
    reduced: outputs.flatMap(({ job }) => (job?.state === 'done' ? [job.result as ReduceResult] : [])),
    missing,
  };
}

/** Why a piece of work is not done. */
function reasonOf(step: string, job: ExportJobRow | undefined): ExportFailure {
  if (job?.state === 'failed' && job.error) return job.error;
  return { ...INCOMPLETE, step, shard: job?.kind === 'map' ? job.shard : null, attempts: job?.attempts ?? 0 };
}

function sum(jobs: readonly ExportJobRow[], figure: 'rows' | 'rowsExpected'): number {
  return jobs.reduce((all, job) => all + (job[figure] ?? 0), 0);
}
