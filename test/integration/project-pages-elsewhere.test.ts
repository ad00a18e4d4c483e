/** The pages of projects where something else is in the way: another platform, a queue that is away, limits. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, sendForm, session, startProducer, type TestProducer } from '../support/producer.js';

const FORM = { what: 'xls', delimiter: 'comma', geometry: 'ewkt' };

describe('with projects of another platform', () => {
  let platform: Server;
  let producer: TestProducer;
  const FAR = '/projects/o/far';

  beforeAll(async () => {
    const project = { name: 'Far Away', slug: 'far', organization: { slug: 'o', name: 'Organization' } };
    platform = createServer((request, response) => {
      response.writeHead(request.headers.authorization === 'TmpToken good' ? 200 : 401);
      response.end(JSON.stringify(project));
    });
    await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
    const { port } = platform.address() as AddressInfo;
    producer = await startProducer({ changes: { PLATFORM_API_URL: `http://127.0.0.1:${port}` } });
  });
  afterAll(async () => {
    await producer.close();
    platform.closeAllConnections();
    platform.close();
  });

  const asJson = (value: unknown) =>
    value !== null && typeof value === 'object' && !(value instanceof Date) ? JSON.stringify(value) : value;
  /** The projects of a page of the list, and where it goes on. */
  const pageOf = async (target: string): Promise<[string[], string | undefined]> => {
    const { text } = await open(target);
    const next = /<a href="([^"]+)">More projects/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    return [[...text.matchAll(/href="(\/projects\/o\/[^"]+)"/g)].map(([, href]) => `${href}`), next];
  };
  const open = (target: string) => send(producer.port, target, { headers: session(producer.users.ben) });

  it('the form takes its token, keeps it to itself, and the list has what somebody has asked for', async () => {
    expect((await open('/projects')).text).toContain('There is no project that you may see.');
    expect((await open(FAR)).text).toContain('name="apiToken"');
    const without = await sendForm(producer, `${FAR}/exports`, FORM, session(producer.users.ben));
    expect([without.status, without.text.includes('href="#field-apiToken"')]).toEqual([422, true]);
    const bad = await sendForm(
      producer,
      `${FAR}/exports`,
      { ...FORM, apiToken: 'bad-token' },
      session(producer.users.ben),
    );
    expect(bad.status).toBeGreaterThanOrEqual(400);
    expect(bad.text).toContain('role="alert"');
    expect(bad.text).not.toContain('bad-token');
    const good = await sendForm(producer, `${FAR}/exports`, { ...FORM, apiToken: 'good' }, session(producer.users.ben));
    expect(good.status, good.text).toBe(303);
    expect((await open('/projects')).text).toContain(`<a href="${FAR}">Far Away</a>`);
    const id = String(good.headers.location).split('/').at(-1);
    const error = JSON.stringify({ code: 'internal', message: 'x', step: null, shard: null, attempts: 1 });
    await producer
      .db('exports')
      .where({ id })
      .update({ outcome: 'failed', phase: 'decided', decided_at: new Date(), error });
    const { text } = await open(FAR);
    expect(text).toContain('Far Away');
    // To try it again takes the token, for which the export's own page has a field.
    expect(text).toMatch(new RegExp(`<a class="button" href="/exports/${id}"[^>]*>Try again</a>`));
    expect(text).not.toContain('/map.svg');
    // The list goes on page after page, as that of our own projects.
    const [row] = await producer.db('exports').where({ id });
    const many = Array.from({ length: 60 }, (_, place) => ({
      ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asJson(value)])),
      id: randomUUID(),
      request_hash: null,
      project: `p${place}`,
    }));
    await producer.db('exports').insert(many);
    const [first, next = ''] = await pageOf('/projects');
    const [second] = await pageOf(next);
    expect([first.length, second.length]).toEqual([50, 11]);
    expect(new Set([...first, ...second]).size).toBe(61);
    const other = await send(producer.port, FAR, { headers: session(producer.users.eve) });
    expect(other.text).not.toContain(`/exports/${id}`);
  });
});

describe('where the queue does not answer', () => {
  it('the page says so, and takes the request all the same', async () => {
    const producer = await startProducer({ over: { pingQueues: () => Promise.reject(new Error('away')) } });
    try {
      const { text } = await send(producer.port, '/projects/cadasta/london-2', {
        headers: session(producer.users.ben),
      });
      expect(text).toContain('The queue does not answer at the moment.');
      const { status } = await sendForm(
        producer,
        '/projects/cadasta/london-2/exports',
        FORM,
        session(producer.users.ben),
      );
      expect(status).toBe(303);
    } finally {
      await producer.close();
    }
  });
});

describe('where there are as many exports as there may be', () => {
  it('the form says until when, and keeps what was filled in', async () => {
    const none = { inFlight: 0, perHour: 0 };
    const producer = await startProducer({ limits: { person: { inFlight: 1, perHour: 0 }, project: none } });
    try {
      const ask = (fields: object) =>
        sendForm(producer, '/projects/cadasta/london-2/exports', { ...FORM, ...fields }, session(producer.users.ben));
      expect((await ask({})).status).toBe(303);
      const { status, text } = await ask({ what: 'all', labels: 'on' });
      expect(status).toBe(429);
      expect(text).toMatch(/There are too many exports for now\. Try again (now|in \d+ \w+)\./);
      expect(text).toMatch(/value="all" id="what-all" checked/);
      expect(text).toMatch(/name="labels"[^>]* checked/);
    } finally {
      await producer.close();
    }
  });
});
