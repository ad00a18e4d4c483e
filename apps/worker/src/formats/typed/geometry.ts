/**
 * Geometries of typed rows, as a GeoPackage stores them (OGC 12-128r18, 2.1.3): a header with the extent, then ISO
 * Well-Known Binary (SQL/MM part 3). Other formats take the extent and the binary from there.
 */
import type { Geometry, Position } from 'geojson';
import { filled, isClosed, isPosition, listOf, turned, unknownGeometry } from '../geometry.js';
import { ByteWriter } from '../sink.js';

/** Longitude and latitude in WGS 84, in this order. */
export const SRS_ID = 4326;

/** A layer holds one type of geometry; the others' numbers in WKB are their places here, counted from 1. */
export const LAYERS = [
  'points',
  'linestrings',
  'polygons',
  'multipoints',
  'multilinestrings',
  'multipolygons',
  'geometrycollections',
] as const;
export type Layer = (typeof LAYERS)[number];

const TYPES: Record<Geometry['type'], number> = {
  Point: 1,
  LineString: 2,
  Polygon: 3,
  MultiPoint: 4,
  MultiLineString: 5,
  MultiPolygon: 6,
  GeometryCollection: 7,
};

/** With heights the numbers of types are this much higher. */
const Z = 1000;

/** Header of 8 bytes: `GP`, version, flags, the number of the reference system. */
const HEADER = 8;
/** West, east, south and north behind it. */
const ENVELOPE = 32;
const LITTLE_ENDIAN = 0b1;
const ENVELOPE_XY = 0b10;
const EMPTY = 0b10000;

/** A geometry that is ready to be stored. */
export interface StoredGeometry {
  layer: Layer;
  /** To be copied before the next geometry is made. */
  bytes: Buffer;
  /** Whether it has heights. */
  z: boolean;
  /** West, east, south, north; null where it is empty. */
  box: [number, number, number, number] | null;
}

/**
 * The stored form of a geometry, or null where a coordinate is not a finite number. Heights are kept; where only some
 * positions have one, the others get 0. Rings are closed, outer ones counter-clockwise, holes clockwise. What is empty
 * is stored as empty, and empty members are left out. Throws a permanent ExportError for what is not a GeoJSON geometry.
 */
export function toStored(geometry: Geometry): StoredGeometry | null {
  const layer = LAYERS[(TYPES[geometry.type] ?? 0) - 1];
  if (!layer) throw unknownGeometry(geometry);
  const z = hasHeights(geometry);
  if (!wkb.write(geometry, z)) return null;
  const { out, box } = wkb;
  // An envelope lets a reader pass over what is far away; for a point it would be longer than the point.
  const envelope = box && layer !== 'points' ? ENVELOPE : 0;
  const start = ENVELOPE - envelope;
  out.bytes.write('GP', start, 'latin1');
  out.bytes[start + 2] = 0;
  out.bytes[start + 3] = LITTLE_ENDIAN | (envelope > 0 ? ENVELOPE_XY : 0) | (box ? 0 : EMPTY);
  out.view.setInt32(start + 4, SRS_ID, true);
  if (box && envelope > 0) for (let i = 0; i < 4; i++) out.view.setFloat64(HEADER + 8 * i, box[i] as number, true);
  return { layer, bytes: out.bytes.subarray(start, out.length), z, box };
}

/** The extent of a stored geometry; null where it is empty. */
export function storedBox(bytes: Buffer): Box | null {
  const flags = bytes[3] ?? 0;
  if (flags & EMPTY) return null;
  if (flags & ENVELOPE_XY) return [0, 1, 2, 3].map((i) => bytes.readDoubleLE(HEADER + 8 * i)) as Box;
  const [x, y] = [0, 1].map((i) => bytes.readDoubleLE(HEADER + 5 + 8 * i)) as [number, number];
  return [x, x, y, y];
}

/** The ISO Well-Known Binary of a stored geometry. */
export function storedWkb(bytes: Buffer): Buffer {
  return bytes.subarray(HEADER + ((bytes[3] ?? 0) & ENVELOPE_XY ? ENVELOPE : 0));
}

function hasHeights(geometry: Geometry): boolean {
  if (geometry.type === 'GeometryCollection') return listOf(geometry.geometries).some(hasHeights);
  return anyHeight(geometry.coordinates);
}

type Nested = Position | Position[] | Position[][] | Position[][][];

function anyHeight(coordinates: Nested): boolean {
  if (!Array.isArray(coordinates)) return false;
  if (typeof coordinates[0] === 'number') return typeof coordinates[2] === 'number';
  for (const part of coordinates as Nested[]) {
    // Most of what there is are positions, for which a call would cost more than the look.
    if (Array.isArray(part) && typeof part[0] === 'number') {
      if (typeof part[2] === 'number') return true;
    } else if (anyHeight(part)) return true;
  }
  return false;
}

/**
 * Writes one geometry after the other in the same memory, behind room for their header. Each method says whether all
 * coordinates were finite; at the first that is not the rest is not looked at.
 */
class WkbWriter {
  readonly out = new ByteWriter();
  z = false;
  #west = 0;
  #east = 0;
  #south = 0;
  #north = 0;

  write(geometry: Geometry, z: boolean): boolean {
    this.z = z;
    this.#west = this.#south = Number.POSITIVE_INFINITY;
    this.#east = this.#north = Number.NEGATIVE_INFINITY;
    this.out.length = 0;
    this.out.reserve(HEADER + ENVELOPE);
    return this.geometry(geometry);
  }

  /** The extent; null where there was no position. */
  get box(): Box | null {
    return this.#west > this.#east ? null : [this.#west, this.#east, this.#south, this.#north];
  }

  geometry(geometry: Geometry): boolean {
    this.#head(TYPES[geometry.type]);
    switch (geometry.type) {
      case 'Point':
        return this.#point(geometry.coordinates);
      case 'LineString':
        return this.#line(geometry.coordinates);
      case 'Polygon':
        return this.#polygon(geometry.coordinates);
      case 'MultiPoint':
        return this.#members('Point', filled(geometry.coordinates), (each) => this.#point(each));
      case 'MultiLineString':
        return this.#members('LineString', filled(geometry.coordinates), (each) => this.#line(each));
      case 'MultiPolygon': {
        const members = listOf(geometry.coordinates).filter((each) => filled(each).length > 0);
        return this.#members('Polygon', members, (each) => this.#polygon(each));
      }
      case 'GeometryCollection': {
        const members = listOf(geometry.geometries);
        this.#count(members.length);
        return members.every((each) => this.geometry(each));
      }
      default:
        throw unknownGeometry(geometry);
    }
  }

  #head(type: number): void {
    const at = this.out.reserve(5);
    this.out.bytes[at] = 1;
    this.out.bytes.writeUInt32LE(type + (this.z ? Z : 0), at + 1);
  }

  #count(count: number): void {
    // The offset first: making room may move the bytes.
    const at = this.out.reserve(4);
    this.out.bytes.writeUInt32LE(count, at);
  }

  #members<T>(type: Geometry['type'], members: readonly T[], write: (member: T) => boolean): boolean {
    this.#count(members.length);
    return members.every((member) => {
      this.#head(TYPES[type]);
      return write(member);
    });
  }

  #polygon(rings: Position[][]): boolean {
    const full = filled(rings);
    this.#count(full.length);
    return full.every((ring, place) => {
      if (!ring.every(isPosition)) return false;
      const closed = isClosed(ring) ? ring : [...ring, ring[0] as Position];
      return this.#line(turned(closed, place > 0));
    });
  }

  #line(positions: readonly Position[]): boolean {
    const all = listOf(positions);
    this.#count(all.length);
    for (let i = 0; i < all.length; i++) if (!this.#position(all[i] as Position)) return false;
    return true;
  }

  #point(position: Position): boolean {
    if (listOf(position).length > 0) return this.#position(position);
    // An empty point has no coordinates to count: they are not numbers.
    const size = this.z ? 3 : 2;
    const at = this.out.reserve(8 * size);
    for (let i = 0; i < size; i++) this.out.bytes.writeDoubleLE(Number.NaN, at + 8 * i);
    return true;
  }

  #position(position: Position): boolean {
    if (!isPosition(position)) return false;
    const x = position[0] as number;
    const y = position[1] as number;
    const at = this.out.reserve(this.z ? 24 : 16);
    const { view } = this.out;
    view.setFloat64(at, x, true);
    view.setFloat64(at + 8, y, true);
    if (this.z) view.setFloat64(at + 16, position[2] ?? 0, true);
    this.#west = Math.min(this.#west, x);
    this.#east = Math.max(this.#east, x);
    this.#south = Math.min(this.#south, y);
    this.#north = Math.max(this.#north, y);
    return true;
  }
}

const wkb = new WkbWriter();

export type Box = [number, number, number, number];

/** The extent of both. */
export function grown(box: Box | null, by: Box | null): Box | null {
  if (!box || !by) return box ?? by;
  return [Math.min(box[0], by[0]), Math.max(box[1], by[1]), Math.min(box[2], by[2]), Math.max(box[3], by[3])];
}
