/** Clears away rows that nobody needs any more. The producer does, since workers may delete nothing. */
import type { Logger } from '@parcelpost/shared/log.js';

/** Removes some, says how many. Every producer does it; what another one has removed is no error. */
export type Clearing = () => Promise<number>;

/**
 * Does every clearing now and then, one after the other.
 * @param clearings by the name of what they remove
 * @returns how to end it; resolves when none is on its way
 */
export function startHousekeeping(
  clearings: Readonly<Record<string, Clearing>>,
  { everyMs, log }: { everyMs: number; log: Logger },
): () => Promise<void> {
  let running = Promise.resolve();
  let busy = false;
  const round = async () => {
    for (const [what, clear] of Object.entries(clearings)) {
      try {
        const removed = await clear();
        if (removed > 0) log.info({ what, removed }, 'cleared away');
      } catch (error) {
        log.warn({ err: error, what }, 'could not be cleared away; a later round tries again');
      }
    }
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = round().finally(() => {
      busy = false;
    });
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
