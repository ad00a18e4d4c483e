import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocationRecord } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import type { Geometry, Position } from 'geojson';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyLocations, anySharding, cut } from '../../../../../test/support/arbitrary-records.js';
import { readDbase } from '../../../../../test/support/dbase.js';
import { type ReadShape, readShapes } from '../../../../../test/support/shapes.js';
import { chunked, MemoryFolder } from '../../../../../test/support/sinks.js';
import { ShapefileFragmentEncoder } from './fragment.js';
import { reduceShapefile } from './reduce.js';
import { FAMILIES, type Family } from './shape.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-shapes-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Shards of records through map and reduce: every file of every family. */
async function shapefiles(shards: readonly LocationRecord[][], chunk: number): Promise<Map<string, Buffer>> {
  const encoded = shards.map((records) => {
    const encoder = new ShapefileFragmentEncoder();
    const chunks = cut(records, [2, 0, 3]).flatMap((batch) => encoder.add(batch));
    const last = encoder.finish();
    return { metas: last.metas, chunks: [...chunks, ...last.chunks] };
  });
  const files = new MemoryFolder();
  for (const family of FAMILIES) {
    const fragments = encoded.flatMap(({ metas, chunks }) =>
      metas
        .filter((meta) => meta.family === family)
        .map((meta) => {
          const bytes = Buffer.concat(chunks.filter((each) => each.family === family).map((each) => each.bytes));
          return { meta: JSON.parse(JSON.stringify(meta)), open: () => chunked(bytes, chunk) };
        }),
    );
    if (fragments.length === 0) continue;
    await reduceShapefile(family, fragments, { date: new Date('1980-01-01T00:00:00Z'), openFile: files.open });
  }
  return files.files;
}

const TYPES: Record<Family, [flat: number, of: Geometry['type']]> = {
  points: [1, 'Point'],
  linestrings: [3, 'LineString'],
  polygons: [5, 'Polygon'],
  multipoints: [8, 'MultiPoint'],
  multilinestrings: [3, 'MultiLineString'],
  multipolygons: [5, 'MultiPolygon'],
};

/** The parts of a geometry by GeoJSON and the rules of shapefiles; undefined where there can be no such shape. */
function partsOf(geometry: Geometry | null): { parts: Position[][]; outer: boolean[] } | undefined {
  const lines = (parts: Position[][]) => (parts.length === 0 ? undefined : { parts, outer: parts.map(() => false) });
  const areas = (members: Position[][][]) => {
    const rings = members.flatMap((member) => member.map((ring, i) => ({ ring: closed(ring), outer: i === 0 })));
    if (rings.length === 0 || rings.some(({ ring }) => ring.length < 4)) return undefined;
    return { parts: rings.map(({ ring }) => ring), outer: rings.map(({ outer }) => outer) };
  };
  switch (geometry?.type) {
    case 'Point':
      return lines([[geometry.coordinates]]);
    case 'MultiPoint':
      return geometry.coordinates.length === 0 ? undefined : lines([geometry.coordinates]);
    case 'LineString':
      return lines([geometry.coordinates]);
    case 'MultiLineString':
      return lines(geometry.coordinates);
    case 'Polygon':
      return areas([geometry.coordinates]);
    case 'MultiPolygon':
      return areas(geometry.coordinates);
    default:
      return undefined;
  }
}

function closed(ring: Position[]): Position[] {
  const [first, last] = [ring[0] as Position, ring.at(-1) as Position];
  const same = first.length === last.length && first.every((value, i) => value === last[i]);
  return same ? ring : [...ring, first];
}

/** Twice the area that a ring encloses counter-clockwise; 0 where rounding may have made it. */
function turn(ring: readonly Position[]): number {
  let [area, size] = [0, 0];
  const [x0 = 0, y0 = 0] = ring[0] ?? [];
  for (const [i, [x = 0, y = 0]] of ring.entries()) {
    const [nextX = x0, nextY = y0] = ring[i + 1] ?? [];
    const [one, other] = [(x - x0) * (nextY - y0), (nextX - x0) * (y - y0)];
    area += one - other;
    size += Math.abs(one) + Math.abs(other);
  }
  return Math.abs(area) > size * 1e-9 ? area : 0;
}

test('a thousand collections are read back to the last bit, every ring turned and closed, and are the same bytes however they are divided', async () => {
  const cases = fc.sample(fc.tuple(anyLocations, anySharding, fc.integer({ min: 1, max: 200 })), 1000);
  const made: { records: LocationRecord[]; family: Family; shp: Buffer; shx: Buffer }[] = [];
  const tables: string[] = [];
  for (const [records, sharding, chunk] of cases) {
    const whole = await shapefiles([records], 1000);
    const divided = await shapefiles(cut(records, sharding), chunk);
    expect([...divided.keys()]).toEqual([...whole.keys()]);
    for (const [name, bytes] of whole) {
      expect(divided.get(name)?.equals(bytes), `${name} of ${JSON.stringify([records, sharding])}`).toBe(true);
    }
    for (const family of FAMILIES) {
      const own = records.filter(({ geometry }) => geometry?.type === TYPES[family][1] && partsOf(geometry));
      const [shp, shx, dbf] = ['shp', 'shx', 'dbf'].map((part) => whole.get(`${family}.${part}`));
      expect(shp !== undefined, `${family} of ${JSON.stringify(records)}`).toBe(own.length > 0);
      if (!shp || !shx || !dbf) continue;
      tables.push(join(folder, `${tables.length}.dbf`));
      writeFileSync(tables.at(-1) as string, dbf);
      made.push({ records: own, family, shp, shx });
    }
  }

  const rows = readDbase(tables);
  for (const [i, shapes] of readShapes(made).entries()) {
    const { records, family } = made[i] as (typeof made)[number];
    const told = `${family} of ${JSON.stringify(records)}`;
    expect(
      rows[i]?.map(({ id }) => id?.[1]),
      told,
    ).toEqual(records.map(({ id }) => id));
    const high = records.some(({ geometry }) =>
      partsOf(geometry)
        ?.parts.flat()
        .some(({ length }) => length > 2),
    );
    expect(shapes.length, told).toBe(records.length);
    for (const [at, { geometry }] of records.entries())
      expectShape(shapes[at] as ReadShape, geometry, family, high, told);
  }
  expect(made.length).toBeGreaterThan(1000);
});

function expectShape(shape: ReadShape, geometry: Geometry | null, family: Family, high: boolean, told: string): void {
  const { parts, outer } = partsOf(geometry) as NonNullable<ReturnType<typeof partsOf>>;
  expect(shape.type, told).toBe(TYPES[family][0] + (high ? 10 : 0));
  const wanted = parts.map((part) => part.map(([x = 0, y = 0, z = 0]) => (high ? [x, y, z] : [x, y])));
  if (TYPES[family][0] !== 5) {
    expect(shape.parts, told).toEqual(wanted);
    return;
  }
  expect(shape.parts.length, told).toBe(wanted.length);
  for (const [i, ring] of shape.parts.entries()) {
    const given = wanted[i] as number[][];
    const area = turn(ring);
    if (area !== 0) expect(area < 0, `the turn of ring ${i} of ${told}`).toBe(outer[i]);
    expect([JSON.stringify(given), JSON.stringify(given.toReversed())], told).toContain(JSON.stringify(ring));
  }
}
