/** Records as form authors and surveyors might leave them, for property tests of the formats. */
import { type Attributes, type AttributeValue, ExactNumber, type LocationRecord } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import type { Geometry } from 'geojson';
import { positionsOf } from '../conformance/normal-geometry.js';

const degrees = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: -1e-5, max: 1e-5, noNaN: true }),
  fc.constantFrom(0, 180, -180, 90, -90, -71.12345678901235),
);

/** Any geometry that GeoJSON knows: flat or with heights, rings open or closed and in either turn, members of any number, also none. */
export const anyGeometry: fc.Arbitrary<Geometry> = fc
  .constantFrom<fc.Arbitrary<number[]>[]>(fc.tuple(degrees, degrees), fc.tuple(degrees, degrees, degrees))
  .chain((position): fc.Arbitrary<Geometry> => {
    const line = fc.array(position, { minLength: 2, maxLength: 5 });
    const open = fc.array(position, { minLength: 3, maxLength: 6 });
    const ring = fc.oneof(
      open,
      open.map((each) => [...each, each[0] as number[]]),
    );
    const polygon = fc.array(ring, { maxLength: 3 });
    const several = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 3 });
    const of = <T>(type: string, coordinates: fc.Arbitrary<T>) => fc.record({ type: fc.constant(type), coordinates });
    const one = fc.oneof(
      of('Point', position),
      of('LineString', line),
      of('Polygon', polygon),
      of('MultiPoint', several(position)),
      of('MultiLineString', several(line)),
      of('MultiPolygon', several(polygon)),
    );
    return fc.oneof(
      { weight: 6, arbitrary: one },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('GeometryCollection'), geometries: several(one) }) },
    ) as fc.Arbitrary<Geometry>;
  });

const TEXTS =
  'žluťoučký|पार्सल|地块|участок|قطعة|"|""|,|\r|\n|\r\n|a"b,c\r\nd| x |\'|=1+1|+1|-1|@x|\t|😀|\u0001|\u001f|\ufffe|\u2028|_x0041_|_x|<&>|]]>||true|12|1e5|٣|é'.split(
    '|',
  );
export const anyText: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'grapheme' }));

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 1e308, 5e-324, 2 ** 53 - 1, -(2 ** 53 - 1), 0.1 + 0.2),
  fc
    .constantFrom('9007199254740993', '-123456789012345678901234567890', '0.12345678901234567891', '1e999')
    .map((text) => new ExactNumber(text)),
);

const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(anyText, number, fc.boolean(), fc.constant(null));
const KEYS = [
  'a',
  'b"',
  'c,d',
  'id',
  'type',
  '=e',
  'f\r\ng',
  'ключ',
  '__proto__',
  'a.b',
  'ID',
  '1',
  'name',
  'constructor',
  'geom',
];

/** Answers under keys of which many are hard; values of any kind that JSON has. */
export const anyAttributes: fc.Arbitrary<Attributes> = fc.dictionary(
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: anyText }),
  fc.oneof(
    { weight: 6, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...KEYS), scalar, { maxKeys: 3, noNullPrototype: true }) },
  ),
  { maxKeys: 6, noNullPrototype: true },
) as fc.Arbitrary<Attributes>;

/** Locations with ids of their own. */
export const anyLocations: fc.Arbitrary<LocationRecord[]> = fc
  .array(
    fc.record({
      type: fc.oneof(fc.constantFrom('PA', 'BU'), anyText),
      area: fc.oneof(fc.constant(null), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })),
      geometry: fc.option(anyGeometry),
      attributes: anyAttributes,
    }),
    { maxLength: 12 },
  )
  .map((records) => records.map((record, i) => ({ id: `l${i}`, ...record })));

/** Some way to cut records into shards, and these into batches. */
export const anySharding: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 0, max: 5 }), {
  minLength: 1,
  maxLength: 8,
});

/** Cuts a list into pieces of these lengths, used in turn; a length of 0 makes an empty piece. */
export function cut<T>(items: readonly T[], lengths: readonly number[]): T[][] {
  const pieces: T[][] = [];
  for (let at = 0, turn = 0; at < items.length || turn < lengths.length; turn++) {
    const length = turn < lengths.length ? (lengths[turn] as number) : Math.max(1, items.length - at);
    pieces.push(items.slice(at, at + length));
    at += length;
  }
  return pieces;
}

/** Whether it has a position, and so has every member of a collection: GDAL makes a collection flat for one that has none. */
export function isFilled(geometry: Geometry | null): boolean {
  if (geometry?.type !== 'GeometryCollection') return positionsOf(geometry).length > 0;
  return geometry.geometries.length > 0 && geometry.geometries.every(isFilled);
}

/** What any format keeps of a geometry: a multipolygon's members that are empty are none. */
export function withoutEmptyMembers(geometry: Geometry | null): Geometry | null {
  const copy = structuredClone(geometry);
  if (copy?.type === 'MultiPolygon') copy.coordinates = copy.coordinates.filter((each) => each.length > 0);
  if (copy?.type === 'GeometryCollection')
    copy.geometries = copy.geometries.map((each) => withoutEmptyMembers(each) as Geometry);
  return copy;
}
