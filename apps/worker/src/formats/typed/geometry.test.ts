import type { Geometry } from 'geojson';
import { describe, expect, test } from 'vitest';
import { toStored } from './geometry.js';

const point = (...coordinates: number[]) => ({ type: 'Point', coordinates });

describe('a geometry', () => {
  test('has the header of the standard: magic, version, flags, reference system, envelope', () => {
    const line = toStored({
      type: 'LineString',
      coordinates: [
        [3, 4],
        [1, 2],
      ],
    });
    expect(line?.bytes.toString('hex', 0, 8)).toBe('47500003e6100000');
    expect([0, 1, 2, 3].map((i) => line?.bytes.readDoubleLE(8 + 8 * i))).toEqual([1, 3, 2, 4]);
    expect(toStored({ type: 'Point', coordinates: [1, 2] })?.bytes.toString('hex', 0, 8)).toBe('47500001e6100000');
    expect(toStored({ type: 'Polygon', coordinates: [] })?.bytes.toString('hex')).toBe(
      '47500011e6100000010300000000000000',
    );
    expect(toStored({ type: 'Point', coordinates: [1, 2, 3] })?.bytes.readUInt32LE(9)).toBe(1001);
  });

  test.each([
    point(Number.NaN, 1),
    point(1, 2, Number.POSITIVE_INFINITY),
    { type: 'Polygon', coordinates: [[[0, 0], null, [1, 1]]] },
  ])('with a coordinate that is not a finite number is none: %j', (geometry) => {
    expect(toStored(geometry as Geometry)).toBeNull();
  });

  test('of a type that GeoJSON does not know is refused by name', () => {
    expect(() => toStored({ type: 'Curve', coordinates: [] } as never)).toThrow('"Curve"');
  });
});
