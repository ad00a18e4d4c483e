/** The platform API: what its lists answer, byte for byte where it matters, and that paging neither loses nor doubles. */
import { mintScopedToken, projectPath } from '@parcelpost/shared/tokens/scoped-token.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  PUBLIC_URL,
  projectId,
  send,
  startProducer,
  type TestProducer,
  TOKEN_KEYS,
} from '../support/producer.js';

let producer: TestProducer;
let id: string;
let headers: Record<string, string>;
const base = '/api/v1/organizations/cadasta/projects/london-2/';

beforeAll(async () => {
  producer = await startProducer();
  id = await projectId(producer.db, 'london-2');
  const token = mintScopedToken(
    { userId: producer.users.ben, paths: [projectPath('cadasta', 'london-2')] },
    TOKEN_KEYS,
  ).token;
  headers = { authorization: `TmpToken ${token}` };
  await fill();
});
afterAll(() => producer.close());

const ODD = `{"id":"theirs", "b":1, "a":90071992547409931234567890, "x.y":12.50, "b":[1, "two", null, {"k":true}], "=1+1":"\\u00e9\\n", "имя":"ชื่อ名"}`;

async function fill() {
  const { db } = producer;
  const json = (text: string) => db.raw('cast(? as json)', [text]);
  await db('parties').insert([
    { project_id: id, id: 'p1', name: 'Quote " backslash \\ tab \t <b> 名', type: 'IN', attributes: json(ODD) },
    ...Array.from({ length: 22 }, (_, i) => ({ project_id: id, id: `p${i + 2}`, name: `P ${i + 2}`, type: 'XX' })),
  ]);
  await db('spatial_units').insert([
    {
      project_id: id,
      id: 's1',
      type: 'PA',
      area: 1234.5,
      geometry: json('{"type":"Point","coordinates":[1.10, 2.000000000000000001, -3e5]}'),
      attributes: json(ODD),
    },
    { project_id: id, id: 's2', type: 'ที่', area: 'NaN' },
    { project_id: id, id: 's3', type: 'PA', area: 'Infinity' },
  ]);
  await db('tenure_relationships').insert([
    { project_id: id, id: 't1', party_id: 'p1', spatial_unit_id: 's1', tenure_type: 'FH', attributes: json(ODD) },
  ]);
  const file = {
    name: 'A',
    original_file: 'a.pdf',
    mime_type: 'application/pdf',
    file: 'https://files.example.org/a.pdf',
  };
  await db('resources').insert([
    { project_id: id, id: 'r1', ...file, description: 'with links' },
    { project_id: id, id: 'r2', ...file, archived: true },
  ]);
  await db('resource_links').insert([
    { project_id: id, resource_id: 'r1', target_type: 'spatialunit', target_id: 's1' },
    { project_id: id, resource_id: 'r1', target_type: 'party', target_id: 'p1' },
  ]);
  await db('attribute_schemas').insert([
    {
      project_id: id,
      entity: 'party',
      position: 2,
      name: 'age',
      label: 'Age',
      type: 'integer',
      applies_to: ['IN', 'GR'],
    },
    { project_id: id, entity: 'party', position: 1, name: 'id', label: 'Their "id"', type: 'text' },
    { project_id: id, entity: 'spatialunit', position: 1, name: 'crop', label: 'Crop', type: 'text' },
  ]);
  // A neighbour whose records must never be seen here.
  const other = await projectId(db, 'london-20');
  await db('parties').insert([{ project_id: other, id: 'p1', name: 'neighbour', type: 'IN' }]);
}

const get = (path: string, more: Record<string, string> = {}) =>
  send(producer.port, path, { headers: { ...headers, ...more } });
async function ok(path: string): Promise<Answer> {
  const answer = await get(path);
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('private, no-store');
  return answer;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

it('answers the project with counts, the states of its lists, and the fields of its forms, in their order', async () => {
  expect((await ok(base)).json).toEqual({
    id,
    slug: 'london-2',
    name: 'London "2"',
    organization: { slug: 'cadasta', name: 'Cadasta' },
    description: '',
    country: 'GB',
    access: 'private',
    archived: false,
    counts: { locations: 3, parties: 23, relationships: 1, resources: 2 },
    data_versions: {
      locations: expect.stringMatching(UUID),
      parties: expect.stringMatching(UUID),
      relationships: expect.stringMatching(UUID),
      resources: expect.stringMatching(UUID),
    },
    attribute_schemas: {
      spatialunit: [{ name: 'crop', label: 'Crop', type: 'text' }],
      party: [
        { name: 'id', label: 'Their "id"', type: 'text' },
        { name: 'age', label: 'Age', type: 'integer', when: { type: ['IN', 'GR'] } },
      ],
    },
  });
});

describe('the records have the shapes of the platform', () => {
  it('locations are a FeatureCollection; an area that is no number is null', async () => {
    const { count, results } = (await ok(`${base}spatial/`)).json;
    expect([count, results.type, results.features.length]).toEqual([3, 'FeatureCollection', 3]);
    const [first, second, third] = results.features;
    expect(first).toMatchObject({
      type: 'Feature',
      geometry: { type: 'Point' },
      properties: { id: 's1', type: 'PA', area: 1234.5, attributes: { id: 'theirs', имя: 'ชื่อ名' } },
    });
    expect(second).toEqual({
      type: 'Feature',
      geometry: null,
      properties: { id: 's2', type: 'ที่', area: null, attributes: {} },
    });
    expect(third.properties.area).toBeNull();
  });

  it('parties', async () => {
    const { count, results } = (await ok(`${base}parties/?limit=1`)).json;
    expect(count).toBe(23);
    expect(results).toEqual([
      { id: 'p1', name: 'Quote " backslash \\ tab \t <b> 名', type: 'IN', attributes: JSON.parse(ODD) },
    ]);
  });

  it('tenure relationships', async () => {
    expect((await ok(`${base}relationships/tenure/`)).json).toEqual({
      count: 1,
      next: null,
      previous: null,
      results: [{ id: 't1', party: 'p1', spatial_unit: 's1', tenure_type: 'FH', attributes: JSON.parse(ODD) }],
    });
  });

  it('resources, with what they are attached to', async () => {
    const { results } = (await ok(`${base}resources/`)).json;
    expect(results).toEqual([
      {
        id: 'r1',
        name: 'A',
        description: 'with links',
        file: 'https://files.example.org/a.pdf',
        original_file: 'a.pdf',
        mime_type: 'application/pdf',
        archived: false,
        links: [
          { id: 'p1', type: 'party' },
          { id: 's1', type: 'spatialunit' },
        ],
      },
      expect.objectContaining({ id: 'r2', archived: true, links: [] }),
    ]);
  });

  it('attributes and geometries come out as they went in: every digit, every key, in their order', async () => {
    for (const path of ['spatial/', 'parties/', 'relationships/tenure/']) {
      expect((await ok(base + path)).text, path).toContain(`"attributes":${ODD}`);
    }
    expect((await ok(`${base}spatial/`)).text).toContain('[1.10, 2.000000000000000001, -3e5]');
  });
});

/** Follows `next` to the end. @returns the ids, page by page */
async function follow(first: string): Promise<string[][]> {
  const pages: string[][] = [];
  let path: string | null = first;
  while (path) {
    const { results, next, count }: { results: { id: string }[]; next: string | null; count: number } = (await ok(path))
      .json;
    expect(count).toBeGreaterThanOrEqual(23);
    pages.push(results.map((record) => record.id));
    if (next) expect(next.startsWith(`http://127.0.0.1:${producer.port}/`)).toBe(true);
    path = next === null ? null : next.slice(`http://127.0.0.1:${producer.port}`.length);
  }
  return pages;
}
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `p${from + i}`);

describe('paging', () => {
  it('by limit and offset, forth and back', async () => {
    expect(await follow(`${base}parties/?limit=10`)).toEqual([ids(1, 10), ids(11, 20), ids(21, 23)]);
    const { previous, next } = (await ok(`${base}parties/?limit=10&offset=5`)).json;
    expect(previous).toMatch(/\?limit=10&offset=0$/);
    expect(next).toMatch(/\?limit=10&offset=15$/);
    expect((await ok(`${base}parties/?limit=10`)).json.previous).toBeNull();
    expect((await ok(`${base}parties/?limit=10&offset=500`)).json).toMatchObject({
      count: 23,
      next: null,
      results: [],
    });
  });

  it('by cursor: the empty one begins, next bears the following one', async () => {
    expect(await follow(`${base}parties/?cursor=&limit=10`)).toEqual([ids(1, 10), ids(11, 20), ids(21, 23)]);
  });

  it('ends with the page that holds the last record, also when that page is full', async () => {
    expect(await follow(`${base}parties/?limit=23`)).toEqual([ids(1, 23)]);
    expect(await follow(`${base}parties/?cursor=&limit=23`)).toEqual([ids(1, 23)]);
  });

  it('a hundred records a page, if nothing else is said', async () => {
    expect((await ok(`${base}parties/`)).json.results).toHaveLength(23);
    const api = (await send(producer.port, '/openapi.json')).json;
    const parameters =
      api.paths[`${base.replace('cadasta', '{org}').replace('london-2', '{project}')}parties/`].get.parameters;
    const limit = parameters.find((parameter: { name: string }) => parameter.name === 'limit');
    expect(limit.schema).toMatchObject({ default: 100, minimum: 1, maximum: 10_000 });
  });

  it('ends before until, where that is given, and next leads no further; count stays that of the list', async () => {
    const { shards } = (await ok(`${base}?shard_size=9`)).json;
    const [, second, third] = shards.parties;
    expect(await follow(`${base}parties/?cursor=${second}&limit=4&until=${third}`)).toEqual([
      ids(10, 13),
      ids(14, 17),
      ids(18, 18),
    ]);
    expect(await follow(`${base}parties/?cursor=${second}&limit=9&until=${third}`)).toEqual([ids(10, 18)]);
    expect(await follow(`${base}parties/?limit=5&until=${second}`)).toEqual([ids(1, 5), ids(6, 9)]);
    expect((await ok(`${base}parties/?cursor=${third}&until=${second}`)).json).toEqual({
      count: 23,
      next: null,
      previous: null,
      results: [],
    });
  });

  it('by cursor neither loses nor doubles a record while others come and go', async () => {
    const first = (await ok(`${base}parties/?cursor=&limit=10`)).json;
    await producer.db('parties').where({ project_id: id, id: 'p3' }).delete();
    await producer.db('parties').insert({ project_id: id, id: 'late', name: 'Late', type: 'IN' });
    const rest = await follow(first.next.slice(first.next.indexOf('/api')));
    expect(rest.flat()).toEqual([...ids(11, 23), 'late']);
    expect((await ok(base)).json.counts.parties).toBe(23);
    await producer.db('parties').where({ project_id: id, id: 'late' }).delete();
    await producer.db('parties').insert({ project_id: id, id: 'p3', name: 'P 3', type: 'XX' });
  });

  it('until is in the API document of every list', async () => {
    const api = (await send(producer.port, '/openapi.json')).json;
    const project = base.replace('cadasta', '{org}').replace('london-2', '{project}');
    for (const path of ['spatial/', 'parties/', 'relationships/tenure/', 'resources/']) {
      const { parameters } = api.paths[project + path].get;
      const found = parameters.find(({ name }: { name: string }) => name === 'until');
      expect(found).toMatchObject({ in: 'query', required: false });
      expect(found.description).toContain('Where the list ends');
    }
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=10001', 'limit'],
    ['limit=ten', 'limit'],
    ['offset=-1', 'offset'],
    ['cursor=hello!', 'cursor'],
    ['cursor=LTE', 'cursor'],
    ['cursor=&offset=5', 'offset'],
    ['cursor=&until=', 'until'],
    ['cursor=&until=LTE', 'until'],
  ])('%s is refused, and %s is named', async (query, pointer) => {
    const { status, json } = await get(`${base}parties/?${query}`);
    expect([status, json.type]).toEqual([400, `${PUBLIC_URL}/problems/invalid-parameter`]);
    expect(json.errors).toEqual([{ pointer, detail: expect.any(String) }]);
  });

  it('links name the host that was asked, and bear TOKEN only for a reader that has no header', async () => {
    const TOKEN = `${headers.authorization?.slice('TmpToken '.length)}`;
    const asked = await send(producer.port, `${base}parties/?limit=1&TOKEN=${TOKEN}`, {
      headers: { host: 'inner:8080' },
    });
    expect(asked.json.next).toBe(`http://inner:8080${base}parties/?limit=1&TOKEN=${TOKEN}&offset=1`);
    const both = await get(`${base}parties/?limit=1&TOKEN=x`, { host: 'parcelpost.example.org' });
    expect(both.json.next).toBe(`${PUBLIC_URL}${base}parties/?limit=1&offset=1`);
    const odd = await get(`${base}parties/?limit=1`, { host: 'evil/@x' });
    expect(odd.json.next).toBe(`${PUBLIC_URL}${base}parties/?limit=1&offset=1`);
  });
});

describe('shards', () => {
  it.each([1, 5, 10, 22, 23, 1000])(
    'of %i records begin where the project says, and hold every record once',
    async (size) => {
      const { shards } = (await ok(`${base}?shard_size=${size}`)).json;
      expect(shards.parties).toHaveLength(Math.ceil(23 / size));
      expect(shards.parties[0]).toBe('');
      const found: string[] = [];
      for (const cursor of shards.parties) {
        const { results } = (await ok(`${base}parties/?cursor=${cursor}&limit=${size}`)).json;
        expect(results.length).toBeGreaterThan(0);
        found.push(...results.map((record: { id: string }) => record.id));
      }
      expect(found.sort()).toEqual([...ids(1, 23)].sort());
    },
  );

  it('an entity without records has one, which is empty', async () => {
    await producer.db('tenure_relationships').where({ project_id: id }).delete();
    const { shards, counts } = (await ok(`${base}?shard_size=5`)).json;
    expect(shards.relationships).toEqual(['']);
    expect(counts.relationships).toBe(0);
    expect((await ok(`${base}relationships/tenure/?cursor=`)).json).toEqual({
      count: 0,
      next: null,
      previous: null,
      results: [],
    });
  });
});

it('a page is one query, once its token is known', async () => {
  await ok(base);
  const queries: string[] = [];
  const note = ({ sql }: { sql: string }) => queries.push(sql);
  producer.ownDb.on('query', note);
  for (const path of ['spatial/', 'parties/', 'relationships/tenure/', 'resources/', '?shard_size=2', '']) {
    queries.length = 0;
    await ok(base + path);
    // How a token stands is asked again after some seconds, however many pages are read with it; and what the producer does
    // in the background it may do at any time.
    expect(
      queries.filter((sql) => /\bprojects\b/.test(sql)),
      path,
    ).toHaveLength(1);
    expect(queries.filter((sql) => sql.includes('scoped_tokens')).length, path).toBeLessThanOrEqual(1);
  }
  producer.ownDb.removeListener('query', note);
});

it('an address without its last slash is none', async () => {
  expect((await get(`${base}parties`)).json).toMatchObject({ status: 404, type: `${PUBLIC_URL}/problems/not-found` });
});
