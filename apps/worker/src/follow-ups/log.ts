/** `log.info`: a line in the worker's log, where an operator looks for it. */
import type { FollowUpHandler } from './types.js';

/** Writes the signature's message, with its arguments and what kind of input it got. What the input holds is not written. */
export const logInfo: FollowUpHandler = async (input, args, context) => {
  const message = typeof args.message === 'string' ? args.message : 'log.info';
  context.log.info({ args, input: input.kind, attempt: context.attempt }, message);
  return null;
};
