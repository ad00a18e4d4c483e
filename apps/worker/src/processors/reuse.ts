/** Finished parts of earlier exports in place of work of this one, and what of this one is kept for later ones. */
import type { DoneReduce, ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { type FinishedPart, FinishedParts, type NewPart } from '@parcelpost/shared/db/services/finished-parts.js';
import type { Entity, ProjectInfo } from '@parcelpost/shared/records.js';
import { noTally } from '../formats/tally.js';
import {
  choose,
  type ListPart,
  objectsOf,
  type PartKeys,
  partKeys,
  type Reused,
  type StepPart,
} from '../pipeline/parts.js';
import type { Plan } from '../pipeline/plan.js';
import type { WorkerDeps } from './deps.js';
import type { MapResult } from './map.js';
import { inFolder, outOfFolder, type ReduceResult } from './reduce.js';
import { there } from './there.js';

/** What an export need not do. */
export interface Reuse {
  keys: PartKeys;
  /** Lists that are to be read, in their order. */
  lists: Entity[];
  /** Undefined where there is nothing to take. */
  reused: Reused | undefined;
  /** The reduces that are done so. */
  done: DoneReduce[];
}

type Deps = Pick<WorkerDeps, 'db' | 'storage' | 'settings' | 'pipeline'>;

/**
 * Looks what there is of the same data, made by the same versions of the steps with the same options, and has it stay for as long as
 * this export may take. What the platform tells of its data with the token of this export decides: nobody is given what
 * they could not read.
 * @param project as the platform has just answered it
 */
export async function findReuse(deps: Deps, row: ExportRow, project: ProjectInfo): Promise<Reuse> {
  const { pipeline, settings } = deps;
  const { own, url } = settings.platform;
  // Our own may be reached at several addresses.
  const source = own ? { platform: 'own', person: undefined } : { platform: url, person: row.requester.id };
  const keys = partKeys(pipeline, row, project, source);
  const nothing: Reuse = { keys, lists: pipeline.entities(row.options), reused: undefined, done: [] };
  const service = new FinishedParts(deps.db);
  const found = await service.find(Object.values(keys));
  if (found.length === 0) return nothing;
  const whole = await wholeOnes(deps, row, found, service);
  const { taken, lists } = choose(pipeline, row, keys, whole);
  if (taken.size === 0) return nothing;
  return { keys, lists, ...asReused(deps, row, project, taken, lists) };
}

/** Those that stay until the export has come to its end, and are all there. */
async function wholeOnes(deps: Deps, row: ExportRow, found: FinishedPart[], service: FinishedParts) {
  // An export whose deadline has passed may still be merging.
  const until = new Date(Math.max(row.deadlineAt.getTime() + 3_600_000, Date.now() + deps.settings.partsTtlMs));
  const held = await service.hold([...new Set(found.map(({ exportId }) => exportId))], until);
  const parts = found.filter(({ exportId }) => held.has(exportId));
  const intact = await there(deps.storage, parts, objectsOf);
  return new Map(intact.map((part) => [part.key, part]));
}

function asReused(
  { pipeline }: Deps,
  row: ExportRow,
  { counts }: ProjectInfo,
  taken: ReadonlyMap<string, FinishedPart>,
  lists: readonly Entity[],
): Pick<Reuse, 'reused' | 'done'> {
  const steps: Reused['steps'] = {};
  const done: DoneReduce[] = [];
  for (const step of pipeline.applicable(row.options)) {
    const part = taken.get(step.name);
    if (!part) continue;
    const { outputs, notices } = part.content as StepPart;
    steps[step.name] = { outputs: outputs.map(({ output }) => output), notices };
    for (const { output, reduced, ...figures } of outputs) {
      const result: ReduceResult = {
        ...inFolder(reduced, pipeline.folderOf(step, row.options)),
        software: '',
        from: part.exportId,
      };
      done.push({ step: `${step.name}.${output}`, ...figures, result });
    }
  }
  const unread = pipeline.entities(row.options).filter((entity) => !lists.includes(entity));
  const reused: Reused = {
    steps,
    fragments: [...taken.values()].flatMap(({ content }) => (content as Partial<ListPart>).fragments ?? []),
    rows: unread.reduce((sum, entity) => sum + (counts?.[entity] ?? 0), 0),
    since: new Date(Math.min(...[...taken.values()].map(({ madeAt }) => madeAt.getTime()))).toISOString(),
  };
  return { reused, done };
}

/**
 * What of a whole export is kept for others: all that it made itself of one moment of the data, which the version tells that the
 * plan was made of. Nothing where any of it was read, or counted, at another moment, or is of an earlier try.
 */
export function partsToKeep(
  { pipeline }: Pick<WorkerDeps, 'pipeline'>,
  row: ExportRow,
  plan: Plan,
  jobs: readonly ExportJobRow[],
): NewPart[] {
  const { keys = {}, reused } = plan;
  if (Object.keys(keys).length === 0 || plan.snapshot === undefined) return [];
  const maps = jobs.filter(({ kind }) => kind === 'map');
  const reduces = new Map(jobs.filter(({ kind }) => kind === 'reduce').map((job) => [job.step, job]));
  if (!maps.every(isOfTheMoment) || jobs.some(({ reusedFrom }) => reusedFrom !== null)) return [];
  const results = maps.map(({ result }) => result as MapResult);
  const fragments = [...(reused?.fragments ?? []), ...results.flatMap((result) => result.fragments)];
  return pipeline.applicable(row.options).flatMap((step): NewPart[] => {
    const part = (name: string, content: StepPart | ListPart, bytes: number): NewPart[] => {
      const key = keys[name];
      return key === undefined ? [] : [{ key, step: step.name, version: step.version, bytes, content }];
    };
    if (reused?.steps[step.name]) return [];
    const own = fragments.filter((fragment) => fragment.step === step.name);
    const done = step.outputs(own, row.options).map((output) => reduces.get(`${step.name}.${output}`));
    if (!done.every((job) => job?.state === 'done')) return [];
    const outputs = (done as ExportJobRow[]).map(({ step: output, rows, bytes, result }) => ({
      output: output.slice(step.name.length + 1),
      rows,
      bytes,
      reduced: outOfFolder(result as ReduceResult, pipeline.folderOf(step, row.options)),
    }));
    const notices = results.flatMap((result) => result.notices.filter((notice) => notice.step === step.name));
    const content: StepPart = { outputs, notices: notices.map(({ meta }) => meta) };
    const lists = step.follows ? step.data.filter((entity) => maps.some((map) => map.step === entity)) : [];
    return [
      ...part(step.name, content, sum(outputs)),
      ...lists.flatMap((entity) => {
        const left = maps
          .filter((map) => map.step === entity)
          .flatMap(({ result }) => (result as MapResult).fragments)
          .filter((fragment) => fragment.step === step.name);
        return part(`${step.name}/${entity}`, { fragments: left }, sum(left));
      }),
    ];
  });
}

/** Whether a shard was read in the snapshot of the plan, with nothing twice. */
function isOfTheMoment({ state, result }: ExportJobRow): boolean {
  const { outside = false, repeated = noTally(), pruned = false } = (result ?? {}) as Partial<MapResult>;
  return state === 'done' && !outside && !pruned && repeated.count === 0;
}

const sum = (parts: readonly { bytes: number }[]) => parts.reduce((all, { bytes }) => all + bytes, 0);

/** Figures of what an export took of others, for whoever gets its result. */
export function toldReused(
  { pipeline }: Pick<WorkerDeps, 'pipeline'>,
  { options }: ExportRow,
  { reused }: Plan,
): { reused?: { steps: string[]; since: string } } {
  const names = pipeline.applicable(options).map(({ name }) => name);
  const steps = names.filter((name) => (reused?.steps[name]?.outputs.length ?? 0) > 0);
  return reused && steps.length > 0 ? { reused: { steps, since: reused.since } } : {};
}
