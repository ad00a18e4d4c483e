/**
 * The plan: counts what is there, cuts it into shards, and when they have settled adds the reduces. Never waits. In another
 * try of the same export it takes over what the one before has done.
 */
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import { MOST_LATER } from '@parcelpost/shared/db/services/admission.js';
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { PlatformClient } from '@parcelpost/shared/platform-client/client.js';
import { EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { CHILD_OPTIONS, type FlowJobData, flowJobId } from '@parcelpost/shared/queues/relay.js';
import type { Entity } from '@parcelpost/shared/records.js';
import { type Job, type JobsOptions, WaitingChildrenError } from 'bullmq';
import { type Plan, planProject, shardSize, shardsByCursor, shardsByOffset } from '../pipeline/plan.js';
import type { WorkerDeps } from './deps.js';
import { INCOMPLETE } from './judge.js';
import type { MapResult } from './map.js';
import type { ReduceResult } from './reduce.js';
import { withoutRepeats } from './repeats.js';
import { findReuse } from './reuse.js';
import { type JobDone, type JobRun, runJob } from './run-job.js';
import { partsToTakeOver } from './take-over.js';

/** Tries of a map and of a reduce; each try of a map has the platform client's own retries of single pages in it. */
const TRIES: JobsOptions = { attempts: 3, backoff: { type: 'exponential', delay: 1000 } };

/** Shards entered together. */
const BATCH = 50;

/** Shards of an export that are worked on before another's that was let in ten minutes later; the next as many come behind it. */
const SHARDS_A_TURN = 32;

type PlanJob = Job<FlowJobData & { entered?: boolean }>;

export async function processPlan(deps: WorkerDeps, job: PlanJob, token: string, signal: AbortSignal): Promise<void> {
  // A queue that was lost while files were made begins again at the plan, which is done by then.
  const follow = async (run: JobRun) => void (await enterReduces(deps, run, true));
  const end = await runJob(deps, 'plan', job, token, signal, (run) => plan(deps, job, run), follow);
  // Stopped while it added shards: it cannot end before those in the queue have, which have nothing to do any more.
  if (end === 'left' && (await job.moveToWaitingChildren(token))) throw new WaitingChildrenError();
}

async function plan(deps: WorkerDeps, job: PlanJob, run: JobRun): Promise<JobDone> {
  const kept = run.jobRow.result as Plan | null;
  const made = kept ?? (await makePlan(deps, run));
  if (!job.data.entered) {
    const known = kept || run.row.generation > 1 ? await deps.jobs.all(run.row.id, run.row.generation, 'map') : [];
    await enterShards(deps, run, made, known, kept !== null);
    await job.updateData({ ...job.data, entered: true });
  }
  do {
    // Settled children leave this true-false answer to the engine, so that no child's end can be missed.
    if (await job.moveToWaitingChildren(run.token)) throw new WaitingChildrenError();
    crashPoint('plan.settled');
  } while (await enterReduces(deps, run, false));
  return { rows: 0, bytes: 0, result: made };
}

/** Asks the platform what there is. Kept before any shard is entered: a repeat plans the same. */
async function makePlan(deps: WorkerDeps, run: JobRun): Promise<Plan> {
  const { row, signal } = run;
  const wanted = deps.settings.shardRecords;
  const client = deps.openClient(row, signal);
  const { project, counts, size } = await survey(client, deps.pipeline.entities(row.options), wanted);
  const { lists, keys, reused, done } = await findReuse(deps, row, project);
  const shards = lists.flatMap((entity) => {
    const count = counts.get(entity) ?? 0;
    const cursors = project.shards?.[entity];
    return cursors ? shardsByCursor(entity, cursors, count, size) : shardsByOffset(entity, count, size);
  });
  const made: Plan = { project: planProject(project), schemas: project.attributeSchemas ?? {}, shards };
  if (project.snapshot !== undefined && project.shards) made.snapshot = project.snapshot;
  if (Object.keys(keys).length > 0) made.keys = keys;
  if (reused) made.reused = reused;
  const taken = await partsToTakeOver(deps, row, made);
  const kept = await deps.jobs.keepPlan(
    run.key,
    made,
    shards.map(({ entity, shard, rowsExpected }) => ({ ...run.key, kind: 'map', step: entity, shard, rowsExpected })),
    taken,
    done,
  );
  if (!kept) throw new Error('another worker has taken the plan over');
  crashPoint('plan.kept');
  const figures = {
    shards: shards.length,
    counts: Object.fromEntries(counts),
    takenOver: taken?.parts.length,
    reused: done.length,
  };
  run.log.info(figures, 'planned');
  return made;
}

/** What there is, and in shards of which size: all of one moment where the platform gives a consistent view. */
async function survey(client: PlatformClient, entities: Entity[], wanted: number) {
  const [project, counted] = await Promise.all([
    client.project({ shardSize: wanted, snapshot: 'new' }),
    countAll(client, entities),
  ]);
  const { snapshot } = project;
  const counts =
    snapshot === undefined ? counted : new Map(entities.map((entity) => [entity, project.counts?.[entity] ?? 0]));
  const size = shardSize(Math.max(0, ...counts.values()), wanted);
  if (size === wanted || !project.shards) return { project, counts, size };
  // Asked within the view, so that the shards are of the same moment; one that is gone by then is a fault to try again.
  const again = await client.project({ shardSize: size, snapshot });
  return { project: { ...again, snapshot }, counts, size };
}

async function countAll(client: PlatformClient, entities: Entity[]): Promise<Map<Entity, number>> {
  const counts = await Promise.all(entities.map(async (entity) => [entity, await client.count(entity)] as const));
  return new Map(counts);
}

/**
 * Adds a map under the plan for every shard that is not read yet.
 * @param known rows of shards; one that is done needs no job
 * @param again whether another start may have added some of them
 */
async function enterShards(
  deps: WorkerDeps,
  run: JobRun,
  made: Plan,
  known: readonly ExportJobRow[],
  again: boolean,
): Promise<void> {
  const { row, job, signal } = run;
  const queue = deps.queues.queue(EXPORT_QUEUE);
  const done = new Set(known.filter(({ state }) => state === 'done').map(({ step, shard }) => `${step} ${shard}`));
  const parent = parentOf(deps, run);
  const turn = job.opts.priority ?? 0;
  const maps = made.shards
    .filter(({ entity, shard }) => !done.has(`${entity} ${shard}`))
    .map(({ entity, shard }, index) => {
      const later = Math.min(Math.floor(index / SHARDS_A_TURN), MOST_LATER);
      return childOf(parent, 'map', row, entity, shard, turn === 0 ? 0 : turn + later);
    });
  for (let at = 0; at < maps.length; at += BATCH) {
    if (at > 0) crashPoint('plan.adding');
    signal.throwIfAborted();
    const batch = maps.slice(at, at + BATCH);
    await queue.addBulk(again ? await unknownTo(deps, batch) : batch);
  }
}

/**
 * Adds a reduce under the merge for every output that is not made yet, once all shards are done; the merge waits for them.
 * Where the request takes a part for the whole, once they have ended and one of them is done. Outputs whose files another
 * step reads come first, under the plan, which waits for them as it does for shards.
 * @param rest whether to add all that is left, whatever it should wait for
 * @returns whether some were added that others wait for
 */
async function enterReduces(deps: WorkerDeps, run: JobRun, rest: boolean): Promise<boolean> {
  const { row, key } = run;
  const settled = await settledShards(deps, run);
  // Once files are being made of the shards, these stay as they are.
  const entered = settled.some(({ kind, result }) => kind === 'reduce' && !(result as ReduceResult | null)?.from);
  const jobs = entered ? settled : await withoutRepeats(deps, run, settled);
  const maps = jobs.filter(({ kind, state }) => kind === 'map' && state === 'done');
  const undone = jobs.filter(({ kind, state }) => kind === 'map' && state !== 'done');
  if (undone.length > 0 && (!row.options.allowPartial || maps.length === 0)) return false; // the merge sees why, and decides
  const fragments = maps.flatMap((map: ExportJobRow) => (map.result as MapResult).fragments);
  const { reused } = await deps.plans.get(row);
  const outputs = deps.pipeline.outputs(row.options, fragments, reused);
  await deps.jobs.declare(outputs.map((step) => ({ ...key, kind: 'reduce', step, shard: 0, rowsExpected: null })));
  await deps.exports.enterPhase(row.id, row.generation, 'writing');
  const states = new Map(jobs.filter(({ kind }) => kind === 'reduce').map(({ step, state }) => [step, state]));
  const { first, free, later } = deps.pipeline.turns(row.options, outputs, (output) => states.get(output));
  const merge = {
    id: flowJobId({ exportId: row.id, generation: row.generation, step: 'merge', shard: 0 }, 'merge'),
    queue: deps.queues.queue(META_QUEUE).qualifiedName,
  };
  const again = states.size > 0;
  const added = rest ? 0 : await addReduces(deps, run, parentOf(deps, run), first, again);
  // Those that have ended in the queue without an end of their own are not waited for.
  await addReduces(deps, run, merge, added > 0 ? free : [...first, ...free, ...later], again);
  return added > 0;
}

/** @param again whether some may be in the queue already. @returns how many were added */
async function addReduces(
  deps: WorkerDeps,
  { row, job }: JobRun,
  parent: { id: string; queue: string },
  outputs: readonly string[],
  again: boolean,
): Promise<number> {
  if (outputs.length === 0) return 0;
  const reduces = outputs.map((output) => childOf(parent, 'reduce', row, output, 0, job.opts.priority ?? 0));
  const fresh = again ? await unknownTo(deps, reduces) : reduces;
  await deps.queues.queue(EXPORT_QUEUE).addBulk(fresh);
  return fresh.length;
}

/** The plan, as its children name it. */
const parentOf = ({ queues }: WorkerDeps, { job }: JobRun) => ({
  id: job.id as string,
  queue: queues.queue(EXPORT_QUEUE).qualifiedName,
});

/** All work of the export. Where files are to be made of some shards, no other may come to its end from here on. */
async function settledShards(deps: WorkerDeps, { row }: JobRun): Promise<ExportJobRow[]> {
  const jobs = await deps.jobs.all(row.id, row.generation);
  const open = jobs.some(({ kind, state }) => kind === 'map' && state !== 'done' && state !== 'failed');
  if (!row.options.allowPartial || !open) return jobs;
  await deps.jobs.giveUpShards(row.id, row.generation, INCOMPLETE);
  return deps.jobs.all(row.id, row.generation);
}

function childOf(
  parent: { id: string; queue: string },
  name: 'map' | 'reduce',
  row: { id: string; generation: number },
  step: string,
  shard: number,
  priority: number,
) {
  const data: FlowJobData = { exportId: row.id, generation: row.generation, step, shard };
  return { name, data, opts: { ...CHILD_OPTIONS, ...TRIES, jobId: flowJobId(data, name), parent, priority } };
}

/**
 * Those that the queue does not know. One that it knows stays as it is: it was added with its tie to its parent, and if it
 * has failed, a parent to which it is added once more would wait for it in vain.
 */
async function unknownTo<Child extends { opts: { jobId: string } }>(
  { queues }: WorkerDeps,
  children: readonly Child[],
): Promise<Child[]> {
  const queue = queues.queue(EXPORT_QUEUE);
  const states = await Promise.all(children.map(({ opts }) => queue.getJobState(opts.jobId)));
  return children.filter((_, index) => states[index] === 'unknown');
}
