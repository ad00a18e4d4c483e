import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { idsFrom, idsOf, json, party, readAll, TestPlatform, TOKEN } from '../../../../test/support/test-platform.js';
import { type Entity, ExactNumber } from '../records.js';

let platform: TestPlatform;

beforeEach(async () => {
  platform = new TestPlatform();
  await platform.listen();
});

afterEach(() => platform.close());

describe('reading', () => {
  test('the token travels in the Authorization header and in no URL', async () => {
    let header: string | undefined;
    platform.handler = (request, response, url) => {
      header = request.headers.authorization;
      platform.parties(() => 3)(request, response, url);
    };
    await readAll(platform.client());
    expect(header).toBe(`TmpToken ${TOKEN}`);
    expect(platform.requests.map((url) => url.href).join()).not.toContain(TOKEN);
  });

  test('the project is asked for its shards, and its answer is read into our own names', async () => {
    platform.handler = (_request, response) =>
      json(response, {
        id: 'x1',
        slug: 'survey',
        name: 'Survey',
        organization: { slug: 'acme', name: 'Acme' },
        description: null,
        country: 'GB',
        access: 'private',
        archived: false,
        counts: { parties: 3, dragons: 4 },
        shards: { parties: ['', 'abc'] },
        attribute_schemas: {
          party: [
            { name: 'a', label: 'A', type: 'text', when: { type: ['IN'] } },
            { name: 'b', type: 'text', when: null },
          ],
        },
      });
    const info = await platform.client().project({ shardSize: 2 });
    expect(platform.requests[0]?.pathname + String(platform.requests[0]?.search)).toBe(
      '/api/v1/organizations/acme/projects/survey/?shard_size=2',
    );
    expect(info).toMatchObject({ id: 'x1', description: '', access: 'private', archived: false });
    expect(info.counts).toEqual({ parties: 3 });
    expect(info.shards).toEqual({ parties: ['', 'abc'] });
    expect(info.attributeSchemas?.party).toEqual([
      { name: 'a', label: 'A', type: 'text', when: { type: ['IN'] } },
      { name: 'b', label: 'b', type: 'text' },
    ]);
  });

  test('a project answer that lacks a field fails for good and names the field', async () => {
    platform.handler = (_request, response) =>
      json(response, { id: 'x1', slug: 's', name: 'S', organization: { slug: 'acme' }, access: 'public' });
    const error = await platform.failure(platform.client().project());
    expect(error).toMatchObject({ code: 'platform-bad-answer', permanent: true });
    expect(error.message).toContain('organization.name');
  });

  test('records of every entity arrive in our own names, attributes missing or null as none', async () => {
    const answers: Record<string, unknown> = {
      'relationships/tenure/': [
        { id: 'r', party: 'p', spatial_unit: 's', tenure_type: 'FH', attributes: { 'a.b': [1, 'x', null] } },
      ],
      'parties/': [{ id: 'p', name: 'Ana', type: 'IN', attributes: null }],
      'spatial/': {
        type: 'FeatureCollection',
        features: [
          {
            type: 'Feature',
            geometry: { type: 'Point', coordinates: [1.5, 2.5] },
            properties: { id: 's', type: 'PA', area: 12.5 },
          },
          { type: 'Feature', geometry: null, properties: { id: 't', type: 'новый', attributes: { id: 7 } } },
        ],
      },
      'resources/': [
        { id: 'f', name: 'Deed', file: 'http://files/x', links: [{ id: 's', type: 'spatialunit' }], archived: true },
      ],
    };
    platform.handler = (_request, response, url) => {
      const results = answers[url.pathname.split('/survey/')[1] ?? ''];
      json(response, { count: url.pathname.includes('spatial') ? 2 : 1, next: null, previous: null, results });
    };
    const made = platform.client();
    const records = async (entity: Entity) => {
      const pages: unknown[] = [];
      for await (const page of made.pages(entity, { offset: 0, limit: 2 })) pages.push(...page.records);
      return pages;
    };
    const attributes = { 'a.b': [1, 'x', null] };
    expect(await records('relationships')).toEqual([
      { id: 'r', party: 'p', spatialUnit: 's', tenureType: 'FH', attributes },
    ]);
    expect(await records('parties')).toEqual([{ id: 'p', name: 'Ana', type: 'IN', attributes: {} }]);
    expect(await records('locations')).toEqual([
      { id: 's', type: 'PA', area: 12.5, geometry: { type: 'Point', coordinates: [1.5, 2.5] }, attributes: {} },
      { id: 't', type: 'новый', area: null, geometry: null, attributes: { id: 7 } },
    ]);
    expect(await records('resources')).toEqual([
      {
        id: 'f',
        name: 'Deed',
        description: '',
        file: 'http://files/x',
        originalFile: '',
        mimeType: '',
        archived: true,
        links: [{ id: 's', type: 'spatialunit' }],
      },
    ]);
  });

  test('integers past 2^53 keep every digit, and coordinates stay plain numbers', async () => {
    platform.handler = (_request, response) =>
      json(
        response,
        `{"count":1,"next":null,"results":{"type":"FeatureCollection","features":[{"type":"Feature",
          "geometry":{"type":"Point","coordinates":[1.12345678901234567890,2]},
          "properties":{"id":"s","type":"PA","area":1,"attributes":{"__proto__":90071992547409931234,"n":12}}}]}}`,
      );
    const pages = platform.client().pages('locations', { offset: 0, limit: 1 });
    const location = (await pages.next()).value?.records[0];
    await pages.return();
    const attributes = location?.attributes ?? {};
    expect(Object.keys(attributes)).toEqual(['__proto__', 'n']);
    expect(Object.getOwnPropertyDescriptor(attributes, '__proto__')?.value).toEqual(
      new ExactNumber('90071992547409931234'),
    );
    expect(location?.geometry).toEqual({ type: 'Point', coordinates: [1.1234567890123457, 2] });
  });

  test('pages of an offset range come in order, in parallel, and the last one is trimmed', async () => {
    let underWay = 0;
    let most = 0;
    const behaved = platform.parties(() => 1000);
    platform.handler = (request, response, url) => {
      most = Math.max(most, ++underWay);
      // Later pages answer sooner, so that order is the client's doing.
      setTimeout(
        () => {
          underWay--;
          behaved(request, response, url);
        },
        30 - Number(url.searchParams.get('offset')) / 20,
      );
    };
    const made = platform.client({ pageSize: 50 });
    expect(await idsOf(made.pages('parties', { offset: 20, limit: 310 }, { prefetch: 4 }))).toEqual(idsFrom(20, 310));
    expect(most).toBe(4);
    expect(platform.requests.length).toBe(7);
  });

  test('no more platform.requests are under way than the client allows, however much is prefetched', async () => {
    let underWay = 0;
    let most = 0;
    const behaved = platform.parties(() => 200);
    platform.handler = (request, response, url) => {
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay--;
        behaved(request, response, url);
      }, 10);
    };
    const made = platform.client({ pageSize: 10, maxConcurrency: 3 });
    expect(await idsOf(made.pages('parties', { offset: 0, limit: 200 }, { prefetch: 12 }))).toEqual(idsFrom(0, 200));
    expect(most).toBe(3);
  });

  test('a platform with a smaller maximum page is read whole, and its maximum learned', async () => {
    platform.handler = platform.parties(() => 1000, 30);
    const made = platform.client({ pageSize: 500 });
    expect(await idsOf(made.pages('parties', { offset: 0, limit: 1000 }, { prefetch: 3 }))).toEqual(idsFrom(0, 1000));
    expect(await idsOf(made.pages('parties', { offset: 0, limit: 60 }))).toEqual(idsFrom(0, 60));
    expect(platform.requests.at(-1)?.searchParams.get('limit')).toBe('30');
  });

  test('a list that shrinks while it is read ends where it ends, and one that grows is read as far as asked', async () => {
    let total = 100;
    platform.handler = (request, response, url) => {
      platform.parties(() => total)(request, response, url);
      if (total === 100 && url.searchParams.get('offset') === '40') total = 65;
    };
    const made = platform.client({ pageSize: 20 });
    const counts: (number | null)[] = [];
    const ids: string[] = [];
    for await (const page of made.pages('parties', { offset: 0, limit: 100 }, { prefetch: 1 })) {
      counts.push(page.count);
      ids.push(...page.records.map((record) => record.id));
    }
    expect(ids).toEqual(idsFrom(0, 65));
    expect(counts).toEqual([100, 100, 100, 65]);
    total = 130;
    expect(await idsOf(made.pages('parties', { offset: 0, limit: 100 }))).toEqual(idsFrom(0, 100));
    const open = made.pages('parties', { offset: 0, limit: Number.POSITIVE_INFINITY }, { prefetch: 3 });
    expect(await idsOf(open)).toEqual(idsFrom(0, 130));
  });

  test('a keyset range begins at its cursor, follows next one page ahead, and ends where the platform ends it', async () => {
    platform.handler = (_request, response, url) => {
      const limit = Number(url.searchParams.get('limit'));
      const first = Number(url.searchParams.get('cursor') || 0);
      const end = Number(url.searchParams.get('until') ?? 1000);
      const results = Array.from({ length: Math.min(limit, end - first) }, (_, index) => party(first + index));
      const behind = first + results.length;
      const until = url.searchParams.has('until') ? `&until=${end}` : '';
      const next = behind < end ? `${url.pathname}?cursor=${behind}&limit=${limit}${until}` : null;
      json(response, { next, previous: null, results });
    };
    const made = platform.client({ pageSize: 100 });
    const pages = made.pages('parties', { cursor: '200', until: '450' });
    await pages.next();
    await expect.poll(() => platform.requests.length).toBe(2);
    expect(await idsOf(pages)).toEqual(idsFrom(300, 150));
    expect(platform.requests.map((url) => url.search)).toEqual([
      '?cursor=200&limit=100&until=450',
      '?cursor=300&limit=100&until=450',
      '?cursor=400&limit=100&until=450',
    ]);
    expect(await idsOf(made.pages('parties', { cursor: '' }))).toEqual(idsFrom(0, 1000));
  });

  test('a count is read from a list of one', async () => {
    platform.handler = platform.parties(() => 4711);
    expect(await platform.client().count('parties')).toBe(4711);
    expect(platform.requests[0]?.search).toBe('?limit=1');
  });
});

describe('stopping', () => {
  test("an aborted signal ends pages, waits and platform.requests with the signal's own reason", async () => {
    platform.handler = (_request, response) => response.writeHead(503, { 'retry-after': '30' }).end();
    const stop = new AbortController();
    const reading = readAllWith(stop.signal);
    await expect.poll(() => platform.requests.length).toBeGreaterThan(0);
    const reason = new Error('shutdown');
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);

    platform.handler = () => stop2.abort(reason);
    const stop2 = new AbortController();
    await expect(readAllWith(stop2.signal)).rejects.toBe(reason);
    await expect(platform.client({ signal: stop2.signal }).count('parties')).rejects.toBe(reason);
  });

  const readAllWith = (signal: AbortSignal) =>
    idsOf(platform.client().pages('parties', { offset: 0, limit: 10_000 }, { signal, prefetch: 4 }));

  test('ending an iteration early ends its platform.requests', async () => {
    const closed: string[] = [];
    const behaved = platform.parties(() => 1000);
    platform.handler = (request, response, url) => {
      if (url.searchParams.get('offset') === '0') return behaved(request, response, url);
      response.on('close', () => closed.push(url.search));
    };
    const made = platform.client({ pageSize: 100 });
    for await (const _page of made.pages('parties', { offset: 0, limit: 1000 }, { prefetch: 3 })) break;
    await expect.poll(() => closed.length).toBe(platform.requests.length - 1);
  });

  test('slugs and tokens that cannot be sent are refused before any request', async () => {
    expect(() => platform.client({ project: '..' })).toThrow('cannot be the name of project');
    expect(() => platform.client({ authorization: { scheme: 'TmpToken', token: 'a\r\nb' } })).toThrow('cannot carry');
  });
});
