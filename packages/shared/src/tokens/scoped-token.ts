/**
 * Scoped tokens: a JSON Web Token that opens a few paths to a few methods for one service in the name of one user.
 * It restricts its user and never adds rights: what the user may no longer do, the token does not do either.
 */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { tokenProblem } from './problems.js';
import { pathSegments, splitTarget } from './raw-path.js';
import { signingKey, type TokenKey } from './token-keys.js';
import { verifyToken } from './verify.js';

/** Who scoped tokens are for: the fleet that makes exports. */
export const EXPORT_AUDIENCE = 'export-service';
/** Who issues them. Not an address, so that a token outlives a move of the service. */
export const ISSUER = 'parcelpost';
const DEFAULT_TOKEN_HOURS = 12;

const claimsSchema = z.object({
  sub: z.string().min(1),
  endpoints: z.record(z.string(), z.array(z.string())),
  recipient: z.string().optional(),
  aud: z.string(),
  iss: z.string(),
  jti: z.string().min(1),
  iat: z.number().optional(),
  nbf: z.number().optional(),
  exp: z.number(),
});
/** What a scoped token says. Times are in seconds, as JSON Web Tokens have them. */
export type ScopedClaims = z.output<typeof claimsSchema>;

export interface ScopedTokenRequest {
  /** Id of the user in whose name the token reads. */
  userId: string;
  /** Canonical paths that it opens, each with everything below it. */
  paths: string[];
  /** Hours that it lives (default 12). */
  hours?: number;
}

/** A token, and what it says. */
export interface ScopedToken {
  token: string;
  claims: ScopedClaims & { recipient: string };
}

/** What a token is judged by. */
export interface Judging {
  /** Those that may have signed it; each is used by its own algorithm alone. */
  keys: readonly TokenKey[];
  /** Clock (default: the system's). */
  now?: () => Date;
}

/** The path that an export's token opens: the project in the platform API, with everything below. */
export function projectPath(organization: string, project: string): string {
  return `/api/v1/organizations/${encodeURIComponent(organization)}/projects/${encodeURIComponent(project)}/`;
}

/**
 * Mints a token that opens the given paths to GET.
 * @param keys the first one signs
 * @throws {ProblemError} 400 if a path is not canonical; {TokenKeyError} if there is no key that can sign
 */
export function mintScopedToken(
  request: ScopedTokenRequest,
  keys: readonly TokenKey[],
  now: Date = new Date(),
): ScopedToken {
  for (const path of request.paths) pathSegments(path);
  const iat = Math.floor(now.getTime() / 1000);
  const claims = {
    sub: request.userId,
    endpoints: { GET: request.paths },
    recipient: EXPORT_AUDIENCE,
    aud: EXPORT_AUDIENCE,
    iss: ISSUER,
    jti: randomUUID(),
    iat,
    exp: iat + Math.round((request.hours ?? DEFAULT_TOKEN_HOURS) * 3600),
  };
  const { signing, algorithm, kid } = signingKey(keys);
  return { token: jwt.sign(claims, signing, { algorithm, keyid: kid }), claims };
}

/**
 * Says whether a token opens a request, or why not, by what the token itself says; whether it was revoked is for a guard
 * (guard.ts) to ask.
 *
 * The path is compared segment by segment as it stands on the wire: `/…/london-2/` opens itself and what is below it,
 * never `/…/london-20/`; a path that is not canonical is refused whatever the token says.
 * @param token the token, or undefined if the request had none
 * @param method the request's method, as sent
 * @param rawUrl the request's target, as sent, with or without a query
 * @returns what the token says
 * @throws {ProblemError} 400, 401 or 403, with a problem type of its own for each fault
 */
export function authorize(
  token: string | undefined,
  method: string,
  rawUrl: string,
  { keys, now = () => new Date() }: Judging,
): ScopedClaims {
  const asked = pathSegments(splitTarget(rawUrl).path);
  if (token === undefined || token === '') throw tokenProblem('token-missing', 'TmpToken');
  const claims = verifyToken(token, {
    scheme: 'TmpToken',
    keys,
    audience: EXPORT_AUDIENCE,
    issuer: ISSUER,
    claims: claimsSchema,
    now: now(),
  });
  const paths = Object.hasOwn(claims.endpoints, method) ? claims.endpoints[method] : undefined;
  if (!paths) throw tokenProblem('method-not-permitted', 'TmpToken');
  if (!paths.some((path) => opens(path, asked))) throw tokenProblem('path-not-permitted', 'TmpToken');
  return claims;
}

function opens(path: string, asked: string[]): boolean {
  let granted: string[];
  try {
    granted = pathSegments(path);
  } catch {
    return false;
  }
  return granted.length > 0 && granted.every((segment, i) => segment === asked[i]);
}
