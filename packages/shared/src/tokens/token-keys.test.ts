import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTokenKeys } from './key-source.js';
import { authorize, mintScopedToken } from './scoped-token.js';
import { pairKey, publicJwks, secretKeys, signingKey, type TokenKey, TokenKeyError } from './token-keys.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = (key: KeyObject) =>
  (key.type === 'private'
    ? key.export({ type: 'pkcs8', format: 'pem' })
    : key.export({ type: 'spki', format: 'pem' })
  ).toString();
const jwk = (key: KeyObject) => key.export({ format: 'jwk' });
const kids = (keys: TokenKey[]) => keys.map(({ kid }) => kid);
const both = kids([pairKey(rsa), pairKey(ec)]);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

function complaint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TokenKeyError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

describe('keys are read', () => {
  it.each<[string, () => string]>([
    ['as PEM texts', () => `${pem(rsa)},${pem(ec)}`],
    ['as PEM with \\n for its line ends', () => `${pem(rsa)}${pem(ec)}`.replaceAll('\n', '\\n')],
    ['as files', () => `${file('a.pem', pem(rsa))}, ${file('b.pem', pem(ec))}`],
    ['as one file of several', () => file('all.pem', `comment\n${pem(rsa)}\n${pem(ec)}`)],
    ['as a JWK Set', () => JSON.stringify({ keys: [jwk(rsa), jwk(ec)] })],
    ['as a list of JWKs in a file', () => file('list.json', JSON.stringify([jwk(rsa), jwk(ec)]))],
    ['as a file of each kind', () => `${file('one.jwk', JSON.stringify(jwk(rsa)))},${file('c.pem', pem(ec))}`],
    [
      'as OpenSSL writes EC keys, its parameters first',
      () =>
        `${pem(rsa)},-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${ec.export({ type: 'sec1', format: 'pem' })}`,
    ],
  ])('%s, in their order', (_, value) => {
    expect(kids(readTokenKeys(value()))).toEqual(both);
  });

  it('a public half verifies and signs nothing', () => {
    const [key] = readTokenKeys(pem(createPublicKey(ec))) as [TokenKey];
    expect([key.kid, key.signing]).toEqual([both[1], null]);
    expect(complaint(() => signingKey([key]))).toMatch(/public/);
  });
});

describe('a key that would not do is refused, and not shown', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const small = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const ed = generateKeyPairSync('ed25519').privateKey;
  const foreign = { ...jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), d: String(jwk(ec).d) };
  it.each<[string, () => string, RegExp]>([
    ['RSA of 1024 bits', () => pem(weak), /entry 1 is an RSA key of 1024 bits; RS256 needs 2048 or more/],
    ['RSA with the exponent 3', () => pem(small), /exponent 3/],
    ['another curve', () => `${pem(rsa)},${pem(p384)}`, /entry 2 is on the curve secp384r1; ES256 needs P-256/],
    ['another kind', () => pem(ed), /kind ed25519/],
    ['a secret as JWK', () => '{"kty":"oct","k":"c2VjcmV0"}', /is a secret: put it into TOKEN_SECRET/],
    [
      'a JWK for another algorithm',
      () => JSON.stringify({ ...jwk(rsa), alg: 'PS256' }),
      /another algorithm than RS256/,
    ],
    ['a JWK for encryption', () => JSON.stringify({ ...jwk(rsa), use: 'enc' }), /not for signatures/],
    [
      'halves of two keys',
      () => JSON.stringify(foreign),
      /do not belong together|cannot be read|not a key that can be read/,
    ],
    ['the second of a set', () => JSON.stringify([jwk(rsa), { kty: 'RSA', n: 'AA', e: 'AQAB' }]), /entry 1, key 2,/],
    [
      'an encrypted one',
      () => rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
      /is encrypted/,
    ],
    ['a broken PEM', () => pem(rsa).replace(/[A-Za-z]{20}/, '!'), /not a key that can be read/],
    [
      'a request for a certificate',
      () => '-----BEGIN CERTIFICATE REQUEST-----\nAA\n-----END CERTIFICATE REQUEST-----',
      /no key/,
    ],
    ['the same twice', () => `${pem(rsa)},${pem(rsa)}`, /twice/],
    ['a private key and its public half', () => `${pem(rsa)},${pem(createPublicKey(rsa))}`, /twice/],
    ['nothing', () => ' , ', /holds no key/],
    ['JSON that is none', () => '{"kty"', /not valid JSON/],
    ['a file without a key', () => file('empty.pem', 'hello'), /holds no key in PEM form/],
  ])('%s', (_, value, says) => {
    const said = complaint(() => readTokenKeys(value()));
    expect(said).toMatch(says);
    expect(said).not.toMatch(/BEGIN|[A-Za-z0-9+/]{40}/);
  });

  it('a secret in their place', () => {
    const said = complaint(() => readTokenKeys('/hunter2+hunter2/hunter2+hunter2=='));
    expect(said).toBe('entry 1 is neither PEM or JWK text nor a file that can be read (ENOENT)');
  });

  it('a public key in the place of a secret, which would let everybody mint', () => {
    expect(complaint(() => secretKeys([pem(createPublicKey(rsa))]))).toMatch(/put it into TOKEN_KEYS/);
    expect(complaint(() => secretKeys([JSON.stringify(jwk(createPublicKey(rsa)))]))).toMatch(/put it into TOKEN_KEYS/);
  });
});

describe('what is published', () => {
  const published = publicJwks([
    pairKey(rsa),
    pairKey(ec),
    ...secretKeys(['a secret of more than thirty-two characters']),
  ]);

  it('are the public halves of the pairs, and nothing of a private half or a secret', () => {
    expect(published.keys.map(({ kty, alg, use, kid }) => ({ kty, alg, use, kid }))).toEqual([
      { kty: 'RSA', alg: 'RS256', use: 'sig', kid: both[0] },
      { kty: 'EC', alg: 'ES256', use: 'sig', kid: both[1] },
    ]);
    expect(published.keys.map((key) => Object.keys(key).toSorted())).toEqual([
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
  });

  it('is enough to let a token in, and not to make one', () => {
    const readers = readTokenKeys(JSON.stringify(published));
    for (const key of [rsa, ec]) {
      const { token } = mintScopedToken({ userId: 'u1', paths: ['/a/'] }, [pairKey(key)]);
      expect(authorize(token, 'GET', '/a/b', { keys: readers }).sub).toBe('u1');
    }
    expect(complaint(() => mintScopedToken({ userId: 'u1', paths: ['/a/'] }, readers))).toMatch(/public/);
  });

  it('names keys by their thumbprints (the example of RFC 7638)', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs' +
      'tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n' +
      '91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const [key] = readTokenKeys(JSON.stringify({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }));
    expect(key?.kid).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });
});

it('keys change hands without a token going bad: the new one behind, then in front, then alone', () => {
  const [old, next] = [pairKey(ec), pairKey(rsa)];
  const mint = (keys: TokenKey[]) => mintScopedToken({ userId: 'u1', paths: ['/a/'] }, keys).token;
  const opens = (token: string, keys: TokenKey[]) => {
    try {
      return authorize(token, 'GET', '/a/', { keys }).sub;
    } catch (error) {
      return (error as { type: string }).type;
    }
  };
  const first = mint([old, next]);
  const second = mint([next, old]);
  expect([opens(first, [old, next]), opens(first, [next, old]), opens(first, [next])]).toEqual([
    'u1',
    'u1',
    'token-algorithm',
  ]);
  expect([opens(second, [old, next]), opens(second, [next])]).toEqual(['u1', 'u1']);
});
