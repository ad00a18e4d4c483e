/** The check of what is found in a queue: a worker runs what the producer signed and the canvas has released, nothing else. */
import type { FollowUpRow } from '@parcelpost/shared/db/services/follow-ups.js';
import { isUuid } from '@parcelpost/shared/db/services/users.js';
import {
  agreesWith,
  type CollectJobData,
  collectJobId,
  type FollowUpJobData,
  followUpJobId,
} from '@parcelpost/shared/queues/follow-up-job.js';
import { META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { isKeyKnown, verifySignature } from '@parcelpost/shared/signatures/mac.js';
import { queueOfTask } from '@parcelpost/shared/signatures/registry.js';
import type { Job } from 'bullmq';
import { RetryAfterError, ROLLOUT_MS } from '../follow-ups/errors.js';
import type { WorkerDeps } from './deps.js';
import { refuse } from './refuse.js';
import { attemptOf } from './run-job.js';

export type ReleasedDeps = Pick<
  WorkerDeps,
  'followUps' | 'writes' | 'refusedJobs' | 'metrics' | 'relay' | 'signatureSecrets' | 'log'
>;

/** What a follow-up has in queues: the job that runs it, and, of another service's task, the one that collects its result. */
export type JobOf = 'task' | 'collect';

/**
 * The follow-up that a job is about. The row is what was agreed on; the job only says that it is its turn.
 * @returns undefined where there is nothing to do: it has ended, or an operator had it called again by another job
 * @throws {UnrecoverableError} if the job is refused, which is recorded, counted and logged
 * @throws {RetryAfterError} where the code is of a key that this worker does not know, and the job has a try left: secrets
 *   are changed in one process after the other
 */
export async function releasedFollowUp(deps: ReleasedDeps, job: Job, as: JobOf): Promise<FollowUpRow | undefined> {
  const data = dataOf(job, as);
  if (!data) return refuse(deps, job, 'malformed');
  const row = await deps.followUps.get(data.followUpId);
  if (!row) return refuse(deps, job, 'unknown');
  if (!agreesWith(row, data)) return refuse(deps, job, 'altered');
  if (data.replay > row.replays || !isJobOf(row, job, data.replay, as)) return refuse(deps, job, 'wrong-job');
  if (as === 'collect' && !row.routed) return refuse(deps, job, 'not-routed');
  if (row.state === 'waiting' || row.state === 'skipped') return refuse(deps, job, 'not-released');
  if (row.state === 'done' || row.state === 'failed' || data.replay !== row.replays) return undefined;
  if (!verifySignature(row, deps.signatureSecrets)) {
    if (!isKeyKnown(row.mac, deps.signatureSecrets) && !attemptOf(job).last) {
      deps.log.warn({ followUpId: row.id, exportId: row.exportId }, UNKNOWN_KEY);
      throw new RetryAfterError('unknown-key', UNKNOWN_KEY, ROLLOUT_MS);
    }
    // The job is as the relay entered it; it is the row that is not what was signed. Nobody will ever run it.
    const { started } = await deps.writes.settle({ id: row.id, replay: row.replays }, { error: FORGED });
    if (started > 0) await deps.relay.run();
    return refuse(deps, job, 'bad-code');
  }
  return row;
}

const UNKNOWN_KEY = 'the follow-up was signed with a key that SIGNATURE_SECRET does not have here; trying again';
const FORGED = {
  code: 'refused',
  message: 'The follow-up is not what was signed when the export was requested, and was not run.',
};

/** The data of a job as far as anything is to be made of them. */
function dataOf(job: Job, as: JobOf): FollowUpJobData | CollectJobData | undefined {
  const data = job.data as Partial<FollowUpJobData> | null;
  if (data === null || typeof data !== 'object') return undefined;
  const { followUpId, replay, args } = data;
  const named = typeof followUpId === 'string' && isUuid(followUpId) && Number.isInteger(replay);
  return named && (args !== undefined) === (as === 'task') ? (data as FollowUpJobData) : undefined;
}

/** Whether a job has the id, name and queue that the relay gives the job of this follow-up. */
function isJobOf(row: FollowUpRow, job: Job, replay: number, as: JobOf): boolean {
  const called = { id: row.id, replays: replay };
  if (as === 'task') {
    return job.id === followUpJobId(called) && job.name === row.task && job.queueName === queueOfTask(row.task);
  }
  const { of } = job.data as Partial<CollectJobData>;
  return job.id === collectJobId(called) && job.queueName === META_QUEUE && of === followUpJobId(called);
}
