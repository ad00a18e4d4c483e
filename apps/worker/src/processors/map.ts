/** A map: reads one shard, once, and feeds every step that was asked for. */

import { crashPoint } from '@parcelpost/shared/crash-points.js';
import type { FlowJobData } from '@parcelpost/shared/queues/relay.js';
import type { Entity } from '@parcelpost/shared/records.js';
import type { Job } from 'bullmq';
import { type Counts, widened } from '../pipeline/changes.js';
import { applicableSteps } from '../pipeline/pipeline.js';
import { FILE_DATE, type Fragment, type Mapper, type Notice } from '../pipeline/step.js';
import type { WorkerDeps } from './deps.js';
import { workKey } from './keys.js';
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
  const { row, key, signal } = run;
  const plan = await deps.plans.get(row);
  const entity = key.step as Entity;
  const shard = plan.shards.find((candidate) => candidate.entity === entity && candidate.shard === key.shard);
  if (!shard) throw new Error(`the plan knows no shard ${entity} ${key.shard}`);

  const context = { options: row.options, schemas: plan.schemas, project: row.project, date: FILE_DATE };
  const open = async (name: string) => {
    const at = workKey(row, key, name);
    return Object.assign(await deps.storage.create(at), { key: at });
  };
  const mappers: Mapper<Entity>[] = applicableSteps(row.options)
    .filter((step) => step.entities.includes(entity))
    .map((step) => step.createMapper(entity, context, open));
  let rows = 0;
  let counts: Counts | null = null;
  try {
    const client = deps.openClient(row, signal);
    for await (const page of readShard(client, shard, signal)) {
      for (const mapper of mappers) await mapper.add(page.records);
      rows += page.records.length;
      counts = widened(counts, page.count);
      run.read(rows);
      crashPoint('map.page');
    }
    const results = await Promise.all(mappers.map((mapper) => mapper.finish()));
    const fragments = results.flatMap((result) => result.fragments);
    const notices = results.flatMap((each) => each.notices);
    const result: MapResult = { fragments, notices, counts, software: deps.settings.softwareVersion };
    crashPoint('map.fragments');
    return { rows, bytes: fragments.reduce((sum, { bytes }) => sum + bytes, 0), result };
  } catch (error) {
    await Promise.all(mappers.map((mapper) => mapper.abort()));
    throw error;
  }
}
