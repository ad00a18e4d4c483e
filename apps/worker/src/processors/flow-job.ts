/**
 * The check of an export's own jobs. Their ids say what they are about, and a queue takes an id once: so whoever can write
 * to a queue can neither fail work that nobody planned, nor take it from the worker that has it in hand, nor have an export
 * decided before its time.
 */
import type { ExportJobRow, JobKey, JobKind } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { isUuid } from '@parcelpost/shared/db/services/users.js';
import { EXPORT_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { type FlowJobData, flowJobId } from '@parcelpost/shared/queues/relay.js';
import { DelayedError, type Job } from 'bullmq';
import type { WorkerDeps } from './deps.js';
import { refuse } from './refuse.js';

/** Milliseconds after which a merge that came before its turn looks again. */
const EARLY_MS = 5000;
const LARGEST_INT = 2 ** 31 - 1;
const ENDED = ['completed', 'failed', 'unknown'];

/**
 * @returns the data of a job of an export's flow
 * @throws {UnrecoverableError} if the job is not the one that has this work, which is recorded, counted and logged
 */
export async function flowJobData(deps: WorkerDeps, job: Job, kind: JobKind): Promise<FlowJobData> {
  const data = job.data as Partial<FlowJobData> | null;
  if (!isFlowData(data)) return refuse(deps, job, 'malformed');
  const { step, shard } = data;
  const single = kind === 'plan' || kind === 'merge';
  if (job.id !== flowJobId(data, kind) || (single && (step !== kind || shard !== 0))) {
    return refuse(deps, job, 'wrong-job');
  }
  return data;
}

/** Refuses a map or a reduce that no plan has made, as long as its export is open: then nothing else keeps it from running. */
export async function refuseUnplanned(
  deps: WorkerDeps,
  job: Job,
  { exportId, generation }: FlowJobData,
): Promise<void> {
  const row = await deps.exports.get(exportId);
  if (row && row.generation === generation && !row.outcome) await refuse(deps, job, 'unplanned');
}

/**
 * Puts a merge off that is found while work below it is still to come. The merge that a flow brings has its turn when all of
 * that has ended; one that somebody else put in its place must not decide before.
 * @param jobs all work of the export
 * @throws {DelayedError} once it is put off
 */
export async function awaitTurn(
  deps: WorkerDeps,
  job: Job,
  token: string,
  row: ExportRow,
  jobs: readonly ExportJobRow[],
): Promise<void> {
  if (row.abort || !(await isEarly(deps, row, jobs))) return;
  deps.log.warn({ exportId: row.id, job: job.id }, 'a merge came before its turn; it is put off');
  await job.moveToDelayed(Date.now() + EARLY_MS, token);
  throw new DelayedError();
}

async function isEarly(deps: WorkerDeps, row: ExportRow, jobs: readonly ExportJobRow[]): Promise<boolean> {
  const plan: JobKey = { exportId: row.id, generation: row.generation, kind: 'plan', step: 'plan', shard: 0 };
  const open = jobs.filter(({ kind, state }) => kind !== 'merge' && (state === 'waiting' || state === 'active'));
  if (open.length === 0 && jobs.some(({ kind }) => kind === 'plan')) return false;
  const queue = deps.queues.queue(EXPORT_QUEUE);
  const planState = await queue.getJobState(flowJobId(plan, 'plan'));
  if (planState === 'unknown') {
    // What should have come before the merge is not there: with the flow comes all that is not done.
    if (await deps.writes.enterAgain(row)) await deps.relay.run();
    return true;
  }
  if (!ENDED.includes(planState)) return true;
  for (const key of open) {
    if (!ENDED.includes(await queue.getJobState(flowJobId(key, key.kind)))) return true;
  }
  return false;
}

function isFlowData(data: Partial<FlowJobData> | null): data is FlowJobData {
  if (data === null || typeof data !== 'object') return false;
  const { exportId, generation, step, shard } = data;
  const whole = (value: unknown, least: number) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= LARGEST_INT;
  return (
    typeof exportId === 'string' &&
    isUuid(exportId) &&
    typeof step === 'string' &&
    whole(generation, 1) &&
    whole(shard, 0)
  );
}
