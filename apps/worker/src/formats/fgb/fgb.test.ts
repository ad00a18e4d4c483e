import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttributeValue, ExactNumber, type LocationRecord } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import type { Geometry } from 'geojson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normal, positionsOf } from '../../../../../test/conformance/normal-geometry.js';
import { anyLocations, anySharding, cut } from '../../../../../test/support/arbitrary-records.js';
import { type ReadFlatGeobuf, readFlatGeobufs } from '../../../../../test/support/flatgeobuf.js';
import { layerSummary } from '../../../../../test/support/gdal.js';
import { chunked, MemoryFolder } from '../../../../../test/support/sinks.js';
import { cellText, valueText } from '../../../../../test/support/typed-cells.js';
import { field, location, mapped, point } from '../../../../../test/support/typed-fragments.js';
import type { TableEntity } from '../csv/tables.js';
import { tableColumns } from '../typed/columns.js';
import type { TypedFragment } from '../typed/read.js';
import { writeFlatGeobuf } from './reduce.js';

let folder: string;
let folders = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-fgb-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files of an entity, in memory and in a folder of their own. */
async function written(
  fragments: readonly TypedFragment[],
  { entity = 'locations' as TableEntity, form = [] as ReturnType<typeof field>[], keep = true } = {},
) {
  const own = join(folder, `${folders++}`);
  const spool = join(own, 'spool');
  mkdirSync(spool, { recursive: true });
  const memory = new MemoryFolder();
  const signal = new AbortController().signal;
  const result = await writeFlatGeobuf(fragments, { entity, form, folder: spool, signal }, memory.open);
  rmSync(spool, { recursive: true });
  if (keep) for (const [name, bytes] of memory.files) writeFileSync(join(own, name), bytes);
  return { ...result, contents: memory.files, path: (name: string) => join(own, name), folder: own };
}

const ids = (path: string, ...options: string[]) =>
  execFileSync('ogr2ogr', ['-f', 'CSV', '-select', 'id', '/vsistdout/', path, ...options], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .slice(1)
    .sort();

describe('FlatGeobuf files', () => {
  test('there is one for each type of geometry, with extent, heights, reference system and all columns; the rest has one of its own', async () => {
    const high = {
      type: 'LineString',
      coordinates: [
        [0, 0, 1],
        [1, 1, 2],
      ],
    };
    const shards = [
      [location('a', point(1, 2), { crop: 'maize' }), location('b', null)],
      [location('c', point(-3, 9)), location('d', point(Number.NaN, 0)), location('e', high)],
      [location('f', { type: 'GeometryCollection', geometries: [point(5, 5)] }), location('g', point())],
    ];
    const { files, path, notes } = await written(mapped('locations', shards).fragments, {
      form: [field('crop', 'Which crop?', 'select_one')],
    });
    expect(files.map(({ name, rows }) => [name, rows])).toEqual([
      ['points.fgb', 2],
      ['linestrings.fgb', 1],
      ['geometrycollections.fgb', 1],
      ['locations_without_geometry.fgb', 3],
    ]);
    const points = layerSummary(path('points.fgb'));
    expect(points).toMatchObject({ geometry: 'Point', features: 2, extent: [-3, 2, 1, 9], crs: 'EPSG:4326' });
    expect(points.text).toContain('Layer name: points\n');
    expect(points.text).toContain('crop: String (0.0), alternative name="Which crop?"');
    expect(layerSummary(path('linestrings.fgb'))).toMatchObject({ geometry: '3D Line String', features: 1 });
    expect(layerSummary(path('geometrycollections.fgb'))).toMatchObject({ geometry: 'Geometry Collection' });
    expect(ids(path('locations_without_geometry.fgb'))).toEqual(['b', 'd', 'g']);
    expect(files[0]?.columns.map(({ name, label, type }) => [name, label, type]).at(-1)).toEqual([
      'crop',
      'Which crop?',
      'select_one',
    ]);
    expect(notes.empty).toEqual({ count: 1, ids: ['g'] });
  });

  test('parties have one without geometries, also when there are none', async () => {
    const none = await written([], { entity: 'parties' });
    expect(none.files.map(({ name, rows }) => [name, rows])).toEqual([['parties.fgb', 0]]);
    expect(layerSummary(none.path('parties.fgb')).features).toBe(0);
    const two = ['1', '2'].map((id) => ({ id, name: `n${id}`, type: 'IN', attributes: { age: 3 } }));
    const { path } = await written(mapped('parties', [two]).fragments, { entity: 'parties' });
    const [read] = readFlatGeobufs([{ path: path('parties.fgb'), layer: 'parties' }]);
    expect(read?.rows).toEqual([
      ['1', 'n1', 'IN', { integer: '3' }],
      ['2', 'n2', 'IN', { integer: '3' }],
    ]);
    expect(read?.geometries).toEqual([null, null]);
  });

  test('each column has the one type that holds all of its values, and every digit', async () => {
    const big = new ExactNumber('9007199254740993');
    const shards = [
      [location('1', point(0, 0), { i: 1, l: 5, r: 1, b: true, m: 'x', d: '2024-02-29', n: new ExactNumber('1e400') })],
      [location('2', point(0, 0), { l: big, r: 0.1, b: false, m: 7, d: '1999-12-31', list: ['a', 2], o: { k: [1] } })],
    ];
    const { path } = await written(mapped('locations', shards).fragments, { form: [field('d', 'Day', 'date')] });
    const [read] = readFlatGeobufs([{ path: path('points.fgb'), layer: 'points' }]);
    const about = (name: string) => {
      const place = read?.columns.findIndex((column) => column.name === name) ?? -1;
      return [read?.columns[place]?.type, ...(read?.rows.map((row) => row[place]) ?? [])];
    };
    expect(about('i')).toEqual(['BIGINT', { integer: '1' }, null]);
    expect(about('l')).toEqual(['BIGINT', { integer: '5' }, { integer: '9007199254740993' }]);
    expect(about('r')).toEqual(['FLOAT', { real: 1 }, { real: 0.1 }]);
    expect(about('b')).toEqual(['INTEGER_BOOLEAN', { integer: '1' }, { integer: '0' }]);
    expect(about('m')).toEqual(['VARCHAR', 'x', '7']);
    // GDAL makes a moment of it, as the format has it.
    expect(about('d')).toEqual(['TIMESTAMP', '2024-02-29T00:00:00', '1999-12-31T00:00:00']);
    expect(about('n')).toEqual(['VARCHAR', '1e400', null]);
    expect(about('list')).toEqual(['VARCHAR', null, 'a, 2']);
    expect(about('o')).toEqual(['VARCHAR', null, '{"k":[1]}']);
  });

  test('geometries, texts and lists of columns may be longer than the memory that is there to begin with', async () => {
    const ring = Array.from({ length: 100_000 }, (_, i) => [Math.cos(i / 1e4) * 9, Math.sin(i / 1e4) * 9, i]);
    const polygon = { type: 'Polygon', coordinates: [[...ring, ring[0]]] };
    const answers = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`${'x'.repeat(100)}${i}`, i]));
    const records = [location('a', polygon, { t: 'ж'.repeat(100_000) }), location('b', point(1, 2), answers)];
    const { path } = await written(mapped('locations', [records]).fragments);
    const [polygons, points] = readFlatGeobufs(
      ['polygons', 'points'].map((layer) => ({ path: path(`${layer}.fgb`), layer })),
    );
    expect(normal(polygons?.geometries[0] ?? null)).toEqual(normal(polygon as Geometry));
    expect(polygons?.rows[0]?.[polygons.columns.findIndex(({ name }) => name === 't')]).toBe('ж'.repeat(100_000));
    expect(points?.columns).toHaveLength(3 + 1501);
    const numbers = points?.rows[0]?.slice(4).map((cell) => (cell as { integer: string }).integer);
    expect(new Set(numbers).size).toBe(1500);
  });

  test('what a file cannot have as it was is counted: heights that others have, empty members of collections', async () => {
    const collection = {
      type: 'GeometryCollection',
      geometries: [
        { type: 'GeometryCollection', geometries: [point(1, 2), { type: 'MultiPolygon', coordinates: [] }] },
      ],
    };
    const records = [location('a', point(1, 2)), location('b', point(1, 2, 3)), location('c', collection)];
    const { notes, path } = await written(mapped('locations', [records]).fragments);
    expect(notes).toEqual({
      empty: { count: 0, ids: [] },
      raised: { count: 1, ids: ['a'] },
      emptyMembers: { count: 1, ids: ['c'] },
    });
    const [points, collections] = readFlatGeobufs(
      ['points', 'geometrycollections'].map((layer) => ({ path: path(`${layer}.fgb`), layer })),
    );
    expect(points?.geometries).toEqual([point(1, 2, 0), point(1, 2, 3)]);
    const inner = { type: 'GeometryCollection', geometries: [point(1, 2)] };
    expect(collections?.geometries).toEqual([{ type: 'GeometryCollection', geometries: [inner] }]);
  });

  test('a fragment that is cut short, or longer than it was, is refused, and nothing is left', async () => {
    const [fragment] = mapped('locations', [[location('1', point(1, 2)), location('2', null)]]).fragments as [
      TypedFragment,
    ];
    const chunks: Uint8Array[] = [];
    for await (const chunk of fragment.open()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    for (const content of [bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]) {
      await expect(written([{ ...fragment, open: () => chunked(content, 11) }])).rejects.toThrow('damaged');
    }
  });
});

describe('the spatial index', () => {
  const square = (x: number, y: number, size: number): Geometry => ({
    type: 'Polygon',
    coordinates: [
      [
        [x, y],
        [x + size, y],
        [x + size, y + size],
        [x, y + size],
        [x, y],
      ],
    ],
  });

  test('a query gives the features of its rectangle, all of them and no others', async () => {
    const random = fc.sample(fc.tuple(fc.integer({ min: 0, max: 990 }), fc.integer({ min: 0, max: 990 })), 3000);
    const records = random.map(([x, y], i) => location(`n${i}`, square(x / 10, y / 10, 1)));
    for (const count of [1, 16, 17, 256, 257, 3000]) {
      const { path } = await written(mapped('locations', [records.slice(0, count)]).fragments);
      const [west, south, east, north] = [20.05, 30.05, 45.05, 40.05];
      const wanted = random
        .slice(0, count)
        .flatMap(([x, y], i) =>
          x / 10 <= east && x / 10 + 1 >= west && y / 10 <= north && y / 10 + 1 >= south ? [`n${i}`] : [],
        );
      const rectangle = [west, south, east, north].map(String);
      expect(ids(path('polygons.fgb'), '-spat', ...rectangle)).toEqual(wanted.sort());
    }
  });

  test('a query does not read what is elsewhere', async () => {
    const near = Array.from({ length: 200 }, (_, i) => location(`near${i}`, square(i / 1000, i / 1000, 0.001)));
    const far = Array.from({ length: 2000 }, (_, i) => location(`far${i}`, square(100 + i / 1000, 50, 0.001)));
    const mixed = Array.from({ length: 200 }, (_, i) => [...far.slice(10 * i, 10 * i + 10), ...near.slice(i, i + 1)]);
    const { path, contents } = await written(mapped('locations', mixed).fragments);
    const bytes = contents.get('polygons.fgb') as Buffer;
    // All that is far is made unreadable: at least nine tenths of the features, which lie together in the file.
    const start = bytes.length - features(bytes);
    const first = bytes.indexOf('far', start);
    const isLast = first > bytes.indexOf('near', start);
    const [from, to] = isLast ? [first + 200, bytes.length] : [start, bytes.indexOf('near', start) - 400];
    expect(to - from).toBeGreaterThan(0.8 * features(bytes));
    writeFileSync(path('polygons.fgb'), Buffer.from(bytes).fill(0xff, from, to));
    expect(ids(path('polygons.fgb'), '-spat', '0', '0', '1', '1')).toEqual(near.map(({ id }) => id).sort());
  });

  /** Bytes behind header and index. */
  function features(bytes: Buffer): number {
    const header = 12 + bytes.readUInt32LE(8);
    let nodes = 2200;
    for (let level = 2200; level > 1; ) {
      level = Math.ceil(level / 16);
      nodes += level;
    }
    return bytes.length - header - 40 * nodes;
  }
});

describe('whatever the records', () => {
  test('GDAL gets back every value and every geometry to the last bit, however they were divided; and the bytes are the same', async () => {
    const cases = fc.sample(fc.tuple(anyLocations, anySharding, fc.integer({ min: 1, max: 200 })), 1000);
    for (const some of cut(cases, Array(4).fill(250))) {
      const results: { records: LocationRecord[]; files: { path: string; layer: string }[]; folder: string }[] = [];
      for (const [records, lengths, chunk] of some) {
        const divided = await written(mapped('locations', cut(records, lengths), chunk).fragments);
        const whole = await written(mapped('locations', [records]).fragments, { keep: false });
        expect([...divided.contents.keys()]).toEqual([...whole.contents.keys()]);
        for (const [name, bytes] of whole.contents) expect(divided.contents.get(name)?.equals(bytes), name).toBe(true);
        rmSync(whole.folder, { recursive: true });
        const files = [...divided.contents.keys()].map((name) => ({
          path: divided.path(name),
          layer: name.replace('.fgb', ''),
        }));
        results.push({ records, files, folder: divided.folder });
      }
      const read = readFlatGeobufs(results.flatMap(({ files }) => files));
      for (const { records, files, folder: own } of results) {
        expectAll(
          records,
          files.map(({ layer }) => ({ layer, ...(read.shift() as ReadFlatGeobuf) })),
        );
        rmSync(own, { recursive: true });
      }
    }
    expect(readdirSync(folder).length).toBeLessThan(100);
  }, 240_000);
});

function expectAll(records: readonly LocationRecord[], layers: readonly (ReadFlatGeobuf & { layer: string })[]): void {
  const found = new Map(
    layers.flatMap(({ layer, columns, rows, geometries }) =>
      rows.map((row, i) => {
        const cells = new Map(columns.map(({ name, type }, place) => [name, cellText(row[place] ?? null, type)]));
        return [cells.get('id') ?? '', { layer, cells, geometry: geometries[i] ?? null }] as const;
      }),
    ),
  );
  expect(found.size).toBe(records.length);
  const keys = new Map(records.flatMap(({ attributes }) => Object.keys(attributes).map((key) => [key, 0])));
  const columns = tableColumns([field('id'), field('type'), field('area')], [], [], keys);
  for (const { id, type, area, geometry, attributes } of records) {
    const actual = found.get(id);
    const fixed = new Map<string, unknown>(Object.entries({ id, type, area }));
    for (const { name, attribute } of columns) {
      const value =
        attribute === undefined ? fixed.get(name) : Object.hasOwn(attributes, attribute) ? attributes[attribute] : null;
      const [found, wanted] = [actual?.cells.get(name), valueText(value as AttributeValue | undefined)];
      // Said only where it is needed: there are very many cells.
      if (found !== wanted) expect(found, `${name} of ${id} in ${JSON.stringify(records)}`).toBe(wanted);
    }
    const kept = withoutEmpty(geometry);
    expect(normal(actual?.geometry ?? null, true)).toEqual(kept && normal(kept, true));
    expect(actual?.layer).toBe(kept ? `${kept.type.toLowerCase()}s` : 'locations_without_geometry');
  }
}

/** What FlatGeobuf keeps of a geometry: null where it has no position. */
function withoutEmpty(geometry: Geometry | null): Geometry | null {
  if (geometry === null || positionsOf(geometry).length === 0) return null;
  if (geometry.type === 'MultiPolygon')
    return { ...geometry, coordinates: geometry.coordinates.filter((each) => each.length > 0) };
  if (geometry.type !== 'GeometryCollection') return geometry;
  return { ...geometry, geometries: geometry.geometries.flatMap((each) => withoutEmpty(each) ?? []) };
}
