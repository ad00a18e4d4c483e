/** Signing in at an identity provider: one that does all right, and one that does all wrong. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IdentityService } from '@parcelpost/shared/db/services/identities.js';
import type { ProviderConfig } from '@parcelpost/shared/sign-in-config.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runOps } from '../../apps/producer/src/cli/ops/run.js';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.js';
import { type Answer, PUBLIC_URL, startProducer, type TestProducer } from '../support/producer.js';
import { Visitor } from '../support/visitor.js';

const CLIENT = { id: 'parcelpost', secret: 'a client secret of the tests' };
const config = (issuer: string, changes: Partial<ProviderConfig> = {}): ProviderConfig => ({
  issuer,
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  scopes: 'openid profile email',
  name: 'Land Office',
  linkEmail: false,
  trustEmail: false,
  createUsers: false,
  ...changes,
});

let provider: IdentityProvider;
let producer: TestProducer;
/** Of the producer: changed by tests, and looked at by it at each sign-in. */
let oidc: ProviderConfig;
beforeAll(async () => {
  provider = await startIdentityProvider(CLIENT);
  oidc = config(provider.issuer);
  producer = await startProducer({ changes: { OIDC: oidc } });
});
afterAll(() => Promise.all([producer.close(), provider.close()]));
beforeEach(async () => {
  provider.person = {
    sub: 'subject-1',
    name: 'Ana A.',
    preferred_username: 'ana',
    email: 'ana@example.org',
    email_verified: true,
  };
  provider.wrong = {};
  await producer.db('user_identities').delete();
  await producer
    .db('user_identities')
    .insert({ issuer: provider.issuer, subject: 'subject-1', user_id: producer.users.ana });
});

/** Goes to the provider. @returns the path at which it sends one back */
async function toProvider(visitor: Visitor, next = '/exports?x=1'): Promise<string> {
  const sent = await visitor.open(`/sign-in/provider?next=${encodeURIComponent(next)}`);
  expect(sent.status).toBe(303);
  const back = await fetch(`${sent.headers.location}`, { redirect: 'manual' });
  const { href, origin } = new URL(`${back.headers.get('location')}`);
  expect(origin).toBe(PUBLIC_URL);
  return href.slice(origin.length);
}

const signIn = async (visitor = new Visitor(producer.port)) => visitor.open(await toProvider(visitor));
/** The cookies of sign-ins that have begun and not come back. */
const attempts = (visitor: Visitor) =>
  [...visitor.cookies.keys()].filter((name) => name.startsWith('parcelpost_sign_in_'));
const isSignedIn = async (visitor: Visitor) => (await visitor.open('/exports')).status === 200;

describe('signing in by a provider', () => {
  it('goes there and comes back to where one was', async () => {
    const visitor = new Visitor(producer.port);
    const page = await visitor.open('/sign-in?next=/exports%3Fx%3D1');
    expect(page.text).toContain('<a class="button primary" href="/sign-in/provider?next=%2Fexports%3Fx%3D1"');
    expect(page.text).toContain('Sign in with Land Office');
    expect(page.text).not.toContain('name="user"');
    const back = await signIn(visitor);
    expect([back.status, back.headers.location]).toEqual([303, '/exports?x=1']);
    expect((await visitor.open('/exports')).text).toContain('Ana Álvarez');
  });

  it('sends state, nonce and a challenge, and the code with what answers it (PKCE)', async () => {
    const visitor = new Visitor(producer.port);
    const { location } = (await visitor.open('/sign-in/provider')).headers;
    const { searchParams } = new URL(`${location}`);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: `${PUBLIC_URL}/sign-in/callback`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    // The provider takes no code without what the challenge is the hash of.
    expect((await signIn()).status).toBe(303);
  });

  it('keeps what it remembers sealed, out of reach of scripts, and for minutes', async () => {
    const { headers } = await new Visitor(producer.port).open('/sign-in/provider');
    const [cookie = ''] = (headers['set-cookie'] ?? []).filter((line) => line.startsWith('parcelpost_sign_in_'));
    expect(cookie).toMatch(/; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/);
    const { searchParams } = new URL(`${headers.location}`);
    for (const name of ['state', 'nonce'])
      expect(decodeURIComponent(cookie)).not.toContain(`${searchParams.get(name)}`);
  });

  it('in two tabs ends in each of them where that began, and a forged return ends none', async () => {
    const visitor = new Visitor(producer.port);
    const first = await toProvider(visitor, '/exports?tab=1');
    const second = await toProvider(visitor, '/exports?tab=2');
    for (const forged of ['', '?code=x&state=y', '?error=access_denied']) {
      expect((await visitor.open(`/sign-in/callback${forged}`)).status).toBe(400);
    }
    expect(attempts(visitor)).toHaveLength(2);
    expect((await visitor.open(first)).headers.location).toBe('/exports?tab=1');
    expect((await visitor.open(second)).headers.location).toBe('/exports?tab=2');
    expect(attempts(visitor)).toEqual([]);
  });

  it('remembers no more sign-ins of a browser than it can send: the oldest go', async () => {
    const visitor = new Visitor(producer.port);
    visitor.cookies.set('parcelpost_sign_in_planted', 'x');
    const paths: string[] = [];
    for (let i = 0; i < 7; i++) {
      vi.useFakeTimers({ now: Date.now() + i, toFake: ['Date'] });
      try {
        await visitor.open('/sign-in/provider');
      } finally {
        vi.useRealTimers();
      }
      paths.push(attempts(visitor).at(-1) ?? '');
    }
    expect(attempts(visitor)).toEqual(paths.slice(2));
    for (let i = 0; i < 4; i++) await visitor.open(`/sign-in/provider?next=/${'x'.repeat(2000)}`);
    const characters = attempts(visitor).map((name) => `${visitor.cookies.get(name)}`.length);
    expect(characters.reduce((sum, each) => sum + each)).toBeLessThan(8192);
  });

  it('leads nowhere outside afterwards', async () => {
    for (const next of ['https://example.org/', '//example.org', '/\\example.org']) {
      const visitor = new Visitor(producer.port);
      expect((await visitor.open(await toProvider(visitor, next))).headers.location, next).toBe('/');
    }
  });

  it('begins a new session, whatever cookie the browser came with', async () => {
    const visitor = new Visitor(producer.port);
    await signIn(visitor);
    const first = visitor.cookies.get('parcelpost_session');
    await signIn(visitor);
    expect(visitor.cookies.get('parcelpost_session')).not.toBe(first);
  });

  it('signing out ends the session for good, and offers to sign out there too', async () => {
    const visitor = new Visitor(producer.port);
    await signIn(visitor);
    const stolen = new Visitor(producer.port);
    for (const [name, value] of visitor.cookies) stolen.cookies.set(name, value);
    const out = await visitor.submit(await visitor.open('/exports'), '/sign-out');
    const { text } = await visitor.open(`${out.headers.location}`);
    expect(text).toContain(
      `href="${provider.issuer}/end?post_logout_redirect_uri=${encodeURIComponent(`${PUBLIC_URL}/signed-out`)}`,
    );
    expect([await isSignedIn(visitor), await isSignedIn(stolen)]).toEqual([false, false]);
  });
});

describe('what cannot be believed signs nobody in', () => {
  const now = Math.floor(Date.now() / 1000);
  const cases: [string, IdentityProvider['wrong']][] = [
    ['the nonce of another sign-in', { claims: { nonce: 'another' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['an answer in the name of another issuer (mix-up)', { back: { iss: 'https://elsewhere.example.org' } }],
    ['an answer in nobody’s name', { back: { iss: null } }],
    ['a token of another issuer', { claims: { iss: 'https://elsewhere.example.org' } }],
    ['a token for somebody else', { claims: { aud: 'another-client' } }],
    ['a token that has expired', { claims: { exp: now - 3600 } }],
    ['a token without a subject', { claims: { sub: undefined } }],
    ['a token of an unknown key', { key: true }],
    ['a token without a signature', { unsigned: true }],
    ['a refusal', { back: { code: null, error: 'access_denied', error_description: 'Call +1 234 <b>now</b>' } }],
  ];
  it.each(cases)('%s', async (_, wrong) => {
    provider.wrong = wrong;
    const visitor = new Visitor(producer.port);
    const answer = await signIn(visitor);
    expect([answer.status, visitor.cookies.has('parcelpost_session')]).toEqual([403, false]);
    expect(answer.text).toContain('Land Office did not sign you in');
    expect(answer.text).not.toContain('+1 234');
    expect(attempts(visitor)).toEqual([]);
  });

  it.each([['another state', 'another'] as const, ['no state', null] as const])('%s', async (_, state) => {
    provider.wrong = { back: { state } };
    const visitor = new Visitor(producer.port);
    const exchanged = provider.exchanged();
    const answer = await signIn(visitor);
    expect([answer.status, visitor.cookies.has('parcelpost_session')]).toEqual([400, false]);
    expect([provider.exchanged(), attempts(visitor).length]).toEqual([exchanged, 1]);
  });

  it('a code that comes a second time, in the same browser or in another', async () => {
    const visitor = new Visitor(producer.port);
    const path = await toProvider(visitor);
    const [firstName = ''] = attempts(visitor);
    const kept = new Visitor(producer.port);
    for (const [name, value] of visitor.cookies) kept.cookies.set(name, value);
    const thief = new Visitor(producer.port);
    await thief.open('/sign-in/provider');
    expect((await visitor.open(path)).status).toBe(303);

    const again = await new Visitor(producer.port).open(path);
    expect([again.status, again.text.includes('begun too long ago, or in another browser')]).toEqual([400, true]);
    // Even with the cookie of the first time: the provider takes a code once.
    expect([(await kept.open(path)).status, await isSignedIn(kept)]).toEqual([403, false]);
    // A code that was caught on its way is of no use with the state of another sign-in, by the address or by the cookie.
    const exchanged = provider.exchanged();
    expect((await thief.open(path)).status).toBe(400);
    const [[, value = ''] = []] = [...thief.cookies].filter(([name]) => name.startsWith('parcelpost_sign_in_'));
    thief.cookies.set(firstName, value);
    expect([(await thief.open(path)).status, provider.exchanged()]).toEqual([403, exchanged]);
  });

  it('a cookie that was changed, is of another secret, or too old', async () => {
    const visitor = new Visitor(producer.port);
    const path = await toProvider(visitor);
    const [name = ''] = attempts(visitor);
    visitor.cookies.set(name, `${`${visitor.cookies.get(name)}`.slice(0, -8)}AAAAAAAA`);
    expect((await visitor.open(path)).status).toBe(400);
    const late = new Visitor(producer.port);
    const then = await toProvider(late);
    vi.useFakeTimers({ now: Date.now() + 16 * 60_000, toFake: ['Date'] });
    try {
      expect((await late.open(then)).status).toBe(400);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('who somebody of the provider is here', () => {
  const person = async (policy: Partial<ProviderConfig>, claims: Record<string, unknown>) => {
    const other = await startProducer({ changes: { OIDC: config(provider.issuer, policy) } });
    try {
      provider.person = { sub: 'subject-2', ...claims };
      const visitor = new Visitor(other.port);
      const first = await visitor.open(await toProvider(visitor));
      const again = new Visitor(other.port);
      const second = await again.open(await toProvider(again));
      const users = await other.db('users').orderBy('username').select('username', 'name', 'email', 'language');
      const [identity] = await other
        .db('user_identities as i')
        .join('users as u', 'u.id', 'i.user_id')
        .select('username');
      const audit = await other.db('audit_log').where({ task: 'users.recognise' }).orderBy('id').select('details');
      const did = audit.map(({ details }) => details.did);
      return { first, second, users, username: identity?.username, did };
    } finally {
      await other.close();
    }
  };
  const text = ({ first }: { first: Answer }) => [first.status, first.text];

  it('nobody, unless an operator says otherwise; the page says whom to ask', async () => {
    const result = await person({}, { email: 'ben@example.org', email_verified: true });
    expect(text(result)).toEqual([403, expect.stringContaining('You are known to Land Office, but not here')]);
    expect([result.username, result.did]).toEqual([undefined, []]);
  });

  it('the user whom an operator names, until that is taken back', async () => {
    provider.person = { sub: 'subject-3', email: 'ben@example.org', email_verified: true };
    const subject = ['--issuer', provider.issuer, '--subject', 'subject-3'];
    const ops = async (...args: string[]) => {
      const lines: string[] = [];
      const output = { print: (line: string) => lines.push(line), complain: (line: string) => lines.push(line) };
      const storage = { STORAGE_URL: 'file:///tmp' };
      return [await runOps(args, { DATABASE_URL: producer.ownUrl, ...storage }, output), lines.join('\n')];
    };
    expect((await signIn()).status).toBe(403);
    expect(await ops('link', 'nobody', ...subject)).toEqual([1, 'No user is called nobody.']);
    expect((await ops('link', 'ben', ...subject))[0]).toBe(0);
    expect(await ops('link', 'eve', ...subject)).toEqual([1, expect.stringContaining("somebody's already")]);
    const visitor = new Visitor(producer.port);
    await signIn(visitor);
    expect((await visitor.open('/exports')).text).toContain('Ben &lt;b&gt;');
    expect((await ops('unlink', ...subject))[0]).toBe(0);
    expect((await signIn()).status).toBe(403);
    expect((await ops('link', 'ben'))[0]).toBe(2);
    const audit = await producer
      .db('audit_log')
      .where('task', 'like', 'users.%link%')
      .orderBy('id')
      .select('actor_kind', 'task', 'subject_id');
    expect(audit).toEqual([
      { actor_kind: 'operator', task: 'users.link-identity', subject_id: producer.users.ben },
      { actor_kind: 'operator', task: 'users.unlink-identity', subject_id: producer.users.ben },
    ]);
  });

  it('the user of the same verified address, where addresses link; from then on by the subject alone', async () => {
    const result = await person({ linkEmail: true }, { email: 'BEN@example.org', email_verified: true });
    expect([result.first.status, result.username, result.did]).toEqual([303, 'ben', ['linked', 'known']]);
  });

  it('nobody by the address of who comes from that provider already: it may have been given to somebody else', async () => {
    const { issuer } = provider;
    const recognise = (from: string) =>
      producer.ownDb.transaction((trx) =>
        new IdentityService().recognise(
          trx,
          { issuer: from, subject: 'subject-of-another', email: 'ana@example.org' },
          { linkEmail: true, createUsers: true },
        ),
      );
    expect(await recognise(issuer)).toEqual({ user: undefined, why: 'email-taken' });
    // One of another provider stands in nobody's way.
    expect(await recognise('https://another.example.org')).toMatchObject({ user: { username: 'ana' }, did: 'linked' });
  });

  it('nobody by a subject that no database keeps; what else cannot be kept of them is left out', async () => {
    for (const sub of ['subject-1\0', 'subject-1\ud800']) {
      provider.person = { ...provider.person, sub };
      const { status, text } = await signIn();
      expect([status, text]).toEqual([403, expect.stringContaining('Land Office did not sign you in')]);
    }
    const claims = { email: 'z\0@example.org', email_verified: true };
    expect(text(await person({ createUsers: true }, claims))).toEqual([
      403,
      expect.stringContaining('did not tell a verified email address'),
    ]);
    const { users } = await person(
      { createUsers: true },
      { ...claims, email: 'zoe@example.org', name: 'Zoë\0\ud800', preferred_username: 'zo\0e\udc00' },
    );
    expect(users).toContainEqual(expect.objectContaining({ username: 'zo-e', name: 'Zoë\ufffd\ufffd' }));
  });

  it('nobody by an address that the provider has not verified', async () => {
    for (const email_verified of [false, undefined, 'true']) {
      const result = await person({ linkEmail: true, createUsers: true }, { email: 'ben@example.org', email_verified });
      expect(text(result)).toEqual([403, expect.stringContaining('did not tell a verified email address')]);
      expect(result.username).toBeUndefined();
    }
  });

  it('a new user, where such are made: of no project, once', async () => {
    const claims = {
      name: 'Zoë Ñ',
      preferred_username: 'Zoë Ñ!@x',
      locale: 'pt-BR',
      email: 'zoe@example.org',
      email_verified: true,
    };
    const { first, users, username, did } = await person({ createUsers: true }, claims);
    expect([first.status, username, did]).toEqual([303, 'zoe-n', ['created', 'known']]);
    expect(users).toContainEqual({ username: 'zoe-n', name: 'Zoë Ñ', email: 'zoe@example.org', language: 'pt' });
    expect(users).toHaveLength(4);
  });

  it('no second user of an address that somebody has, and no name that is taken', async () => {
    const taken = await person({ createUsers: true }, { email: 'ana@example.org', email_verified: true });
    expect(text(taken)).toEqual([403, expect.stringContaining('Somebody here has your email address')]);
    const namesake = await person(
      { createUsers: true },
      { preferred_username: 'ana', email: 'a2@example.org', email_verified: true },
    );
    expect(namesake.username).toBe('ana-2');
  });
});

describe('a provider that is away', () => {
  it('stops no start; the page says so, and the next try finds it', async () => {
    provider.wrong = { status: 503 };
    const fresh = await startProducer({ changes: { OIDC: oidc } });
    try {
      const visitor = new Visitor(fresh.port);
      expect((await visitor.open('/sign-in')).status).toBe(200);
      const { status, text } = await visitor.open('/sign-in/provider');
      expect([status, text.includes('Land Office cannot be reached')]).toEqual([503, true]);
      provider.wrong = {};
      expect((await visitor.open('/sign-in/provider')).status).toBe(303);
    } finally {
      await fresh.close();
    }
  });
});

it('works with a whole provider of somebody else’s making (oidc-provider)', async () => {
  // It says that it is made for a newer Node.js, and that its keys are for development.
  const quiet = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'info')].map((spy) => spy.mockImplementation(() => {}));
  const server = createServer();
  try {
    const { default: OidcProvider } = await import('oidc-provider');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const theirs = new OidcProvider(issuer, {
      clients: [
        { client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [`${PUBLIC_URL}/sign-in/callback`] },
      ],
      claims: { email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
      findAccount: async (_context: unknown, id: string) => ({
        accountId: id,
        claims: async () => ({
          sub: id,
          email: `${id}@example.org`,
          email_verified: true,
          name: id,
          preferred_username: id,
        }),
      }),
    });
    server.on('request', theirs.callback());
    const own = await startProducer({ changes: { OIDC: config(issuer, { linkEmail: true }) } });
    try {
      const visitor = new Visitor(own.port);
      const sent = await visitor.open('/sign-in/provider?next=/exports');
      const back = await throughForms(`${sent.headers.location}`, { login: 'eve', password: 'any' });
      const done = await visitor.open(back.slice(PUBLIC_URL.length));
      expect([done.status, done.headers.location]).toEqual([303, '/exports']);
      expect((await visitor.open('/exports')).text).toContain('Eve');
      expect(await own.db('user_identities').select('issuer', 'subject', 'user_id')).toEqual([
        { issuer, subject: 'eve', user_id: own.users.eve },
      ]);
    } finally {
      await own.close();
    }
  } finally {
    server.closeAllConnections();
    server.close();
    for (const spy of quiet) spy.mockRestore();
  }
});

/** Follows a provider's redirections, and sends its forms, until it leads back to us. @returns where it leads */
async function throughForms(start: string, fields: Record<string, string>): Promise<string> {
  const cookies = new Map<string, string>();
  let request: { url: string; init: RequestInit } = { url: start, init: {} };
  for (let step = 0; step < 12; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(request.url, { redirect: 'manual', ...request.init, headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    const text = await answer.text();
    if (location) {
      const url = new URL(location, request.url).href;
      if (url.startsWith(PUBLIC_URL)) return url;
      request = { url, init: {} };
      continue;
    }
    const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(text) ?? [];
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
      `${name}`,
      `${value}`,
    ]);
    const body = new URLSearchParams([...hidden, ...Object.entries(fields)] as [string, string][]);
    request = { url: new URL(action, request.url).href, init: { method: 'POST', body } };
  }
  throw new Error('the provider leads nowhere');
}
