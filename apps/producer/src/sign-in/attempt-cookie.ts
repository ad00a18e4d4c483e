/**
 * Keeps what a sign-in has to remember in the browser in which it began: sealed, and for a few minutes. Each has a cookie of
 * its own, so that one in another tab takes nothing away, and who knows no `state` cannot end one.
 */
import { createHash } from 'node:crypto';
import { SealError, seal, unseal } from '@parcelpost/shared/tokens/seal.js';
import { z } from 'zod';
import type { Attempt } from './provider.js';

const PREFIX = 'parcelpost_sign_in_';
/** Long enough to look for a password, or a second factor. */
export const ATTEMPT_SECONDS = 15 * 60;

const shape = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  until: z.number(),
});
const AAD = 'sign-in';
/** Those that begun before the newest one and are kept; and how long their values may be together, for a browser sends all of them each time. */
const MOST_BEFORE = 4;
const MOST_BEFORE_CHARACTERS = 4096;

/** The name of the cookie of an attempt, which only who knows its `state` can tell. */
export function attemptCookie(state: string): string {
  return PREFIX + createHash('sha256').update(state).digest('hex').slice(0, 16);
}

export function sealAttempt(attempt: Attempt, secrets: readonly string[], now = Date.now()): string {
  return seal(JSON.stringify({ ...attempt, until: now + ATTEMPT_SECONDS * 1000 }), secrets, AAD);
}

/** The attempt in a cookie; undefined if there is none, or it was changed, or is too old. */
export function openAttempt(
  cookie: string | undefined,
  secrets: readonly string[],
  now = Date.now(),
): Attempt | undefined {
  const opened = unsealed(cookie, secrets);
  if (!opened || opened.until <= now) return undefined;
  const { until: _, ...attempt } = opened;
  return attempt;
}

/**
 * The names of cookies that have no room beside a new attempt: the oldest, and those that are worth nothing.
 * @param cookies all of a request
 * @param prefixed as these names are set here
 */
export function surplusAttempts(
  cookies: Readonly<Record<string, string | undefined>>,
  prefixed: (name: string) => string,
  secrets: readonly string[],
  now = Date.now(),
): string[] {
  const attempts = Object.entries(cookies)
    .filter(([name]) => name.startsWith(prefixed(PREFIX)))
    .map(([name, value = '']) => ({ name, value, until: unsealed(value, secrets)?.until ?? 0 }))
    .sort((a, b) => b.until - a.until);
  let characters = 0;
  return attempts
    .filter(({ value, until }, i) => {
      characters += value.length;
      return until <= now || i >= MOST_BEFORE || characters > MOST_BEFORE_CHARACTERS;
    })
    .map(({ name }) => name);
}

function unsealed(cookie: string | undefined, secrets: readonly string[]): z.infer<typeof shape> | undefined {
  if (cookie === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(unseal(cookie, secrets, AAD)));
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}
