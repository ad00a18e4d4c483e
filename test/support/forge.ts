/** Tokens put together by hand, by whatever key and algorithm. */
import { constants, createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { EXPORT_AUDIENCE, ISSUER } from '@parcelpost/shared/tokens/scoped-token.js';
import { pairKey, secretKeys, type TokenKey } from '@parcelpost/shared/tokens/token-keys.js';

/** What a guard verifies with: pairs for RS256 and ES256, and a secret. The forger knows the public halves. */
export interface KeyPairs {
  rsa: KeyObject;
  ec: KeyObject;
  secret: string;
}

/** Fresh pairs. */
export function makeKeyPairs(): Omit<KeyPairs, 'secret'> {
  return {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  };
}

/** All keys of a guard, the RSA one the first. */
export const guardKeys = ({ rsa, ec, secret }: KeyPairs): TokenKey[] => [
  pairKey(rsa),
  pairKey(ec),
  ...secretKeys([secret]),
];

/** Base64url of a text, or of a value as JSON. */
export const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** How each algorithm signs, whoever's key it is. */
export const SIGNERS = {
  HS256: (text: string, key: KeyObject | string | Buffer) => createHmac('sha256', key).update(text).digest('base64url'),
  HS384: (text: string, key: KeyObject | string | Buffer) => createHmac('sha384', key).update(text).digest('base64url'),
  HS512: (text: string, key: KeyObject | string | Buffer) => createHmac('sha512', key).update(text).digest('base64url'),
  RS256: (text: string, key: KeyObject) => sign('sha256', Buffer.from(text), key).toString('base64url'),
  RS384: (text: string, key: KeyObject) => sign('sha384', Buffer.from(text), key).toString('base64url'),
  RS512: (text: string, key: KeyObject) => sign('sha512', Buffer.from(text), key).toString('base64url'),
  PS256: (text: string, key: KeyObject) =>
    sign('sha256', Buffer.from(text), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }).toString(
      'base64url',
    ),
  ES256: (text: string, key: KeyObject) =>
    sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
  EdDSA: (text: string, key: KeyObject) => sign(null, Buffer.from(text), key).toString('base64url'),
};

/** A token put together by hand. Undefined members are left out; a header or claims given as text stand as they are. */
export function forge(header: object | string, claims: unknown, signed: (text: string) => string): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${signed(text)}`;
}

/** Claims of a token that opens `base` to GET, as they should be. */
export function goodClaims({ base, userId }: { base: string; userId: string }, now: Date = new Date()) {
  const iat = Math.floor(now.getTime() / 1000);
  return {
    sub: userId,
    endpoints: { GET: [base] } as unknown,
    recipient: EXPORT_AUDIENCE,
    aud: EXPORT_AUDIENCE,
    iss: ISSUER,
    jti: randomUUID() as string,
    iat,
    exp: iat + 3600,
  };
}
