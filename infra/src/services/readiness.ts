import { setTimeout as delay } from 'node:timers/promises';

/** Asks an app once whether it is ready: its `/readyz` answers 200. */
async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/**
 * Waits until an app is ready.
 * @param running says whether its process still runs
 * @throws when it has ended before, or is not ready within `timeoutMs`
 */
export async function untilReady(url: string, running: () => boolean, timeoutMs = 30_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!(await isReady(url))) {
    if (!running()) throw new Error('it ended before it was ready');
    if (Date.now() > until) throw new Error(`it was not ready within ${timeoutMs / 1000} s`);
    await delay(25);
  }
}
