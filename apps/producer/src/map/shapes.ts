/** Geometries as GeoJSON has them (RFC 7946), taken apart into points, lines and polygons on the finest level of the grid. */
import { isObject } from '@parcelpost/shared/is-object.js';
import { around, eastward, FINEST, northward } from './grid.js';

/** x, y, x, y … in cells; what runs across 180° goes on beyond it, so that neighbours are near each other. */
export type Line = number[];

export type Shape =
  | { kind: 'point'; x: number; y: number }
  | { kind: 'line'; line: Line }
  /** The outer ring first; each closed. */
  | { kind: 'polygon'; rings: Line[] };

/** A geometry that nobody can draw: of no known type, or with coordinates that are no longitudes and latitudes. */
export class UndrawableError extends Error {
  override readonly name = 'UndrawableError';
}

const WORLD = around(FINEST);

/** Geometries in geometries, at most. */
const DEEPEST = 8;

/**
 * The shapes of a geometry; of an empty one there are none.
 * @throws {UndrawableError}
 */
export function shapesOf(geometry: unknown, depth = 0): Shape[] {
  if (!isObject(geometry) || depth > DEEPEST) throw new UndrawableError('no geometry');
  const { type, coordinates, geometries } = geometry;
  switch (type) {
    case 'Point':
      return list(coordinates).length === 0 ? [] : [point(coordinates)];
    case 'MultiPoint':
      return list(coordinates).map(point);
    case 'LineString':
      return lineOf(coordinates);
    case 'MultiLineString':
      return list(coordinates).flatMap(lineOf);
    case 'Polygon':
      return polygonOf(coordinates);
    case 'MultiPolygon':
      return list(coordinates).flatMap(polygonOf);
    case 'GeometryCollection':
      return list(geometries).flatMap((one) => shapesOf(one, depth + 1));
    default:
      throw new UndrawableError(`no type of geometry: ${type}`);
  }
}

function point(position: unknown): Shape {
  const [x, y] = place(position);
  return { kind: 'point', x: inWorld(x), y };
}

function lineOf(coordinates: unknown): Shape[] {
  const positions = list(coordinates).map(place);
  return positions.length === 0 ? [] : [{ kind: 'line', line: intoWorld(unwrapped(positions)) }];
}

function polygonOf(coordinates: unknown): Shape[] {
  const rings = list(coordinates)
    .map((ring) => closed(unwrapped(list(ring).map(place))))
    .filter((ring) => ring.length > 0);
  const [outer, ...holes] = rings;
  if (!outer) return [];
  const moved = intoWorld(outer);
  const west = least(moved);
  return [{ kind: 'polygon', rings: [moved, ...holes.map((hole) => beside(hole, west))] }];
}

/**
 * A line of which no part runs around the world: where neighbours are more than half of it apart, it has crossed 180°. One
 * that ends a world away from where it began goes around a pole, and stays as it came; so do edges along 180° itself.
 */
function unwrapped(positions: readonly [number, number][]): Line {
  const line: Line = [];
  let turns = 0;
  let before: number | undefined;
  for (const [x, y] of positions) {
    if (before !== undefined && Math.abs(x - before) > WORLD / 2 && inside(x) && inside(before)) {
      turns += x < before ? 1 : -1;
    }
    line.push(x + turns * WORLD, y);
    before = x;
  }
  return turns === 0 || !isRing(positions) ? line : positions.flat();
}

/** Whether a line is one that begins and ends at one place, and yet did not come back. */
const isRing = (positions: readonly [number, number][]) => {
  const [first, last] = [positions[0], positions.at(-1)];
  return first !== undefined && last !== undefined && first[0] === last[0] && first[1] === last[1];
};

function closed(ring: Line): Line {
  const [x, y] = ring;
  if (x === undefined || y === undefined || (ring.at(-2) === x && ring.at(-1) === y)) return ring;
  return [...ring, x, y];
}

const inside = (x: number) => x > 0 && x < WORLD;
const inWorld = (x: number) => x - Math.floor(x / WORLD) * WORLD;

/** A line moved by whole worlds, so that its westmost vertex is in the first one. */
const intoWorld = (line: Line): Line => moved(line, Math.floor(least(line) / WORLD) * -WORLD);

/** A ring moved by whole worlds, so that it begins east of `west`. */
const beside = (line: Line, west: number): Line => moved(line, Math.ceil((west - least(line)) / WORLD) * WORLD);

const moved = (line: Line, by: number): Line =>
  by === 0 ? line : line.map((value, index) => (index % 2 === 0 ? value + by : value));

function least(line: Line): number {
  let x = Number.POSITIVE_INFINITY;
  for (let index = 0; index < line.length; index += 2) x = Math.min(x, line[index] as number);
  return x;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new UndrawableError('no list where there should be one');
  return value;
}

/** Longitudes may go on beyond 180°, as those of one that was not cut there do. */
function place(position: unknown): [number, number] {
  const [longitude, latitude] = list(position);
  if (typeof longitude !== 'number' || typeof latitude !== 'number') throw new UndrawableError('no numbers');
  if (!(Math.abs(longitude) <= 360 && Math.abs(latitude) <= 90)) throw new UndrawableError('not on Earth');
  return [eastward(longitude), northward(latitude)];
}
