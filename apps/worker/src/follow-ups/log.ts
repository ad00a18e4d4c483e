/** `log.info`: a line in the worker's log, where an operator looks for it. */
import { logArgs } from '@parcelpost/shared/signatures/registry.js';
import { withArgs } from './types.js';

/** Writes the signature's message, with its arguments and what kind of input it got. What the input holds is not written. */
export const logInfo = withArgs(logArgs, async (input, args, context) => {
  context.log.info({ args, input: input.kind, attempt: context.attempt }, args.message ?? 'log.info');
  return null;
});
