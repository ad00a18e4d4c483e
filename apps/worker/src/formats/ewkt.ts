/** Geometries as text: Extended Well-Known Text, as PostGIS, GDAL and QGIS read it. */
import type { Geometry, Position } from 'geojson';
import { isClosed, listOf, unknownGeometry } from './geometry.js';

/**
 * A GeoJSON geometry (RFC 7946, WGS 84) as EWKT, such as `SRID=4326;POINT Z (1 2 3)`; the empty text where there is none.
 *
 * Z is kept; where only some positions have one, the others get 0. A fourth number is dropped: RFC 7946 gives it no
 * meaning. Rings are closed. Numbers are the shortest that read back as the same double, without an exponent up to 1e40 and down to 1e-40.
 * What is empty is written `EMPTY`. Throws a permanent ExportError for what is not a GeoJSON geometry.
 */
export function toEwkt(geometry: Geometry | null): string {
  if (geometry === null) return '';
  return `SRID=4326;${tagged(geometry, anyZ(geometry))}`;
}

/** The same as WKT, without the SRID: `POINT Z (1 2 3)`; the empty text where there is none. */
export function toWkt(geometry: Geometry | null): string {
  return geometry === null ? '' : tagged(geometry, anyZ(geometry));
}

function tagged(geometry: Geometry, z: boolean): string {
  const body = bodyOf(geometry, z);
  return `${geometry.type.toUpperCase()} ${z ? 'Z ' : ''}${body}`;
}

function bodyOf(geometry: Geometry, z: boolean): string {
  switch (geometry.type) {
    case 'Point':
      return listOf(geometry.coordinates).length === 0 ? 'EMPTY' : `(${position(geometry.coordinates, z)})`;
    case 'LineString':
      return line(geometry.coordinates, z, false);
    case 'MultiPoint':
      return group(geometry.coordinates, (point) => (listOf(point).length === 0 ? 'EMPTY' : `(${position(point, z)})`));
    case 'MultiLineString':
      return group(geometry.coordinates, (part) => line(part, z, false));
    case 'Polygon':
      return polygon(geometry.coordinates, z);
    case 'MultiPolygon':
      return group(geometry.coordinates, (part) => polygon(part, z));
    case 'GeometryCollection':
      return group(geometry.geometries, (part) => tagged(part, z));
    default:
      throw unknownGeometry(geometry);
  }
}

function group<T>(items: readonly T[] | null, text: (item: T) => string): string {
  const all = listOf(items);
  if (all.length === 0) return 'EMPTY';
  let out = '(';
  for (let i = 0; i < all.length; i++) out += i === 0 ? text(all[i] as T) : `,${text(all[i] as T)}`;
  return `${out})`;
}

function polygon(rings: Position[][], z: boolean): string {
  const full = listOf(rings).filter((ring) => listOf(ring).length > 0);
  return group(full, (ring) => line(ring, z, true));
}

function line(positions: Position[], z: boolean, ring: boolean): string {
  const all = listOf(positions);
  const first = all[0];
  if (!first) return 'EMPTY';
  let out = `(${position(first, z)}`;
  for (let i = 1; i < all.length; i++) out += `,${position(all[i] as Position, z)}`;
  if (ring && !isClosed(all)) out += `,${position(first, z)}`;
  return `${out})`;
}

function position(at: Position, z: boolean): string {
  const plane = `${number(at[0])} ${number(at[1])}`;
  return z ? `${plane} ${number(at[2] ?? 0)}` : plane;
}

function number(value: number | undefined): string {
  if (typeof value !== 'number') return 'NaN';
  const size = Math.abs(value);
  if ((size >= 1e-6 && size < 1e21) || size === 0) return `${value}`;
  return Number.isFinite(value) ? withoutExponent(`${value}`) : `${value}`;
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
  for (const part of coordinates) if (deepZ(part as Nested)) return true;
  return false;
}
