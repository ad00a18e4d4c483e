/** Reads `TOKEN_KEYS`: keys as PEM or JWK, given as the text itself or as files. */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pairKey, type TokenKey, TokenKeyError } from './token-keys.js';

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Reads keys of pairs.
 * @param value a JWK, a JWK Set or a list of JWKs (RFC 7517); or a list with commas between them, each PEM text (RFC 7468;
 *   `\n` may stand for its line ends) or the path of a file that holds PEM blocks, a JWK, a JWK Set or a list of JWKs
 * @returns in the order given, which matters: the first one signs
 * @throws {TokenKeyError} where one cannot be read, is weak, or is given twice; the message says which one, and shows none
 */
export function readTokenKeys(value: string): TokenKey[] {
  const text = value.trim();
  const sources = isJson(text) ? [text] : text.split(',').map((item) => item.trim());
  const keys = sources
    .filter((source) => source !== '')
    .flatMap((source, index) => keysOf(source, `entry ${index + 1}`));
  if (keys.length === 0) throw new TokenKeyError('holds no key');
  const seen = new Set<string>();
  for (const { kid } of keys) {
    if (seen.has(kid)) throw new TokenKeyError(`holds the key ${kid.slice(0, 10)}… twice`);
    seen.add(kid);
  }
  return keys;
}

function keysOf(source: string, where: string): TokenKey[] {
  const text = isJson(source) || source.includes('-----BEGIN') ? source : readFile(source, where);
  const objects = isJson(text) ? fromJson(text, where) : fromPem(text.replaceAll('\\n', '\n'), where);
  return objects.map((make, index) => {
    const which = objects.length > 1 ? `${where}, key ${index + 1},` : where;
    try {
      return pairKey(make());
    } catch (error) {
      if (error instanceof TokenKeyError) throw new TokenKeyError(`${which} ${error.message}`);
      // What OpenSSL says of a broken key may quote it.
      throw new TokenKeyError(`${which} is not a key that can be read`);
    }
  });
}

/** The path is not shown: it may be a secret that was put into the wrong variable. */
function readFile(path: string, where: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TokenKeyError(`${where} is neither PEM or JWK text nor a file that can be read (${code})`);
  }
}

type MakeKey = () => KeyObject;

function fromPem(text: string, where: string): MakeKey[] {
  const blocks = [...text.matchAll(PEM_BLOCK)].filter(([, label]) => label !== 'EC PARAMETERS');
  if (blocks.length === 0) throw new TokenKeyError(`${where} holds no key in PEM form, and is no JWK`);
  return blocks.map(([block, label = '']) => () => {
    if (label === 'ENCRYPTED PRIVATE KEY' || block.includes('ENCRYPTED')) {
      throw new TokenKeyError('is encrypted: give it without a passphrase, in a file that nobody else can read');
    }
    if (label.endsWith('PRIVATE KEY')) return createPrivateKey(block);
    if (label.endsWith('PUBLIC KEY')) return createPublicKey(block);
    throw new TokenKeyError(`is a ${label}, and no key`);
  });
}

function fromJson(text: string, where: string): MakeKey[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TokenKeyError(`${where} begins like a JWK, and is not valid JSON`);
  }
  const set = Array.isArray(value) ? value : ((value as { keys?: unknown }).keys ?? value);
  const jwks = Array.isArray(set) ? set : [set];
  return jwks.map((jwk: unknown) => () => fromJwk(jwk));
}

function fromJwk(jwk: unknown): KeyObject {
  if (typeof jwk !== 'object' || jwk === null || !('kty' in jwk)) throw new TokenKeyError('is no JWK');
  const { kty, alg, use } = jwk as { kty: unknown; alg?: unknown; use?: unknown };
  if (kty === 'oct') throw new TokenKeyError('is a secret: put it into TOKEN_SECRET');
  const wanted = kty === 'RSA' ? 'RS256' : 'ES256';
  if (alg !== undefined && alg !== wanted) throw new TokenKeyError(`is for another algorithm than ${wanted}`);
  if (use !== undefined && use !== 'sig') throw new TokenKeyError('is not for signatures (use)');
  const create = 'd' in jwk ? createPrivateKey : createPublicKey;
  return create({ key: jwk as JsonWebKey, format: 'jwk' });
}

const isJson = (text: string) => text.startsWith('{') || text.startsWith('[');
