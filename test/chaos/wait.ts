import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `look` says true; throws, naming what it waited for, when that takes longer than `timeoutMs`. */
export async function untilIt(
  what: string,
  look: () => boolean | Promise<boolean>,
  { timeoutMs = 30_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!(await look())) {
    if (Date.now() > until) throw new Error(`waited ${timeoutMs / 1000} s in vain until ${what}`);
    await delay(everyMs);
  }
}
