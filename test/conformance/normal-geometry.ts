/** Geometries in one normal form, so that those that cover the same ground are equal by value. */
import type { Geometry, Position } from 'geojson';

/**
 * Rings without the position that closes them, begun at their least position and turned to whichever side comes first;
 * holes and members in order. Positions have a third number where `z` says so, 0 if they had none, and only then.
 */
export function normal(geometry: Geometry | null, z = hasZ(geometry)): unknown {
  if (geometry === null) return null;
  const at = ([x = 0, y = 0, height = 0]: Position): Position => (z ? [x, y, height] : [x, y]);
  const polygon = ([outer = [], ...holes]: Position[][]) => [
    normalRing(outer.map(at)),
    ...ordered(holes.map((hole) => normalRing(hole.map(at)))),
  ];
  switch (geometry.type) {
    case 'Point':
      return { type: geometry.type, coordinates: at(geometry.coordinates) };
    case 'LineString':
    case 'MultiPoint':
      return { type: geometry.type, coordinates: geometry.coordinates.map(at) };
    case 'MultiLineString':
      return { type: geometry.type, coordinates: geometry.coordinates.map((line) => line.map(at)) };
    case 'Polygon':
      return { type: geometry.type, coordinates: polygon(geometry.coordinates) };
    case 'MultiPolygon':
      return { type: geometry.type, coordinates: ordered(geometry.coordinates.map(polygon)) };
    case 'GeometryCollection':
      return { type: geometry.type, geometries: geometry.geometries.map((member) => normal(member, z)) };
  }
}

/** Whether any position of a geometry has a height. */
export function hasZ(geometry: Geometry | null): boolean {
  return positionsOf(geometry).some((position) => position.length > 2);
}

/** Every position of a geometry. */
export function positionsOf(geometry: Geometry | null): Position[] {
  if (geometry === null) return [];
  switch (geometry.type) {
    case 'Point':
      return [geometry.coordinates];
    case 'LineString':
    case 'MultiPoint':
      return geometry.coordinates;
    case 'Polygon':
    case 'MultiLineString':
      return geometry.coordinates.flat();
    case 'MultiPolygon':
      return geometry.coordinates.flat(2);
    case 'GeometryCollection':
      return geometry.geometries.flatMap(positionsOf);
  }
}

/** Twice the area within a ring: above 0 where it runs counter-clockwise. */
export function turn(ring: readonly Position[]): number {
  const [x0 = 0, y0 = 0] = ring[0] ?? [];
  return ring.reduce((sum, [x = 0, y = 0], i) => {
    const [nextX = 0, nextY = 0] = ring[(i + 1) % ring.length] as Position;
    return sum + (x - x0) * (nextY - y0) - (nextX - x0) * (y - y0);
  }, 0);
}

function normalRing(closed: Position[]): Position[] {
  if (closed.length === 0) return [];
  const ring = `${closed[0]}` === `${closed.at(-1)}` ? closed.slice(0, -1) : closed;
  const turned = ring.toReversed();
  return [...rotations(ring), ...rotations(turned)].reduce((least, each) => (compare(each, least) < 0 ? each : least));
}

/** The ring begun at its least position; as often as it comes by there. */
function rotations(ring: Position[]): Position[][] {
  const least = ring.reduce((one, other) => (compare(other, one) < 0 ? other : one), ring[0] as Position);
  return ring.flatMap((position, i) =>
    compare(position, least) === 0 ? [[...ring.slice(i), ...ring.slice(0, i)]] : [],
  );
}

function ordered<T extends Nested>(items: T[]): T[] {
  return items.sort(compare);
}

type Nested = readonly (number | Nested)[];

/** Orders lists of numbers, however deep, by their first difference. */
function compare(a: Nested, b: Nested): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    const order =
      typeof one === 'number' && typeof other === 'number' ? one - other : compare(one as Nested, other as Nested);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
