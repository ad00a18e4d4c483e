/** Keeps what a sign-in has to remember in the browser in which it began: sealed, and for a few minutes. */
import { SealError, seal, unseal } from '@parcelpost/shared/tokens/seal.js';
import { z } from 'zod';
import type { Attempt } from './provider.js';

export const ATTEMPT_COOKIE = 'parcelpost_sign_in';
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

export function sealAttempt(attempt: Attempt, secrets: readonly string[], now = Date.now()): string {
  return seal(JSON.stringify({ ...attempt, until: now + ATTEMPT_SECONDS * 1000 }), secrets, AAD);
}

/** The attempt in a cookie; undefined if there is none, or it was changed, or is too old. */
export function openAttempt(
  cookie: string | undefined,
  secrets: readonly string[],
  now = Date.now(),
): Attempt | undefined {
  if (cookie === undefined) return undefined;
  try {
    const { until, ...attempt } = shape.parse(JSON.parse(unseal(cookie, secrets, AAD)));
    return until > now ? attempt : undefined;
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}
