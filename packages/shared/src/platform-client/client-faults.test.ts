import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  idsFrom,
  idsOf,
  json,
  LIST,
  party,
  readAll,
  TestPlatform,
  TOKEN,
} from '../../../../test/support/test-platform.js';

let platform: TestPlatform;

beforeEach(async () => {
  platform = new TestPlatform();
  await platform.listen();
});

afterEach(() => platform.close());

describe('a platform that misbehaves', () => {
  test.each([
    [401, 'platform-unauthorized'],
    [403, 'platform-forbidden'],
    [404, 'platform-not-found'],
    [400, 'platform-refused'],
  ])('%i fails at once and for good, as %s', async (status, code) => {
    platform.handler = (_request, response) => json(response, { detail: 'so\u0000 said the platform' }, status);
    const error = await platform.failure(readAll(platform.client()));
    expect(error).toMatchObject({ code, permanent: true });
    expect(error.message).toContain(`answered ${status} to GET ${LIST} (offset 0, limit 500) (so said the platform)`);
    expect(platform.requests).toHaveLength(1);
  });

  test("a platform that repeats the token in its error does not bring it into ours, nor into the log's lines", async () => {
    platform.handler = (_request, response) => json(response, { detail: `token ${TOKEN} has expired` }, 503);
    const error = await platform.failure(readAll(platform.client({ retries: 1 })));
    expect(error.message).toContain('answered 503');
    expect(platform.logged).toContain('answered 503');
  });

  test('500 three times, then fine: the page is halved each time and everything arrives once', async () => {
    const behaved = platform.parties(() => 300);
    platform.handler = (request, response, url) =>
      platform.requests.length <= 3 ? json(response, {}, 500) : behaved(request, response, url);
    const made = platform.client({ pageSize: 80 });
    expect(await idsOf(made.pages('parties', { offset: 0, limit: 300 }, { prefetch: 1 }))).toEqual(idsFrom(0, 300));
    const limits = platform.requests.map((url) => Number(url.searchParams.get('limit')));
    expect(limits.slice(0, 4)).toEqual([80, 40, 20, 10]);
    expect(limits.at(-1)).toBeGreaterThan(10);
  });

  test('500 for ever ends as unavailable, after all attempts, and may be tried again later', async () => {
    platform.handler = (_request, response) => json(response, {}, 502);
    const error = await platform.failure(readAll(platform.client({ retries: 2 })));
    expect(error).toMatchObject({ code: 'platform-unavailable', permanent: false });
    expect(error.message).toContain('after 3 attempts');
    expect(platform.requests).toHaveLength(3);
  });

  test('429 waits as long as Retry-After says, and keeps the page size', async () => {
    const behaved = platform.parties(() => 10);
    const times: number[] = [];
    platform.handler = (request, response, url) => {
      times.push(performance.now());
      if (times.length > 1) return behaved(request, response, url);
      response.writeHead(429, { 'retry-after': '1' });
      response.end();
    };
    expect(await readAll(platform.client())).toEqual(idsFrom(0, 10));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
    expect(platform.requests.map((url) => url.searchParams.get('limit'))).toEqual(['500', '500']);
  });

  test('an answer that takes too long is given up, asked for smaller, and in the end reported', async () => {
    platform.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"count": 10,');
    };
    const error = await platform.failure(readAll(platform.client({ timeoutMs: 40, retries: 1 })));
    expect(error).toMatchObject({ code: 'platform-unavailable', permanent: false });
    expect(error.message).toContain('did not answer');
    expect(error.message).toContain('within 0.04 s, after 2 attempts');
    expect(platform.requests.map((url) => url.searchParams.get('limit'))).toEqual(['500', '250']);
  });

  test('a connection reset, or cut in the middle of an answer, is tried again', async () => {
    const behaved = platform.parties(() => 10);
    platform.handler = (request, response, url) => {
      if (platform.requests.length === 1) return void request.socket.destroy();
      if (platform.requests.length > 2) return behaved(request, response, url);
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"count":', () => request.socket.destroy());
    };
    expect(await readAll(platform.client())).toEqual(idsFrom(0, 10));
    expect(platform.requests).toHaveLength(3);
  });

  test('a platform that is not there is reported as unavailable, with the reason', async () => {
    const made = platform.client({ retries: 1 });
    await platform.stopListening();
    const error = await platform.failure(readAll(made));
    expect(error).toMatchObject({ code: 'platform-unavailable', permanent: false });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('an answer that is not JSON is tried again, then fails for good and quotes no record', async () => {
    platform.handler = (_request, response) => json(response, '{"count": 1, "results": [{"id": "private');
    const error = await platform.failure(readAll(platform.client({ retries: 1 })));
    expect(error).toMatchObject({ code: 'platform-bad-answer', permanent: true });
    expect(error.message).toContain('is not JSON (application/json, 40 bytes), after 2 attempts');
    expect(error.message).not.toContain('private');
  });

  test('text that is not UTF-8 is refused rather than silently replaced', async () => {
    platform.handler = (_request, response) =>
      response.end(Buffer.from('{"count":0,"results":[],"next":null,"x":"\xff"}', 'latin1'));
    const error = await platform.failure(readAll(platform.client({ retries: 0 })));
    expect(error.message).toContain('is not UTF-8');
  });

  test.each([
    ['no object at all', [], 'the answer must be an object, not a list'],
    ['no results', { count: 0, next: null }, 'results must be a list, not missing'],
    ['a count that is text', { count: '3', results: [] }, 'count must be a whole number or null, not text'],
    ['a record that is text', { count: 2, results: [party(0), 'x'] }, 'results[1] must be an object, not text'],
    ['a number for an id', { count: 1, results: [{ ...party(0), id: 3 }] }, 'results[0].id must be text, not a number'],
    [
      'a list of attributes',
      { count: 1, results: [{ ...party(0), attributes: [] }] },
      'results[0].attributes must be an object or null, not a list',
    ],
  ])('a wrong shape, %s, fails at once and names the field', async (_what, answer, message) => {
    platform.handler = (_request, response) => json(response, answer);
    const error = await platform.failure(readAll(platform.client()));
    expect(error).toMatchObject({ code: 'platform-bad-answer', permanent: true });
    expect(error.message).toContain(message);
    expect(error.message).toContain(`${LIST} (offset 0, limit 500)`);
    expect(platform.requests).toHaveLength(1);
  });

  test('a platform that counts more records than it gives fails the export rather than shortening it', async () => {
    platform.handler = (_request, response, url) => {
      const first = url.searchParams.get('offset') === '0';
      json(response, { count: 20, next: null, results: first ? [party(0), party(1)] : [] });
    };
    const error = await platform.failure(readAll(platform.client()));
    expect(error).toMatchObject({ code: 'platform-bad-answer', permanent: false });
    expect(error.message).toContain('(offset 2, limit 498) holds no records, though it counts 20');
  });

  test.each([
    ['another geometry', { geometry: { type: 'Point' } }, 'geometry.coordinates must be a list, not missing'],
    ['a geometry without type', { geometry: {} }, 'geometry.type must be text, not missing'],
    ['an area in words', { properties: { id: 's', type: 'PA', area: 'big' } }, 'properties.area must be a number'],
    ['no properties', { properties: null }, 'properties must be an object, not null'],
  ])('a location with %s is refused and the field named', async (_what, change, message) => {
    const feature = { type: 'Feature', geometry: null, properties: { id: 's', type: 'PA' }, ...change };
    platform.handler = (_request, response) => json(response, { count: 1, results: { features: [feature] } });
    const error = await platform.failure(readAll(platform.client(), 'locations'));
    expect(error.message).toContain(`results.features[0].${message}`);
  });

  test.each([
    'https://127.0.0.1/api/v1/organizations/acme/projects/survey/parties/?offset=1',
    'http://evil.example/api/v1/organizations/acme/projects/survey/parties/?offset=1',
    '//evil.example/api/v1/organizations/acme/projects/survey/parties/',
    '/api/v1/organizations/acme/projects/survey-2/parties/',
    '/api/v1/organizations/acme/projects/survey/../other/parties/',
    '/api/v1/organizations/acme/projects/survey/%2e%2e/other/parties/',
    '/api/v1/organizations/acme/projects/survey/..%2fother/parties/',
    'http://[',
  ])('a next link that leads elsewhere is refused: %s', async (next) => {
    let stolen = 0;
    platform.handler = (_request, response) => {
      if (platform.requests.length > 1) stolen++;
      json(response, { count: 2, next, results: [party(0)] });
    };
    const byCursor = platform.client().pages('parties', { cursor: '' });
    const error = await platform.failure(idsOf(byCursor));
    expect(error).toMatchObject({ code: 'foreign-link', permanent: true });
    expect(stolen).toBe(0);
    expect(await platform.failure(readAll(platform.client()))).toMatchObject({ code: 'foreign-link' });
  });

  test('a redirect is not followed with the token', async () => {
    const other = createServer((_request, response) => response.end('{}'));
    let reached = 0;
    other.on('request', () => reached++);
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    platform.handler = (_request, response) => response.writeHead(302, { location }).end();
    const error = await platform.failure(readAll(platform.client()));
    other.close();
    expect(error).toMatchObject({ code: 'platform-redirect', permanent: true });
    expect(reached).toBe(0);
  });

  test('cursors that go in circles, and empty pages that lead on, end as a bad answer', async () => {
    platform.handler = (_request, response) => json(response, { next: '?cursor=1', results: [party(0)] });
    const circle = platform.client().pages('parties', { cursor: '' });
    expect((await platform.failure(idsOf(circle))).message).toContain('leads on without end');
    platform.handler = (_request, response) => json(response, { next: '?cursor=1', results: [] });
    const empty = platform.client().pages('parties', { cursor: '' });
    expect((await platform.failure(idsOf(empty))).message).toContain('no records, but a next link');
  });
});
