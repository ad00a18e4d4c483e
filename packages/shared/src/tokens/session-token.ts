/** Tokens in the session cookie of the pages: they say who signed in, and in which session. No API takes them as `Bearer`. */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { secretKeys, signingKey } from './token-keys.js';
import { verifyToken } from './verify.js';

const SESSION_AUDIENCE = 'parcelpost-session';
export const DEFAULT_SESSION_HOURS = 24;

const claimsSchema = z.object({
  sub: z.string().min(1),
  jti: z.uuid(),
  aud: z.string(),
  exp: z.number(),
  via: z.enum(['provider']).optional(),
});

/** What a session is. */
export interface Session {
  id: string;
  userId: string;
  expiresAt: Date;
  /** Signed in by the identity provider, where the person may be signed in still once this session is over. */
  byProvider: boolean;
}

/**
 * Mints the token of a new session.
 * @param secrets the first one signs
 * @throws {Error} if there is no secret
 */
export function mintSessionToken(
  userId: string,
  secrets: readonly string[],
  { hours = DEFAULT_SESSION_HOURS, byProvider = false, now = new Date() } = {},
): string {
  const iat = Math.floor(now.getTime() / 1000);
  const claims = {
    sub: userId,
    aud: SESSION_AUDIENCE,
    jti: randomUUID(),
    iat,
    exp: iat + Math.round(hours * 3600),
    ...(byProvider && { via: 'provider' }),
  };
  const { signing, algorithm, kid } = signingKey(secretKeys(secrets));
  return jwt.sign(claims, signing, { algorithm, keyid: kid });
}

/**
 * Verifies such a token. Whether the session was ended since, it cannot know.
 * @throws {ProblemError} 401, with a problem type of its own for each fault
 */
export function verifySessionToken(token: string, secrets: readonly string[], now = new Date()): Session {
  const claims = verifyToken(token, {
    scheme: 'Bearer',
    keys: secretKeys(secrets),
    audience: SESSION_AUDIENCE,
    claims: claimsSchema,
    now,
  });
  return {
    id: claims.jti,
    userId: claims.sub,
    expiresAt: new Date(claims.exp * 1000),
    byProvider: claims.via === 'provider',
  };
}
