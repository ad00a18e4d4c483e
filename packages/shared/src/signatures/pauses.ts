/** The pauses between the tries of a task of ours; whoever has to outlive them reckons with the same figures. */

const LONGEST_MS = 12 * 3_600_000;
/** By how much chance lengthens or shortens a pause, so that what failed together is not tried together. */
const SPREAD = 0.25;

/**
 * The pause after a try that failed: doubles from the signature's own, a quarter more or less, up to 12 hours.
 * @param first milliseconds, `backoff` of the signature
 * @param attempt the try that failed, from 1
 * @param chance from 0 to 1; 1 gives the longest
 */
export function pauseAfter(first: number, attempt: number, chance: number): number {
  return Math.min(first * 2 ** (attempt - 1) * (1 + SPREAD * (2 * chance - 1)), LONGEST_MS);
}
