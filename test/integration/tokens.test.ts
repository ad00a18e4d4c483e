/** Scoped tokens end to end: over raw HTTP, where nothing tidies a path on its way. */
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { keyId } from '@parcelpost/shared/tokens/keys.js';
import { EXPORT_AUDIENCE, ISSUER, mintScopedToken, projectPath } from '@parcelpost/shared/tokens/scoped-token.js';
import { secretKeys } from '@parcelpost/shared/tokens/token-keys.js';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUBLIC_URL, send, startProducer, type TestProducer, TOKEN_KEYS, TOKEN_SECRET } from '../support/producer.js';

let producer: TestProducer;
let token: string;
const base = '/api/v1/organizations/cadasta/projects/london-2/';

beforeAll(async () => {
  producer = await startProducer();
  token = mintScopedToken(
    { userId: producer.users.ben, paths: [projectPath('cadasta', 'london-2')] },
    TOKEN_KEYS,
  ).token;
});
afterAll(() => producer.close());

const read = (target: string, text: string | undefined = token, method = 'GET') =>
  send(producer.port, target, { method, headers: text === undefined ? {} : { authorization: `TmpToken ${text}` } });

async function refusal(target: string, text?: string, method?: string): Promise<[number, string]> {
  const { status, headers, json } = await read(target, text, method);
  expect(headers['content-type']).toContain('application/problem+json');
  expect(json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(json.instance).toMatch(/^urn:uuid:/);
  expect(json.type.startsWith(`${PUBLIC_URL}/problems/`)).toBe(true);
  return [status, json.type.slice(`${PUBLIC_URL}/problems/`.length)];
}

it('opens the project and each of its lists', async () => {
  for (const path of ['', 'spatial/', 'parties/', 'relationships/tenure/', 'resources/']) {
    expect((await read(base + path)).status, path).toBe(200);
  }
});

it('is taken from the query when no header can be sent, but the header goes first', async () => {
  expect((await send(producer.port, `${base}?TOKEN=${token}`)).status).toBe(200);
  const headers = { authorization: 'TmpToken nonsense' };
  expect((await send(producer.port, `${base}?TOKEN=${token}`, { headers })).status).toBe(401);
});

describe('a path that could be read in two ways is refused, each way by its own type', () => {
  it.each([
    ['..', `${base}../london-20/`, 'path-dot-segment'],
    ['.. at the end', `${base}..`, 'path-dot-segment'],
    ['.', `${base}./`, 'path-dot-segment'],
    ['//', `${base}/spatial/`, 'path-empty-segment'],
    ['// at the start', `/${base}`, 'path-empty-segment'],
    ['%2e%2e', `${base}%2e%2e/london-20/`, 'path-encoded-dot'],
    ['%2E%2E', `${base}%2E%2E/london-20/`, 'path-encoded-dot'],
    ['.%2e', `${base}.%2e/london-20/`, 'path-encoded-dot'],
    ['%2f', '/api/v1/organizations/cadasta/projects/london-2%2f..%2flondon-20/', 'path-encoded-separator'],
    ['%2F', '/api/v1/organizations/cadasta/projects/london-2%2Fspatial/', 'path-encoded-separator'],
    ['%5c', '/api/v1/organizations/cadasta/projects/london-2%5cspatial/', 'path-encoded-separator'],
  ])('%s', async (_, target, type) => {
    expect(await refusal(target)).toEqual([400, type]);
    // Not even the token is looked at.
    expect(await refusal(target, 'nonsense')).toEqual([400, type]);
  });

  it.each([
    ['a backslash', '/api/v1/organizations/cadasta/projects/london-2\\spatial/'],
    ['%00', '/api/v1/organizations/cadasta/projects/london-2%00/'],
    ['double encoding', '/api/v1/organizations/cadasta/projects/london-2/%252e%252e/'],
    ['needless encoding', '/api/v1/organizations/cadasta/projects/london%2d20/'],
    ['broken encoding', '/api/v1/organizations/cadasta/projects/london%zz/'],
    ['broken UTF-8', '/api/v1/organizations/cadasta/projects/london%ff/'],
    ['an absolute target', `http://127.0.0.1${base}`],
  ])('and as malformed: %s', async (_, target) => {
    expect(await refusal(target)).toEqual([400, 'path-malformed']);
  });
});

it.each([
  ['a neighbour that begins alike', '/api/v1/organizations/cadasta/projects/london-20/'],
  ["a neighbour's list", '/api/v1/organizations/cadasta/projects/london-20/spatial/'],
  ['another project', '/api/v1/organizations/us-census/projects/counties/'],
])('does not open %s', async (_, target) => {
  expect(await refusal(target)).toEqual([403, 'path-not-permitted']);
});

it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('does not open its path to %s', async (method) => {
  expect(await refusal(`${base}spatial/`, token, method)).toEqual([403, 'method-not-permitted']);
});

describe('a token that is not ours, or no longer good, is refused, each in its own words', () => {
  const claims = () => ({
    sub: producer.users.ben,
    endpoints: { GET: [base] },
    aud: EXPORT_AUDIENCE,
    iss: ISSUER,
    jti: 'j',
    exp: Math.floor(Date.now() / 1000) + 60,
  });
  const asked = () => ({ userId: producer.users.ben, paths: [base] });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cases: [string, string, () => string | undefined][] = [
    ['expired', 'token-expired', () => jwt.sign({ ...claims(), exp: Math.floor(Date.now() / 1000) - 1 }, TOKEN_SECRET)],
    ['other audience', 'token-audience', () => jwt.sign({ ...claims(), aud: 'someone' }, TOKEN_SECRET)],
    ['other issuer', 'token-issuer', () => jwt.sign({ ...claims(), iss: 'someone' }, TOKEN_SECRET)],
    ['alg none', 'token-algorithm', () => `${part({ alg: 'none', typ: 'JWT' })}.${part(claims())}.`],
    ['other key', 'token-key-unknown', () => mintScopedToken(asked(), secretKeys(['x'.repeat(48)])).token],
    [
      "other key under our key's name",
      'token-signature',
      () => jwt.sign(claims(), 'x'.repeat(48), { keyid: keyId(TOKEN_SECRET) }),
    ],
    ['other key that is not named', 'token-signature', () => jwt.sign(claims(), 'x'.repeat(48))],
    [
      'tampered',
      'token-signature',
      () => {
        const [head, , signature] = mintScopedToken(asked(), TOKEN_KEYS).token.split('.');
        return `${head}.${part({ ...claims(), sub: producer.users.ana })}.${signature}`;
      },
    ],
    ['not a token', 'token-malformed', () => 'hello'],
  ];
  it.each(cases)('%s', async (_, type, make) => {
    expect(await refusal(base, make())).toEqual([401, type]);
    expect((await read(base, make())).headers['www-authenticate']).toMatch(/^TmpToken /);
  });

  it('none at all', async () => {
    const { status, json } = await send(producer.port, base);
    expect([status, json.type]).toEqual([401, `${PUBLIC_URL}/problems/token-missing`]);
  });

  it('a Bearer token of the same user', async () => {
    const { status, json } = await send(producer.port, base, {
      headers: { authorization: `Bearer ${mintAuthToken(producer.users.ben, [TOKEN_SECRET])}` },
    });
    expect([status, json.type]).toEqual([401, `${PUBLIC_URL}/problems/token-missing`]);
  });
});

describe('a token adds no rights to its user', () => {
  const tokenOf = (userId: string, project: string) =>
    mintScopedToken({ userId, paths: [projectPath('cadasta', project)] }, TOKEN_KEYS).token;

  it('who is no member of a private project', async () => {
    expect(await refusal(base, tokenOf(producer.users.eve, 'london-2'))).toEqual([403, 'project-not-permitted']);
    expect(await refusal(`${base}parties/`, tokenOf(producer.users.eve, 'london-2'))).toEqual([
      403,
      'project-not-permitted',
    ]);
  });

  it('who has been removed since it was minted', async () => {
    const [user] = await producer
      .db('users')
      .insert({ username: 'joe', name: 'Joe', email: 'joe@example.org' })
      .returning('id');
    const { id } = await producer.db('organizations').where({ slug: 'cadasta' }).first('id');
    await producer.db('memberships').insert({ user_id: user.id, organization_id: id, role: 'data_collector' });
    expect((await read(base, tokenOf(user.id, 'london-2'))).status).toBe(200);
    await producer.db('memberships').where({ user_id: user.id }).delete();
    expect(await refusal(base, tokenOf(user.id, 'london-2'))).toEqual([403, 'project-not-permitted']);
  });

  it('who is no more, or never was', async () => {
    for (const user of ['00000000-0000-4000-8000-000000000000', 'ana']) {
      const open = '/api/v1/organizations/cadasta/projects/open/';
      expect(await refusal(open, tokenOf(user, 'open'))).toEqual([403, 'project-not-permitted']);
    }
  });

  it('but every user may read a public project', async () => {
    expect(
      (await read('/api/v1/organizations/cadasta/projects/open/', tokenOf(producer.users.eve, 'open'))).status,
    ).toBe(200);
  });

  it('for a project that does not exist', async () => {
    const target = '/api/v1/organizations/cadasta/projects/atlantis/';
    expect(await refusal(target, tokenOf(producer.users.ana, 'atlantis'))).toEqual([404, 'project-not-found']);
  });
});

it('every problem type has a page that says what it is', async () => {
  const { text } = await send(producer.port, '/problems');
  const types = [...text.matchAll(/href="(\/problems\/[^"]+)"/g)].map(([, path]) => `${path}`);
  expect(types.length).toBeGreaterThan(25);
  for (const path of types) expect((await send(producer.port, path)).status, path).toBe(200);
});
