/** Geometries of the made-up project: every type of RFC 7946, flat and with heights, around London. */
import type { Geometry, Position } from 'geojson';
import type { Random } from './random.js';

type Shape = (at: Position, random: Random) => Geometry | null;

const round = (value: number) => Math.round(value * 1e7) / 1e7;

/** A position `east` and `north` of `at`, in degrees; with a height where `at` has one. */
function moved(at: Position, east: number, north: number): Position {
  const [x = 0, y = 0, z] = at;
  const position = [round(x + east), round(y + north)];
  return z === undefined ? position : [...position, round(z + east * 1000)];
}

/** A closed ring with `corners` corners, counter-clockwise for a positive radius's `turn` of 1, clockwise for -1. */
function ring(at: Position, radius: number, corners: number, turn: 1 | -1): Position[] {
  const positions = Array.from({ length: corners }, (_, corner) => {
    const angle = (turn * corner * 2 * Math.PI) / corners;
    return moved(at, radius * Math.cos(angle), radius * Math.sin(angle));
  });
  return [...positions, positions[0] as Position];
}

const line = (at: Position, random: Random) =>
  Array.from({ length: random.int(2, 6) }, (_, i) => moved(at, i * 0.0004, random.next() * 0.0004));

const polygon: Shape = (at, random) => ({ type: 'Polygon', coordinates: [ring(at, 0.0006, random.int(4, 9), 1)] });
const withHoles: Shape = (at) => ({
  type: 'Polygon',
  coordinates: [
    ring(at, 0.001, 8, 1),
    ring(moved(at, 0.0004, 0), 0.0002, 5, -1),
    ring(moved(at, -0.0004, 0), 0.0002, 4, -1),
  ],
});
/** Old data has its rings the other way round; RFC 7946 asks readers to take it. */
const wrongWay: Shape = (at) => ({ type: 'Polygon', coordinates: [ring(at, 0.001, 6, -1), ring(at, 0.0003, 4, 1)] });
const multiPolygon: Shape = (at, random) => ({
  type: 'MultiPolygon',
  coordinates: [
    [ring(at, 0.0005, random.int(4, 8), 1)],
    [ring(moved(at, 0.002, 0), 0.0006, 6, 1), ring(moved(at, 0.002, 0), 0.0002, 4, -1)],
  ],
});
const point: Shape = (at) => ({ type: 'Point', coordinates: at });
const multiPoint: Shape = (at, random) => ({
  type: 'MultiPoint',
  coordinates: Array.from({ length: random.int(1, 4) }, (_, i) => moved(at, i * 0.0003, i * 0.0002)),
});
const lineString: Shape = (at, random) => ({ type: 'LineString', coordinates: line(at, random) });
const multiLineString: Shape = (at, random) => ({
  type: 'MultiLineString',
  coordinates: [line(at, random), line(moved(at, 0, 0.001), random)],
});
const collection: Shape = (at, random) => ({
  type: 'GeometryCollection',
  geometries: [point(at, random) as Geometry, lineString(at, random) as Geometry],
});
const emptyMultiPolygon: Shape = () => ({ type: 'MultiPolygon', coordinates: [] });
const none: Shape = () => null;

const high =
  (shape: Shape): Shape =>
  (at, random) =>
    shape([...at.slice(0, 2), round(random.next() * 80)], random);

const CIRCLE: readonly Shape[] = [
  polygon,
  point,
  lineString,
  multiPolygon,
  multiPoint,
  multiLineString,
  withHoles,
  none,
  high(polygon),
  high(point),
  high(lineString),
  high(multiPolygon),
  high(multiPoint),
  high(multiLineString),
  wrongWay,
  collection,
  polygon,
  emptyMultiPolygon,
];

/** The geometry of the record at this place: the types take turns. */
export function londonGeometry(place: number, random: Random): Geometry | null {
  const at: Position = [round(-0.25 + random.next() * 0.3), round(51.42 + random.next() * 0.16)];
  return (CIRCLE[place % CIRCLE.length] as Shape)(at, random);
}
