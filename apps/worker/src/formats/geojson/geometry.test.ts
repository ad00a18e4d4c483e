import type { Geometry } from 'geojson';
import { describe, expect, test } from 'vitest';
import { geometryJson, noNotes } from './geometry.js';

describe('a geometry', () => {
  const square = [
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 0],
  ];
  test.each([
    ['nothing', null, 'null'],
    ['a height stays', { type: 'Point', coordinates: [1, 2, -0] }, '{"type":"Point","coordinates":[1,2,0]}'],
    ['a fourth number goes', { type: 'Point', coordinates: [1, 2, 3, 4] }, '{"type":"Point","coordinates":[1,2,3]}'],
    ['a height of null', { type: 'Point', coordinates: [1, 2, null] }, '{"type":"Point","coordinates":[1,2]}'],
    [
      'heights of some positions',
      {
        type: 'LineString',
        coordinates: [
          [1, 2, 3],
          [4, 5],
        ],
      },
      '{"type":"LineString","coordinates":[[1,2,3],[4,5]]}',
    ],
    ['empty', { type: 'Point', coordinates: [] }, '{"type":"Point","coordinates":[]}'],
    ['empty, by null', { type: 'LineString', coordinates: null }, '{"type":"LineString","coordinates":[]}'],
    ['empty members', { type: 'MultiPoint', coordinates: [[], [1, 2]] }, '{"type":"MultiPoint","coordinates":[[1,2]]}'],
    ['empty rings', { type: 'MultiPolygon', coordinates: [[[]], []] }, '{"type":"MultiPolygon","coordinates":[]}'],
    [
      'rings are closed and turned counter-clockwise, holes clockwise',
      { type: 'Polygon', coordinates: [square, square.toReversed()] },
      '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]],[[1,0],[0,0],[0,1],[1,1],[1,0]]]}',
    ],
    [
      'members of its own that a geometry brings, such as a crs, go',
      { type: 'Point', coordinates: [1, 2], crs: { type: 'name' }, bbox: [1, 2, 1, 2] },
      '{"type":"Point","coordinates":[1,2]}',
    ],
    [
      'a collection',
      { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }] },
      '{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}',
    ],
    [
      'small and large numbers',
      { type: 'Point', coordinates: [1e-7, 5e-324] },
      '{"type":"Point","coordinates":[1e-7,5e-324]}',
    ],
  ])('%s', (_, geometry, json) => {
    const notes = noNotes();
    expect(geometryJson(geometry as Geometry | null, notes)).toBe(json);
    expect(notes).toEqual(noNotes());
  });

  test.each([
    ['notFinite', { type: 'Point', coordinates: [Number.NaN, 2] }, 'null'],
    ['notFinite', { type: 'Point', coordinates: [1, 2, Number.POSITIVE_INFINITY] }, 'null'],
    ['notFinite', { type: 'Polygon', coordinates: [[[0, 0], [1, 0], null, [0, 0]]] }, 'null'],
    [
      'notFinite',
      {
        type: 'LineString',
        coordinates: [
          [0, 0],
          [1, '2'],
        ],
      },
      'null',
    ],
    ['tooFewPoints', { type: 'LineString', coordinates: [[0, 0]] }, '{"type":"LineString","coordinates":[[0,0]]}'],
    [
      'tooFewPoints',
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
          ],
        ],
      },
      '{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]}',
    ],
    [
      'outOfRange',
      { type: 'Point', coordinates: [500000, 4600000] },
      '{"type":"Point","coordinates":[500000,4600000]}',
    ],
    [
      'antimeridian',
      {
        type: 'LineString',
        coordinates: [
          [179, 0],
          [-179, 0],
        ],
      },
      '{"type":"LineString","coordinates":[[179,0],[-179,0]]}',
    ],
  ])('%s is noted: %j', (note, geometry, json) => {
    const notes = noNotes();
    expect(geometryJson(geometry as unknown as Geometry, notes)).toBe(json);
    expect(notes).toEqual({ ...noNotes(), [note]: true });
  });

  test('of a type that GeoJSON does not know is refused by name', () => {
    expect(() => geometryJson({ type: 'Curve', coordinates: [] } as never, noNotes())).toThrow('"Curve"');
  });
});
