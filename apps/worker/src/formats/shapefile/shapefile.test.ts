import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Geometry, Position } from 'geojson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layerSummary, readFeatures } from '../../../../../test/support/gdal.js';
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

let next = 0;
const feature = (geometry: unknown, type = 'PA', id = `id-${next++}`): ShapefileFeature => ({
  id,
  type,
  geometry: geometry as Geometry | null,
});

const square = (x: number, y: number, size: number): Position[] => [
  [x, y],
  [x + size, y],
  [x + size, y + size],
  [x, y + size],
  [x, y],
];
const reversed = (ring: Position[]) => [...ring].reverse();
const raised = (ring: Position[], z: number) => ring.map(([x = 0, y = 0], i) => [x, y, z + i / 8]);
/** Enough vertices that shp-write is not asked, and coordinates with all their digits. */
const circle = (points: number, z = false) =>
  Array.from({ length: points }, (_, i) => {
    const angle = (2 * Math.PI * i) / points;
    return [Math.cos(angle) / 3, Math.sin(angle) / 7, ...(z ? [i / 3] : [])];
  });

/** The geometry as a shapefile should give it back: rings closed, outer ones clockwise, multi only when there are several. */
function expected(geometry: Geometry, z: boolean): Geometry {
  const at = (position: Position) =>
    (z ? [position[0], position[1], position[2] ?? 0] : position.slice(0, 2)) as Position;
  const ring = (positions: Position[], clockwise: boolean) => {
    const closed = positions.map(at);
    if (`${closed[0]}` !== `${closed.at(-1)}`) closed.push(closed[0] as Position);
    const area = closed.reduce((sum, [x = 0, y = 0], i) => {
      const [x2 = 0, y2 = 0] = closed[(i + 1) % closed.length] as Position;
      return sum + x * y2 - x2 * y;
    }, 0);
    return area > 0 === clockwise ? closed.reverse() : closed;
  };
  const rings = (all: Position[][]) => all.filter((each) => each.length > 0).map((each, i) => ring(each, i === 0));
  switch (geometry.type) {
    case 'Point':
      return { type: 'Point', coordinates: at(geometry.coordinates) };
    case 'MultiPoint':
      return { type: 'MultiPoint', coordinates: geometry.coordinates.map(at) };
    case 'LineString':
      return { type: 'LineString', coordinates: geometry.coordinates.map(at) };
    case 'Polygon':
      return { type: 'Polygon', coordinates: rings(geometry.coordinates) };
    case 'MultiLineString': {
      const lines = geometry.coordinates.filter((line) => line.length > 0).map((line) => line.map(at));
      return lines.length === 1
        ? { type: 'LineString', coordinates: lines[0] as Position[] }
        : { type: 'MultiLineString', coordinates: lines };
    }
    case 'MultiPolygon': {
      const members = geometry.coordinates.map(rings).filter((each) => each.length > 0);
      return members.length === 1
        ? { type: 'Polygon', coordinates: members[0] as Position[][] }
        : { type: 'MultiPolygon', coordinates: members };
    }
    default:
      throw new Error(`no shapefile holds a ${geometry.type}`);
  }
}

const FAMILY_OF: Record<string, Family> = {
  Point: 'points',
  LineString: 'linestrings',
  Polygon: 'polygons',
  MultiPoint: 'multipoints',
  MultiLineString: 'multilinestrings',
  MultiPolygon: 'multipolygons',
};

const FLAT = [
  feature({ type: 'Point', coordinates: [-71.06, 42.36] }, 'PA', 'пункт'),
  feature({ type: 'Point', coordinates: [0.1 + 0.2, -1e-9] }, '建物', '地块-1'),
  feature(
    {
      type: 'LineString',
      coordinates: [
        [1, 2],
        [3, 4],
        [5.5, 4],
      ],
    },
    'RW',
  ),
  feature({ type: 'LineString', coordinates: circle(1500) }),
  feature({
    type: 'MultiLineString',
    coordinates: [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
        [9, 9],
      ],
      [],
    ],
  }),
  feature({
    type: 'MultiLineString',
    coordinates: [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  }),
  feature({
    type: 'MultiLineString',
    coordinates: Array.from({ length: 40 }, (_, i) => [
      [i, 1],
      [i, 2],
    ]),
  }),
  feature({
    type: 'MultiPoint',
    coordinates: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  }),
  feature({ type: 'MultiPoint', coordinates: [[1, 2]] }),
  feature({ type: 'Polygon', coordinates: [square(0, 0, 10)] }, 'पार्सल'),
  feature({ type: 'Polygon', coordinates: [reversed(square(0, 0, 10))] }, 'قطعة'),
  feature({ type: 'Polygon', coordinates: [square(0, 0, 10).slice(0, 4)] }, 'unclosed'),
  feature({ type: 'Polygon', coordinates: [square(0, 0, 10), square(1, 1, 2), reversed(square(5, 5, 2)), []] }),
  feature({ type: 'Polygon', coordinates: [circle(2500)] }),
  feature({
    type: 'MultiPolygon',
    coordinates: [[square(0, 0, 10), square(1, 1, 8)], [reversed(square(2, 2, 3))], [square(20, 20, 1)]],
  }),
  feature({ type: 'MultiPolygon', coordinates: [[square(0, 0, 1)], []] }),
  feature({ type: 'MultiPolygon', coordinates: Array.from({ length: 30 }, (_, i) => [square(i * 2, 0, 1)]) }),
];
const HIGH = [
  feature({ type: 'Point', coordinates: [1, 2, 3.5] }),
  feature({ type: 'Point', coordinates: [1, 2, -7, 99] }),
  feature({
    type: 'LineString',
    coordinates: [
      [1, 2, 3],
      [3, 4],
      [5, 6, -1],
    ],
  }),
  feature({
    type: 'MultiLineString',
    coordinates: [
      raised(
        [
          [1, 2],
          [3, 4],
        ],
        5,
      ),
      [
        [5, 6],
        [7, 8],
      ],
    ],
  }),
  feature({
    type: 'MultiPoint',
    coordinates: [
      [1, 2, 3],
      [3, 4, 5],
    ],
  }),
  feature({ type: 'Polygon', coordinates: [raised(square(0, 0, 10), 100), reversed(raised(square(1, 1, 2), 5))] }),
  feature({ type: 'Polygon', coordinates: [circle(1200, true)] }),
  feature({ type: 'MultiPolygon', coordinates: [[raised(square(0, 0, 10), 1)], [raised(square(20, 0, 10), 2)]] }),
];

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
