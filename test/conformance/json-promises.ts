/** What is promised of the formats `geojson` and `geojsonl`, judged by Python and GDAL. */
import type { Geometry } from 'geojson';
import { expect, test } from 'vitest';
import { sha256 } from '../support/bundle.js';
import { readMixedFeatures } from '../support/gdal.js';
import { type ExactJson, readJsonExactly } from '../support/python.js';
import { type StoredRecord, TABLES } from './database-records.js';
import { numeral } from './expected-table.js';
import { byId, differences, type Exported } from './exported.js';
import { hasZ, normal, positionsOf, turn } from './normal-geometry.js';

const FILES = ['relationships.json', 'relationships.jsonl', 'parties.json', 'parties.jsonl'];
const LOCATIONS = ['locations.geojson', 'locations.geojsonl'] as const;

type Members = Map<string, ExactJson>;

/** Tests the bundle with these formats; `of` is asked when a test runs. */
export function testJson(of: () => Exported): void {
  test('formats geojson and geojsonl: the manifest has rows, bytes, checksum and members of their six files', () => {
    const { open, stored } = of();
    expect(open.names).toEqual(expect.arrayContaining([...FILES, ...LOCATIONS]));
    const { files } = JSON.parse(open.text('manifest.json')) as {
      files: {
        name: string;
        rows: number;
        bytes: number;
        sha256: string;
        columns?: { name: string; label: string }[];
      }[];
    };
    for (const table of TABLES) {
      for (const file of files.filter(({ name }) => name.startsWith(`${table}.`) && /json/.test(name))) {
        const bytes = open.bytes(file.name);
        expect(file).toMatchObject({ rows: stored[table].length, bytes: bytes.length, sha256: sha256(bytes) });
        const names = file.columns?.map(({ name }) => name) ?? [];
        for (const { name } of stored.forms[table]) expect(names).toContain(`attributes.${name}`);
        for (const { attributes } of stored[table])
          for (const key of attributes.keys()) expect(names).toContain(`attributes.${key}`);
      }
    }
  });

  test.each(TABLES)(
    '%s in JSON read by Python has the database’s records, every digit of them, and no others',
    (table) => {
      const { open, stored } = of();
      const fixed = { locations: ['id', 'type', 'area'], parties: ['id', 'name', 'type'] } as Record<string, string[]>;
      const names = fixed[table] ?? ['id', 'party_id', 'spatial_unit_id', 'tenure_type'];
      const wanted = byId(
        stored[table] as StoredRecord[],
        ({ id }) => id,
        (record) => [names.map((name) => exact(asJson(record.fixed[name]))), exact(record.attributes as Members)],
      );
      const [document = '', lines = ''] = table === 'locations' ? LOCATIONS : [`${table}.json`, `${table}.jsonl`];
      const whole = readJsonExactly([open.text(document)])[0] as ExactJson;
      const records = (table === 'locations' ? (whole as Members).get('features') : whole) as Members[];
      const flat = records.map((record) => new Map([...record, ...((record.get('properties') as Members) ?? [])]));
      const actual = byId(
        flat,
        (record) => record.get('id') as string,
        (record) => [
          names.map((name) => exact(record.get(name) as ExactJson)),
          exact(record.get('attributes') as Members),
        ],
      );
      expect(differences(wanted, actual)).toEqual([]);

      const text = open.text(lines);
      expect(text.endsWith('\n')).toBe(true);
      expect(readJsonExactly(text.slice(0, -1).split('\n'))).toEqual(records);
    },
  );

  test('locations.geojson keeps to RFC 7946: members, rings closed and turned, heights where there are any, null where nothing was recorded', () => {
    const { open, stored } = of();
    const { features, ...collection } = JSON.parse(open.text('locations.geojson'));
    expect(collection).toEqual({ type: 'FeatureCollection' });
    const wanted = byId(
      stored.locations,
      ({ id }) => id,
      ({ geometry }) => normal(geometry),
    );
    const actual = new Map<string, unknown>();
    for (const feature of features) {
      expect(Object.keys(feature)).toEqual(['type', 'id', 'properties', 'geometry']);
      expect(Object.keys(feature.properties)).toEqual(['type', 'area', 'attributes']);
      checkGeometry(feature.geometry, feature.id);
      actual.set(feature.id, normal(feature.geometry));
    }
    expect(differences(wanted, actual)).toEqual([]);
  });

  test.each(LOCATIONS)('GDAL reads every geometry of %s to the last bit', (file) => {
    const { open, stored } = of();
    const read = byId(
      readMixedFeatures(open.path(file)),
      ({ id, properties }) => `${id ?? properties?.id}`,
      ({ geometry }) => geometry,
    );
    expect(read.size).toBe(stored.locations.length);
    const filled = stored.locations.filter(({ geometry }) => positionsOf(geometry).length > 0);
    const each = (geometryOf: (location: (typeof filled)[number]) => Geometry | null) =>
      byId(
        filled,
        ({ id }) => id,
        (location) => normal(geometryOf(location), true),
      );
    expect(
      differences(
        each(({ geometry }) => geometry),
        each(({ id }) => read.get(id) ?? null),
      ),
    ).toEqual([]);
    expect(filled.some(({ geometry }) => hasZ(geometry)) || filled.length > 1000).toBe(true);
  });
}

function asJson(value: string | number | null | undefined): ExactJson {
  return typeof value === 'number' ? { number: String(value) } : (value ?? null);
}

/** Members in the order of their keys, numbers as they are to be written. */
function exact(value: ExactJson): unknown {
  if (Array.isArray(value)) return value.map(exact);
  if (value instanceof Map) {
    return [...value]
      .map(([key, item]) => [key, exact(item)])
      .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
  }
  return value !== null && typeof value === 'object' ? { number: numeral(value.number) } : value;
}

function checkGeometry(geometry: Geometry | null, id: string): void {
  if (geometry === null) return;
  if (geometry.type === 'GeometryCollection') {
    expect(Object.keys(geometry), id).toEqual(['type', 'geometries']);
    for (const member of geometry.geometries) checkGeometry(member, id);
    return;
  }
  expect(Object.keys(geometry), id).toEqual(['type', 'coordinates']);
  for (const position of positionsOf(geometry)) if (position.length > 3) expect.fail(`${id}: ${position}`);
  const polygons =
    geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.type === 'MultiPolygon' ? geometry.coordinates : [];
  for (const polygon of polygons) {
    for (const [place, ring] of polygon.entries()) {
      expect(ring.at(-1), id).toEqual(ring[0]);
      if (place === 0 ? turn(ring) < 0 : turn(ring) > 0) expect.fail(`ring ${place} of ${id}`);
    }
  }
}
