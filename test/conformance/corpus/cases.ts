/** Records as nasty as form authors, surveyors and platforms have made them, each for one thing that goes wrong elsewhere. */
import { type AttributeValue, ExactNumber, type LocationRecord } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import { circle, raised, square } from '../../support/geometries.js';

export interface GeometryCase {
  name: string;
  geometry: unknown;
  /** Whether it is in a bundle of its own kind: a file has heights as soon as one of its records has. */
  high?: true;
}

export interface ValueCase {
  name: string;
  value: AttributeValue;
}

export interface NameCase {
  name: string;
  key: string;
}

const at = (type: string, coordinates: unknown) => ({ type, coordinates });
const LINE = [
  [1, 2],
  [3, 4.5],
];
const HOLED = [square(0, 0, 10), square(2, 2, 2), square(6, 6, 2)];
const backwards = (ring: number[][]) => [...ring].reverse();

export const GEOMETRIES: readonly GeometryCase[] = [
  { name: 'Point', geometry: at('Point', [-71.12345678901235, 42.36]) },
  { name: 'Point Z', geometry: at('Point', [1, 2, 3.25]), high: true },
  { name: 'Point beside others with heights', geometry: at('Point', [5, 6]), high: true },
  { name: 'Point at 0, -0', geometry: at('Point', [0, -0]) },
  { name: 'LineString', geometry: at('LineString', LINE) },
  { name: 'LineString Z', geometry: at('LineString', raised(LINE, 7)), high: true },
  { name: 'Polygon', geometry: at('Polygon', [square(0, 0, 10)]) },
  { name: 'Polygon Z', geometry: at('Polygon', [raised(square(0, 0, 10), 7)]), high: true },
  { name: 'MultiPoint', geometry: at('MultiPoint', LINE) },
  { name: 'MultiPoint Z', geometry: at('MultiPoint', raised(LINE, 7)), high: true },
  { name: 'MultiLineString', geometry: at('MultiLineString', [LINE, backwards(LINE)]) },
  { name: 'MultiLineString Z', geometry: at('MultiLineString', [raised(LINE, 7), raised(LINE, 9)]), high: true },
  { name: 'MultiPolygon', geometry: at('MultiPolygon', [HOLED, [square(20, 0, 1)]]) },
  {
    name: 'MultiPolygon Z',
    geometry: at('MultiPolygon', [[raised(square(0, 0, 1), 1)], [raised(square(5, 0, 1), 2)]]),
  },
  { name: 'polygon with holes', geometry: at('Polygon', HOLED) },
  { name: 'rings turned the other way', geometry: at('Polygon', HOLED.map(backwards)) },
  { name: 'ring not closed', geometry: at('Polygon', [square(0, 0, 10).slice(0, 4)]) },
  {
    name: 'ring that touches itself',
    geometry: at('Polygon', [
      [
        [0, 0],
        [4, 0],
        [2, 2],
        [4, 4],
        [0, 4],
        [2, 2],
        [0, 0],
      ],
    ]),
  },
  {
    name: 'ring that encloses nothing',
    geometry: at('Polygon', [
      [
        [0, 0],
        [5, 5],
        [0, 0],
        [0, 0],
      ],
    ]),
  },
  {
    name: 'across the antimeridian',
    geometry: at('LineString', [
      [179.5, 10],
      [-179.5, 11],
    ]),
  },
  {
    name: 'both poles',
    geometry: at('MultiPoint', [
      [0, 90],
      [180, -90],
    ]),
  },
  { name: 'past 180 degrees', geometry: at('Point', [540.5, 2]) },
  { name: 'polygon of 100,000 vertices', geometry: at('Polygon', [circle(100_000)]) },
  { name: 'group of one', geometry: at('MultiPolygon', [[square(0, 0, 1)]]) },
  { name: 'no geometry (null)', geometry: null },
  { name: 'empty Polygon', geometry: at('Polygon', []) },
  { name: 'empty MultiPoint', geometry: at('MultiPoint', []) },
  { name: 'NaN as a coordinate', geometry: at('Point', [Number.NaN, 2]) },
  { name: 'infinite coordinate', geometry: at('LineString', [...LINE, [Number.POSITIVE_INFINITY, 1]]) },
  { name: 'line of one point', geometry: at('LineString', [[1, 2]]) },
  {
    name: 'ring of two points',
    geometry: at('Polygon', [
      [
        [1, 2],
        [3, 4],
      ],
    ]),
  },
  {
    name: 'GeometryCollection',
    geometry: { type: 'GeometryCollection', geometries: [at('Point', [1, 2]), at('Polygon', [square(0, 0, 2)])] },
  },
  {
    name: 'GeometryCollection within another',
    geometry: {
      type: 'GeometryCollection',
      geometries: [{ type: 'GeometryCollection', geometries: [at('LineString', raised(LINE, 3))] }],
    },
  },
];

export const VALUES: readonly ValueCase[] = [
  { name: 'text', value: 'Parcel 7' },
  { name: 'empty text', value: '' },
  { name: 'blanks at both ends', value: '  x  ' },
  { name: 'emoji', value: 'house 🏡 family 👨‍👩‍👧' },
  { name: 'right-to-left text', value: 'قطعة أرض רחוב' },
  { name: 'combining marks', value: 'e\u0301 a\u030a ก็' },
  { name: 'CR LF', value: 'one\r\ntwo' },
  { name: 'CR alone, LF alone', value: 'a\rb\nc' },
  { name: 'tab', value: 'a\tb' },
  { name: 'quotes', value: 'he said "no", \'yes\'' },
  { name: 'separators', value: 'a,b;c|d' },
  { name: 'begins with =', value: '=1+1' },
  { name: 'begins with +', value: '+44 20 7946' },
  { name: 'begins with -', value: '-x' },
  { name: 'begins with @', value: '@SUM(A1)' },
  { name: 'U+0001', value: 'a\u0001b' },
  { name: 'U+0000', value: 'a\u0000b' },
  { name: 'half a character', value: 'a\ud83cb' },
  { name: '40,000 characters', value: 'ж'.repeat(40_000) },
  { name: 'XML and HTML', value: '<b>&amp;</b> ]]> _x0041_' },
  { name: 'text that looks like a number', value: '007' },
  { name: 'text that looks like a date', value: '1/2/2024' },
  { name: 'date', value: '2024-02-29' },
  { name: 'true', value: true },
  { name: 'null', value: null },
  { name: 'integer', value: 42 },
  { name: 'decimal', value: 0.1 },
  { name: '-0', value: -0 },
  { name: '1e308', value: 1e308 },
  { name: '5e-324', value: 5e-324 },
  { name: '2^53 + 1', value: new ExactNumber('9007199254740993') },
  { name: 'integer of 30 digits', value: new ExactNumber('123456789012345678901234567890') },
  { name: 'decimal of 20 digits', value: new ExactNumber('0.12345678901234567891') },
  { name: 'list', value: ['maize', 'rice, dry', 3] },
  { name: 'empty list', value: [] },
  { name: 'list of lists', value: [[1, 2], ['a']] },
  { name: 'list with null', value: ['a', null, 'b'] },
  { name: 'nested object', value: { a: { b: [1, { c: '"' }] } } },
  { name: 'empty object', value: {} },
];

export const NAMES: readonly NameCase[] = [
  { name: 'name of 300 bytes', key: 'ж'.repeat(150) },
  { name: 'the same but for its end', key: `${'ж'.repeat(149)}я` },
  { name: 'the same after ten bytes (1)', key: 'attribute_one' },
  { name: 'the same after ten bytes (2)', key: 'attribute_two' },
  { name: 'dot in a name', key: 'owner.name' },
  { name: 'emoji in a name', key: '🏡' },
  { name: 'right-to-left name', key: 'المساحة' },
  { name: 'combining marks in a name', key: 'e\u0301tat' },
  { name: '__proto__', key: '__proto__' },
  { name: 'constructor', key: 'constructor' },
  { name: 'id', key: 'id' },
  { name: 'ID', key: 'ID' },
  { name: 'geom', key: 'geom' },
  { name: 'empty name', key: '' },
  { name: 'blank', key: ' ' },
  { name: 'line end in a name', key: 'one\r\ntwo' },
  { name: 'quotes and comma in a name', key: 'a "b", c' },
  { name: '=name', key: '=1+1' },
  { name: 'number as a name', key: '1' },
  { name: 'upper and lower case (1)', key: 'Case' },
  { name: 'upper and lower case (2)', key: 'cASE' },
];

const ANYWHERE: Geometry = { type: 'Point', coordinates: [1, 2] };

/** Every case is a location of its own, with an id by which it is found again; a value's attribute bears the same name. */
export const idOf = (kind: 'g' | 'v' | 'n', index: number) => `${kind}${index}`;

const shapes = (high: boolean) =>
  GEOMETRIES.flatMap((each, i) =>
    (each.high ?? false) === high ? [record(idOf('g', i), each.geometry as Geometry | null, {})] : [],
  );

export const HIGH_RECORDS: readonly LocationRecord[] = shapes(true);

export const RECORDS: readonly LocationRecord[] = [
  ...shapes(false),
  ...VALUES.map(({ value }, i) => record(idOf('v', i), ANYWHERE, { [idOf('v', i)]: value })),
  ...NAMES.map(({ key }, i) =>
    record(
      idOf('n', i),
      ANYWHERE,
      Object.defineProperty({}, key, {
        value: `named ${i}`,
        enumerable: true,
      }),
    ),
  ),
];

function record(id: string, geometry: Geometry | null, attributes: LocationRecord['attributes']): LocationRecord {
  return { id, type: 'PA', area: null, geometry, attributes };
}
