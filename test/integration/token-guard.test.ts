/** The guard of scoped tokens against requests of somebody who wants in: as a plain function, and of the real producer over sockets. */
import { randomUUID } from 'node:crypto';
import { noteTokens } from '@parcelpost/shared/db/services/scoped-tokens.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { createGuard, type Guard, guardRequest } from '@parcelpost/shared/tokens/guard.js';
import { mintScopedToken, type ScopedToken } from '@parcelpost/shared/tokens/scoped-token.js';
import { pairKey } from '@parcelpost/shared/tokens/token-keys.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forge, goodClaims, guardKeys, type KeyPairs, makeKeyPairs, SIGNERS } from '../support/forge.js';
import { type HostileRequest, hostileRequests } from '../support/hostile-requests.js';
import { startProducer, type TestProducer } from '../support/producer.js';
import { rawRequest, sendRaw } from '../support/raw-http.js';

const base = '/api/v1/organizations/cadasta/projects/london-2/';
const pairs: KeyPairs = { ...makeKeyPairs(), secret: 'a token secret of more than thirty-two characters' };
const retired = makeKeyPairs().ec;
/** The RSA key signs; the others verify, one of them by its public half alone. */
const keys = [...guardKeys(pairs), { ...pairKey(retired), signing: null }];

let producer: TestProducer;
let guard: Guard;
let hostile: HostileRequest[];
/** A token of ana, who may see every project of cadasta. */
let minted: ScopedToken;

beforeAll(async () => {
  producer = await startProducer({ changes: { TOKEN_KEYS: keys } });
  const { db, users } = producer;
  const { id: organization_id } = await db('organizations').where({ slug: 'cadasta' }).first('id');
  await db('projects').insert([
    { organization_id, slug: 'โฉนด', name: 'Another script' },
    { organization_id, slug: "v1.2_~!'()*", name: 'Marks that need no encoding' },
  ]);
  minted = mintScopedToken({ userId: users.ana, paths: [base] }, keys);

  const standings = new Map<string, 'ended' | 'not-begun'>();
  const bound = async (outcome: string | null, generation: number) => {
    const exportId = outcome === null && generation === 1 ? randomUUID() : await insertExport(outcome);
    const { token, claims } = mintScopedToken({ userId: users.ana, paths: [base] }, keys);
    const expiresAt = new Date(claims.exp * 1000);
    const { jti, sub: userId, recipient } = claims;
    await noteTokens(db, [{ jti, exportId, generation, userId, recipient, expiresAt }]);
    standings.set(jti, outcome === null && generation === 1 ? 'not-begun' : 'ended');
    return token;
  };
  const ended: [string, string][] = [];
  for (const outcome of ['completed', 'partial', 'failed', 'cancelled']) {
    ended.push([`after the export is ${outcome}`, await bound(outcome, 2)]);
    ended.push([`of an earlier try of one that is ${outcome}`, await bound(outcome, 1)]);
  }
  ended.push(['of an earlier try, while the next one runs', await bound(null, 0)]);
  const notBegun = await bound(null, 1);

  guard = createGuard({ keys, standing: ({ jti }) => standings.get(jti) ?? 'good' });
  hostile = hostileRequests({ ...pairs, base, userId: users.ana, token: minted.token, ended, notBegun });
});
afterAll(() => producer?.close());

/** An export of ana's in its second generation. */
async function insertExport(outcome: string | null): Promise<string> {
  const id = randomUUID();
  await producer.db('exports').insert({
    id,
    generation: 2,
    organization: 'cadasta',
    organization_name: 'Cadasta',
    project: 'london-2',
    project_name: 'London 2',
    requester_id: producer.users.ana,
    requester: '{}',
    options: '{}',
    outcome,
    decided_at: outcome && new Date(),
    deadline_at: new Date(Date.now() + 3_600_000),
  });
  return id;
}

const wire = ({ method, target, headers }: Pick<HostileRequest, 'method' | 'target' | 'headers'>) => ({
  method,
  url: target,
  rawHeaders: headers.flat(),
});

/** How the plain function refuses a request; `let in` where it does not. */
async function refusal(request: HostileRequest): Promise<string> {
  try {
    await guardRequest(guard, wire(request));
    return 'let in';
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return error.type;
  }
}

describe('hostile requests', () => {
  it('are more than two hundred, of every kind, none of them twice', () => {
    const seen = hostile.map(({ method, target, headers, body }) => JSON.stringify([method, target, headers, body]));
    expect(new Set(seen).size).toBe(hostile.length);
    expect(new Set(hostile.map(({ name }) => name)).size).toBe(hostile.length);
    expect(hostile.length).toBeGreaterThan(400);
  });

  it('are all refused by the plain function, each in its own words', async () => {
    const answers = await Promise.all(hostile.map(async (one) => `${one.name}: ${await refusal(one)}`));
    expect(answers).toEqual(hostile.map(({ name, refusal }) => `${name}: ${refusal}`));
  });

  it('are all refused by the producer over sockets, in the same words', async () => {
    const answers: string[] = [];
    const expected: string[] = [];
    // Some at once: the producer answers each on a connection of its own.
    for (let at = 0; at < hostile.length; at += 16) {
      const some = hostile.slice(at, at + 16);
      const got = await Promise.all(some.map((request) => sendRaw(producer.port, rawRequest(request))));
      for (const [i, { status, problem, text }] of got.entries()) {
        const { name, method, refusal, overHttp = refusal } = some[i] as HostileRequest;
        const refused = status === 0 || (status >= 400 && status < 500);
        // An answer to HEAD has no body.
        const words = overHttp === null || method === 'HEAD' ? overHttp : problem;
        answers.push(`${name}: ${refused ? words : `${status} ${text.slice(0, 200)}`}`);
        expected.push(`${name}: ${overHttp}`);
        expect(text, name).not.toContain('"results"');
      }
    }
    expect(answers).toEqual(expected);
  });
});

describe('what is no request as HTTP has them is refused before it comes to that', () => {
  const authorization = () => `Authorization: TmpToken ${minted.token}`;
  const neighbour = base.replace('london-2/', 'london-20/');
  const get = (target: string, ...headers: string[]) =>
    [`GET ${target} HTTP/1.1`, 'Host: a', 'Connection: close', ...headers, '', ''].join('\r\n');
  it.each<[string, () => string | Buffer]>([
    ['two lengths', () => get(base, authorization(), 'Content-Length: 0', 'Content-Length: 5')],
    ['a length and chunks', () => get(base, authorization(), 'Content-Length: 5', 'Transfer-Encoding: chunked')],
    ['a folded header', () => get(base, 'X: y', ` ${authorization()}`)],
    ['a space before the colon', () => get(base, authorization().replace(':', ' :'))],
    ['a null byte in a header', () => get(base, `${authorization()}\0`)],
    ['a null byte in the target', () => get(`${base}\0`, authorization())],
    ['a space in the target', () => get(`${neighbour} ${base}`, authorization())],
    ['UTF-8 that is not encoded', () => Buffer.from(get(`${base}é/`, authorization()))],
    ['a bare carriage return', () => get(base, `X: y\r${authorization()}`)],
    ['HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown version', () => get(base, authorization()).replace('HTTP/1.1', 'HTTP/9.9')],
    ['no host', () => get(base, authorization()).replace('Host: a\r\n', '')],
    ['the address of a proxy', () => get(`http://127.0.0.1${base}`, authorization())],
    ['a second request inside the first', () => `${get(neighbour, authorization(), 'Content-Length: 0')}${get(base)}`],
  ])('%s', async (_, bytes) => {
    const { status, text } = await sendRaw(producer.port, bytes());
    expect(status === 0 || status >= 400, text).toBe(true);
    expect(text).not.toMatch(/HTTP\/1\.1 2\d\d|"slug"/);
  });
});

describe('legitimate requests', () => {
  interface Legitimate {
    name: string;
    target: string;
    headers: [string, string][];
  }
  function legitimate(): Legitimate[] {
    const { token } = minted;
    const { ana } = producer.users;
    const now = Math.floor(Date.now() / 1000);
    const [rsa, ec, secret] = guardKeys(pairs).map(({ kid }) => kid);
    const with_ = (name: string, token: string, target = base): Legitimate => ({
      name,
      target,
      headers: [['Authorization', `TmpToken ${token}`]],
    });
    const mintFor = (project: string) => {
      const path = `/api/v1/organizations/cadasta/projects/${encodeURIComponent(project)}/`;
      return with_(`the project ${project}`, mintScopedToken({ userId: ana, paths: [path] }, keys).token, path);
    };
    const claims = (changes: object = {}) => ({ ...goodClaims({ base, userId: ana }), ...changes });
    const hs = (text: string) => SIGNERS.HS256(text, pairs.secret);
    const lists = ['', 'spatial/', 'parties/', 'relationships/tenure/', 'resources/'];
    const queries = [
      'limit=5',
      'limit=5&offset=3',
      'cursor=',
      'shard_size=10&x=../..',
      'x=//example.org',
      'x=%2e%2e%2f',
      'x=a;b',
      '?',
    ];
    return [
      ...lists.map((list) => with_(`the list ${list}`, token, base + list)),
      ...lists.map((list) => ({ name: `TOKEN for ${list}`, target: `${base}${list}?TOKEN=${token}`, headers: [] })),
      ...queries.map((query) =>
        with_(`the query ${query}`, token, `${base}${query.startsWith('shard') ? '' : 'parties/'}?${query}`),
      ),
      { name: 'TOKEN among others', target: `${base}parties/?limit=1&TOKEN=${token}&x=1`, headers: [] },
      { name: 'TOKEN by an encoded name', target: `${base}?%54OKEN=${token}`, headers: [] },
      ...['tmptoken', 'TMPTOKEN', 'TmpToken '].map(
        (scheme): Legitimate => ({
          name: `the scheme "${scheme}"`,
          target: base,
          headers: [['authorization', `${scheme} ${token}`]],
        }),
      ),
      {
        name: 'a header beside a TOKEN, which is not looked at',
        target: `${base}?TOKEN=nonsense`,
        headers: [['Authorization', `TmpToken ${token}`]],
      },
      ...['X-HTTP-Method-Override', 'X-Original-URL', 'X-Rewrite-URL', 'X-Authorization', 'Cookie'].map(
        (header): Legitimate => ({
          name: `${header}, which is not looked at`,
          target: base,
          headers: [
            ['Authorization', `TmpToken ${token}`],
            [header, 'DELETE'],
          ],
        }),
      ),
      mintFor('โฉนด'),
      mintFor("v1.2_~!'()*"),
      mintFor('open'),
      with_(
        'by RS256',
        forge({ alg: 'RS256', typ: 'JWT', kid: rsa }, claims(), (text) => SIGNERS.RS256(text, pairs.rsa)),
      ),
      with_(
        'by ES256',
        forge({ alg: 'ES256', kid: ec }, claims(), (text) => SIGNERS.ES256(text, pairs.ec)),
      ),
      with_('by HS256', forge({ alg: 'HS256', kid: secret }, claims(), hs)),
      with_(
        'by a key that signs no more',
        forge({ alg: 'ES256', kid: pairKey(retired).kid }, claims(), (text) => SIGNERS.ES256(text, retired)),
      ),
      with_(
        'by a key that is not named',
        forge({ alg: 'ES256' }, claims(), (text) => SIGNERS.ES256(text, retired)),
      ),
      with_(
        'without a recipient of its own',
        forge({ alg: 'HS256', kid: secret }, claims({ recipient: undefined }), hs),
      ),
      with_(
        'minted by a clock that is ahead',
        forge({ alg: 'HS256', kid: secret }, claims({ iat: now + 30, nbf: now + 30 }), hs),
      ),
      with_('near its end', forge({ alg: 'HS256', kid: secret }, claims({ exp: now + 20 }), hs)),
      with_(
        'with more paths',
        forge({ alg: 'HS256', kid: secret }, claims({ endpoints: { GET: ['/a/', base], POST: ['/b/'] } }), hs),
      ),
      with_(
        'for all of the organization',
        forge({ alg: 'HS256', kid: secret }, claims({ endpoints: { GET: ['/api/v1/organizations/cadasta'] } }), hs),
      ),
    ];
  }

  it('all pass the plain function, and say whom they read for', async () => {
    for (const { name, target, headers } of legitimate()) {
      const claims = await guardRequest(guard, wire({ method: 'GET', target, headers }));
      expect(claims.sub, name).toBe(producer.users.ana);
    }
  });

  it('are all answered by the producer', async () => {
    const all = legitimate();
    expect(all.length).toBeGreaterThan(35);
    const answers = await Promise.all(
      all.map((request) => sendRaw(producer.port, rawRequest({ method: 'GET', ...request }))),
    );
    expect(answers.map(({ status, problem }, i) => `${all[i]?.name}: ${status} ${problem ?? ''}`)).toEqual(
      all.map(({ name }) => `${name}: 200 `),
    );
  });
});
