/** Runs one follow-up, as a job of the queue that its task names; its row says what became of it. */
import type { ExportEnd, FollowUpInput, JsonValue } from '@parcelpost/shared/export-result.js';
import type { FollowUpJobData } from '@parcelpost/shared/queues/relay.js';
import { type BackoffOptions, type BackoffStrategy, type Job, UnrecoverableError } from 'bullmq';
import { FollowUpError, PermanentFollowUpError, RetryAfterError } from '../follow-ups/errors.js';
import type { FollowUpHandler } from '../follow-ups/types.js';
import type { WorkerDeps } from './deps.js';
import { attemptOf, handBack, SHUTDOWN } from './run-job.js';

/** Pauses double from the signature's own; a receiver that names a time is not asked before it. Each try counts. */
export const followUpBackoff: BackoffStrategy = (attemptsMade, _type, error, job) => {
  const first = (job?.opts.backoff as BackoffOptions | undefined)?.delay ?? 0;
  const doubled = first * 2 ** (attemptsMade - 1);
  return error instanceof RetryAfterError ? Math.max(error.retryAfterMs, doubled) : doubled;
};

export async function processFollowUp(
  deps: WorkerDeps,
  handlers: ReadonlyMap<string, FollowUpHandler>,
  job: Job<FollowUpJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const { followUpId, exportId } = job.data;
  const log = deps.log.child({ exportId, followUpId, task: job.data.task });
  // The row is what was agreed on; the job only says that it is its turn.
  const row = await deps.outbox.get(followUpId);
  if (!row) {
    log.error('refused: no such follow-up was ever released');
    throw new UnrecoverableError(`no follow-up ${followUpId} was released`);
  }
  const { attempt, last } = attemptOf(job);
  if (!(await deps.outbox.begin(followUpId, attempt))) return;
  try {
    const handler = handlers.get(row.task);
    if (!handler) throw new PermanentFollowUpError('unknown-task', `no worker knows the task ${row.task}`);
    const result = await handler(row.input as FollowUpInput, row.args as Record<string, JsonValue>, {
      followUpId,
      exportId,
      end: row.input as ExportEnd,
      attempt,
      signal,
      sealed: null,
      log,
    });
    await deps.outbox.finish(followUpId, result);
    log.info({ attempt }, 'follow-up done');
  } catch (error) {
    if (signal.aborted && signal.reason === SHUTDOWN) return handBack(job, token);
    const final = last || error instanceof PermanentFollowUpError;
    const shown =
      error instanceof FollowUpError
        ? { code: error.code, message: error.message }
        : { code: 'internal', message: 'The follow-up failed for a reason of ours; the log has it.' };
    log.warn({ err: error, attempt, final }, 'follow-up failed');
    if (!(await deps.outbox.fail(followUpId, shown, final))) return;
    if (final) throw new UnrecoverableError(shown.message);
    throw error;
  }
}
