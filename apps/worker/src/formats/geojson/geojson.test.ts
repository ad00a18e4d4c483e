import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttributeValue, ExactNumber, type LocationRecord, type RecordOf } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import type { Feature, Geometry } from 'geojson';
import { describe, expect, test } from 'vitest';
import { normal, turn } from '../../../../../test/conformance/normal-geometry.js';
import {
  anyLocations,
  anySharding,
  cut,
  isFilled,
  withoutEmptyMembers,
} from '../../../../../test/support/arbitrary-records.js';
import { readMixedFeatures } from '../../../../../test/support/gdal.js';
import { type ExactJson, readJsonExactly } from '../../../../../test/support/python.js';
import { chunked, MemorySink } from '../../../../../test/support/sinks.js';
import type { TableEntity } from '../csv/tables.js';
import { JsonFragmentEncoder, type NotedGeometries } from './fragment.js';
import { memberColumns } from './records.js';
import { ARRAY, FEATURE_COLLECTION, type Frame, LINES, reduceJson } from './reduce.js';
import { geometryWarnings } from './warnings.js';

/** Shards through map and reduce. */
async function file<E extends TableEntity>(
  entity: E,
  shards: RecordOf[E][][],
  frame: Frame,
  { form = [] as string[], chunk = 7 } = {},
) {
  const noted: NotedGeometries[] = [];
  const keys: string[] = [];
  const fragments = shards.map((records) => {
    const encoder = new JsonFragmentEncoder(entity, form);
    const bytes = Buffer.concat(cut(records, [2, 0, 3]).map((batch) => encoder.encode(batch)));
    const finished = encoder.finish();
    noted.push(finished.noted);
    const meta = JSON.parse(JSON.stringify(finished.meta));
    keys.push(...meta.keys);
    return { meta, open: () => chunked(bytes, chunk) };
  });
  const sink = new MemorySink();
  const rows = await reduceJson(fragments, sink, frame);
  return { rows, noted, keys, bytes: sink.bytes, text: sink.text };
}

const location = (geometry: unknown, attributes = {}, id = 'l'): LocationRecord => ({
  id,
  type: 'PA',
  area: null,
  geometry: geometry as Geometry | null,
  attributes,
});

describe('a file', () => {
  test('is a document also without any record', async () => {
    expect((await file('locations', [], FEATURE_COLLECTION)).text).toBe(
      '{"type":"FeatureCollection","features":[\n]}\n',
    );
    expect((await file('parties', [[]], ARRAY)).text).toBe('[\n]\n');
    expect((await file('parties', [[]], LINES)).text).toBe('');
  });

  test('has each record on a line of its own, in the order of the shards', async () => {
    const parties = ['p1', 'p2', 'p3'].map((id) => ({ id, name: 'A "b"', type: 'IN', attributes: { z: 1, q: null } }));
    const line = (id: string) => `{"id":"${id}","name":"A \\"b\\"","type":"IN","attributes":{"q":null,"z":1}}`;
    const shards = [parties.slice(0, 1), [], parties.slice(1)];
    expect((await file('parties', shards, ARRAY, { form: ['q'] })).text).toBe(
      `[\n${line('p1')},\n${line('p2')},\n${line('p3')}\n]\n`,
    );
    expect((await file('parties', shards, LINES, { form: ['q'] })).text).toBe(
      `${line('p1')}\n${line('p2')}\n${line('p3')}\n`,
    );
    const relationship = { id: 'r', party: 'p', spatialUnit: 's', tenureType: 'FH', attributes: {} };
    expect((await file('relationships', [[relationship]], LINES)).text).toBe(
      '{"id":"r","party_id":"p","spatial_unit_id":"s","tenure_type":"FH","attributes":{}}\n',
    );
  });

  test('has the answers in the order of the form, then the others sorted, whatever order they came in', async () => {
    const { text } = await file('locations', [[location(null, { z: 1, 𐐀: 5, '￿': 6, b: 2, a: 3 })]], LINES, {
      form: ['b', 'never', 'a'],
    });
    expect(text).toContain('"attributes":{"b":2,"a":3,"z":1,"￿":6,"𐐀":5}');
  });

  test('keeps every digit, and keys that every object answers to', async () => {
    const attributes = {
      n: new ExactNumber('9007199254740993'),
      list: [new ExactNumber('1e999')],
      ...JSON.parse('{"__proto__":"p","toString":1}'),
    };
    const { text } = await file('locations', [[location(null, attributes)]], LINES);
    expect(text).toBe(
      '{"type":"Feature","id":"l","properties":{"type":"PA","area":null,"attributes":{"__proto__":"p","list":[1e999],"n":9007199254740993,"toString":1}},"geometry":null}\n',
    );
  });

  test('a fragment that is cut short, or longer than it was, is refused', async () => {
    const encoder = new JsonFragmentEncoder('parties', []);
    const bytes = encoder.encode([{ id: 'p', name: 'n', type: 'IN', attributes: {} }]);
    const { meta } = encoder.finish();
    for (const content of [bytes.subarray(1), bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]) {
      for (const frame of [ARRAY, LINES]) {
        const reduced = reduceJson([{ meta, open: () => chunked(content, 3) }], new MemorySink(), frame);
        await expect(reduced).rejects.toThrow('damaged');
      }
    }
  });

  test('is described by its members: fixed ones, the form’s, then the others that were found', () => {
    const form = [{ name: 'crop', label: 'Which crop?', type: 'text' }];
    expect(memberColumns('locations', form, ['z', 'crop', 'a']).map(({ name }) => name)).toEqual(
      'id type area attributes attributes.crop attributes.a attributes.z'.split(' '),
    );
    expect(memberColumns('locations', form, [])).toContainEqual({
      name: 'attributes.crop',
      label: 'Which crop?',
      type: 'text',
    });
  });

  test('what was noted of geometries becomes a warning each, with number and ids', async () => {
    const nan = { type: 'Point', coordinates: [Number.NaN, 0] };
    const far = {
      type: 'LineString',
      coordinates: [
        [-200, 0],
        [170, 0],
      ],
    };
    const { noted } = await file(
      'locations',
      [[location(nan, {}, 'a')], [location(nan, {}, 'b'), location(far, {}, 'c')]],
      LINES,
    );
    const warnings = geometryWarnings(noted, ['locations.geojson', 'locations.geojsonl']);
    expect(warnings.map(({ code, count, ids }) => [code, count, ids])).toEqual([
      ['geojson-not-finite', 2, ['a', 'b']],
      ['geojson-out-of-range', 1, ['c']],
      ['geojson-antimeridian', 1, ['c']],
    ]);
    expect(warnings[0]?.message).toBe(
      '2 locations in locations.geojson and locations.geojsonl are without their geometries: a coordinate is not a finite number, which JSON cannot hold',
    );
  });
});

describe('whatever the records', () => {
  test('a reader gets back every one by value, however they were divided; and the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(anyLocations, anySharding, fc.integer({ min: 1, max: 40 }), async (records, lengths, chunk) => {
        const { text, rows } = await file('locations', cut(records, lengths), FEATURE_COLLECTION, {
          chunk,
          form: ['b"'],
        });
        const whole = await file('locations', [records], FEATURE_COLLECTION, { form: ['b"'] });
        expect(text).toBe(whole.text);
        expect(rows).toBe(records.length);
        const { type, features } = JSON.parse(text);
        expect(type).toBe('FeatureCollection');
        expect(features.map(readBack)).toEqual(records.map(expected));
        const lines = await file('locations', cut(records, lengths), LINES, { chunk, form: ['b"'] });
        expect(
          lines.text
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line)),
        ).toEqual(features);
      }),
      { numRuns: 1000 },
    );
  });

  test('Python reads the same answers, every number digit for digit', async () => {
    const records = fc.sample(anyLocations, 200).flat();
    const { text } = await file('locations', [records], LINES);
    const read = readJsonExactly(text.split('\n').slice(0, -1));
    const attributes = read.map((feature) => {
      const properties = (feature as Map<string, ExactJson>).get('properties') as Map<string, ExactJson>;
      return inOrder(properties.get('attributes') as ExactJson);
    });
    expect(attributes).toEqual(records.map((record) => tokensOf(record.attributes as AttributeValue)));
  });

  test('GDAL reads every geometry to the last bit, and its ring’s turn, from a document and from lines', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parcelpost-geojson-'));
    try {
      const records = fc
        .sample(anyLocations, 200)
        .flat()
        .filter(({ geometry }) => isFilled(geometry));
      const numbered = records.map((record, i) => ({ ...record, id: `n${i}`, attributes: {} }));
      for (const [name, frame] of [
        ['a.geojson', FEATURE_COLLECTION],
        ['a.geojsonl', LINES],
      ] as const) {
        const path = join(folder, name);
        writeFileSync(path, (await file('locations', [numbered], frame, { chunk: 1000 })).bytes);
        const features = readMixedFeatures(path);
        expect(features.map(({ id, properties }) => id ?? properties?.id)).toEqual(numbered.map(({ id }) => id));
        for (const [i, { geometry }] of features.entries()) {
          const wanted = normal(plain(numbered[i]?.geometry as Geometry), true);
          expect(normal(geometry, true), `${name}, ${i}`).toEqual(wanted);
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** A geometry as JSON can hold it: it knows no -0. */
const plain = (geometry: Geometry | null) => withoutEmptyMembers(JSON.parse(JSON.stringify(geometry)));

function expected({ id, type, area, geometry, attributes }: LocationRecord) {
  return {
    id,
    type,
    area: asRead(area),
    attributes: asRead(attributes as AttributeValue),
    geometry: normal(plain(geometry)),
  };
}

/** A value as JavaScript reads it from JSON: no -0, and no digits past a double's; these are judged by Python. */
function asRead(value: AttributeValue): unknown {
  if (value instanceof ExactNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(asRead);
  if (value === null || typeof value !== 'object') return value === 0 ? 0 : value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asRead(item)]));
}

function readBack(feature: Feature) {
  const { type, area, attributes, ...more } = feature.properties as Record<string, unknown>;
  expect(more).toEqual({});
  for (const ring of rings(feature.geometry)) {
    expect(ring.positions[0]).toEqual(ring.positions.at(-1));
    // Next to no area has a sign by rounding only.
    expect((ring.outer ? 1 : -1) * turn(ring.positions)).toBeGreaterThan(-1e-9);
  }
  return { id: feature.id, type, area, attributes, geometry: normal(feature.geometry) };
}

/** Members in the order of their keys, numbers as the tokens that JSON has. */
function inOrder(value: ExactJson): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!(value instanceof Map)) return value;
  return [...value].map(([key, item]) => [key, inOrder(item)]).sort(byKey);
}

function tokensOf(value: AttributeValue): unknown {
  if (value instanceof ExactNumber) return { number: value.text };
  if (typeof value === 'number') return { number: `${value}` };
  if (Array.isArray(value)) return value.map(tokensOf);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .map(([key, item]) => [key, tokensOf(item)])
    .sort(byKey);
}

const byKey = ([a]: unknown[], [b]: unknown[]) => ((a as string) < (b as string) ? -1 : 1);

function rings(geometry: Geometry | null): { positions: number[][]; outer: boolean }[] {
  if (geometry?.type === 'GeometryCollection') return geometry.geometries.flatMap(rings);
  const polygons =
    geometry?.type === 'Polygon'
      ? [geometry.coordinates]
      : geometry?.type === 'MultiPolygon'
        ? geometry.coordinates
        : [];
  return polygons.flatMap((polygon) => polygon.map((positions, i) => ({ positions, outer: i === 0 })));
}
