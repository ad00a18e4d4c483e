/**
 * Keys of scoped tokens. A secret mints and verifies (HS256); of a pair, the private half mints and the public half
 * verifies alone (RS256, ES256), so that whoever holds that one can let readers in and make no token.
 *
 * A key has one algorithm (RFC 8725, section 3.1): a token's header is compared with it, and never chooses it.
 */
import {
  createHash,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { keyId } from './keys.js';

export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256';

export interface TokenKey {
  /** Its name in a token's header: says which key it is, and nothing about a secret. */
  kid: string;
  algorithm: TokenAlgorithm;
  /** The secret, or the public half. */
  verifying: KeyObject;
  /** The secret, or the private half; null where only the public half is known. */
  signing: KeyObject | null;
}

/** A public key as `/.well-known/jwks.json` has it (RFC 7517, RFC 7518). */
export type PublicJwk = JsonWebKey & { kid: string; alg: TokenAlgorithm; use: 'sig' };

/** A key cannot be used for tokens. The message says why, and holds nothing of the key. */
export class TokenKeyError extends Error {
  override readonly name = 'TokenKeyError';
}

const LEAST_RSA_BITS = 2048;
const LEAST_RSA_EXPONENT = 65_537n;

/**
 * Keys for HS256, from secrets that minter and verifier share.
 * @throws {TokenKeyError} for one that looks like a key of a pair: a public key as a secret would let everybody mint
 */
export function secretKeys(secrets: readonly string[]): TokenKey[] {
  return secrets.map((secret) => {
    if (/-----BEGIN|"kty"/.test(secret)) {
      throw new TokenKeyError('is a key of a pair (PEM or JWK), which is no secret: put it into TOKEN_KEYS');
    }
    const key = createSecretKey(Buffer.from(secret));
    return { kid: keyId(secret), algorithm: 'HS256', verifying: key, signing: key };
  });
}

/**
 * The key of a pair: RSA for RS256, of 2048 bits and more; on the curve P-256 for ES256. Its name is its thumbprint (RFC 7638).
 * @param key the private half, or the public one alone
 * @throws {TokenKeyError} for any other or weaker key, and one whose halves do not belong together
 */
export function pairKey(key: KeyObject): TokenKey {
  if (key.type === 'secret') throw new TokenKeyError('is a secret: put it into TOKEN_SECRET');
  const algorithm = algorithmOf(key);
  const verifying = key.type === 'private' ? createPublicKey(key) : key;
  if (key.type === 'private') {
    const probe = Buffer.from('parcelpost');
    if (!verify('sha256', probe, verifying, sign('sha256', probe, key))) {
      throw new TokenKeyError('has a private and a public half that do not belong together');
    }
  }
  return { kid: thumbprint(verifying), algorithm, verifying, signing: key.type === 'private' ? key : null };
}

/** The public halves, as a JWK Set (RFC 7517). Secrets are not in it. */
export function publicJwks(keys: readonly TokenKey[]): { keys: PublicJwk[] } {
  const pairs = keys.filter(({ algorithm }) => algorithm !== 'HS256');
  return {
    keys: pairs.map(({ kid, algorithm, verifying }) => ({
      ...verifying.export({ format: 'jwk' }),
      kid,
      alg: algorithm,
      use: 'sig',
    })),
  };
}

/**
 * The key that new tokens are signed with: the first.
 * @throws {TokenKeyError} if there is none, or it is a public half
 */
export function signingKey(keys: readonly TokenKey[]): TokenKey & { signing: KeyObject } {
  const [first] = keys;
  if (first === undefined) throw new TokenKeyError('there is no key to sign with');
  if (first.signing === null) throw new TokenKeyError('the first key is a public one, and cannot sign');
  return { ...first, signing: first.signing };
}

function algorithmOf(key: KeyObject): 'RS256' | 'ES256' {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength < LEAST_RSA_BITS) {
        throw new TokenKeyError(`is an RSA key of ${modulusLength} bits; RS256 needs ${LEAST_RSA_BITS} or more`);
      }
      if (publicExponent < LEAST_RSA_EXPONENT) {
        throw new TokenKeyError(`is an RSA key with the exponent ${publicExponent}; it has to be 65537 or more`);
      }
      return 'RS256';
    case 'ec':
      if (namedCurve !== 'prime256v1') {
        throw new TokenKeyError(`is on the curve ${namedCurve}; ES256 needs P-256 (prime256v1)`);
      }
      return 'ES256';
    default:
      throw new TokenKeyError(
        `is a key of the kind ${key.asymmetricKeyType}; RSA (RS256) and EC on P-256 (ES256) are taken`,
      );
  }
}

/** SHA-256 of the members that make a public key, in the order of their names (RFC 7638, section 3). */
function thumbprint(key: KeyObject): string {
  const { kty, e, n, crv, x, y } = key.export({ format: 'jwk' });
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
