import type { Geometry } from 'geojson';
import { describe, expect, test } from 'vitest';
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
    [-71.12345678901235, '-71.12345678901235'],
    [Number.NaN, 'NaN'],
  ])('the number %d is written %s, without an exponent', (value, text) => {
    expect(ewkt({ type: 'Point', coordinates: [value, 0] })).toBe(`SRID=4326;POINT (${text} 0)`);
    if (!Number.isNaN(value)) expect(Number(text)).toBe(value === 0 ? 0 : value);
  });

  test('a type that GeoJSON does not know is refused by name', () => {
    expect(() => ewkt({ type: 'Curve', coordinates: [] })).toThrow('"Curve"');
  });
});
