import fc from 'fast-check';
import type { Geometry } from 'geojson';
import { describe, expect, test } from 'vitest';
import { readWkt } from '../../../../test/support/gdal.js';
import { toEwkt } from './ewkt.js';

const ewkt = (geometry: unknown) => toEwkt(geometry as Geometry | null);

describe('EWKT', () => {
  test('no geometry is the empty text', () => {
    expect(toEwkt(null)).toBe('');
  });

  test.each([
    [{ type: 'Point', coordinates: [1, 2] }, 'POINT (1 2)'],
    [{ type: 'Point', coordinates: [1, 2, 3] }, 'POINT Z (1 2 3)'],
    [{ type: 'Point', coordinates: [1, 2, 3, 4] }, 'POINT Z (1 2 3)'],
    [{ type: 'Point', coordinates: [] }, 'POINT EMPTY'],
    [
      {
        type: 'LineString',
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
      'LINESTRING (1 2,3 4)',
    ],
    [{ type: 'LineString', coordinates: [] }, 'LINESTRING EMPTY'],
    [
      {
        type: 'MultiPoint',
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
      'MULTIPOINT ((1 2),(3 4))',
    ],
    [
      {
        type: 'MultiLineString',
        coordinates: [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
      },
      'MULTILINESTRING ((1 2,3 4),(5 6,7 8))',
    ],
    [
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 0],
          ],
        ],
      },
      'POLYGON ((0 0,1 0,1 1,0 0))',
    ],
    [{ type: 'Polygon', coordinates: [] }, 'POLYGON EMPTY'],
    [{ type: 'Polygon', coordinates: [[]] }, 'POLYGON EMPTY'],
    [
      {
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 0],
            ],
          ],
          [],
        ],
      },
      'MULTIPOLYGON (((0 0,1 0,1 1,0 0)),EMPTY)',
    ],
    [
      {
        type: 'GeometryCollection',
        geometries: [
          { type: 'Point', coordinates: [1, 2] },
          {
            type: 'LineString',
            coordinates: [
              [1, 2, 9],
              [3, 4],
            ],
          },
        ],
      },
      'GEOMETRYCOLLECTION Z (POINT Z (1 2 0),LINESTRING Z (1 2 9,3 4 0))',
    ],
    [{ type: 'GeometryCollection', geometries: [] }, 'GEOMETRYCOLLECTION EMPTY'],
    [{ type: 'MultiPoint', coordinates: null }, 'MULTIPOINT EMPTY'],
  ])('%j', (geometry, text) => {
    expect(ewkt(geometry)).toBe(`SRID=4326;${text}`);
  });

  test('rings are closed', () => {
    expect(
      ewkt({
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
        ],
      }),
    ).toBe('SRID=4326;POLYGON ((0 0,1 0,1 1,0 0))');
  });

  test.each([
    [-0, '0'],
    [1e-7, '0.0000001'],
    [-1.25e-9, '-0.00000000125'],
    [1e21, '1000000000000000000000'],
    [1.5e22, '15000000000000000000000'],
    [5.551115123125783e-17, '0.00000000000000005551115123125783'],
    [-71.12345678901235, '-71.12345678901235'],
    [Number.NaN, 'NaN'],
  ])('the number %d is written %s, without an exponent', (value, text) => {
    expect(ewkt({ type: 'Point', coordinates: [value, 0] })).toBe(`SRID=4326;POINT (${text} 0)`);
    if (!Number.isNaN(value)) expect(Number(text)).toBe(value === 0 ? 0 : value);
  });

  test('GDAL reads the same coordinates, to the last bit', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, min: -1e100, max: 1e100 }),
      fc.double({ noNaN: true, min: -1e-5, max: 1e-5 }),
      fc.double({ min: -180, max: 180, noNaN: true }),
    );
    const flat = fc.tuple(number, number);
    const high = fc.tuple(number, number, number);
    const geometry = fc.constantFrom<fc.Arbitrary<number[]>[]>(flat, high).chain((position): fc.Arbitrary<unknown> => {
      const line = fc.array(position, { minLength: 2, maxLength: 5 });
      const polygon = fc.array(
        line.map((open) => [...open, open[0]]),
        { minLength: 1, maxLength: 3 },
      );
      const several = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 2, maxLength: 4 });
      const one = fc.oneof(
        fc.record({ type: fc.constant('Point'), coordinates: position }),
        fc.record({ type: fc.constant('LineString'), coordinates: line }),
        fc.record({ type: fc.constant('Polygon'), coordinates: polygon }),
        fc.record({ type: fc.constant('MultiPoint'), coordinates: several(position) }),
        fc.record({ type: fc.constant('MultiLineString'), coordinates: several(line) }),
        fc.record({ type: fc.constant('MultiPolygon'), coordinates: several(polygon) }),
      );
      return fc.oneof(one, fc.record({ type: fc.constant('GeometryCollection'), geometries: several(one) }));
    });
    const geometries = fc.sample(geometry, 300);
    const got = readWkt(geometries.map((each) => ewkt(each).replace(/^SRID=4326;/, '')));
    // JSON knows no -0, and neither does the text.
    expect(got).toEqual(JSON.parse(JSON.stringify(geometries)));
  });

  test('a type that GeoJSON does not know is refused by name', () => {
    expect(() => ewkt({ type: 'Curve', coordinates: [] })).toThrow('"Curve"');
  });
});
