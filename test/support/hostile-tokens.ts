/** Tokens of somebody who wants in: forged, altered, of another key or kind, or past their time. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { pairKey, type TokenKey } from '@parcelpost/shared/tokens/token-keys.js';
import { alteredTokens, otherClaims } from './altered-tokens.js';
import { forge, goodClaims, guardKeys, type KeyPairs, makeKeyPairs, SIGNERS } from './forge.js';

export interface HostileToken {
  name: string;
  token: string;
  refusal: string;
}

/** Every one of them, each with the problem type that it is refused with. */
export function hostileTokens(hunted: KeyPairs & { base: string; userId: string; token: string }): HostileToken[] {
  const { rsa, ec, secret } = hunted;
  const claims = goodClaims(hunted);
  const [rsaKey, ecKey, secretKey] = guardKeys(hunted) as [TokenKey, TokenKey, TokenKey];
  const hmac = (key: KeyObject | string | Buffer) => (text: string) => SIGNERS.HS256(text, key);
  const ours = { alg: 'HS256', typ: 'JWT', kid: secretKey.kid };
  const list: HostileToken[] = [];
  const add = (name: string, refusal: string, token: string) => list.push({ name, refusal, token });

  for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
    add(
      `alg "${alg}", unsigned`,
      'token-algorithm',
      forge({ alg, typ: 'JWT' }, claims, () => ''),
    );
    add(`alg "${alg}" with kid, signed`, 'token-algorithm', forge({ ...ours, alg }, claims, hmac(secret)));
  }

  // A public half taken for the secret, in every form that it is known in.
  for (const [kind, key] of [
    ['RSA', rsaKey],
    ['EC', ecKey],
  ] as const) {
    const pem = key.verifying.export({ format: 'pem', type: 'spki' }).toString();
    const forms: [string, string | Buffer][] = [
      ['PEM', pem],
      ['PEM without its last line end', pem.trimEnd()],
      ['DER', key.verifying.export({ format: 'der', type: 'spki' })],
      ['JWK', JSON.stringify(key.verifying.export({ format: 'jwk' }))],
    ];
    for (const [form, text] of forms) {
      add(
        `HS256 with the public ${kind} key as ${form}, named`,
        'token-algorithm',
        forge({ ...ours, kid: key.kid }, claims, hmac(text)),
      );
      add(
        `HS256 with the public ${kind} key as ${form}, unnamed`,
        'token-signature',
        forge({ ...ours, kid: undefined }, claims, hmac(text)),
      );
      add(
        `HS256 with the public ${kind} key as ${form}, under the secret's name`,
        'token-signature',
        forge(ours, claims, hmac(text)),
      );
    }
  }

  // The right key by another algorithm than its own.
  add(
    'HS384 with the secret',
    'token-algorithm',
    forge({ ...ours, alg: 'HS384' }, claims, (text) => SIGNERS.HS384(text, secret)),
  );
  add(
    'HS512 with the secret',
    'token-algorithm',
    forge({ ...ours, alg: 'HS512' }, claims, (text) => SIGNERS.HS512(text, secret)),
  );
  for (const alg of ['RS384', 'RS512', 'PS256'] as const) {
    add(
      `${alg} with the RSA key`,
      'token-algorithm',
      forge({ alg, kid: rsaKey.kid }, claims, (text) => SIGNERS[alg](text, rsa)),
    );
    add(
      `${alg} by the RSA key, said to be RS256`,
      'token-signature',
      forge({ alg: 'RS256', kid: rsaKey.kid }, claims, (text) => SIGNERS[alg](text, rsa)),
    );
  }
  add(
    'RS256 with the name of the EC key',
    'token-algorithm',
    forge({ alg: 'RS256', kid: ecKey.kid }, claims, (text) => SIGNERS.RS256(text, rsa)),
  );
  add(
    'ES256 with the name of the RSA key',
    'token-algorithm',
    forge({ alg: 'ES256', kid: rsaKey.kid }, claims, (text) => SIGNERS.ES256(text, ec)),
  );
  add('RS256 over an HMAC', 'token-signature', forge({ alg: 'RS256', kid: rsaKey.kid }, claims, hmac(secret)));
  for (const alg of ['ES384', 'ES256K', 'EdDSA', 'A128KW', 'dir', 'hs256', 'HS256 ']) {
    add(`the algorithm ${alg}`, 'token-algorithm', forge({ ...ours, alg }, claims, hmac(secret)));
  }

  // Keys of the forger's own.
  const theirs = makeKeyPairs();
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const ed = generateKeyPairSync('ed25519').privateKey;
  const jwk = pairKey(theirs.rsa).verifying.export({ format: 'jwk' });
  const mine = (header: object) =>
    forge({ alg: 'RS256', ...header }, claims, (text) => SIGNERS.RS256(text, theirs.rsa));
  add('another RSA key under the name of ours', 'token-signature', mine({ kid: rsaKey.kid }));
  add('another RSA key without a name', 'token-signature', mine({}));
  add('another RSA key under its own name', 'token-key-unknown', mine({ kid: pairKey(theirs.rsa).kid }));
  add(
    'another EC key under the name of ours',
    'token-signature',
    forge({ alg: 'ES256', kid: ecKey.kid }, claims, (text) => SIGNERS.ES256(text, theirs.ec)),
  );
  add(
    'a weak RSA key',
    'token-signature',
    forge({ alg: 'RS256', kid: rsaKey.kid }, claims, (text) => SIGNERS.RS256(text, weak)),
  );
  add(
    'an Ed25519 key',
    'token-algorithm',
    forge({ alg: 'EdDSA' }, claims, (text) => SIGNERS.EdDSA(text, ed)),
  );
  for (const guess of ['', 'secret', 'password', 'changeme', secret.slice(0, -1), `${secret} `, secret.toUpperCase()]) {
    add(`the secret guessed as ${JSON.stringify(guess)}`, 'token-signature', forge(ours, claims, hmac(guess)));
  }

  // Headers that bring a key along, name one elsewhere, or ask for what nobody here understands.
  const members: [string, object][] = [
    ['jwk', { jwk }],
    ['jwk without kid', { jwk, kid: undefined }],
    ['jku', { jku: 'https://example.org/jwks.json' }],
    ['x5u', { x5u: 'https://example.org/cert.pem' }],
    ['x5c', { x5c: ['MIIB'] }],
    ['x5t', { x5t: 'abc' }],
    ['crit', { crit: ['exp'], exp: 1 }],
    ['crit of an unknown extension', { crit: ['http://example.org/x'], 'http://example.org/x': true }],
    ['b64', { b64: false, crit: ['b64'] }],
    ['zip', { zip: 'DEF' }],
    ['cty', { cty: 'JWT' }],
    ['enc', { enc: 'A128GCM' }],
    ['typ JWE', { typ: 'JWE' }],
    ['typ at+jwt', { typ: 'at+jwt' }],
    ['typ as a number', { typ: 1 }],
  ];
  for (const [name, more] of members) {
    add(`${name}, by the forger's key`, 'token-malformed', mine({ kid: rsaKey.kid, ...more }));
    add(`${name}, by our key`, 'token-malformed', forge({ ...ours, ...more }, claims, hmac(secret)));
  }

  // Names of keys that are none, or paths, queries and members of objects.
  const names = [
    '',
    '../../../dev/null',
    '/dev/null',
    '/proc/sys/kernel/randomize_va_space',
    "' or '1'='1",
    "x' union select 'a'--",
    '"; drop table users;--',
    '__proto__',
    'constructor',
    'toString',
    'length',
    '0',
    '*',
    '%',
    'https://example.org/key',
    '$ENV{TOKEN_SECRET}',
    `${secretKey.kid}\0`,
    secretKey.kid.toUpperCase(),
    `${secretKey.kid} `,
    secretKey.kid.slice(0, -1),
    'x'.repeat(5000),
  ];
  for (const kid of names) {
    for (const [by, key] of [
      ['no', ''],
      ['our', secret],
    ] as const) {
      add(
        `kid ${JSON.stringify(kid).slice(0, 60)} and ${by} secret`,
        'token-key-unknown',
        forge({ ...ours, kid }, claims, hmac(key)),
      );
    }
  }
  for (const kid of [[], [secretKey.kid], {}, { [secretKey.kid]: 1 }, 1, 0, null, true, false]) {
    add(`kid ${JSON.stringify(kid)}`, 'token-malformed', forge({ ...ours, kid }, claims, hmac(secret)));
  }
  for (const alg of [['HS256'], null, 256, {}, undefined, true]) {
    add(`alg ${JSON.stringify(alg)}`, 'token-malformed', forge({ ...ours, alg }, claims, hmac(secret)));
  }

  list.push(...alteredTokens(hunted), ...otherClaims(hunted));
  return list;
}
