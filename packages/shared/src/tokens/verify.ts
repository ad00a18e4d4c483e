/** The steps that every token's verification shares: what it is, which algorithm, whose signature, which life. */
import jwt from 'jsonwebtoken';
import type { z } from 'zod';
import { verifyingSecrets } from './keys.js';
import { tokenProblem } from './problems.js';

/** The one algorithm that signs and verifies (RFC 7518, HMAC with SHA-256). Never taken from the token itself. */
export const ALGORITHM = 'HS256';

/** What a token must be to pass {@link verifyToken}. */
export interface Expectation<Schema extends z.ZodType> {
  scheme: 'TmpToken' | 'Bearer';
  secrets: readonly string[];
  audience: string;
  issuer?: string;
  /** Shape of the claims; `aud`, `exp` and `iss` are judged beside it. */
  claims: Schema;
  now: Date;
}

/**
 * Verifies a JSON Web Token (RFC 7519, as RFC 8725 advises) and returns its claims.
 * The signature is judged before any claim is believed.
 * @throws {ProblemError} 401 with a problem type of its own for each fault
 */
export function verifyToken<Schema extends z.ZodType>(token: string, expected: Expectation<Schema>): z.output<Schema> {
  const { scheme, now } = expected;
  const header = readHeader(token);
  if (!header) throw tokenProblem('token-malformed', scheme);
  if (header.alg !== ALGORITHM) throw tokenProblem('token-algorithm', scheme);

  const secrets = verifyingSecrets(expected.secrets, header.kid);
  if (secrets.length === 0) throw tokenProblem('token-key-unknown', scheme);
  const payload = verifySignature(token, secrets);
  if (payload === undefined) throw tokenProblem('token-signature', scheme);
  const claims = typeof payload === 'object' ? payload : {};

  if (expected.issuer !== undefined && claims.iss !== expected.issuer) throw tokenProblem('token-issuer', scheme);
  if (claims.aud !== expected.audience) throw tokenProblem('token-audience', scheme);
  if (typeof claims.exp !== 'number') throw tokenProblem('token-malformed', scheme);
  if (claims.exp * 1000 <= now.getTime()) throw tokenProblem('token-expired', scheme);
  const parsed = expected.claims.safeParse(claims);
  if (!parsed.success) throw tokenProblem('token-malformed', scheme, parsed.error);
  return parsed.data;
}

function readHeader(token: string): jwt.JwtHeader | undefined {
  // Three base64url parts; the last one is empty where nothing signed it.
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return undefined;
  try {
    return jwt.decode(token, { complete: true })?.header;
  } catch {
    return undefined;
  }
}

function verifySignature(token: string, secrets: string[]): jwt.JwtPayload | string | undefined {
  for (const secret of secrets) {
    try {
      // Life, audience and issuer are judged by the caller, who tells them apart.
      return jwt.verify(token, secret, { algorithms: [ALGORITHM], ignoreExpiration: true, ignoreNotBefore: true });
    } catch {
      // The next secret may be the one.
    }
  }
  return undefined;
}
