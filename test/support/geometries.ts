/** Locations with geometries of every kind, ordinary and nasty, and what a shapefile should make of them. */
import type { Geometry, Position } from 'geojson';
import type { ShapefileFeature } from '../../apps/worker/src/formats/shapefile/fragment.js';
import type { Family } from '../../apps/worker/src/formats/shapefile/shape.js';

let next = 0;
/** A location; ids go on counting. */
export const feature = (geometry: unknown, type = 'PA', id = `id-${next++}`): ShapefileFeature => ({
  id,
  type,
  geometry: geometry as Geometry | null,
});

/** A square's closed ring, counter-clockwise. */
export const square = (x: number, y: number, size: number): Position[] => [
  [x, y],
  [x + size, y],
  [x + size, y + size],
  [x, y + size],
  [x, y],
];
const reversed = (ring: Position[]) => [...ring].reverse();
/** The ring with heights, each vertex higher than the one before. */
export const raised = (ring: Position[], z: number) => ring.map(([x = 0, y = 0], i) => [x, y, z + i / 8]);
/** Enough vertices that shp-write is not asked, and coordinates with all their digits. */
export const circle = (points: number, z = false) =>
  Array.from({ length: points }, (_, i) => {
    const angle = (2 * Math.PI * i) / points;
    return [Math.cos(angle) / 3, Math.sin(angle) / 7, ...(z ? [i / 3] : [])];
  });

/** The geometry as a shapefile should give it back: rings closed, outer ones clockwise, multi only when there are several. */
export function expected(geometry: Geometry, z: boolean): Geometry {
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

export const FAMILY_OF: Record<string, Family> = {
  Point: 'points',
  LineString: 'linestrings',
  Polygon: 'polygons',
  MultiPoint: 'multipoints',
  MultiLineString: 'multilinestrings',
  MultiPolygon: 'multipolygons',
};

/** Every kind of geometry without heights that a shapefile can hold. */
export const FLAT = [
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
/** Every kind of geometry with heights. */
export const HIGH = [
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
