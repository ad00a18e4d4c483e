/** What the browsers of other sites' readers are told, and the module that those sites load. */
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startProducer, type TestProducer } from '../support/producer.js';

const SITE = 'https://dashboard.example.org';
const EXPORTS = '/api/v1/organizations/cadasta/projects/london-2/exports';

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer({ changes: { CORS_ORIGINS: [SITE, 'http://localhost:8080'] } });
});
afterAll(() => producer.close());

const preflight = (target: string, origin: string) =>
  send(producer.port, target, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });

describe('the API, called by a page of another site', () => {
  it('lets the sites of the list ask, by any of its methods, and with a token in the header', async () => {
    const { status, headers } = await preflight(EXPORTS, SITE);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': SITE,
      vary: expect.stringMatching(/^Origin\b/),
      'access-control-max-age': '600',
    });
    for (const method of ['GET', 'POST', 'DELETE']) expect(headers['access-control-allow-methods']).toContain(method);
    for (const name of ['authorization', 'content-type', 'idempotency-key', 'range']) {
      expect(headers['access-control-allow-headers']?.toLowerCase()).toContain(name);
    }
  });

  it.each([
    'https://dashboard.example.org.evil.net',
    'http://dashboard.example.org',
    'https://dashboard.example.org:8443',
    'https://other.dashboard.example.org',
    'null',
    '*',
  ])('tells a page of %s nothing', async (origin) => {
    const asked = await preflight(EXPORTS, origin);
    expect(asked.status).toBe(405);
    const { headers } = await send(producer.port, '/api/v1/exports', {
      headers: { origin, ...producer.bearer(producer.users.ben) },
    });
    for (const answer of [asked.headers, headers]) {
      expect(Object.keys(answer).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(answer.vary).toMatch(/^Origin\b/);
    }
  });

  it('never lets a session along: neither is it allowed to be sent, nor does it count', async () => {
    const { headers } = await preflight(EXPORTS, SITE);
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('lets scripts read answers and refusals alike, with what tells where the export is', async () => {
    const refused = await send(producer.port, '/api/v1/exports', { headers: { origin: SITE } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, SITE]);
    const odd = await send(producer.port, '/api/v1//exports', { headers: { origin: SITE } });
    expect([odd.status, odd.headers['access-control-allow-origin']]).toEqual([400, SITE]);
    const { status, headers } = await send(producer.port, EXPORTS, {
      method: 'POST',
      headers: { origin: 'http://localhost:8080', ...producer.bearer(producer.users.ben) },
      body: { outputType: 'shp' },
    });
    expect([status, headers['access-control-allow-origin']]).toEqual([202, 'http://localhost:8080']);
    expect(headers['access-control-expose-headers']).toContain('Location');
    // Streams write their headers themselves.
    const id = String(headers.location).split('/').at(-1);
    const decided = { outcome: 'failed', phase: 'decided', decided_at: new Date() };
    await producer.db('exports').where({ id }).update(decided);
    const events = await send(producer.port, `${headers.location}/events`, {
      headers: { origin: SITE, ...producer.bearer(producer.users.ben) },
    });
    expect(events.headers['access-control-allow-origin']).toBe(SITE);
  });

  it('does so for the API alone: pages and their forms are nobody else’s', async () => {
    for (const target of ['/projects', '/sign-in', '/exports']) {
      const { headers } = await send(producer.port, target, { headers: { origin: SITE } });
      expect(headers, target).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('tells nobody anything where no site is in the list', async () => {
    const alone = await startProducer();
    try {
      const { headers } = await send(alone.port, '/api/v1/exports', { headers: { origin: SITE } });
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    } finally {
      await alone.close();
    }
  });
});

describe('the module to embed', () => {
  it('is one file that imports nothing, for every site, at an address that stays', async () => {
    const { status, headers, text } = await send(producer.port, '/embed/parcelpost-export.js', {
      headers: { origin: SITE },
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'public, max-age=300',
    });
    expect(text).not.toMatch(/^\s*(import|export)\b/m);
    // A name that two of its parts have would be an error here.
    await expect(transform(text, { loader: 'js', format: 'esm', target: 'es2022' })).resolves.toMatchObject({
      warnings: [],
    });
    const again = await send(producer.port, '/embed/parcelpost-export.js', {
      headers: { 'if-none-match': `${headers.etag}` },
    });
    expect(again.status).toBe(304);
  });
});
