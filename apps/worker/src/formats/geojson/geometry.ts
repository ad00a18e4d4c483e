/** Geometries as RFC 7946 wants them written. */
import type { Geometry, Position } from 'geojson';
import { AsciiText } from '../ascii-text.js';
import { filled, isClosed, isPosition, listOf, turned, unknownGeometry } from '../geometry.js';

/** What is to be said of a geometry; the names are those of {@link GeometryNotes}' members. */
export const GEOMETRY_NOTES = ['notFinite', 'tooFewPoints', 'outOfRange', 'antimeridian'] as const;
export type GeometryNote = (typeof GEOMETRY_NOTES)[number];

/** Set where it befell the geometry that is being written; never taken back. */
export interface GeometryNotes extends Record<GeometryNote, boolean> {
  /** A coordinate is not a finite number, which JSON cannot hold: the geometry is written as null. */
  notFinite: boolean;
  /** A line of fewer than two positions, or a ring of fewer than four: written as it is, though the standard knows none. */
  tooFewPoints: boolean;
  /** A longitude past 180 or a latitude past 90 degrees: written as it is. */
  outOfRange: boolean;
  /** Two neighbours on a line are more than 180 degrees of longitude apart: written as it is, not cut (section 3.1.9). */
  antimeridian: boolean;
}

export const noNotes = (): GeometryNotes => ({
  notFinite: false,
  tooFewPoints: false,
  outOfRange: false,
  antimeridian: false,
});

/**
 * A geometry as a GeoJSON object (RFC 7946) of `type` and `coordinates` (or `geometries`) alone; `null` where there is none.
 *
 * Outer rings run counter-clockwise, holes clockwise (3.1.6), all are closed. Each position keeps its Z and has one only
 * where it had one; a fourth number is dropped (3.1.1). Numbers are the shortest that read back as the same double, -0
 * is 0. What is empty has empty coordinates; empty members of a multi-geometry and empty rings are left out.
 *
 * @param notes gets what is to be said of it
 * @throws a permanent ExportError for what is not a GeoJSON geometry
 */
export function geometryJson(geometry: Geometry | null, notes: GeometryNotes): string {
  if (geometry === null) return 'null';
  out.clear();
  written(geometry, notes);
  return notes.notFinite ? 'null' : out.toString();
}

/** Where all texts are made, one after the other. */
const out = new AsciiText();

const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

function written(geometry: Geometry, notes: GeometryNotes): void {
  if (geometry.type === 'GeometryCollection') {
    out.append('{"type":"GeometryCollection","geometries":');
    list(geometry.geometries, (each) => written(each, notes));
  } else {
    const write = coordinates(geometry, notes);
    out.append(`{"type":"${geometry.type}","coordinates":`);
    write();
  }
  out.append('}');
}

/** What writes the coordinates; throws for a type that is none. */
function coordinates(geometry: Exclude<Geometry, { type: 'GeometryCollection' }>, notes: GeometryNotes): () => void {
  switch (geometry.type) {
    case 'Point':
      return () => (isEmpty(geometry.coordinates) ? out.append('[]') : position(geometry.coordinates, notes));
    case 'MultiPoint':
      return () => list(filled(geometry.coordinates), (each) => position(each, notes));
    case 'LineString':
      return () => (isEmpty(geometry.coordinates) ? out.append('[]') : line(geometry.coordinates, 2, notes));
    case 'MultiLineString':
      return () => list(filled(geometry.coordinates), (each) => line(each, 2, notes));
    case 'Polygon':
      return () => polygon(geometry.coordinates, notes);
    case 'MultiPolygon':
      return () =>
        list(
          listOf(geometry.coordinates).filter((each) => filled(each).length > 0),
          (each) => polygon(each, notes),
        );
    default:
      throw unknownGeometry(geometry);
  }
}

function polygon(rings: Position[][], notes: GeometryNotes): void {
  list(filled(rings), (ring, place) => {
    if (!ring.every(isPosition)) {
      notes.notFinite = true;
      return;
    }
    const closed = isClosed(ring) ? ring : [...ring, ring[0] as Position];
    line(turned(closed, place > 0), 4, notes);
  });
}

function line(positions: readonly Position[], least: number, notes: GeometryNotes): void {
  if (positions.length < least) notes.tooFewPoints = true;
  let before: number | undefined;
  for (let i = 0; i < positions.length; i++) {
    const each = positions[i] as Position;
    out.sign(i === 0 ? OPEN : COMMA);
    position(each, notes);
    if (notes.notFinite) return;
    const x = each[0] as number;
    if (before !== undefined && Math.abs(x - before) > 180) notes.antimeridian = true;
    before = x;
  }
  out.sign(CLOSE);
}

function position(at: Position, notes: GeometryNotes): void {
  if (!isPosition(at)) {
    notes.notFinite = true;
    return;
  }
  const x = at[0] as number;
  const y = at[1] as number;
  const z = at[2];
  if (Math.abs(x) > 180 || Math.abs(y) > 90) notes.outOfRange = true;
  out.sign(OPEN);
  out.number(x);
  out.sign(COMMA);
  out.number(y);
  if (z !== undefined && z !== null) {
    out.sign(COMMA);
    out.number(z);
  }
  out.sign(CLOSE);
}

function list<T>(items: readonly T[], write: (item: T, place: number) => void): void {
  out.sign(OPEN);
  for (const [place, item] of listOf(items).entries()) {
    if (place > 0) out.sign(COMMA);
    write(item, place);
  }
  out.sign(CLOSE);
}

function isEmpty(items: readonly unknown[]): boolean {
  return listOf(items).length === 0;
}
