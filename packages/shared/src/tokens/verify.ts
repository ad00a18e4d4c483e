/** The steps that every token's verification shares: what it is, which algorithm, whose signature, which life. */
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { type TokenProblemType, tokenProblem } from './problems.js';
import type { TokenKey } from './token-keys.js';

/** No token of ours comes near it; longer ones are not looked at. */
const MOST_CHARACTERS = 16_384;
/** The clock of whoever minted a token may be so far ahead of the one that judges it. */
export const LEEWAY_SECONDS = 60;

/**
 * What a header may hold. Members that name a key elsewhere or bring one along (`jku`, `x5u`, `jwk`, `x5c`), extensions that
 * have to be understood (`crit`, `b64`) and all others have no place in tokens of this service (RFC 8725, section 3.10).
 */
const headerSchema = z.strictObject({
  alg: z.string(),
  typ: z.string().regex(/^JWT$/i).optional(),
  kid: z.string().optional(),
});

/** What a token must be to pass {@link verifyToken}. */
export interface Expectation<Schema extends z.ZodType> {
  scheme: 'TmpToken' | 'Bearer';
  /** Those that may have signed it. */
  keys: readonly TokenKey[];
  audience: string;
  issuer?: string;
  /** Shape of the claims; `aud`, `exp`, `nbf`, `iat` and `iss` are judged beside it. */
  claims: Schema;
  now: Date;
}

/**
 * Verifies a JSON Web Token (RFC 7519, as RFC 8725 advises) and returns its claims.
 * The signature is judged before any claim is believed.
 * @throws {ProblemError} 401 with a problem type of its own for each fault
 */
export function verifyToken<Schema extends z.ZodType>(token: string, expected: Expectation<Schema>): z.output<Schema> {
  const { scheme, now, keys } = expected;
  const refuse = (type: TokenProblemType, cause?: unknown) => tokenProblem(type, scheme, cause);
  const header = readHeader(token);
  if (header === 'malformed') throw refuse('token-malformed');
  const { alg, kid } = header;

  if (!keys.some(({ algorithm }) => algorithm === alg)) throw refuse('token-algorithm');
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (named.length === 0) throw refuse('token-key-unknown');
  const candidates = named.filter(({ algorithm }) => algorithm === alg);
  if (candidates.length === 0) throw refuse('token-algorithm');
  const payload = verifySignature(token, candidates);
  if (payload === undefined) throw refuse('token-signature');
  const claims = typeof payload === 'object' ? payload : {};

  if (expected.issuer !== undefined && claims.iss !== expected.issuer) throw refuse('token-issuer');
  if (claims.aud !== expected.audience) throw refuse('token-audience');
  const seconds = now.getTime() / 1000;
  if (typeof claims.exp !== 'number') throw refuse('token-malformed');
  if (claims.exp <= seconds) throw refuse('token-expired');
  for (const begin of [claims.nbf, claims.iat]) {
    if (begin === undefined) continue;
    if (typeof begin !== 'number') throw refuse('token-malformed');
    if (begin > seconds + LEEWAY_SECONDS) throw refuse('token-not-yet-valid');
  }
  const parsed = expected.claims.safeParse(claims);
  if (!parsed.success) throw refuse('token-malformed', parsed.error);
  return parsed.data;
}

function readHeader(token: string): z.output<typeof headerSchema> | 'malformed' {
  // Three base64url parts; the last one is empty where nothing signed it.
  if (token.length > MOST_CHARACTERS || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return 'malformed';
  try {
    const text = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8');
    return headerSchema.parse(JSON.parse(text));
  } catch {
    return 'malformed';
  }
}

function verifySignature(token: string, keys: readonly TokenKey[]): jwt.JwtPayload | string | undefined {
  for (const { algorithm, verifying } of keys) {
    try {
      // Life, audience and issuer are judged by the caller, who tells them apart.
      return jwt.verify(token, verifying, {
        algorithms: [algorithm],
        ignoreExpiration: true,
        ignoreNotBefore: true,
      });
    } catch {
      // The next key may be the one.
    }
  }
  return undefined;
}
