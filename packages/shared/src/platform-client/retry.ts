/** When to try again: exponential backoff with jitter, unless the platform says when (`Retry-After`). */

export interface Backoff {
  /** Longest first pause, in milliseconds; doubles with each further one. */
  firstMs: number;
  /** Longest pause, in milliseconds. */
  maxMs: number;
  /** Longest `Retry-After` that is obeyed, in milliseconds; a longer one is cut to this. */
  maxRetryAfterMs: number;
}

export const DEFAULT_BACKOFF: Backoff = { firstMs: 250, maxMs: 10_000, maxRetryAfterMs: 60_000 };

/**
 * Milliseconds to wait after the `attempt`-th failure (from 1). Jitter takes up to half away, so that shards that
 * failed together do not come back together; a pause that the platform asks for is kept, up to its own limit.
 */
export function pauseMs(
  attempt: number,
  backoff: Backoff,
  retryAfter: number | undefined,
  random = Math.random,
): number {
  const longest = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (attempt - 1));
  const ours = longest * (0.5 + random() / 2);
  return Math.max(ours, Math.min(retryAfter ?? 0, backoff.maxRetryAfterMs));
}
