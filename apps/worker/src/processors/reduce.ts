/** A reduce: makes one output's finished files of the fragments that the shards left. */
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { FlowJobData } from '@parcelpost/shared/queues/relay.js';
import type { Job } from 'bullmq';
import { type EarlierFile, FILE_DATE, type Reduced, type Step } from '../pipeline/step.js';
import type { WorkerDeps } from './deps.js';
import { madeKey } from './keys.js';
import type { MapResult } from './map.js';
import { type JobDone, type JobRun, runJob } from './run-job.js';

/** Kept as the result of the reduce's row; the merge reads it. */
export interface ReduceResult extends Reduced {
  /** Version of the software that wrote the files; empty where an earlier export made them. */
  software: string;
  /** The export that made them, where that was an earlier one. */
  from?: string;
}

export async function processReduce(
  deps: WorkerDeps,
  job: Job<FlowJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  await runJob(deps, 'reduce', job, token, signal, (run) => reduce(deps, run));
}

async function reduce(deps: WorkerDeps, { row, key, signal }: JobRun): Promise<JobDone> {
  const dot = key.step.indexOf('.');
  const step = deps.pipeline.named(key.step.slice(0, dot));
  const output = key.step.slice(dot + 1);
  const [plan, earlier, maps] = await Promise.all([
    deps.plans.get(row),
    earlierFiles(deps, row, step),
    Promise.all(step.entities.map((entity) => deps.jobs.results(row.id, row.generation, 'map', entity))),
  ]);
  const made = (maps.flat() as MapResult[]).flatMap((map) => map.fragments);
  const fragments = [...(plan.reused?.fragments ?? []), ...made].filter(
    (fragment) => fragment.step === step.name && fragment.output === output,
  );
  const reduced = await step.reduce(output, {
    context: { options: row.options, schemas: plan.schemas, project: row.project, date: FILE_DATE },
    fragments,
    earlier,
    storage: deps.storage,
    open: async (name) => {
      const at = madeKey(row, key, name);
      return Object.assign(await deps.storage.create(at), { key: at });
    },
    signal,
    openFiles: () => deps.openFiles(row, signal),
  });
  crashPoint('reduce.written');
  const result: ReduceResult = {
    ...inFolder(reduced, deps.pipeline.folderOf(step, row.options)),
    software: deps.settings.softwareVersion,
  };
  return {
    rows: Math.max(0, ...result.files.map((file) => file.rows ?? 0)),
    bytes: result.files.reduce((sum, file) => sum + file.bytes, 0),
    result,
  };
}

/** The finished files that a step reads. Of one that could not be made, where the request can do without, there are none. */
async function earlierFiles(deps: WorkerDeps, row: ExportRow, step: Step): Promise<EarlierFile[]> {
  const used = deps.pipeline.usedBy(step, row.options);
  if (used.length === 0) return [];
  const jobs = await deps.jobs.all(row.id, row.generation, 'reduce');
  return used.flatMap(({ name }) => {
    const made = jobs.filter(({ step, state }) => step.startsWith(`${name}.`) && state === 'done');
    return made.flatMap(({ result }) => (result as ReduceResult).files.map((file) => ({ ...file, step: name })));
  });
}

/** Names as they are in the bundle. */
export function inFolder({ files, warnings, missing }: Reduced, folder: string): Reduced {
  return {
    files: files.map((file) => ({ ...file, name: `${folder}${file.name}` })),
    warnings,
    ...(missing && {
      missing: missing.map(({ file, ...part }) => ({
        ...part,
        ...(file !== undefined && { file: `${folder}${file}` }),
      })),
    }),
  };
}

/** The same without that folder. */
export function outOfFolder({ files, warnings, missing }: Reduced, folder: string): Reduced {
  const bare = (name: string) => name.slice(folder.length);
  return {
    files: files.map((file) => ({ ...file, name: bare(file.name) })),
    warnings,
    ...(missing && {
      missing: missing.map(({ file, ...part }) => ({ ...part, ...(file !== undefined && { file: bare(file) }) })),
    }),
  };
}
