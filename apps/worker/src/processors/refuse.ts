/** What becomes of jobs that a worker finds in a queue and will not run. */
import { REFUSALS, type Refusal } from '@parcelpost/shared/db/services/refused-jobs.js';
import type { FollowUpJobData } from '@parcelpost/shared/queues/follow-up-job.js';
import { type Job, UnrecoverableError } from 'bullmq';
import type { WorkerDeps } from './deps.js';

/** Records that a job is not run, and why. Always throws. */
export async function refuse(
  deps: Pick<WorkerDeps, 'refusedJobs' | 'metrics' | 'log'>,
  job: Job,
  reason: Refusal,
): Promise<never> {
  const { queueName: queue, name: task } = job;
  const jobId = job.id ?? '';
  const followUpId = (job.data as Partial<FollowUpJobData> | null)?.followUpId;
  deps.log.error({ queue, jobId, task, reason }, `refused a job: ${REFUSALS[reason]}`);
  deps.metrics.signaturesRefused.inc({ queue, reason });
  await deps.refusedJobs.record({
    queue,
    jobId,
    task,
    followUpId: typeof followUpId === 'string' ? followUpId : null,
    reason,
  });
  throw new UnrecoverableError(`refused: ${REFUSALS[reason]}`);
}
