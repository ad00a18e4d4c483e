/** Signing in to the pages and out again, as a browser does it: by forms and a cookie, without any script. */
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  AUTH_SECRET,
  send,
  sendForm,
  session,
  startProducer,
  type TestProducer,
} from '../support/producer.js';

let producer: TestProducer;
let sample: TestProducer;
beforeAll(async () => {
  [producer, sample] = await Promise.all([startProducer(), startProducer({ changes: { SAMPLE_SIGN_IN: true } })]);
});
afterAll(() => Promise.all([producer.close(), sample.close()]));

const cookieOf = (answer: Answer) => `${answer.headers['set-cookie']?.[0]?.split(';')[0]}`;

async function requested(): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(producer.users.ben),
    body: { outputType: 'shp' },
  });
  return json.id;
}

describe('signing in', () => {
  it('whoever is not signed in is sent to sign in, and back again', async () => {
    const id = await requested();
    const sent = await send(producer.port, `/exports/${id}?x=1`);
    expect([sent.status, sent.headers.location]).toEqual([
      303,
      `/sign-in?next=${encodeURIComponent(`/exports/${id}?x=1`)}`,
    ]);
    const { text } = await send(producer.port, `${sent.headers.location}`);
    expect(text).toContain(`<input type="hidden" name="next" value="/exports/${id}?x=1">`);
    const token = mintAuthToken(producer.users.ben, [AUTH_SECRET]);
    const back = await sendForm(producer, '/sign-in', { token: ` ${token}\n`, next: `/exports/${id}?x=1` });
    expect([back.status, back.headers.location]).toEqual([303, `/exports/${id}?x=1`]);
    expect((await send(producer.port, `/exports/${id}`, { headers: { cookie: cookieOf(back) } })).status).toBe(200);
    expect((await send(producer.port, '/')).headers.location).toBe('/projects');
  });

  it('the session is out of reach of scripts and of other sites', async () => {
    const token = mintAuthToken(producer.users.ben, [AUTH_SECRET]);
    const { headers } = await sendForm(producer, '/sign-in', { token });
    expect(headers['set-cookie']?.[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    const https = await startProducer({ changes: { PUBLIC_URL: 'https://parcelpost.example.org' } });
    const safe = await sendForm(https, '/sign-in', { token: mintAuthToken(https.users.ben, [AUTH_SECRET]) });
    expect(safe.headers['set-cookie']?.[0]).toContain('; Secure');
    expect(safe.headers['strict-transport-security']).toBeDefined();
    await https.close();
  });

  it('leads nowhere outside', async () => {
    const token = mintAuthToken(producer.users.ben, [AUTH_SECRET]);
    for (const next of ['https://example.org/', '//example.org', '/\\example.org', '/%5cexample.org']) {
      expect((await sendForm(producer, '/sign-in', { token, next })).headers.location, next).toBe('/');
    }
  });

  it('a token that is not good signs nobody in, and is not shown again', async () => {
    for (const token of ['', 'nonsense-token', mintAuthToken(producer.users.ben, ['x'.repeat(40)])]) {
      const { status, headers, text } = await sendForm(producer, '/sign-in', { token });
      expect([status, headers['set-cookie']]).toEqual([401, undefined]);
      expect(text).toContain('role="alert"');
      if (token) expect(text).not.toContain(token);
    }
  });

  it('sample users can be picked only where that is switched on', async () => {
    expect((await send(producer.port, '/sign-in')).text).not.toContain('name="user"');
    expect((await sendForm(producer, '/sign-in', { user: 'ana' })).status).toBe(401);
    expect((await send(sample.port, '/sign-in')).text).toContain(
      '<button name="user" value="ana">Ana Álvarez</button>',
    );
    const picked = await sendForm(sample, '/sign-in', { user: 'ana' });
    expect(picked.status).toBe(303);
    const page = await send(sample.port, '/exports', { headers: { cookie: cookieOf(picked) } });
    expect(page.text).toContain('Ana Álvarez');
    expect((await sendForm(sample, '/sign-in', { user: 'nobody' })).status).toBe(401);
  });

  it('a form of another site does not sign its visitor in or out', async () => {
    const token = mintAuthToken(producer.users.ben, [AUTH_SECRET]);
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://example.org' }, { origin: 'null' }]) {
      const answer = await sendForm(producer, '/sign-in', { token }, headers);
      expect([answer.status, answer.headers['set-cookie']]).toEqual([400, undefined]);
      expect((await sendForm(producer, '/sign-out', {}, headers)).status).toBe(400);
    }
    const own = { 'sec-fetch-site': 'same-origin', origin: `http://127.0.0.1:${producer.port}` };
    expect((await sendForm(producer, '/sign-in', { token }, own)).status).toBe(303);
  });

  it('signing out ends the session in this browser', async () => {
    const answer = await sendForm(producer, '/sign-out', {}, session(producer.users.ben));
    expect(answer.headers.location).toBe('/signed-out');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^parcelpost_session=;.*Expires=Thu, 01 Jan 1970/);
  });
});
