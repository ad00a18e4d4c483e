/** Sessions of the pages, the tokens of their forms, and the language that somebody chose. */

import { SessionService } from '@parcelpost/shared/db/services/sessions.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { mintSessionToken, verifySessionToken } from '@parcelpost/shared/tokens/session-token.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTH_SECRET, send, session, startProducer, type TestProducer } from '../support/producer.js';
import { Visitor } from '../support/visitor.js';

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer({ changes: { SAMPLE_SIGN_IN: true } });
});
afterAll(() => producer.close());

async function signedIn(user = 'ben'): Promise<Visitor> {
  const visitor = new Visitor(producer.port);
  await visitor.submit(await visitor.open('/sign-in'), '/sign-in', { user });
  return visitor;
}

const isSignedIn = async (visitor: Visitor) => (await visitor.open('/exports')).status === 200;
const withCookie = (token: string) =>
  send(producer.port, '/exports', { headers: { cookie: `parcelpost_session=${token}` } });

describe('a session', () => {
  it('is over for good once somebody signs out, also for who copied its cookie', async () => {
    const visitor = await signedIn();
    const copy = `${visitor.cookies.get('parcelpost_session')}`;
    expect((await withCookie(copy)).status).toBe(200);
    await visitor.submit(await visitor.open('/exports'), '/sign-out');
    expect([visitor.cookies.has('parcelpost_session'), (await withCookie(copy)).status]).toEqual([false, 303]);
  });

  it('ends with its time; the page to sign in at says so, and leads back', async () => {
    const old = mintSessionToken(producer.users.ben, [AUTH_SECRET], { now: new Date(Date.now() - 25 * 3_600_000) });
    const visitor = new Visitor(producer.port);
    visitor.cookies.set('parcelpost_session', old);
    const sent = await visitor.open('/exports?x=1');
    expect([sent.status, sent.headers.location]).toEqual([303, '/sign-in?next=%2Fexports%3Fx%3D1']);
    expect((await visitor.open(`${sent.headers.location}`)).text).toContain('Your session is over');
    expect((await new Visitor(producer.port).open('/sign-in')).text).not.toContain('Your session is over');
  });

  it('does not outlive the token that somebody signed in with', async () => {
    for (const [hours, ends] of [
      [1, 1],
      [48, 24],
    ] as const) {
      const visitor = new Visitor(producer.port);
      const page = await visitor.open('/sign-in');
      const token = mintAuthToken(producer.users.ben, [AUTH_SECRET], hours);
      await visitor.submit(page, '/sign-in', { token });
      const { expiresAt } = verifySessionToken(`${visitor.cookies.get('parcelpost_session')}`, [AUTH_SECRET]);
      const left = (expiresAt.getTime() - Date.now()) / 3_600_000;
      expect(left, `of ${hours} h`).toBeLessThanOrEqual(ends);
      expect(left).toBeGreaterThan(ends - 0.1);
    }
  });

  it('is new at each sign-in: one that somebody planted before is not taken over', async () => {
    const visitor = new Visitor(producer.port);
    const planted = mintSessionToken(producer.users.eve, [AUTH_SECRET]);
    visitor.cookies.set('parcelpost_session', planted);
    const page = await visitor.open('/sign-in');
    await visitor.submit(page, '/sign-in', { user: 'ben' });
    expect(visitor.cookies.get('parcelpost_session')).not.toBe(planted);
    expect((await visitor.open('/exports')).text).toContain('Ben &lt;b&gt;');
  });

  it('is no API token, and an API token no session', async () => {
    const token = `${session(producer.users.ben).cookie.split('=')[1]}`;
    const bearer = await send(producer.port, '/api/v1/exports', { headers: { authorization: `Bearer ${token}` } });
    expect([bearer.status, bearer.json.type]).toEqual([401, expect.stringContaining('token-audience')]);
    expect((await withCookie(mintAuthToken(producer.users.ben, [AUTH_SECRET]))).status).toBe(303);
    expect((await withCookie(mintSessionToken(producer.users.ben, ['x'.repeat(40)]))).status).toBe(303);
  });

  it('begins for no name that no database keeps', async () => {
    const visitor = new Visitor(producer.port);
    const answer = await visitor.submit(await visitor.open('/sign-in'), '/sign-in', { user: 'ben\0' });
    expect([answer.status, visitor.cookies.has('parcelpost_session')]).toEqual([400, false]);
  });

  it('of a user who is no more is none', async () => {
    expect((await withCookie(mintSessionToken(crypto.randomUUID(), [AUTH_SECRET]))).status).toBe(303);
  });

  it('that was ended is remembered for as long as its cookie could be good', async () => {
    const service = new SessionService(producer.ownDb);
    const ended = (ms: number) => ({ id: crypto.randomUUID(), expiresAt: new Date(Date.now() + ms) });
    const [over, good] = [ended(-1000), ended(60_000)];
    for (const one of [over, good, good]) await service.end(one);
    expect(await service.removeExpired(100)).toBe(1);
    const ids = await producer.db('ended_sessions').whereIn('id', [over.id, good.id]).pluck('id');
    expect(ids).toEqual([good.id]);
  });

  it('over TLS has a cookie that this very host alone can set', async () => {
    const https = await startProducer({
      changes: { PUBLIC_URL: 'https://parcelpost.example.org', SAMPLE_SIGN_IN: true },
    });
    try {
      const visitor = new Visitor(https.port);
      const answer = await visitor.submit(await visitor.open('/sign-in'), '/sign-in', { user: 'ben' });
      expect(answer.headers['set-cookie']?.[0]).toMatch(
        /^__Host-parcelpost_session=[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
      expect((await visitor.open('/exports')).status).toBe(200);
      // One without the prefix, which a neighbouring host could have set, is not looked at.
      const cookie = session(https.users.ben).cookie;
      expect((await send(https.port, '/exports', { headers: { cookie } })).status).toBe(303);
    } finally {
      await https.close();
    }
  });
});

describe('a form', () => {
  it('needs the token of its page, bound to the session', async () => {
    const ben = await signedIn();
    const eve = await signedIn('eve');
    const csrf = /name="csrf" value="([^"]+)"/.exec((await eve.open('/exports')).text)?.[1] ?? '';
    for (const fields of [{}, { csrf: '' }, { csrf: 'x' }, { csrf }] as Record<string, string>[]) {
      const answer = await ben.post('/sign-out', fields);
      expect([answer.status, await isSignedIn(ben)]).toEqual([403, true]);
    }
    expect((await eve.post('/sign-out', { csrf })).status).toBe(303);
  });

  it('needs one before anybody is signed in, too: nobody is signed in as somebody else unawares', async () => {
    const [one, another] = [new Visitor(producer.port), new Visitor(producer.port)];
    const page = await one.open('/sign-in');
    await another.open('/sign-in');
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect((await another.post('/sign-in', { csrf, user: 'eve' })).status).toBe(403);
    expect((await new Visitor(producer.port).post('/sign-in', { csrf, user: 'eve' })).status).toBe(403);
    expect((await one.submit(page, '/sign-in', { user: 'ben' })).status).toBe(303);
    // The token of before signing in is worth nothing now.
    expect((await one.post('/sign-out', { csrf })).status).toBe(403);
  });

  it('of a session that is over leads to signing in, and back to its page', async () => {
    const visitor = await signedIn();
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.open('/exports')).text)?.[1] ?? '';
    visitor.cookies.delete('parcelpost_session');
    const referer = `http://127.0.0.1:${producer.port}/exports?x=1`;
    const answer = await visitor.post(`/exports/${crypto.randomUUID()}/cancel`, { csrf }, { referer });
    expect(answer.headers.location).toBe('/sign-in?next=%2Fexports%3Fx%3D1');
    const elsewhere = await visitor.post(
      `/exports/${crypto.randomUUID()}/cancel`,
      { csrf },
      { referer: 'https://example.org/x' },
    );
    expect(elsewhere.headers.location).toBe(`/sign-in?next=${encodeURIComponent('/')}`);
  });
});

describe('what is wrong', () => {
  const told = async (target: string, headers: Record<string, string>, { port } = producer) => {
    const { status, headers: given, text } = await send(port, target, { headers });
    return { status, type: given['content-type'], vary: given.vary, text };
  };
  const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

  it('is told a browser on a page in its language, and a program in a problem document', async () => {
    const page = await told('/nowhere', { ...browser, 'accept-language': 'es-CO' });
    expect([page.status, page.type, page.vary]).toEqual([404, 'text/html; charset=utf-8', 'accept']);
    expect(page.text).toContain('<html lang="es" dir="ltr">');
    expect(page.text).toContain('Aquí no hay nada');
    for (const accept of ['*/*', 'application/json', 'application/problem+json, text/html;q=0.5', '']) {
      const { status, type } = await told('/nowhere', { accept });
      expect([status, type], accept).toEqual([404, 'application/problem+json']);
    }
  });

  it('is told in place of a download too: who is not signed in finds the way', async () => {
    const path = `/api/v1/exports/${crypto.randomUUID()}/download`;
    const page = await told(path, browser);
    expect([page.status, page.text]).toEqual([
      401,
      expect.stringContaining(`href="/sign-in?next=${encodeURIComponent(path)}"`),
    ]);
    expect((await told(path, { ...browser, ...session(producer.users.ben) })).status).toBe(404);
  });

  it('is told without asking a database that is away, and without what it said', async () => {
    const broken = await startProducer();
    try {
      const cookie = session(broken.users.ben);
      await broken.ownDb.destroy();
      const page = await told('/exports', { ...browser, ...cookie }, broken);
      expect([page.status, page.type]).toEqual([500, 'text/html; charset=utf-8']);
      expect(page.text).not.toMatch(/pool|knex|destroyed/i);
    } finally {
      await broken.close();
    }
  });
});

describe('the language of the pages', () => {
  const languageOf = async (visitor: Visitor, target: string, headers = {}) =>
    /<html lang="(\w+)" dir="(\w+)"/.exec((await visitor.open(target, headers)).text)?.[1];

  it('is what the browser asks for, until somebody chooses; and what the address asks for on that page', async () => {
    const visitor = new Visitor(producer.port, { 'accept-language': 'de, pt-BR;q=0.9, en;q=0.1' });
    expect(await languageOf(visitor, '/sign-in')).toBe('pt');
    expect(await languageOf(visitor, '/sign-in?lang=id')).toBe('id');
    expect(await languageOf(visitor, '/sign-in?lang=xx')).toBe('pt');
    expect(visitor.cookies.has('parcelpost_language')).toBe(false);
    const page = await visitor.open('/sign-in?lang=id&next=%2Fexports%2Fa');
    const chosen = await visitor.submit(page, '/language', { language: 'sw' });
    expect([chosen.status, chosen.headers.location]).toEqual([303, '/sign-in?next=%2Fexports%2Fa']);
    expect(await languageOf(visitor, '/sign-in')).toBe('sw');
    expect((await visitor.submit(page, '/language', { language: 'tlh' })).status).toBe(400);
    expect(await languageOf(new Visitor(producer.port), '/sign-in')).toBe('en');
  });
});
