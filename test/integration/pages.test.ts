/** The pages: signing in and out, the list, one export. They are read as a browser would get them, without any script. */
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, AUTH_SECRET, send, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

let producer: TestProducer;
let sample: TestProducer;
beforeAll(async () => {
  [producer, sample] = await Promise.all([startProducer(), startProducer({ changes: { SAMPLE_SIGN_IN: true } })]);
});
afterAll(() => Promise.all([producer.close(), sample.close()]));

const form = (at: TestProducer, target: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  send(at.port, target, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
const cookieOf = (answer: Answer) => `${answer.headers['set-cookie']?.[0]?.split(';')[0]}`;
const session = (user: string) => ({ cookie: `parcelpost_session=${mintAuthToken(user, [AUTH_SECRET])}` });
const open = (target: string, user: string) => send(producer.port, target, { headers: session(user) });

async function requested(user = producer.users.ben): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(user),
    body: unlikeOthers({ outputType: 'shp' }),
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
    const back = await form(producer, '/sign-in', { token: ` ${token}\n`, next: `/exports/${id}?x=1` });
    expect([back.status, back.headers.location]).toEqual([303, `/exports/${id}?x=1`]);
    expect((await send(producer.port, `/exports/${id}`, { headers: { cookie: cookieOf(back) } })).status).toBe(200);
    expect((await send(producer.port, '/')).headers.location).toBe('/exports');
  });

  it('the session is out of reach of scripts and of other sites', async () => {
    const token = mintAuthToken(producer.users.ben, [AUTH_SECRET]);
    const { headers } = await form(producer, '/sign-in', { token });
    expect(headers['set-cookie']?.[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    const https = await startProducer({ changes: { PUBLIC_URL: 'https://parcelpost.example.org' } });
    const safe = await form(https, '/sign-in', { token: mintAuthToken(https.users.ben, [AUTH_SECRET]) });
    expect(safe.headers['set-cookie']?.[0]).toContain('; Secure');
    expect(safe.headers['strict-transport-security']).toBeDefined();
    await https.close();
  });

  it('leads nowhere outside', async () => {
    const token = mintAuthToken(producer.users.ben, [AUTH_SECRET]);
    for (const next of ['https://example.org/', '//example.org', '/\\example.org', '/%5cexample.org']) {
      expect((await form(producer, '/sign-in', { token, next })).headers.location, next).toBe('/exports');
    }
  });

  it('a token that is not good signs nobody in, and is not shown again', async () => {
    for (const token of ['', 'nonsense-token', mintAuthToken(producer.users.ben, ['x'.repeat(40)])]) {
      const { status, headers, text } = await form(producer, '/sign-in', { token });
      expect([status, headers['set-cookie']]).toEqual([401, undefined]);
      expect(text).toContain('role="alert"');
      if (token) expect(text).not.toContain(token);
    }
  });

  it('sample users can be picked only where that is switched on', async () => {
    expect((await send(producer.port, '/sign-in')).text).not.toContain('name="user"');
    expect((await form(producer, '/sign-in', { user: 'ana' })).status).toBe(401);
    expect((await send(sample.port, '/sign-in')).text).toContain(
      '<button name="user" value="ana">Ana Álvarez</button>',
    );
    const picked = await form(sample, '/sign-in', { user: 'ana' });
    expect(picked.status).toBe(303);
    const page = await send(sample.port, '/exports', { headers: { cookie: cookieOf(picked) } });
    expect(page.text).toContain('Ana Álvarez');
    expect((await form(sample, '/sign-in', { user: 'nobody' })).status).toBe(401);
  });

  it('a form of another site does not sign its visitor in or out', async () => {
    const token = mintAuthToken(producer.users.ben, [AUTH_SECRET]);
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://example.org' }, { origin: 'null' }]) {
      const answer = await form(producer, '/sign-in', { token }, headers);
      expect([answer.status, answer.headers['set-cookie']]).toEqual([400, undefined]);
      expect((await form(producer, '/sign-out', {}, headers)).status).toBe(400);
    }
    const own = { 'sec-fetch-site': 'same-origin', origin: `http://127.0.0.1:${producer.port}` };
    expect((await form(producer, '/sign-in', { token }, own)).status).toBe(303);
  });

  it('signing out ends the session in this browser', async () => {
    const answer = await form(producer, '/sign-out', {}, session(producer.users.ben));
    expect(answer.headers.location).toBe('/sign-in');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^parcelpost_session=;.*Expires=Thu, 01 Jan 1970/);
  });
});

describe('the pages', () => {
  it('list the exports of whoever is signed in, and nobody else’s', async () => {
    const mine = await requested();
    const hers = await requested(producer.users.ana);
    const { status, headers, text } = await open('/exports', producer.users.ben);
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain(`<a href="/exports/${mine}">Cadasta: London &quot;2&quot;</a>`);
    expect(text).toContain('Ben &lt;b&gt;');
    expect(text).not.toContain(hers);
    expect((await open('/exports', producer.users.eve)).text).toContain('no export yet');
  });

  it('an export that runs shows its progress and refreshes itself', async () => {
    const id = await requested();
    await producer.db('exports').where({ id }).update({ started_at: new Date(), phase: 'reading' });
    await producer.db('export_jobs').insert({
      export_id: id,
      generation: 1,
      kind: 'map',
      step: 'parties',
      shard: 0,
      rows: 1200,
      rows_expected: 5000,
    });
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    expect(text).toContain('http-equiv="refresh"');
    expect(text).toContain('1,200 of 5,000 records');
    expect(text).toContain('<progress value="1200" max="5000">');
    expect(text).not.toContain('/download');
  });

  it('a finished one shows files, warnings and the link, and refreshes no more', async () => {
    const id = await requested();
    const expiresAt = new Date(Date.now() + 3_600_000);
    const sha256 = 'ab'.repeat(32);
    await new FileService(producer.db).insert(producer.db, {
      exportId: id,
      generation: 1,
      name: 'x<y>.zip',
      storageKey: `a/${id}`,
      mediaType: 'application/zip',
      bytes: 1_234_567,
      sha256,
      contents: [{ name: 'parties<1>.csv', rows: 12_345, bytes: 10, sha256 }],
      expiresAt,
    });
    await producer
      .db('exports')
      .where({ id })
      .update({
        outcome: 'completed',
        phase: 'decided',
        decided_at: new Date(),
        expires_at: expiresAt,
        result: JSON.stringify({ warnings: ['3 <locations> have no geometry'] }),
      });
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    expect(text).not.toContain('http-equiv="refresh"');
    expect(text).toContain(`<a class="button" href="/api/v1/exports/${id}/download">Download x&lt;y&gt;.zip</a>`);
    for (const part of ['1.23 MB', 'parties&lt;1&gt;.csv', '12,345', '3 &lt;locations&gt; have no geometry', sha256]) {
      expect(text).toContain(part);
    }
    await producer
      .db('exports')
      .where({ id })
      .update({ expires_at: new Date(Date.now() - 1000) });
    const expired = (await open(`/exports/${id}`, producer.users.ben)).text;
    expect(expired).toContain('have expired');
    expect(expired).not.toContain('/download');
  });

  it('a failed one says why', async () => {
    const id = await requested();
    const error = {
      code: 'platform-unavailable',
      message: 'It <b>answered</b> 500.',
      step: 'parties',
      shard: 1,
      attempts: 4,
    };
    await producer
      .db('exports')
      .where({ id })
      .update({ outcome: 'failed', phase: 'decided', decided_at: new Date(), error: JSON.stringify(error) });
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    expect(text).toContain('It &lt;b&gt;answered&lt;/b&gt; 500.');
    expect(text).toContain('platform-unavailable, in step parties, after 4 attempts');
    expect(text).not.toContain('http-equiv="refresh"');
  });

  it('an export of a project of which one is no member is not found', async () => {
    expect((await open(`/exports/${await requested()}`, producer.users.eve)).status).toBe(404);
  });

  it('hold nothing that their own policy forbids: no script, no style but the sheet', async () => {
    const { headers, text } = await open('/exports', producer.users.ben);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';style-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'",
    );
    expect(text).not.toMatch(/<script|<style|style=|onclick=/);
    const style = await send(producer.port, '/style.css');
    expect([style.status, style.headers['content-type']]).toEqual([200, 'text/css; charset=utf-8']);
  });
});
