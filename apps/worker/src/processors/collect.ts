/** Takes over what a task of another service has come to: a value that it returned, or what it threw. */
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import type { FollowUpEnd, FollowUpRow } from '@parcelpost/shared/db/services/follow-ups.js';
import type { JsonValue } from '@parcelpost/shared/export-result.js';
import { type CollectJobData, followUpJobId } from '@parcelpost/shared/queues/follow-up-job.js';
import { queueOfTask } from '@parcelpost/shared/signatures/registry.js';
import type { Job } from 'bullmq';
import type { WorkerDeps } from './deps.js';
import { refuse } from './refuse.js';
import { type ReleasedDeps, releasedFollowUp } from './released.js';
import { unlessAway } from './run-job.js';

type CollectDeps = ReleasedDeps & Pick<WorkerDeps, 'queues'>;

/** Most characters that are kept of another service's error. */
const MESSAGE_CHARACTERS = 500;

const REMOVED: FollowUpEnd = {
  error: { code: 'task-removed', message: 'The job was removed from the queue of its service before it ended.' },
};

type Routed = Pick<FollowUpRow, 'id' | 'replays' | 'task' | 'exportId'>;

/**
 * Runs once the other service's job has ended, as that job's parent, and ends the follow-up with what it finds. A repeat is a
 * no-op.
 */
export function processCollect(
  deps: CollectDeps,
  job: Job<CollectJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  return unlessAway(deps, job, token, signal, () => collect(deps, job));
}

async function collect(deps: CollectDeps, job: Job<CollectJobData>): Promise<void> {
  const row = await releasedFollowUp(deps, job, 'collect');
  if (!row) return;
  const seen = await seenInQueue(deps, row);
  const end = typeof seen === 'object' ? seen : await leftWithParent(job);
  // Nobody but the relay enters this job, and always above the other one: it cannot run before that has ended.
  if (!end && seen === 'running') return refuse(deps, job, 'wrong-job');
  crashPoint('collect.read');
  await endFollowUp(deps, row, end ?? REMOVED);
}

/** Ends a follow-up with what its queue has of it, and brings what comes after it into the queues. */
export async function endFollowUp(
  deps: Pick<WorkerDeps, 'writes' | 'relay' | 'metrics' | 'log'>,
  row: Routed,
  end: FollowUpEnd,
): Promise<void> {
  const { settled, started } = await deps.writes.settle({ id: row.id, replay: row.replays }, end);
  if (!settled) return;
  crashPoint('follow-up.settled');
  const timeout = 'error' in end && end.error.code === 'timeout';
  deps.metrics.followUpEnded(row.task, 'result' in end ? 'done' : timeout ? 'timeout' : 'failed');
  const log = deps.log.child({ exportId: row.exportId, followUpId: row.id, task: row.task });
  if ('error' in end) log.warn({ error: end.error }, 'follow-up failed, as its queue has it');
  else log.info({ started }, 'follow-up done, as its queue has it');
  if (started > 0) await deps.relay.run();
}

/** What the child left with its parent; undefined where it left nothing, as one that was removed from its queue. */
async function leftWithParent(job: Job<CollectJobData>): Promise<FollowUpEnd | undefined> {
  const [values, failures] = await Promise.all([job.getChildrenValues<JsonValue>(), job.getIgnoredChildrenFailures()]);
  const child = ([key]: [string, unknown]) => key.endsWith(`:${job.data.of}`);
  const value = Object.entries(values ?? {}).find(child);
  if (value) return { result: value[1], attempts: 1 };
  const failure = Object.entries(failures ?? {}).find(child);
  return failure && { error: failureOf(failure[1]), attempts: 1 };
}

/** What the job of another service's task has come to, as its own queue has it; `unknown` where it is not there (any more). */
export async function seenInQueue(
  deps: Pick<WorkerDeps, 'queues'>,
  row: Routed,
): Promise<FollowUpEnd | 'running' | 'unknown'> {
  const child = await deps.queues.queue(queueOfTask(row.task)).getJob(followUpJobId(row));
  if (!child) return 'unknown';
  if (typeof child.finishedOn !== 'number') return 'running';
  const startedAt = typeof child.processedOn === 'number' ? new Date(child.processedOn) : undefined;
  const about = { attempts: child.attemptsMade, startedAt };
  if (await child.isFailed()) return { error: failureOf(child.failedReason), ...about };
  return { result: child.returnvalue as JsonValue, ...about };
}

/** The other side's own words, as far as they fit on a line. */
function failureOf(reason: string | undefined): { code: string; message: string } {
  const [line = ''] = (reason ?? '').trim().split(/[\r\n]/, 1);
  return { code: 'task-failed', message: line.slice(0, MESSAGE_CHARACTERS) || 'The task failed and did not say why.' };
}
