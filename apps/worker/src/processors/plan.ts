/** The plan: counts what is there, cuts it into shards, and when they have settled adds the reduces. Never waits. */
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import { EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { CHILD_OPTIONS, type FlowJobData, flowJobId } from '@parcelpost/shared/queues/relay.js';
import type { Entity } from '@parcelpost/shared/records.js';
import { type Job, type JobsOptions, WaitingChildrenError } from 'bullmq';
import { neededEntities, outputsOf } from '../pipeline/pipeline.js';
import { type Plan, planProject, shardSize, shardsByCursor, shardsByOffset } from '../pipeline/plan.js';
import type { WorkerDeps } from './deps.js';
import type { MapResult } from './map.js';
import { type JobDone, type JobRun, runJob } from './run-job.js';

/** Tries of a map and of a reduce; each try of a map has the platform client's own retries of single pages in it. */
const TRIES: JobsOptions = { attempts: 3, backoff: { type: 'exponential', delay: 1000 } };

type PlanJob = Job<FlowJobData & { entered?: boolean }>;

export async function processPlan(deps: WorkerDeps, job: PlanJob, token: string, signal: AbortSignal): Promise<void> {
  // A queue that was lost while files were made begins again at the plan, which is done by then.
  const follow = (run: JobRun) => enterReduces(deps, run);
  await runJob(deps, 'plan', job, token, signal, (run) => plan(deps, job, run), follow);
}

async function plan(deps: WorkerDeps, job: PlanJob, run: JobRun): Promise<JobDone> {
  const made = (run.jobRow.result as Plan | null) ?? (await makePlan(deps, run));
  if (!job.data.entered) {
    await enterShards(deps, made, run);
    await job.updateData({ ...job.data, entered: true });
  }
  // Settled children leave this true-false answer to the engine, so that no child's end can be missed.
  if (await job.moveToWaitingChildren(run.token)) throw new WaitingChildrenError();
  await enterReduces(deps, run);
  return { rows: 0, bytes: 0, result: made };
}

/** Asks the platform what there is. Kept before any shard is entered: a repeat plans the same. */
async function makePlan(deps: WorkerDeps, run: JobRun): Promise<Plan> {
  const { row, signal } = run;
  const wanted = deps.settings.shardRecords;
  const entities = neededEntities(row.options);
  const client = deps.openClient(row, signal);
  let [project, counts] = await Promise.all([client.project({ shardSize: wanted }), countAll(client, entities)]);
  const size = shardSize(Math.max(0, ...counts.values()), wanted);
  if (size !== wanted && project.shards) project = await client.project({ shardSize: size });
  const shards = entities.flatMap((entity) => {
    const count = counts.get(entity) ?? 0;
    const cursors = project.shards?.[entity];
    return cursors ? shardsByCursor(entity, cursors, count, size) : shardsByOffset(entity, count, size);
  });
  const made: Plan = { project: planProject(project), schemas: project.attributeSchemas ?? {}, shards };
  const kept = await deps.jobs.keepPlan(
    run.key,
    made,
    shards.map(({ entity, shard, rowsExpected }) => ({ ...run.key, kind: 'map', step: entity, shard, rowsExpected })),
  );
  if (!kept) throw new Error('another worker has taken the plan over');
  run.log.info({ shards: shards.length, counts: Object.fromEntries(counts) }, 'planned');
  return made;
}

async function countAll(
  client: ReturnType<WorkerDeps['openClient']>,
  entities: Entity[],
): Promise<Map<Entity, number>> {
  const counts = await Promise.all(entities.map(async (entity) => [entity, await client.count(entity)] as const));
  return new Map(counts);
}

async function enterShards(deps: WorkerDeps, made: Plan, { row, job }: JobRun): Promise<void> {
  const queue = deps.queues.queue(EXPORT_QUEUE);
  await queue.addBulk(
    made.shards.map(({ entity, shard }) => {
      const data: FlowJobData = { exportId: row.id, generation: row.generation, step: entity, shard };
      return {
        name: 'map',
        data,
        opts: {
          ...CHILD_OPTIONS,
          ...TRIES,
          jobId: flowJobId(data, 'map'),
          parent: { id: job.id as string, queue: queue.qualifiedName },
        },
      };
    }),
  );
}

/**
 * Adds a reduce under the merge for every output that is not made yet, once all shards are done; the merge waits for them.
 * Those that are in the queue already stay as they are. One that ended is never added again: its end has passed, and a
 * merge would wait for it in vain.
 */
async function enterReduces(deps: WorkerDeps, { row, key }: JobRun): Promise<void> {
  const jobs = await deps.jobs.all(row.id, row.generation);
  const maps = jobs.filter(({ kind }) => kind === 'map');
  if (maps.some(({ state }) => state !== 'done')) return; // the merge sees why, and decides
  const fragments = maps.flatMap((map: ExportJobRow) => (map.result as MapResult).fragments);
  const outputs = outputsOf(row.options, fragments);
  await deps.jobs.declare(outputs.map((step) => ({ ...key, kind: 'reduce', step, shard: 0, rowsExpected: null })));
  await deps.exports.enterPhase(row.id, row.generation, 'writing');
  const ended = new Set(
    jobs
      .filter(({ kind, state }) => kind === 'reduce' && (state === 'done' || state === 'failed'))
      .map(({ step }) => step),
  );
  await deps.queues.queue(EXPORT_QUEUE).addBulk(
    outputs
      .filter((output) => !ended.has(output))
      .map((step) => {
        const data: FlowJobData = { exportId: row.id, generation: row.generation, step, shard: 0 };
        return {
          name: 'reduce',
          data,
          opts: {
            ...CHILD_OPTIONS,
            ...TRIES,
            jobId: flowJobId(data, 'reduce'),
            parent: { id: flowJobId(data, 'merge'), queue: deps.queues.queue(META_QUEUE).qualifiedName },
          },
        };
      }),
  );
}
