import { createHmac, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../errors.js';
import { keyId } from './keys.js';
import { authorize, EXPORT_AUDIENCE, ISSUER, mintScopedToken, projectPath } from './scoped-token.js';
import { secretKeys } from './token-keys.js';

const OLD = 'an old secret of more than thirty-two characters';
const NEW = 'a new secret of more than thirty-two characters!';
const now = new Date('2026-03-01T12:00:00Z');
const seconds = now.getTime() / 1000;
const base = '/api/v1/organizations/cadasta/projects/london-2/';
const KEYS = secretKeys([NEW, OLD]);
const mint = (paths: string[], secrets: string[]) =>
  mintScopedToken({ userId: 'u1', paths }, secretKeys(secrets), now).token;
const token = mint([projectPath('cadasta', 'london-2')], [NEW]);

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token put together by hand, as somebody would who wants in. */
function forge(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}, secret = NEW) {
  const body = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode({
    sub: 'u1',
    endpoints: { GET: [base] },
    aud: EXPORT_AUDIENCE,
    iss: ISSUER,
    jti: 'j1',
    exp: seconds + 60,
    ...changes,
  })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

function refusal(run: () => unknown): ProblemError {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
const ask = (path: string, method = 'GET', text: string | undefined = token, at = now) =>
  authorize(text, method, path, { keys: KEYS, now: () => at });

describe('a scoped token opens its path and what is below it', () => {
  it.each([
    base,
    base.slice(0, -1),
    `${base}spatial/`,
    `${base}relationships/tenure/`,
    `${base}spatial/?limit=5&cursor=../..`,
    `${base}parties/?next=//example.org`,
  ])('%s', (path) => {
    expect(ask(path)).toMatchObject({ sub: 'u1', aud: EXPORT_AUDIENCE, iss: ISSUER });
  });

  it('for twelve hours, if nothing else is said', () => {
    const { exp, iat, jti } = ask(base);
    expect(exp - (iat ?? 0)).toBe(12 * 3600);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(() => ask(base, 'GET', token, new Date((exp - 1) * 1000))).not.toThrow();
    expect(refusal(() => ask(base, 'GET', token, new Date(exp * 1000))).type).toBe('token-expired');
  });

  it('also when its project is named in another script', () => {
    const path = projectPath('cadasta', 'โฉนด ที่ดิน');
    const other = mint([path], [NEW]);
    expect(ask(`${path}spatial/`, 'GET', other).endpoints).toEqual({ GET: [path] });
  });
});

describe('secrets rotate', () => {
  it('a token of an old secret is still taken, with and without a key id', () => {
    const old = mint([base], [OLD]);
    expect(ask(base, 'GET', old).sub).toBe('u1');
    expect(ask(base, 'GET', forge({}, {}, OLD)).sub).toBe('u1');
  });

  it('new tokens are signed by the first secret', () => {
    const both = mint([base], [NEW, OLD]);
    expect(authorize(both, 'GET', base, { keys: secretKeys([NEW]), now: () => now }).sub).toBe('u1');
    expect(refusal(() => authorize(both, 'GET', base, { keys: secretKeys([OLD]), now: () => now })).type).toBe(
      'token-key-unknown',
    );
  });

  it('the key id does not let one secret stand for another', () => {
    const text = forge({}, { kid: keyId(OLD) }, NEW);
    expect(refusal(() => ask(base, 'GET', text)).type).toBe('token-signature');
  });
});

describe('a path that is not canonical is refused, whatever the token says', () => {
  it.each<[string, string[]]>([
    ['path-dot-segment', [`${base}../london-20/`, `${base}..`, `${base}./spatial/`]],
    ['path-empty-segment', [`/${base}`, `${base}/spatial/`, '/api/v1/organizations/cadasta/projects//london-2/']],
    ['path-encoded-dot', [`${base}%2e%2e/london-20/`, `${base}%2E%2E/london-20/`, `${base}.%2e/`, `${base}a%2eb/`]],
    [
      'path-encoded-separator',
      [
        '/api/v1/organizations/cadasta/projects/london-2%2fspatial/',
        '/api/v1/organizations/cadasta/projects/london-2%2Fspatial/',
        '/api/v1/organizations/cadasta/projects/london-2%5cspatial/',
        '/api/v1/organizations/cadasta/projects/london-2%5Cspatial/',
        `${base}%2e%2e%2fspatial/`,
      ],
    ],
  ])('as %s', (type, paths) => {
    for (const path of paths)
      expect(
        refusal(() => ask(path)),
        path,
      ).toMatchObject({ status: 400, type });
  });

  it.each([
    '/api/v1/organizations/cadasta/projects/london%2d2/',
    '/api/v1/organizations/cadasta/projects/london-2\\spatial/',
    '/api/v1/organizations/cadasta\\..\\projects/london-2/',
    `${base}%00`,
    `${base}spatial%00/`,
    `${base}\u0000`,
    `${base}%0d%0a`,
    `${base}%252e%252e/`,
    `${base}%252fspatial/`,
    `${base}%c3%a9/`,
    `${base}%C3/`,
    `${base}%zz/`,
    `${base}%`,
    `${base}spatial;x=1/`,
    `${base}spatial#x`,
    'http://example.org/api/v1/organizations/cadasta/projects/london-2/',
    'api/v1',
    '',
    '*',
  ])('as malformed: %j', (path) => {
    expect(refusal(() => ask(path))).toMatchObject({ status: 400, type: 'path-malformed' });
  });
});

describe('a token opens nothing beside its path', () => {
  it.each([
    '/api/v1/organizations/cadasta/projects/london-20/',
    '/api/v1/organizations/cadasta/projects/london-2x/spatial/',
    '/api/v1/organizations/cadasta/projects/london/',
    '/api/v1/organizations/cadasta/projects/London-2/',
    '/api/v1/organizations/cadasta/projects/',
    '/api/v1/organizations/cadasta2/projects/london-2/',
    '/x/api/v1/organizations/cadasta/projects/london-2/',
    '/api/v2/organizations/cadasta/projects/london-2/',
    '/',
  ])('%s', (path) => {
    expect(refusal(() => ask(path))).toMatchObject({ status: 403, type: 'path-not-permitted' });
  });

  it('nor when it names no path, an empty one, or one that is not canonical', () => {
    for (const paths of [[], ['/'], [''], ['/api/v1/organizations/cadasta/projects/london-2/../']]) {
      expect(refusal(() => ask(base, 'GET', forge({ endpoints: { GET: paths } }))).type).toBe('path-not-permitted');
    }
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'get', '__proto__', 'constructor'])(
    'nor to the method %s',
    (method) => {
      expect(refusal(() => ask(base, method))).toMatchObject({ status: 403, type: 'method-not-permitted' });
    },
  );
});

describe('a token that is not ours is refused, and says which way', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({
    type: 'spki',
    format: 'pem',
  });
  const [head = '', body = '', signature = ''] = forge().split('.');
  const rsaBody = `${encode({ alg: 'RS256', typ: 'JWT' })}.${body}`;
  const rsa = `${rsaBody}.${createSign('RSA-SHA256').update(rsaBody).sign(privateKey, 'base64url')}`;
  const widened = encode({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'u2' });

  it.each<[string, string | undefined, string]>([
    ['no token', undefined, 'token-missing'],
    ['an empty token', '', 'token-missing'],
    ['something else', 'hello', 'token-malformed'],
    ['a header that is not JSON', `aGVsbG8.${body}.${signature}`, 'token-malformed'],
    ['two parts', `${head}.${body}`, 'token-malformed'],
    ['four parts', `${forge()}.x`, 'token-malformed'],
    ['alg none, unsigned', `${encode({ alg: 'none' })}.${body}.`, 'token-algorithm'],
    ['alg None, with a signature', `${encode({ alg: 'None' })}.${body}.${signature}`, 'token-algorithm'],
    ['RS256', rsa, 'token-algorithm'],
    ['HS512', forge({}, { alg: 'HS512' }), 'token-algorithm'],
    ['no algorithm', forge({}, { alg: undefined }), 'token-malformed'],
    ['HS256 with a public key as the secret', forge({}, {}, String(pem)), 'token-signature'],
    ['another secret', forge({}, {}, 'some other secret, long enough as well'), 'token-signature'],
    ['an unknown key id', forge({}, { kid: '../../dev/null' }), 'token-key-unknown'],
    ['a key id of ours and another key', forge({}, { kid: keyId(NEW) }, OLD), 'token-signature'],
    ['changed claims', `${head}.${widened}.${signature}`, 'token-signature'],
    [
      'a changed signature',
      `${head}.${body}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`,
      'token-signature',
    ],
    ['no signature', `${head}.${body}.`, 'token-signature'],
    ['past its life', forge({ exp: seconds - 1 }), 'token-expired'],
    ['no end of life', forge({ exp: undefined }), 'token-malformed'],
    ['an end of life in words', forge({ exp: 'never' }), 'token-malformed'],
    ['another audience', forge({ aud: 'parcelpost' }), 'token-audience'],
    ['several audiences', forge({ aud: [EXPORT_AUDIENCE, 'x'] }), 'token-audience'],
    ['no audience', forge({ aud: undefined }), 'token-audience'],
    ['another issuer', forge({ iss: 'elsewhere' }), 'token-issuer'],
    ['no user', forge({ sub: undefined }), 'token-malformed'],
    ['endpoints as a list', forge({ endpoints: [base] }), 'token-malformed'],
  ])('%s', (_, text, type) => {
    const problem = refusal(() => authorize(text, 'GET', base, { keys: KEYS, now: () => now }));
    expect(problem).toMatchObject({ status: 401, type });
    expect(problem.headers['www-authenticate']).toMatch(/^TmpToken /);
    if (text) expect(problem.message).not.toContain(text);
  });
});

it('a token is not minted for a path that is not canonical', () => {
  expect(refusal(() => mint(['/a/../b'], [NEW])).type).toBe('path-dot-segment');
  expect(() => mint(['/a/'], [])).toThrow(/no key to sign with/);
});
