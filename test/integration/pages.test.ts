/** The list of exports, and what all pages have in common. They are read as a browser would get them, without any script. */
import { mintSessionToken } from '@parcelpost/shared/tokens/session-token.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AUTH_SECRET,
  send,
  sendForm,
  session,
  startProducer,
  type TestProducer,
  unlikeOthers,
} from '../support/producer.js';
import { Visitor } from '../support/visitor.js';

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer();
});
afterAll(() => producer.close());

const open = (target: string, user: string) => send(producer.port, target, { headers: session(user) });

async function requested(user = producer.users.ben): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(user),
    body: unlikeOthers({ outputType: 'shp' }),
  });
  return json.id;
}

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

  it('hold nothing that their own policy forbids: no script and no style but those of assets', async () => {
    const { headers, text } = await open('/exports', producer.users.ben);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
        "form-action 'self';frame-ancestors 'none';base-uri 'none'",
    );
    expect(text).not.toMatch(/<script(?! type="module" src="\/assets\/[\w.-]+"><\/script>)|<style|style=|onclick=/);
    const assets = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, url]) => `${url}`);
    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const url of assets) {
      const asset = await send(producer.port, url);
      expect([asset.status, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
  });
});

describe('fields that hold what no database takes', () => {
  it.each([
    ['/projects?q=%00', 'q'],
    ['/projects?after=%00/x', 'after'],
    ['/api/v1/exports?organization=%00&project=x', 'organization'],
    ['/api/v1/exports?organization=x&project=a%00', 'project'],
  ])('of %s are refused by name', async (target, name) => {
    const { ben } = producer.users;
    const { status, json } = await send(producer.port, target, {
      headers: { ...session(ben), ...producer.bearer(ben) },
    });
    expect([status, json.errors?.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([400, [name]]);
  });

  it('are refused in forms, too', async () => {
    const id = await requested();
    for (const target of [`/exports/${id}/cancel`, '/projects/cadasta/london-2/exports', '/language']) {
      const { status, json } = await sendForm(producer, target, { apiToken: 'a\0' }, session(producer.users.ben));
      expect([status, json.errors?.[0]?.pointer], target).toEqual([400, 'apiToken']);
    }
  });
});

it('a script whose session is over is told so, and not sent to a page to sign in at', async () => {
  const id = await requested();
  const asked = { accept: 'application/json' };
  const { status, json } = await sendForm(producer, `/exports/${id}/cancel`, {}, asked);
  expect([status, json.type]).toEqual([401, expect.stringContaining('token-missing')]);
  expect((await sendForm(producer, `/exports/${id}/cancel`, {}, { accept: 'text/html' })).status).toBe(303);
  expect((await sendForm(producer, `/exports/${id}/cancel`, { csrf: 'x' }, asked)).status).toBe(401);
});

it('signing out once more, in another tab, ends where signing out does', async () => {
  const visitor = new Visitor(producer.port);
  visitor.cookies.set('parcelpost_session', mintSessionToken(producer.users.ben, [AUTH_SECRET]));
  const one = await visitor.open('/exports');
  for (const _ of ['once', 'again']) {
    expect((await visitor.submit(one, '/sign-out')).headers.location).toBe('/signed-out');
  }
  // As a stranger's form cannot be.
  const foreign = { 'sec-fetch-site': 'cross-site' };
  expect((await visitor.submit(one, '/sign-out', {}, foreign)).status).toBe(400);
});
