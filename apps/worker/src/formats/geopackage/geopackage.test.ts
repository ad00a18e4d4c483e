import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Attributes, type AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normal } from '../../../../../test/conformance/normal-geometry.js';
import {
  anyLocations,
  anySharding,
  cut,
  isFilled,
  withoutEmptyMembers,
} from '../../../../../test/support/arbitrary-records.js';
import { readMixedFeatures } from '../../../../../test/support/gdal.js';
import { readGeoPackages, type SqliteCell } from '../../../../../test/support/geopackage.js';
import { chunked } from '../../../../../test/support/sinks.js';
import { field, location, mapped, point } from '../../../../../test/support/typed-fragments.js';
import { formatCell } from '../csv/cell.js';
import { tableColumns } from '../typed/columns.js';
import { WITHOUT_GEOMETRY } from '../typed/fragment.js';
import { LAYERS } from '../typed/geometry.js';
import type { TypedFragment } from '../typed/read.js';
import { writeGeoPackage } from './reduce.js';

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-gpkg-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DATE = new Date('2024-05-06T07:08:09.123Z');

async function written(fragments: readonly TypedFragment[], form: ReturnType<typeof field>[] = []) {
  const path = join(folder, `${files++}.gpkg`);
  const options = { form: () => form, date: DATE, signal: new AbortController().signal };
  const tables = await writeGeoPackage(path, fragments, options);
  return { path, tables };
}

const party = (id: string, attributes: Attributes = {}) => ({ id, name: 'n', type: 'IN', attributes });
const read = (path: string) => readGeoPackages([path])[0] as ReturnType<typeof readGeoPackages>[number];

describe('a GeoPackage', () => {
  test('without any record has the tables of the standard, parties and relationships, and no fault', async () => {
    const { path, tables } = await written([]);
    const { applicationId, userVersion, faults, tables: found } = read(path);
    expect({ applicationId, userVersion, faults }).toEqual({
      applicationId: 0x47504b47,
      userVersion: 10300,
      faults: [],
    });
    expect(Object.keys(found).filter((name) => !name.startsWith('gpkg_'))).toEqual(['parties', 'relationships']);
    expect(found.gpkg_spatial_ref_sys?.rows.map(([, id]) => id)).toEqual(
      ['-1', '0', '4326'].map((integer) => ({ integer })),
    );
    expect(found.gpkg_contents?.rows.map((row) => row.slice(0, 5))).toEqual(
      ['parties', 'relationships'].map((name) => [name, 'attributes', name, expect.any(String), DATE.toISOString()]),
    );
    expect(tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['parties', 0],
      ['relationships', 0],
    ]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
    execFileSync('ogrinfo', ['-al', '-so', path]);
  });

  test('has a layer for each type of geometry, with extent, heights and all columns; the rest is in a table of its own', async () => {
    const shards = [
      [location('a', point(1, 2), { crop: 'maize' }), location('b', null)],
      [
        location('c', point(-3, 9, 5)),
        location('d', point(Number.NaN, 0)),
        location('e', {
          type: 'LineString',
          coordinates: [
            [0, 0, 1],
            [1, 1, 2],
          ],
        }),
      ],
      [location('f', { type: 'GeometryCollection', geometries: [point(5, 5)] })],
    ];
    const { fragments, unheld } = mapped('locations', shards);
    const { path } = await written(fragments, [field('crop', 'Which crop?', 'select_one')]);
    const { faults, tables } = read(path);
    expect(faults).toEqual([]);
    const ids = (name: string) =>
      tables[name]?.rows.map((row) => row[tables[name]?.columns.findIndex((each) => each.name === 'id') ?? -1]);
    expect(ids('points')).toEqual(['a', 'c']);
    expect(ids('linestrings')).toEqual(['e']);
    expect(ids('geometrycollections')).toEqual(['f']);
    expect(ids(WITHOUT_GEOMETRY)).toEqual(['b', 'd']);
    expect(tables.points?.columns).toEqual([
      { name: 'fid', type: 'INTEGER' },
      { name: 'geom', type: 'POINT' },
      ...[
        ['id', 'TEXT'],
        ['type', 'TEXT'],
        ['area', 'TEXT'],
        ['crop', 'TEXT'],
      ].map(([name, type]) => ({ name, type })),
    ]);
    const real = (value: number) => ({ real: value });
    expect(tables.gpkg_contents?.rows[0]?.slice(5)).toEqual([...[-3, 2, 1, 9].map(real), { integer: '4326' }]);
    const heights = Object.fromEntries(tables.gpkg_geometry_columns?.rows.map((row) => [row[0], row[4]]) ?? []);
    expect(heights).toEqual({
      points: { integer: '2' },
      linestrings: { integer: '1' },
      geometrycollections: { integer: '0' },
    });
    expect(tables.gpkg_data_columns?.rows).toContainEqual([
      'points',
      'crop',
      null,
      'Which crop?',
      'select_one',
      null,
      null,
    ]);
    expect(unheld.map(({ notFinite }) => notFinite.ids)).toEqual([[], ['d'], []]);
  });

  test('has each column of the one type that holds all of its values, and every digit', async () => {
    const shards = [
      [party('1', { i: 1, l: 5, r: 1, b: true, m: 'x', d: '2024-05-06', n: new ExactNumber('123456789012345678901') })],
      [
        party('2', {
          l: new ExactNumber('9007199254740993'),
          r: 0.1,
          b: false,
          m: 7,
          d: '1999-12-31',
          list: ['a', 2],
          o: { k: [1] },
        }),
      ],
    ];
    const { path } = await written(mapped('parties', shards).fragments, [field('d', 'Day', 'date')]);
    const { tables } = read(path);
    const { columns = [], rows = [] } = tables.parties ?? {};
    const column = (name: string) => columns.findIndex((each) => each.name === name);
    const about = (name: string) => [columns[column(name)]?.type, ...rows.map((row) => row[column(name)])];
    expect(about('i')).toEqual(['INTEGER', { integer: '1' }, null]);
    expect(about('l')).toEqual(['INTEGER', { integer: '5' }, { integer: '9007199254740993' }]);
    expect(about('r')).toEqual(['REAL', { real: 1 }, { real: 0.1 }]);
    expect(about('b')).toEqual(['BOOLEAN', { integer: '1' }, { integer: '0' }]);
    expect(about('m')).toEqual(['TEXT', 'x', '7']);
    expect(about('d')).toEqual(['DATE', '2024-05-06', '1999-12-31']);
    expect(about('n')).toEqual(['TEXT', '123456789012345678901', null]);
    expect(about('list')).toEqual(['TEXT', null, 'a, 2']);
    expect(about('o')).toEqual(['TEXT', null, '{"k":[1]}']);
  });

  test('what is no character is replaced and said', async () => {
    const { fragments, unheld } = mapped('parties', [
      [party('1', { t: 'a\0b' }), party('2', { t: 'ok 😀' }), party('3', { t: '\ud800' })],
    ]);
    const { path } = await written(fragments);
    expect(read(path).tables.parties?.rows.map((row) => row.at(-1))).toEqual(['a\ufffdb', 'ok 😀', '\ufffd']);
    expect(unheld[0]?.characters).toEqual({ count: 2, ids: ['1', '3'] });
  });

  test('a fragment that is cut short, or longer than it was, is refused, and its file let go', async () => {
    const [fragment] = mapped('parties', [[party('1', { a: 1 }), party('2', { b: 2 })]]).fragments as [TypedFragment];
    const chunks: Uint8Array[] = [];
    for await (const chunk of fragment.open()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    for (const content of [bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]) {
      await expect(written([{ ...fragment, open: () => chunked(content, 11) }])).rejects.toThrow('damaged');
    }
    const more = { ...fragment, meta: { ...fragment.meta, tables: {} } };
    await expect(written([more])).rejects.toThrow('damaged');
    expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });
});

describe('the spatial index', () => {
  test('has the place of every feature that has one, and a query gives what is there', async () => {
    const records = [
      location('a', point(1.1, 2)),
      location('b', point()),
      location('c', {
        type: 'LineString',
        coordinates: [
          [0.1, 0.2],
          [0.3, -0.4],
        ],
      }),
      location('d', { type: 'Polygon', coordinates: [] }),
      location('e', point(-179.9999999, 89.9999999)),
    ];
    const { path } = await written(mapped('locations', [records]).fragments);
    const { faults, indexes, tables } = read(path);
    expect(faults).toEqual([]);
    expect(Object.keys(indexes)).toEqual(['points', 'linestrings', 'polygons']);
    expect(indexes.points?.map(([fid]) => fid)).toEqual([1, 3]);
    expect(indexes.polygons).toEqual([]);
    const [[, west = 0, east = 0, south = 0, north = 0] = []] = indexes.linestrings ?? [];
    for (const [low, value, high] of [
      [west, 0.1, west],
      [east, 0.3, east],
      [south, -0.4, south],
      [north, 0.2, north],
    ] as const) {
      expect(Math.abs(value - low)).toBeLessThan(1e-7);
      expect(Math.abs(value - high)).toBeLessThan(1e-7);
    }
    expect(west <= 0.1 && east >= 0.3 && south <= -0.4 && north >= 0.2).toBe(true);
    expect(tables.gpkg_extensions?.rows.map((row) => row.slice(0, 3))).toContainEqual([
      'points',
      'geom',
      'gpkg_rtree_index',
    ]);
    const asked = execFileSync('ogrinfo', [path, 'points', '-spat', '1', '1', '2', '3'], { encoding: 'utf8' });
    expect(asked).toContain('Feature Count: 1\n');
  });
});

describe('whatever the records', () => {
  test('Python’s sqlite3 gets back every value, however they were divided; and the bytes are the same', async () => {
    const cases = fc.sample(fc.tuple(anyLocations, anySharding, fc.integer({ min: 1, max: 200 })), 1000);
    for (const some of cut(cases, Array(10).fill(100))) {
      const paths: string[] = [];
      for (const [records, lengths, chunk] of some) {
        const { path } = await written(mapped('locations', cut(records, lengths), chunk).fragments);
        const whole = await written(mapped('locations', [records]).fragments);
        expect(readFileSync(whole.path).equals(readFileSync(path))).toBe(true);
        rmSync(whole.path);
        paths.push(path);
      }
      for (const [i, { faults, tables }] of readGeoPackages(paths).entries()) {
        const [records = []] = some[i] ?? [];
        expect(faults).toEqual([]);
        const found = new Map(
          [...LAYERS, WITHOUT_GEOMETRY].flatMap((name) => {
            const { columns = [], rows = [] } = tables[name] ?? {};
            return rows.map((row) => {
              const values = row.map((cell, place) => [columns[place]?.name ?? '', asText(cell, columns[place]?.type)]);
              return [row[name === WITHOUT_GEOMETRY ? 1 : 2], Object.fromEntries(values)] as const;
            });
          }),
        );
        expect(found.size).toBe(records.length);
        const columns = tableColumns(
          [field('id'), field('type'), field('area')],
          [],
          [],
          new Map(records.flatMap(({ attributes }) => Object.keys(attributes).map((key) => [key, 0]))),
        );
        for (const { id, type, area, attributes } of records) {
          const fixed: Record<string, AttributeValue> = { id, type, area };
          for (const { name, attribute } of columns) {
            const value =
              attribute === undefined
                ? fixed[name]
                : Object.hasOwn(attributes, attribute)
                  ? attributes[attribute]
                  : null;
            const [cell, wanted] = [found.get(id)?.[name], expectedText(value)];
            // Said only where it is needed: there are very many cells.
            if (cell !== wanted) expect(cell, `${name} of ${JSON.stringify(records)}`).toBe(wanted);
          }
        }
      }
      for (const path of paths) rmSync(path);
    }
  }, 240_000);

  test('GDAL reads every geometry to the last bit, each in the layer of its type', async () => {
    const records = fc
      .sample(anyLocations, 200)
      .flat()
      .map((record, i) => ({ ...record, id: `n${i}`, attributes: {} }));
    const { path, tables } = await written(mapped('locations', cut(records, [100, 7, 300])).fragments);
    const expected = new Map(
      records
        .filter(({ geometry }) => isFilled(geometry))
        .map(({ id, geometry }) => [id, normal(withoutEmptyMembers(geometry), true)]),
    );
    let compared = 0;
    for (const { name } of tables.filter(({ name }) => (LAYERS as readonly string[]).includes(name))) {
      for (const { properties, geometry } of readMixedFeatures(path, name)) {
        const wanted = expected.get(properties?.id);
        if (!wanted) continue;
        expect(normal(geometry, true)).toEqual(wanted);
        compared++;
      }
    }
    expect(compared).toBe(expected.size);
  });
});

/** A cell as the CSV would have it, so that it can be compared whatever its column's type. */
function asText(cell: SqliteCell, type: string | undefined): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if ('blob' in cell) return cell.blob;
  if ('real' in cell) return `${cell.real}`;
  return type === 'BOOLEAN' ? (cell.integer === '1' ? 'true' : 'false') : cell.integer;
}

function expectedText(value: AttributeValue | undefined): string {
  // U+0000 and half characters are not in the sample.
  return formatCell(value);
}
