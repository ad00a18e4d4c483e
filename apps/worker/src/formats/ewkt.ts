/** Geometries as text: Extended Well-Known Text, as PostGIS, GDAL and QGIS read it. */
import type { Geometry, Position } from 'geojson';
import { AsciiText } from './ascii-text.js';
import { filled, isClosed, listOf, unknownGeometry } from './geometry.js';

/**
 * A GeoJSON geometry (RFC 7946, WGS 84) as EWKT, such as `SRID=4326;POINT Z (1 2 3)`; the empty text where there is none.
 *
 * Z is kept; where only some positions have one, the others get 0. A fourth number is dropped: RFC 7946 gives it no
 * meaning. Rings are closed. Numbers are the shortest that read back as the same double, without an exponent up to 1e40 and down to 1e-40.
 * What is empty is written `EMPTY`. Throws a permanent ExportError for what is not a GeoJSON geometry.
 */
export function toEwkt(geometry: Geometry | null): string {
  return geometry === null ? '' : textOf('SRID=4326;', geometry);
}

/** The same as WKT, without the SRID: `POINT Z (1 2 3)`; the empty text where there is none. */
export function toWkt(geometry: Geometry | null): string {
  return geometry === null ? '' : textOf('', geometry);
}

/** Where all texts are made, one after the other. */
const out = new AsciiText();

const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const BLANK = 0x20;

function textOf(head: string, geometry: Geometry): string {
  out.clear();
  out.append(head);
  tagged(geometry, anyZ(geometry));
  return out.toString();
}

function tagged(geometry: Geometry, z: boolean): void {
  // What follows throws for a type that is none, before anything else comes of it.
  out.append(TAGS.get(geometry.type) ?? '');
  if (z) out.append('Z ');
  body(geometry, z);
}

const TAGS: ReadonlyMap<string, string> = new Map(
  ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon', 'GeometryCollection'].map(
    (type) => [type, `${type.toUpperCase()} `],
  ),
);

function body(geometry: Geometry, z: boolean): void {
  switch (geometry.type) {
    case 'Point':
      point(geometry.coordinates, z);
      break;
    case 'LineString':
      line(geometry.coordinates, z, false);
      break;
    case 'MultiPoint':
      group(geometry.coordinates, (each) => point(each, z));
      break;
    case 'MultiLineString':
      group(geometry.coordinates, (part) => line(part, z, false));
      break;
    case 'Polygon':
      polygon(geometry.coordinates, z);
      break;
    case 'MultiPolygon':
      group(geometry.coordinates, (part) => polygon(part, z));
      break;
    case 'GeometryCollection':
      group(geometry.geometries, (part) => tagged(part, z));
      break;
    default:
      throw unknownGeometry(geometry);
  }
}

function group<T>(items: readonly T[] | null, write: (item: T) => void): void {
  const all = listOf(items);
  if (all.length === 0) {
    out.append('EMPTY');
    return;
  }
  for (let i = 0; i < all.length; i++) {
    out.sign(i === 0 ? OPEN : COMMA);
    write(all[i] as T);
  }
  out.sign(CLOSE);
}

function polygon(rings: Position[][], z: boolean): void {
  group(filled(rings), (ring) => line(ring, z, true));
}

function point(at: Position, z: boolean): void {
  if (listOf(at).length === 0) {
    out.append('EMPTY');
    return;
  }
  out.sign(OPEN);
  position(at, z);
  out.sign(CLOSE);
}

function line(positions: Position[], z: boolean, ring: boolean): void {
  const all = listOf(positions);
  if (all.length === 0) {
    out.append('EMPTY');
    return;
  }
  for (let i = 0; i < all.length; i++) {
    out.sign(i === 0 ? OPEN : COMMA);
    position(all[i] as Position, z);
  }
  if (ring && !isClosed(all)) {
    out.sign(COMMA);
    position(all[0] as Position, z);
  }
  out.sign(CLOSE);
}

function position(at: Position, z: boolean): void {
  number(at[0]);
  out.sign(BLANK);
  number(at[1]);
  if (!z) return;
  out.sign(BLANK);
  number(at[2] ?? 0);
}

function number(value: number | undefined): void {
  if (typeof value !== 'number') {
    out.append('NaN');
    return;
  }
  const size = Math.abs(value);
  if ((size >= 1e-6 && size < 1e21) || size === 0 || !Number.isFinite(value)) out.number(value);
  else out.append(withoutExponent(`${value}`));
}

/** `1.5e-7` as `0.00000015`: readers of WKT differ about exponents. */
function withoutExponent(text: string): string {
  const [, sign = '', head = '', tail = '', exponent = '0'] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  const digits = head + tail;
  const shift = Number(exponent);
  // GDAL refuses words of more than 63 characters; it and PostGIS do read exponents.
  if (Math.abs(shift) > 40) return text;
  return shift < 0 ? `${sign}0.${'0'.repeat(-shift - 1)}${digits}` : `${sign}${digits.padEnd(shift + 1, '0')}`;
}

/** Whether any position of a geometry has a third number. */
function anyZ(geometry: Geometry): boolean {
  if (geometry.type === 'GeometryCollection') return listOf(geometry.geometries).some(anyZ);
  return deepZ(geometry.coordinates);
}

type Nested = Position | Position[] | Position[][] | Position[][][];

function deepZ(coordinates: Nested): boolean {
  if (!Array.isArray(coordinates)) return false;
  if (!Array.isArray(coordinates[0]) && coordinates.length > 0)
    return coordinates.length > 2 && coordinates[2] !== null;
  for (const part of coordinates as Nested[]) {
    // Most of what there is are positions, for which a call would cost more than the look.
    if (Array.isArray(part) && typeof part[0] === 'number') {
      if (part.length > 2 && part[2] !== null) return true;
    } else if (deepZ(part)) return true;
  }
  return false;
}
