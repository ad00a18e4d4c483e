import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Geometry, Position } from 'geojson';
import { read } from 'shapefile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layerSummary, readFeatures } from '../../../../../test/support/gdal.js';
import {
  circle,
  expected,
  FAMILY_OF,
  FLAT,
  feature,
  HIGH,
  raised,
  square,
} from '../../../../../test/support/geometries.js';
import { chunked, MemoryFolder } from '../../../../../test/support/sinks.js';
import {
  type FamilyChunk,
  mergeLeftOut,
  type ShapefileFeature,
  ShapefileFragmentEncoder,
  type ShapefileFragmentMeta,
} from './fragment.js';
import { reduceShapefile } from './reduce.js';
import { FAMILIES, type Family } from './shape.js';

const DATE = new Date('2024-02-29T23:00:00Z');

interface Shard {
  metas: ShapefileFragmentMeta[];
  bytes: Map<Family, Buffer>;
  leftOut: ReturnType<ShapefileFragmentEncoder['finish']>['leftOut'];
}

function encode(features: ShapefileFeature[], batch = 7, pieceBytes = 1 << 25): Shard {
  const encoder = new ShapefileFragmentEncoder({ pieceBytes });
  const chunks: FamilyChunk[] = [];
  for (let at = 0; at < features.length; at += batch) chunks.push(...encoder.add(features.slice(at, at + batch)));
  const last = encoder.finish();
  chunks.push(...last.chunks);
  const bytes = new Map(
    FAMILIES.map((family) => [
      family,
      Buffer.concat(chunks.filter((chunk) => chunk.family === family).map((chunk) => chunk.bytes)),
    ]),
  );
  return { metas: JSON.parse(JSON.stringify(last.metas)), bytes, leftOut: last.leftOut };
}

/** Shards of locations through map and reduce, all families. */
async function build(
  shards: ShapefileFeature[][],
  { chunk = 1000, maxBytes = 2 ** 31 - 1, pieceBytes = 1 << 25 } = {},
) {
  const encoded = shards.map((shard) => encode(shard, 7, pieceBytes));
  const folder = new MemoryFolder();
  const results = new Map<Family, Awaited<ReturnType<typeof reduceShapefile>>>();
  for (const family of FAMILIES) {
    const fragments = encoded.flatMap((shard) => {
      const meta = shard.metas.find((each) => each.family === family);
      return meta ? [{ meta, open: () => chunked(shard.bytes.get(family) as Buffer, chunk) }] : [];
    });
    if (fragments.length === 0) continue;
    const result = await reduceShapefile(family, fragments, { date: DATE, openFile: folder.open, maxBytes });
    expect(result.files.map((file) => file.bytes)).toEqual(
      result.files.map((file) => folder.files.get(file.name)?.length),
    );
    results.set(family, result);
  }
  return { files: folder.files, results, leftOut: mergeLeftOut(encoded.map((shard) => shard.leftOut)) };
}

describe('shapefiles', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(path.join(tmpdir(), 'parcelpost-shp-'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** Puts files where GDAL can read them. */
  function onDisk(files: Map<string, Buffer>): (name: string) => string {
    const folder = mkdtempSync(path.join(root, 'x'));
    for (const [name, bytes] of files) writeFileSync(path.join(folder, name), bytes);
    return (name) => path.join(folder, name);
  }

  /** Compares all families with what went in. */
  function judge(files: Map<string, Buffer>, records: ShapefileFeature[]): void {
    const at = onDisk(files);
    for (const family of FAMILIES) {
      const wanted = records.filter((record) => record.geometry && FAMILY_OF[record.geometry.type] === family);
      if (wanted.length === 0) {
        expect(files.has(`${family}.shp`)).toBe(false);
        continue;
      }
      const z = wanted.some((record) => /\d,-?[\d.]+,-?[\d.]+(,\d+)?\]/.test(JSON.stringify(record.geometry)));
      const got = readFeatures(at(`${family}.shp`));
      expect(got.map(({ properties }) => properties)).toEqual(wanted.map(({ id, type }) => ({ id, type })));
      for (const [i, record] of wanted.entries()) {
        expect(got[i]?.geometry, `${family} ${record.id}`).toEqual(expected(record.geometry as Geometry, z));
      }
      const summary = layerSummary(at(`${family}.shp`));
      expect(summary).toMatchObject({ features: wanted.length, crs: 'EPSG:4326' });
      expect(summary.geometry.startsWith('3D ')).toBe(z);
      expect(summary.geometry).not.toContain('Measured');
      const flat = wanted.flatMap((record) => positions((record.geometry as { coordinates: unknown }).coordinates));
      const x = flat.map((position) => position[0] as number);
      const y = flat.map((position) => position[1] as number);
      const extent = [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
      for (const [i, value] of extent.entries()) expect(summary.extent[i]).toBeCloseTo(value, 6);
    }
  }

  function positions(coordinates: unknown): Position[] {
    const list = coordinates as unknown[];
    if (typeof list[0] === 'number') return [list as Position];
    return list.flatMap(positions);
  }

  test('GDAL reads every 2D geometry, id and type as it was, rings turned and closed', async () => {
    const { files } = await build([FLAT]);
    expect([...files.keys()].filter((name) => name.startsWith('points.'))).toEqual(
      ['shp', 'shx', 'dbf', 'prj', 'cpg'].map((extension) => `points.${extension}`),
    );
    judge(files, FLAT);
  });

  test('GDAL reads every geometry with Z, without measures', async () => {
    judge((await build([HIGH])).files, HIGH);
  });

  test('npm’s shapefile reads the same records and positions, flat and with Z', async () => {
    for (const records of [FLAT, HIGH]) {
      const { files } = await build([records]);
      const at = onDisk(files);
      for (const family of FAMILIES) {
        if (!files.has(`${family}.shp`)) continue;
        const [shp, dbf] = ['shp', 'dbf'].map((part) => new Uint8Array(files.get(`${family}.${part}`) as Buffer));
        const { features } = await read(shp as Uint8Array, dbf as Uint8Array, { encoding: 'utf8' });
        const plane = (geometry: Geometry) =>
          positions((geometry as { coordinates: unknown }).coordinates)
            .map(([x, y]) => `${x} ${y}`)
            .sort();
        const gdal = readFeatures(at(`${family}.shp`));
        expect(features.map(({ properties }) => properties)).toEqual(gdal.map(({ properties }) => properties));
        expect(features.map(({ geometry }) => plane(geometry))).toEqual(gdal.map(({ geometry }) => plane(geometry)));
      }
    }
  });

  test('one record with Z raises its whole family, also from another shard', async () => {
    judge((await build([FLAT, HIGH])).files, [...FLAT, ...HIGH]);
    judge((await build([HIGH, FLAT])).files, [...HIGH, ...FLAT]);
  });

  test('files do not depend on how the records were divided, nor on chunks', async () => {
    const records = [...FLAT, ...HIGH];
    const whole = await build([records]);
    const split = await build([records.slice(0, 5), [], records.slice(5, 6), records.slice(6)], { chunk: 11 });
    expect([...split.files.keys()]).toEqual([...whole.files.keys()]);
    for (const [name, bytes] of whole.files) expect(split.files.get(name)?.equals(bytes), name).toBe(true);
  });

  test('thousands of records in many frames keep their order, in both ways of encoding', async () => {
    const records = Array.from({ length: 6000 }, (_, i) =>
      feature({
        type: 'Polygon',
        coordinates: [i % 500 === 250 ? circle(1100) : square((i % 300) - 150, (i % 170) - 85, 1 / 3)],
      }),
    );
    const { files, results } = await build([records.slice(0, 2500), records.slice(2500)], { chunk: 65536 });
    judge(files, records);
    expect(results.get('polygons')).toMatchObject({ rows: 6000, cut: { count: 0, ids: [] } });
    expect(results.get('polygons')?.files.map((file) => file.rows)).toEqual([6000, 6000, 6000, null, null]);
  });

  test('what no shapefile can hold is left out, by reason, with ids', async () => {
    const bad = {
      nullGeometry: [null],
      emptyGeometry: [
        { type: 'Point', coordinates: [] },
        { type: 'Polygon', coordinates: [] },
        { type: 'Polygon', coordinates: [[]] },
        { type: 'MultiPolygon', coordinates: [[], [[]]] },
        { type: 'LineString', coordinates: [] },
        { type: 'MultiLineString', coordinates: [[]] },
        { type: 'MultiPoint', coordinates: [[]] },
        { type: 'MultiPoint', coordinates: null },
      ],
      geometryCollection: [{ type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }] }],
      notFinite: [
        { type: 'Point', coordinates: [Number.NaN, 1] },
        { type: 'Point', coordinates: [1, Number.POSITIVE_INFINITY] },
        { type: 'Point', coordinates: [1, 2, Number.NaN] },
        { type: 'Point', coordinates: [1] },
        {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [1, 0],
              [1, Number.NaN],
              [0, 0],
            ],
          ],
        },
      ],
      tooFewPoints: [
        { type: 'LineString', coordinates: [[1, 2]] },
        {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [1, 0],
              [0, 0],
            ],
          ],
        },
        {
          type: 'MultiLineString',
          coordinates: [
            [
              [1, 2],
              [3, 4],
            ],
            [[1, 2]],
          ],
        },
      ],
    };
    const records = Object.values(bad).flatMap((geometries) => (geometries as unknown[]).map((each) => feature(each)));
    const good = feature({ type: 'Point', coordinates: [1, 2] });
    const { files, leftOut } = await build([records.slice(0, 4), [...records.slice(4), good]]);
    judge(files, [good]);
    let at = 0;
    for (const [reason, geometries] of Object.entries(bad)) {
      const ids = records.slice(at, at + geometries.length).map((record) => record.id);
      at += geometries.length;
      expect(leftOut[reason as keyof typeof bad]).toEqual({ count: ids.length, ids });
    }
    expect(() => encode([feature({ type: 'Curve' })])).toThrow('"Curve"');
  });

  test('ids of ten records stand for all that were left out', () => {
    const { leftOut } = encode(Array.from({ length: 25 }, (_, i) => feature(null, 'PA', `n${i}`)));
    expect(leftOut.nullGeometry).toEqual({ count: 25, ids: Array.from({ length: 10 }, (_, i) => `n${i}`) });
  });

  test('text too long for a field is cut between characters and counted', async () => {
    const records = [
      feature({ type: 'Point', coordinates: [1, 2] }, '界'.repeat(100), 'a'),
      feature({ type: 'Point', coordinates: [1, 2] }, `x${'😀'.repeat(80)}`, 'b'.repeat(255)),
      feature({ type: 'Point', coordinates: [1, 2] }, 'é'.repeat(127), 'c'),
    ];
    const { files, results } = await build([records.slice(0, 1), records.slice(1)]);
    const got = readFeatures(onDisk(files)('points.shp')).map(({ properties }) => properties);
    expect(got).toEqual([
      { id: 'a', type: '界'.repeat(84) },
      { id: 'b'.repeat(254), type: `x${'😀'.repeat(63)}` },
      { id: 'c', type: 'é'.repeat(127) },
    ]);
    expect(results.get('points')?.cut).toEqual({ count: 2, ids: ['a', 'b'.repeat(255)] });
  });

  test('a full shapefile is followed by a second one', async () => {
    const records = Array.from({ length: 900 }, (_, i) =>
      feature({ type: 'Polygon', coordinates: [square(i % 90, 0, 1)] }),
    );
    records.push(feature({ type: 'Polygon', coordinates: [raised(square(0, 0, 1), 3)] }));
    const { files } = await build([records.slice(0, 400), records.slice(400)], { maxBytes: 100_000, pieceBytes: 1 });
    const at = onDisk(files);
    const names = [...files.keys()].filter((name) => name.endsWith('.shp'));
    expect(names.slice(0, 2)).toEqual(['polygons.shp', 'polygons_2.shp']);
    const got = names.map((name) => readFeatures(at(name)));
    expect(got.flat().map(({ properties }) => properties?.id)).toEqual(records.map((record) => record.id));
    for (const name of names) {
      expect(files.get(name)?.length).toBeLessThanOrEqual(100_000);
      expect(layerSummary(at(name)).geometry).toBe('3D Polygon');
    }
  });

  test('headers tell the length of the file, and the day', async () => {
    const { files } = await build([[...FLAT, ...HIGH]]);
    for (const [name, bytes] of files) {
      if (/sh[px]$/.test(name)) expect(bytes.readInt32BE(24) * 2, name).toBe(bytes.length);
    }
    expect([...(files.get('points.dbf') as Buffer).subarray(0, 4)]).toEqual([3, 124, 2, 29]);
    expect(execFileSync('file', ['-b', onDisk(files)('points.dbf')]).toString()).toContain('DBF');
  });

  test('a damaged fragment leaves no file behind', async () => {
    const shard = encode(FLAT);
    const meta = shard.metas.find((each) => each.family === 'polygons') as ShapefileFragmentMeta;
    const whole = shard.bytes.get('polygons') as Buffer;
    for (const bytes of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from('x')]), Buffer.alloc(0)]) {
      const folder = new MemoryFolder();
      const reduced = reduceShapefile('polygons', [{ meta, open: () => chunked(bytes, 100) }], {
        date: DATE,
        openFile: folder.open,
      });
      await expect(reduced).rejects.toThrow('damaged');
      expect(folder.files.size).toBe(0);
      expect(folder.aborted.length).toBe(5);
    }
  });
});
