import { type Attributes, type AttributeValue, ExactNumber, type LocationRecord } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import type { Geometry } from 'geojson';
import { describe, expect, test } from 'vitest';
import { normal, positionsOf } from '../../../../../test/conformance/normal-geometry.js';
import { anyLocations, anySharding, cut, withoutEmptyMembers } from '../../../../../test/support/arbitrary-records.js';
import { type ParquetCell, readParquetFile, readParquetFooter } from '../../../../../test/support/parquet.js';
import { chunked, MemorySink } from '../../../../../test/support/sinks.js';
import { valueText } from '../../../../../test/support/typed-cells.js';
import { field, location, mapped, point } from '../../../../../test/support/typed-fragments.js';
import type { TableEntity } from '../csv/tables.js';
import { tableColumns } from '../typed/columns.js';
import type { TypedFragment } from '../typed/read.js';
import { writeParquet } from './reduce.js';

async function written(
  fragments: readonly TypedFragment[],
  { entity = 'locations' as TableEntity, form = [] as ReturnType<typeof field>[], groupRows = 1000 } = {},
) {
  const sink = new MemorySink();
  const signal = new AbortController().signal;
  const options = { entity, form, createdBy: 'Parcelpost version 0', signal, groupRows };
  const result = await writeParquet(fragments, options, sink);
  return { ...result, bytes: sink.bytes, chunks: sink.chunks.length };
}

const geoOf = async (bytes: Buffer) => JSON.parse((await readParquetFooter(bytes)).metadata.get('geo') ?? 'null');

describe('locations.parquet', () => {
  test('is GeoParquet 1.1: version, encoding, types, extent, reference system, covering', async () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [-3, 0, 7],
        [1, 9, -2],
      ],
    };
    const shards = [
      [location('a', point(1, 2)), location('b', null)],
      [location('c', line), location('d', point(Number.NaN, 0)), location('e', { type: 'Polygon', coordinates: [] })],
    ];
    const { bytes, rows, columns } = await written(mapped('locations', shards).fragments);
    expect(rows).toBe(5);
    expect(columns.slice(-2).map(({ name }) => name)).toEqual(['geometry', 'bbox']);
    const geo = await geoOf(bytes);
    expect(geo).toEqual({
      version: '1.1.0',
      primary_column: 'geometry',
      columns: {
        geometry: {
          encoding: 'WKB',
          geometry_types: ['Point', 'Polygon', 'LineString Z'],
          crs: expect.objectContaining({ id: { authority: 'OGC', code: 'CRS84' } }),
          orientation: 'counterclockwise',
          edges: 'planar',
          bbox: [-3, 0, -2, 1, 9, 7],
          covering: {
            bbox: { xmin: ['bbox', 'xmin'], ymin: ['bbox', 'ymin'], xmax: ['bbox', 'xmax'], ymax: ['bbox', 'ymax'] },
          },
        },
      },
    });
    const read = readParquetFile(bytes);
    expect(read.geometries).toEqual([point(1, 2), null, line, null, { type: 'Polygon', coordinates: [] }]);
    expect(read.columns.at(-1)).toMatchObject({
      name: 'bbox',
      type: expect.stringMatching(/xmin:Float64.*ymax:Float64/),
    });
    expect(read.rows.map((row) => row.at(-1))).toEqual([[1, 2, 1, 2], null, [-3, 0, 1, 9], null, null]);
    const flat = await geoOf((await written(mapped('locations', [[location('a', point(1, 2))]]).fragments)).bytes);
    expect(flat.columns.geometry).toMatchObject({ geometry_types: ['Point'], bbox: [1, 2, 1, 2] });
  });

  test('without any record has its columns, and no extent', async () => {
    const { bytes, rows } = await written([], { form: [field('crop')] });
    expect(rows).toBe(0);
    const read = readParquetFile(bytes);
    expect(read.columns.map(({ name }) => name)).toEqual(['id', 'type', 'area', 'crop', 'bbox']);
    expect(read.rows).toEqual([]);
    const geo = await geoOf(bytes);
    expect(geo.columns.geometry.geometry_types).toEqual([]);
    expect(geo.columns.geometry).not.toHaveProperty('bbox');
  });

  test('comes in row groups of so many rows, each handed on when it is whole, compressed', async () => {
    const records = Array.from({ length: 2500 }, (_, i) => location(`n${i}`, point(i / 100, 1), { crop: 'maize' }));
    const { bytes, chunks } = await written(mapped('locations', cut(records, [700, 900])).fragments, {
      groupRows: 1000,
    });
    const { groups, createdBy } = await readParquetFooter(bytes);
    expect(groups.map(({ rows }) => rows)).toEqual([1000, 1000, 500]);
    expect(new Set(groups.flatMap(({ compression }) => compression))).toEqual(new Set(['1']));
    expect(createdBy).toBe('Parcelpost version 0');
    expect(chunks).toBe(4);
    expect(readParquetFile(bytes).rows.map(([id]) => id)).toEqual(records.map(({ id }) => id));
  });

  test('an answer called as a column of the format has another name', async () => {
    const record = location('1', point(1, 2), { geometry: 'a', BBOX: 'b', fid: 'c' });
    const { columns } = readParquetFile((await written(mapped('locations', [[record]]).fragments)).bytes);
    expect(columns.map(({ name }) => name)).toEqual(['id', 'type', 'area', 'BBOX_2', 'fid', 'geometry_2', 'bbox']);
  });
});

describe('parties.parquet', () => {
  const party = (id: string, attributes: Attributes) => ({ id, name: 'n', type: 'IN', attributes });

  test('has each column of the one type that holds all of its values, and every digit', async () => {
    const big = new ExactNumber('9007199254740993');
    const shards = [
      [
        party('1', {
          i: 1,
          l: 5,
          r: 1,
          b: true,
          m: 'x',
          d: '2024-02-29',
          n: new ExactNumber('1e400'),
          e: '2023-02-29',
        }),
      ],
      [party('2', { l: big, r: 0.1, b: false, m: 7, d: '0001-12-31', list: ['a', 2], o: { k: [1] }, e: '2024-02-29' })],
    ];
    const form = [field('d', 'Day', 'date'), field('e', 'No day', 'date')];
    const { bytes } = await written(mapped('parties', shards).fragments, { entity: 'parties', form });
    const read = readParquetFile(bytes);
    const about = (name: string) => {
      const place = read.columns.findIndex((column) => column.name === name);
      return [read.columns[place]?.type, ...read.rows.map((row) => row[place])];
    };
    expect(about('i')).toEqual(['Int64', 1n, null]);
    expect(about('l')).toEqual(['Int64', 5n, 9007199254740993n]);
    expect(about('r')).toEqual(['Float64', 1, 0.1]);
    expect(about('b')).toEqual(['Bool', true, false]);
    expect(about('m')).toEqual(['Utf8', 'x', '7']);
    expect(about('d')).toEqual(['Date32<DAY>', '2024-02-29', '0001-12-31']);
    // A day that no calendar has is a text.
    expect(about('e')).toEqual(['Utf8', '2023-02-29', '2024-02-29']);
    expect(about('n')).toEqual(['Utf8', '1e400', null]);
    expect(about('list')).toEqual(['Utf8', null, 'a, 2']);
    expect(about('o')).toEqual(['Utf8', null, '{"k":[1]}']);
    expect((await readParquetFooter(bytes)).metadata?.get('geo')).toBeUndefined();
  });

  test('a fragment that is cut short, or longer than it was, is refused', async () => {
    const [fragment] = mapped('parties', [[party('1', { a: 1 }), party('2', { b: 2 })]]).fragments as [TypedFragment];
    const chunks: Uint8Array[] = [];
    for await (const chunk of fragment.open()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    for (const content of [bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]) {
      const broken = { ...fragment, open: () => chunked(content, 11) };
      await expect(written([broken], { entity: 'parties' })).rejects.toThrow('damaged');
    }
  });
});

describe('whatever the records', () => {
  test('Arrow gets back every value and every geometry to the last bit, however they were divided; and the bytes are the same', async () => {
    const cases = fc.sample(fc.tuple(anyLocations, anySharding, fc.integer({ min: 1, max: 200 })), 1000);
    for (const [records, lengths, chunk] of cases) {
      const options = { groupRows: chunk % 7 === 0 ? 3 : 1000 };
      const { bytes } = await written(mapped('locations', cut(records, lengths), chunk).fragments, options);
      const whole = await written(mapped('locations', [records]).fragments, options);
      expect(whole.bytes.equals(bytes)).toBe(true);
      expectAll(records, readParquetFile(bytes));
    }
  }, 120_000);
});

function expectAll(records: readonly LocationRecord[], read: ReturnType<typeof readParquetFile>): void {
  const keys = new Map(records.flatMap(({ attributes }) => Object.keys(attributes).map((key) => [key, 0])));
  const rules = { reserved: ['geometry', 'bbox'] };
  const columns = tableColumns([field('id'), field('type'), field('area')], [], [], keys, rules);
  expect(read.columns.map(({ name }) => name)).toEqual([...columns.map(({ name }) => name), 'bbox']);
  expect(read.rows.length).toBe(records.length);
  for (const [row, { id, type, area, geometry, attributes }] of records.entries()) {
    const fixed = new Map<string, AttributeValue>(Object.entries({ id, type, area }));
    for (const [place, { name, attribute }] of columns.entries()) {
      const given =
        attribute === undefined ? fixed.get(name) : Object.hasOwn(attributes, attribute) ? attributes[attribute] : null;
      const cell = read.rows[row]?.[place] ?? null;
      const [text, wanted] = [textOf(cell), valueText(given)];
      // Said only where it is needed: there are very many cells.
      if (text !== wanted) expect(text, `${name} of ${id} in ${JSON.stringify(records)}`).toBe(wanted);
    }
    const kept = withoutEmptyMembers(geometry);
    expect(normal(read.geometries[row] ?? null)).toEqual(normal(kept));
    expect(read.rows[row]?.at(-1)).toEqual(extentOf(geometry));
  }
}

function textOf(cell: ParquetCell): string {
  return cell === null ? '' : `${cell}`;
}

function extentOf(geometry: Geometry | null): number[] | null {
  const positions = positionsOf(geometry);
  if (positions.length === 0) return null;
  const [x, y] = [0, 1].map((axis) => positions.map((position) => position[axis] ?? 0)) as [number[], number[]];
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}
