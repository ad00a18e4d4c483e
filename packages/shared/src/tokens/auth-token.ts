/** Tokens that say who a caller is: `Authorization: Bearer`, and the session cookie of the pages. */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { secretKeys, signingKey } from './token-keys.js';
import { verifyToken } from './verify.js';

/** Who these tokens are for; a scoped token, or one of another service under the same secret, is not taken for one. */
const AUTH_AUDIENCE = 'parcelpost';
export const DEFAULT_AUTH_HOURS = 24;

const claimsSchema = z.object({ sub: z.string().min(1), aud: z.string(), exp: z.number() });

/**
 * Mints a token that says "this caller is that user".
 * @param secrets the first one signs
 * @param hours how long it lives (default 24)
 * @throws {Error} if there is no secret
 */
export function mintAuthToken(
  userId: string,
  secrets: readonly string[],
  hours: number = DEFAULT_AUTH_HOURS,
  now = new Date(),
): string {
  const iat = Math.floor(now.getTime() / 1000);
  const claims = { sub: userId, aud: AUTH_AUDIENCE, jti: randomUUID(), iat, exp: iat + Math.round(hours * 3600) };
  const { signing, algorithm, kid } = signingKey(secretKeys(secrets));
  return jwt.sign(claims, signing, { algorithm, keyid: kid });
}

/**
 * Verifies such a token.
 * @returns the user's id, and when the token expires
 * @throws {ProblemError} 401, with a problem type of its own for each fault
 */
export function verifyAuthToken(
  token: string,
  secrets: readonly string[],
  now = new Date(),
): { userId: string; expiresAt: Date } {
  const claims = verifyToken(token, {
    scheme: 'Bearer',
    keys: secretKeys(secrets),
    audience: AUTH_AUDIENCE,
    claims: claimsSchema,
    now,
  });
  return { userId: claims.sub, expiresAt: new Date(claims.exp * 1000) };
}
