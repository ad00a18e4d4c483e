/** Runs the tasks of an installation's own module; docs/own-tasks.md is their author's side of it. */
import { bareInput, type JsonValue } from '@parcelpost/shared/export-result.js';
import type { OwnTask } from '@parcelpost/shared/signatures/own-tasks.js';
import { FollowUpError, PermanentFollowUpError, pauseAsked, RetryAfterError } from './errors.js';
import { type FollowUpContext, type FollowUpHandler, withArgs } from './types.js';
import { singleLine } from './words.js';

/** So much of a foreign error's message is kept and shown. */
const MESSAGE_CHARACTERS = 500;
const CODE = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Makes a handler of an own task. It gets its input bare, and of the context what is its own business; what it returns is
 * made plain JSON.
 */
export function ownTaskHandler(task: Pick<OwnTask, 'args' | 'handle'>): FollowUpHandler {
  return withArgs(task.args, async (input, args, context) => {
    const { followUpId, exportId, attempt, signal, log, end } = context;
    try {
      return asJson(await task.handle(bareInput(input), args, { followUpId, exportId, attempt, signal, log, end }));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw asFollowUpError(error, context);
    }
  });
}

function asJson(value: unknown): JsonValue {
  try {
    const text = JSON.stringify(value ?? null);
    if (text !== undefined) return JSON.parse(text);
  } catch (error) {
    throw new PermanentFollowUpError('bad-result', 'The task returned a value that JSON cannot hold.', {
      cause: error,
    });
  }
  throw new PermanentFollowUpError('bad-result', `The task returned a ${typeof value}, which is not JSON.`);
}

/** Reads of a thrown value what it says of another try: `permanent: true`, or `retryAfterMs`; else the backoff has its way. */
function asFollowUpError(thrown: unknown, { log }: FollowUpContext): FollowUpError {
  if (thrown instanceof FollowUpError) return thrown;
  const said = (typeof thrown === 'object' && thrown !== null ? thrown : { message: thrown }) as Record<
    string,
    unknown
  >;
  const code = typeof said.code === 'string' && CODE.test(said.code) ? said.code : 'task-failed';
  const first = typeof said.message === 'string' ? (said.message.trim().split('\n', 1)[0] as string) : '';
  const message = singleLine(first).slice(0, MESSAGE_CHARACTERS) || 'The task failed and did not say why.';
  log.debug({ err: thrown }, 'own task threw');
  const cause = { cause: thrown };
  if (said.permanent === true) return new PermanentFollowUpError(code, message, cause);
  if (typeof said.retryAfterMs === 'number' && said.retryAfterMs >= 0) {
    return new RetryAfterError(code, message, pauseAsked(said.retryAfterMs), cause);
  }
  return new FollowUpError(code, message, cause);
}
