/** Runs one follow-up of ours, as a job of the queue that its task names; its row says what became of it. */
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import { databaseIsAway } from '@parcelpost/shared/db/away.js';
import type { FollowUpEnd, FollowUpRow } from '@parcelpost/shared/db/services/follow-ups.js';
import type { ExportEnd, FollowUpInput, JsonValue } from '@parcelpost/shared/export-result.js';
import type { FollowUpJobData } from '@parcelpost/shared/queues/follow-up-job.js';
import { pauseAfter } from '@parcelpost/shared/signatures/pauses.js';
import { type BackoffOptions, type BackoffStrategy, DelayedError, type Job, UnrecoverableError } from 'bullmq';
import {
  FollowUpError,
  PermanentFollowUpError,
  PostponedError,
  RetryAfterError,
  ROLLOUT_MS,
} from '../follow-ups/errors.js';
import type { FollowUpHandler } from '../follow-ups/types.js';
import type { WorkerDeps } from './deps.js';
import { type ReleasedDeps, releasedFollowUp } from './released.js';
import { attemptOf, handBack, SHUTDOWN, unlessAway } from './run-job.js';
import { withTimeLimit } from './time-limit.js';

type Handlers = ReadonlyMap<string, FollowUpHandler>;

/** Pauses as {@link pauseAfter} has them. A receiver that names a time is not asked before it. Each try counts. */
export const followUpBackoff: BackoffStrategy = (attemptsMade, _type, error, job) => {
  const first = (job?.opts.backoff as BackoffOptions | undefined)?.delay ?? 0;
  const pause = Math.round(pauseAfter(first, attemptsMade, Math.random()));
  return error instanceof RetryAfterError ? Math.max(error.retryAfterMs, pause) : pause;
};

/**
 * Runs the follow-up that a job is about, once it has been found to be what was signed and released. What is noted of its
 * end brings what comes after it in the canvas. A repeat of one that has ended is a no-op.
 */
export function processFollowUp(
  deps: ReleasedDeps,
  handlers: Handlers,
  job: Job<FollowUpJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  return unlessAway(deps, job, token, signal, () => attemptFollowUp(deps, handlers, job, token, signal));
}

async function attemptFollowUp(
  deps: ReleasedDeps,
  handlers: Handlers,
  job: Job<FollowUpJobData>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const row = await releasedFollowUp(deps, job, 'task');
  if (!row) return;
  const { exportId, task } = row;
  const log = deps.log.child({ exportId, followUpId: row.id, task });
  const called = { id: row.id, replay: row.replays };
  const { attempt, last } = attemptOf(job);
  const start = await deps.followUps.begin(called, attempt);
  if (start === undefined) return;
  const key = { ...called, start };
  crashPoint('follow-up.began');

  let end: FollowUpEnd;
  try {
    end = { result: await run(handlers, row, attempt, signal, log) };
  } catch (error) {
    if (signal.aborted && signal.reason === SHUTDOWN) return handBack(job, token);
    // One that asks the database itself is not to blame for it either.
    if (databaseIsAway(error)) throw error;
    const shown = shownError(error);
    const pauseMs = error instanceof PostponedError ? error.pauseFrom(row.pendingAt) : undefined;
    if (pauseMs !== undefined) {
      if (!(await deps.followUps.noteFailure(key, shown))) return log.debug(OVERTAKEN);
      log.info({ code: shown.code, pauseMs }, 'follow-up postponed');
      await job.moveToDelayed(Date.now() + pauseMs, token);
      throw new DelayedError();
    }
    const final = last || error instanceof PermanentFollowUpError || error instanceof PostponedError;
    log.warn({ err: error, attempt, final }, 'follow-up failed');
    if (!final) {
      if (!(await deps.followUps.noteFailure(key, shown))) return log.debug(OVERTAKEN);
      deps.metrics.followUpEnded(task, shown.code === TIMEOUT ? 'timeout' : 'retried');
      throw error;
    }
    end = { error: shown };
  }
  crashPoint('follow-up.handled');

  const { settled, started } = await deps.writes.settle(key, end);
  if (!settled) return log.debug(OVERTAKEN);
  crashPoint('follow-up.settled');
  deps.metrics.followUpEnded(task, 'result' in end ? 'done' : end.error.code === TIMEOUT ? 'timeout' : 'failed');
  if ('result' in end) log.info({ attempt, started }, 'follow-up done');
  if (started > 0) await deps.relay.run();
  if ('error' in end) throw new UnrecoverableError(end.error.message);
}

const TIMEOUT = 'timeout';
const OVERTAKEN = 'another worker has taken this follow-up over, or brought it to its end';
const NONE: FollowUpInput = { kind: 'none' };

async function run(
  handlers: Handlers,
  row: FollowUpRow,
  attempt: number,
  signal: AbortSignal,
  log: WorkerDeps['log'],
): Promise<JsonValue> {
  const handler = handlers.get(row.task);
  // Another worker may: tasks of one's own come to one process after the other.
  if (!handler) {
    throw new RetryAfterError('unknown-task', `The worker does not know the task ${row.task}.`, ROLLOUT_MS);
  }
  const { timeout } = row.options;
  const late = () => new FollowUpError(TIMEOUT, `The task did not end within ${(timeout ?? 0) / 1000} seconds.`);
  return withTimeLimit(timeout, signal, late, (limited) =>
    handler(row.immutable ? NONE : (row.input ?? NONE), row.args, {
      followUpId: row.id,
      exportId: row.exportId,
      get end() {
        return endOf(row);
      },
      attempt,
      signal: limited,
      sealed: row.sealed,
      log,
    }),
  );
}

function endOf({ end }: FollowUpRow): ExportEnd {
  if (end.kind !== 'none') return end;
  throw new PermanentFollowUpError('no-end', 'No end of an export has released this call: there is none to tell of.');
}

/** What may be shown of a failure: what was made to be read. */
function shownError(error: unknown): { code: string; message: string } {
  if (error instanceof FollowUpError) return { code: error.code, message: error.message };
  return { code: 'internal', message: 'The follow-up failed for a reason of ours; the log has it.' };
}
