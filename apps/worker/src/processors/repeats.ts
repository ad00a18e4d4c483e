/**
 * Takes records out of shards whose ids another shard has too: a list that changes while it is read by offset gives the
 * same record twice, at the end of one shard and at the beginning of the next. What was read in one snapshot has each once.
 */
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { Entity } from '@parcelpost/shared/records.js';
import { hashOf } from '../formats/references/hash.js';
import { findRepeated, type ListedShard } from '../formats/references/repeated.js';
import type { OpenFragment } from '../pipeline/step.js';
import { referencesAtRest, referencesOf } from '../pipeline/steps/references.js';
import type { WorkerDeps } from './deps.js';
import { readKept } from './kept-pages.js';
import { workKey } from './keys.js';
import type { MapResult } from './map.js';
import { mapRecords } from './map-records.js';
import type { JobRun } from './run-job.js';

/**
 * Maps once more, of the pages that were kept, each shard that has records of another one, without these; and keeps the
 * new result on its row. A repeat finds nothing more to do.
 * @param jobs all work of the export; rows of maps are replaced in the answer by what they are now
 */
export async function withoutRepeats(
  deps: WorkerDeps,
  run: JobRun,
  jobs: readonly ExportJobRow[],
): Promise<ExportJobRow[]> {
  const done = jobs.filter(({ kind, state }) => kind === 'map' && state === 'done');
  const changed = new Map<ExportJobRow, ExportJobRow>();
  for (const entity of new Set(done.map(({ step }) => step as Entity))) {
    const maps = done.filter(({ step }) => step === entity);
    if (maps.length < 2 || maps.every((map) => !pagesOf(map))) continue;
    for (const [map, now] of await pruned(deps, run, entity, maps)) changed.set(map, now);
  }
  return jobs.map((job) => changed.get(job) ?? job);
}

const resultOf = (map: ExportJobRow) => map.result as MapResult;
const pagesOf = (map: ExportJobRow) => resultOf(map).pages;

async function pruned(
  deps: WorkerDeps,
  run: JobRun,
  entity: Entity,
  maps: readonly ExportJobRow[],
): Promise<Map<ExportJobRow, ExportJobRow>> {
  const listed = maps.flatMap((map): ListedShard[] => {
    const fragment = referencesOf(resultOf(map).fragments);
    const open = pagesOf(map) !== undefined;
    return fragment ? [{ ...referencesAtRest(fragment, deps.storage), shard: map.shard, open }] : [];
  });
  const repeats = await findRepeated(listed, run.signal);
  const changed = new Map<ExportJobRow, ExportJobRow>();
  if (repeats.size === 0) return changed;
  const keptIds = await idsOfKeepers(deps, run, entity, maps, repeats);
  for (const map of maps) {
    const hashes = repeats.get(map.shard);
    if (!hashes) continue;
    run.signal.throwIfAborted();
    const elsewhere = (id: string) => {
      const keeper = hashes.get(hashOf(id));
      if (keeper === undefined) return false;
      // Of a shard that was read in the snapshot only the hash is known.
      const ids = keptIds.get(keeper);
      return ids === undefined || ids.has(id);
    };
    changed.set(map, await mapAgain(deps, run, entity, map, elsewhere));
  }
  run.log.info({ entity, shards: [...repeats.keys()] }, 'records that came twice were left out');
  return changed;
}

/** The ids themselves that shards keep, of those whose pages are kept: two ids may have the same hash. */
async function idsOfKeepers(
  deps: WorkerDeps,
  run: JobRun,
  entity: Entity,
  maps: readonly ExportJobRow[],
  repeats: Awaited<ReturnType<typeof findRepeated>>,
): Promise<Map<number, Set<string>>> {
  const wanted = new Map<number, Set<number>>();
  for (const hashes of repeats.values()) {
    for (const [hash, keeper] of hashes) wanted.set(keeper, (wanted.get(keeper) ?? new Set<number>()).add(hash));
  }
  const ids = new Map<number, Set<string>>();
  for (const map of maps) {
    const hashes = wanted.get(map.shard);
    const pages = pagesOf(map);
    if (!hashes || !pages) continue;
    const found = new Set<string>();
    for await (const records of readKept(deps.storage, pages, entity)) {
      run.signal.throwIfAborted();
      for (const { id } of records) if (hashes.has(hashOf(id))) found.add(id);
    }
    ids.set(map.shard, found);
  }
  return ids;
}

async function mapAgain(
  deps: WorkerDeps,
  run: JobRun,
  entity: Entity,
  map: ExportJobRow,
  isElsewhere: (id: string) => boolean,
): Promise<ExportJobRow> {
  const { row, key } = run;
  const before = resultOf(map);
  const { pages } = before;
  if (!pages) throw new Error(`the pages of ${entity} ${map.shard} were not kept`);
  // Apart from what is there, which another start of this work may be reading.
  const open: OpenFragment = async (name) => {
    const at = workKey(row, { ...map, start: map.starts }, `once-${key.start}-${name}`);
    return Object.assign(await deps.storage.create(at), { key: at });
  };
  const plan = await deps.plans.get(row);
  const { rows, fragments, notices, repeated } = await mapRecords({
    pipeline: deps.pipeline,
    row,
    plan,
    entity,
    open,
    batches: readKept(deps.storage, pages, entity),
    isElsewhere,
  });
  const result: MapResult = { ...before, fragments, notices, repeated, pruned: true };
  const bytes = fragments.reduce((sum, each) => sum + each.bytes, 0);
  const done = { rows, bytes, result };
  if (!(await deps.jobs.replaceResult({ ...map, start: map.starts }, done))) {
    throw new Error(`${entity} ${map.shard} was taken over meanwhile`);
  }
  return { ...map, ...done };
}
