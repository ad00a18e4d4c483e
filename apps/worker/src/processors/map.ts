/** A map: reads one shard, once, and feeds every step that was asked for. */

import { crashPoint } from '@parcelpost/shared/crash-points.js';
import { ExportError } from '@parcelpost/shared/errors.js';
import { SNAPSHOT_GONE } from '@parcelpost/shared/platform-client/failures.js';
import type { FlowJobData } from '@parcelpost/shared/queues/relay.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { Job } from 'bullmq';
import type { Tally } from '../formats/tally.js';
import { type Counts, widened } from '../pipeline/changes.js';
import type { PlannedShard } from '../pipeline/plan.js';
import type { Fragment, Notice, OpenFragment } from '../pipeline/step.js';
import type { WorkerDeps } from './deps.js';
import { type KeptPages, keepPage } from './kept-pages.js';
import { madeKey, workKey } from './keys.js';
import { mapRecords } from './map-records.js';
import { readShard } from './read-shard.js';
import { type JobDone, type JobRun, runJob } from './run-job.js';

/** Kept as the result of the map's row; the reduces read it. */
export interface MapResult {
  fragments: Fragment[];
  notices: Notice[];
  /** Records of the whole list, as the platform counted them with the pages; null where it did not. */
  counts: Counts | null;
  /** Version of the software that wrote the fragments: another try takes over what its own version made. */
  software: string;
  /** Records left out, since their id had come before: in this shard, or in another. */
  repeated: Tally;
  /** Whether it was read as the project was then, since the plan's snapshot was gone. */
  outside?: true;
  /** The pages as they came, where not all shards are of one snapshot: another one may have records of theirs. */
  pages?: KeptPages;
  /** Whether records were left out that another shard has: without that shard, this one is not whole. */
  pruned?: true;
}

export async function processMap(
  deps: WorkerDeps,
  job: Job<FlowJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  await runJob(deps, 'map', job, token, signal, (run) => map(deps, run));
}

async function map(deps: WorkerDeps, run: JobRun): Promise<JobDone> {
  const { row, key } = run;
  const plan = await deps.plans.get(row);
  const shard = plan.shards.find((candidate) => candidate.entity === key.step && candidate.shard === key.shard);
  if (!shard) throw new Error(`the plan knows no shard ${key.step} ${key.shard}`);
  if (plan.snapshot === undefined) return read(deps, run, shard, undefined);
  try {
    return await read(deps, run, shard, plan.snapshot);
  } catch (error) {
    if (!(error instanceof ExportError) || error.code !== SNAPSHOT_GONE) throw error;
    run.log.warn({ err: error }, 'the snapshot is gone; the shard is read as the project is now');
    return read(deps, run, shard, undefined);
  }
}

/** Reads the shard from its beginning. @param snapshot the consistent view to read in; undefined: as the project is now */
async function read(
  deps: WorkerDeps,
  run: JobRun,
  shard: PlannedShard,
  snapshot: string | undefined,
): Promise<JobDone> {
  const { row, key, signal } = run;
  const at = async (place: string) => Object.assign(await deps.storage.create(place), { key: place });
  const open: OpenFragment = (name) => at(workKey(row, key, name));
  const plan = await deps.plans.get(row);
  // In a later try some shards may be those of the one before.
  const kept = snapshot === undefined || row.generation > 1 ? await open('pages') : undefined;
  let counts: Counts | null = null;
  const client = deps.openClient(row, signal);
  const noted = (told: Counts | null) => {
    counts = told;
  };
  try {
    const { repeated, ...mapped } = await mapRecords({
      pipeline: deps.pipeline,
      row,
      plan,
      entity: shard.entity,
      open,
      openKept: (name) => at(madeKey(row, key, name)),
      batches: batches(readShard(client, shard, snapshot, signal), kept, noted),
      mapped: (rows) => {
        run.read(rows);
        crashPoint('map.page');
      },
    });
    await kept?.commit();
    const { rows, fragments, notices } = mapped;
    const result: MapResult = {
      fragments,
      notices,
      counts,
      software: deps.settings.softwareVersion,
      repeated,
      ...(snapshot !== plan.snapshot && { outside: true }),
      ...(kept && { pages: { key: kept.key, bytes: kept.bytes } }),
    };
    crashPoint('map.fragments');
    return { rows, bytes: fragments.reduce((sum, { bytes }) => sum + bytes, 0), result };
  } catch (error) {
    await kept?.abort();
    throw error;
  }
}

/** The records of pages; the pages are kept, and their counts noted, as they go by. */
async function* batches(
  pages: ReturnType<typeof readShard>,
  kept: StorageWriter | undefined,
  noted: (counts: Counts | null) => void,
) {
  let counts: Counts | null = null;
  for await (const { records, body, count } of pages) {
    counts = widened(counts, count);
    noted(counts);
    if (kept) await keepPage(kept, records.length, body);
    yield records;
  }
}
