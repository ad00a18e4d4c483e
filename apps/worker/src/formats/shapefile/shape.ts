/** From GeoJSON to what a shapefile record holds: parts of positions, rings closed and turned the right way. */
import type { Geometry, Position } from 'geojson';
import { filled, isClosed, listOf, turned, unknownGeometry } from '../geometry.js';

/**
 * A shapefile holds one type of shape, so that there is one for each type of geometry. Polygons and multipolygons share
 * a shape type, but not a file: who reads one wants to know which it gets.
 */
export const FAMILIES = [
  'points',
  'linestrings',
  'polygons',
  'multipoints',
  'multilinestrings',
  'multipolygons',
] as const;
export type Family = (typeof FAMILIES)[number];

/** Shape types of the ESRI Shapefile Technical Description (1998); with Z it is ten more. */
export const SHAPE_TYPES: Record<Family, number> = {
  points: 1,
  linestrings: 3,
  multilinestrings: 3,
  polygons: 5,
  multipolygons: 5,
  multipoints: 8,
};
export const Z_TYPE = 10;

/** Why a record has no place in a shapefile; it stays in the CSV. */
export type LeftOutReason = 'nullGeometry' | 'emptyGeometry' | 'geometryCollection' | 'notFinite' | 'tooFewPoints';

/** Extent in degrees. */
export interface Box {
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
  /** Infinity and -Infinity where nothing has a Z. */
  minZ: number;
  maxZ: number;
}

export const emptyBox = (): Box => ({
  minX: Number.POSITIVE_INFINITY,
  minY: Number.POSITIVE_INFINITY,
  maxX: Number.NEGATIVE_INFINITY,
  maxY: Number.NEGATIVE_INFINITY,
  minZ: Number.POSITIVE_INFINITY,
  maxZ: Number.NEGATIVE_INFINITY,
});

export interface Shape {
  family: Family;
  /** Points of a point or multipoint in one part; each line or ring one part, rings closed, outer ones clockwise. */
  parts: readonly (readonly Position[])[];
  /** Positions in all parts. */
  points: number;
  /** Whether any position has a height; the others then count as 0. */
  z: boolean;
  box: Box;
}

/**
 * Turns a geometry into a shape, or says why it cannot be one. Empty parts are dropped; a line of one point, or a ring of
 * fewer than four positions once closed, leaves the record out. Throws a permanent ExportError for unknown types.
 */
export function toShape(geometry: Geometry | null): Shape | LeftOutReason {
  if (geometry === null) return 'nullGeometry';
  switch (geometry.type) {
    case 'Point':
      return points('points', listOf(geometry.coordinates).length === 0 ? [] : [geometry.coordinates]);
    case 'MultiPoint':
      return points('multipoints', filled(geometry.coordinates));
    case 'LineString':
      return lines('linestrings', filled([geometry.coordinates]));
    case 'MultiLineString':
      return lines('multilinestrings', filled(geometry.coordinates));
    case 'Polygon':
      return polygons('polygons', [geometry.coordinates]);
    case 'MultiPolygon':
      return polygons('multipolygons', listOf(geometry.coordinates));
    case 'GeometryCollection':
      return 'geometryCollection';
    default:
      throw unknownGeometry(geometry);
  }
}

function points(family: Family, positions: readonly Position[]): Shape | LeftOutReason {
  return positions.length === 0 ? 'emptyGeometry' : measured(family, [positions]);
}

function lines(family: Family, parts: readonly (readonly Position[])[]): Shape | LeftOutReason {
  if (parts.length === 0) return 'emptyGeometry';
  for (const part of parts) if (part.length < 2) return 'tooFewPoints';
  return measured(family, parts);
}

function polygons(family: Family, members: readonly Position[][][]): Shape | LeftOutReason {
  const parts: (readonly Position[])[] = [];
  for (const member of members) {
    let outer = true;
    for (const ring of listOf(member)) {
      if (listOf(ring).length === 0) continue;
      const closed = isClosed(ring) ? ring : [...ring, ring[0] as Position];
      if (closed.length < 4) return 'tooFewPoints';
      parts.push(turned(closed, outer));
      outer = false;
    }
  }
  return parts.length === 0 ? 'emptyGeometry' : measured(family, parts);
}

function measured(family: Family, parts: readonly (readonly Position[])[]): Shape | LeftOutReason {
  const box = emptyBox();
  let count = 0;
  let heights = 0;
  for (const part of parts) {
    count += part.length;
    for (let i = 0; i < part.length; i++) {
      const position = part[i] as Position;
      const x = position[0] as number;
      const y = position[1] as number;
      if (!Number.isFinite(x) || !Number.isFinite(y)) return 'notFinite';
      if (x < box.minX) box.minX = x;
      if (x > box.maxX) box.maxX = x;
      if (y < box.minY) box.minY = y;
      if (y > box.maxY) box.maxY = y;
      const z = position.length > 2 ? position[2] : undefined;
      if (z === undefined || z === null) continue;
      if (!Number.isFinite(z)) return 'notFinite';
      heights++;
      if (z < box.minZ) box.minZ = z;
      if (z > box.maxZ) box.maxZ = z;
    }
  }
  if (heights > 0 && heights < count) {
    box.minZ = Math.min(box.minZ, 0);
    box.maxZ = Math.max(box.maxZ, 0);
  }
  return { family, parts, points: count, z: heights > 0, box };
}
