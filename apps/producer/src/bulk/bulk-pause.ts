/** Which errors of an item of bulk work pass by themselves, and when to begin it again. */
import { TooManyExportsError } from '@parcelpost/shared/db/services/limits.js';
import { ProblemError } from '@parcelpost/shared/errors.js';

/** For so long an item is put off; its key is remembered for as long. */
export const PATIENCE_MS = 24 * 3_600_000;
/** Between two tries of what says no time itself: half as long as it has been tried for, within these. */
const SOONEST_MS = 5000;
const LATEST_MS = 15 * 60_000;

/** `all`: what waits of the same bulk need not be begun sooner either. */
export interface Pause {
  ms: number;
  all: boolean;
}

/**
 * How long to put an item off, in milliseconds, because of an error that says nothing of the item itself: there is no room
 * below a limit, another producer has the same item in hand (its lease was over before it was), or something that is needed
 * does not answer (502, 503).
 * @param ageMs for how long the item has been asked for
 * @returns undefined where the error is the item's answer: it is of another kind, or has not passed in {@link PATIENCE_MS}
 */
export function pauseAfter(error: unknown, ageMs: number): Pause | undefined {
  if (!(error instanceof ProblemError) || ageMs >= PATIENCE_MS) return undefined;
  if (error instanceof TooManyExportsError) {
    return { ms: error.retryAfterSeconds * 1000, all: error.limit.name.startsWith('person') };
  }
  if (error.type !== 'idempotency-key-busy' && error.status !== 502 && error.status !== 503) return undefined;
  const seconds = Number(error.headers['retry-after']);
  return { ms: seconds > 0 ? seconds * 1000 : Math.min(Math.max(ageMs / 2, SOONEST_MS), LATEST_MS), all: false };
}
