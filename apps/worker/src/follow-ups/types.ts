/** What a follow-up's handler is given and gives. Handlers know no queue and no database. */
import type { ExportEnd, FollowUpInput, JsonValue } from '@parcelpost/shared/export-result.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { SealedTokens } from '@parcelpost/shared/signatures/signature.js';
import type { z } from 'zod';
import { PermanentFollowUpError } from './errors.js';

export interface FollowUpContext {
  /**
   * Id of the outbox row: the same for every try of this follow-up, and for no other. Handed to the receiver, so that it
   * can tell a repeat from a second message.
   */
  followUpId: string;
  exportId: string;
  /** The end of the export whose canvas this follow-up belongs to, whatever its own input is. */
  end: ExportEnd;
  /** 1 for the first try. */
  attempt: number;
  /** Aborted when the worker stops or the signature's timeout is over; the handler then throws the signal's reason. */
  signal: AbortSignal;
  /** What was sealed for this follow-up: the token of the export that it starts. Null for all but `export.project`. */
  sealed: SealedTokens[string] | null;
  log: Logger;
}

/**
 * Runs one follow-up. May run more than once for the same follow-up (a worker can die after the deed and before the
 * note of it), so what it sends is marked with the follow-up's id.
 * @returns what is kept as the follow-up's result; no secret
 * @throws PermanentFollowUpError where trying again cannot help, RetryAfterError where the receiver named a time,
 *   FollowUpError or anything else where the queue's own backoff is to be followed
 */
export type FollowUpHandler = (
  input: FollowUpInput,
  args: Record<string, unknown>,
  context: FollowUpContext,
) => Promise<JsonValue>;

/** A handler that holds something open: connections, a pool. */
export interface ClosableHandler {
  handle: FollowUpHandler;
  /** Lets work in flight end and frees what is held; the handler takes no more work afterwards. */
  close(): Promise<void>;
}

/** Makes a handler of a function with typed arguments; arguments of another shape end the follow-up for good. */
export function withArgs<A extends z.ZodType>(
  schema: A,
  run: (input: FollowUpInput, args: z.output<A>, context: FollowUpContext) => Promise<JsonValue>,
): FollowUpHandler {
  return async (input, args, context) => {
    const parsed = schema.safeParse(args);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const place = ['args', ...(issue?.path ?? [])].join('.');
      throw new PermanentFollowUpError('bad-arguments', `${place}: ${issue?.message ?? 'not valid'}`);
    }
    return run(input, parsed.data, context);
  };
}
