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
  const line = lineFrom(coordinates);
  return line.length === 0 ? [] : [{ kind: 'line', line: intoWorld(unwrapped(line)) }];
}

function polygonOf(coordinates: unknown): Shape[] {
  const rings = list(coordinates)
    .map((ring) => closed(unwrapped(lineFrom(ring))))
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
function unwrapped(line: Line): Line {
  let turns = 0;
  let led: Line | undefined;
  for (let index = 2; index < line.length; index += 2) {
    const x = line[index] as number;
    const before = line[index - 2] as number;
    if (Math.abs(x - before) > WORLD / 2 && inside(x) && inside(before)) turns += x < before ? 1 : -1;
    if (turns === 0) continue;
    led ??= [...line];
    led[index] = x + turns * WORLD;
  }
  return led === undefined || (turns !== 0 && isRing(line)) ? line : led;
}

/** Whether a line begins and ends at one place. */
const isRing = (line: Line) => line[0] === line.at(-2) && line[1] === line.at(-1);

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

function lineFrom(coordinates: unknown): Line {
  const line: Line = [];
  for (const position of list(coordinates)) {
    const [x, y] = place(position);
    line.push(x, y);
  }
  return line;
}

/** Longitudes may go on beyond 180°, as those of one that was not cut there do. */
function place(position: unknown): [number, number] {
  const [longitude, latitude] = list(position);
  if (typeof longitude !== 'number' || typeof latitude !== 'number') throw new UndrawableError('no numbers');
  if (!(Math.abs(longitude) <= 360 && Math.abs(latitude) <= 90)) throw new UndrawableError('not on Earth');
  return [eastward(longitude), northward(latitude)];
}
