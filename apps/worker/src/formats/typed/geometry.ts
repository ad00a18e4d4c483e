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
const LITTLE_ENDIAN = 0b1;
const ENVELOPE_XY = 0b10;
const EMPTY = 0b10000;

/** A geometry that is ready to be stored. */
export interface StoredGeometry {
  layer: Layer;
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
  const writer = new WkbWriter(hasHeights(geometry));
  if (!writer.geometry(geometry)) return null;
  const { box, z } = writer;
  const wkb = writer.out.bytes.subarray(0, writer.out.length);
  // An envelope lets a reader pass over what is far away; for a point it would be longer than the point.
  const envelope = box && layer !== 'points' ? 32 : 0;
  const bytes = Buffer.alloc(HEADER + envelope + wkb.length);
  bytes.write('GP', 0, 'latin1');
  bytes[3] = LITTLE_ENDIAN | (envelope > 0 ? ENVELOPE_XY : 0) | (box ? 0 : EMPTY);
  bytes.writeInt32LE(SRS_ID, 4);
  if (box && envelope > 0) for (const [i, side] of box.entries()) bytes.writeDoubleLE(side, HEADER + 8 * i);
  bytes.set(wkb, HEADER + envelope);
  return { layer, bytes, z, box };
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
  return bytes.subarray(HEADER + ((bytes[3] ?? 0) & ENVELOPE_XY ? 32 : 0));
}

function hasHeights(geometry: Geometry): boolean {
  if (geometry.type === 'GeometryCollection') return listOf(geometry.geometries).some(hasHeights);
  return anyHeight(geometry.coordinates);
}

type Nested = Position | Position[] | Position[][] | Position[][][];

function anyHeight(coordinates: Nested): boolean {
  if (!Array.isArray(coordinates)) return false;
  if (typeof coordinates[0] === 'number') return typeof coordinates[2] === 'number';
  return (coordinates as Nested[]).some(anyHeight);
}

/** Each method says whether all coordinates were finite; at the first that is not the rest is not looked at. */
class WkbWriter {
  readonly out = new ByteWriter(512);
  box: [number, number, number, number] | null = null;

  constructor(readonly z: boolean) {}

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
    return all.every((each) => this.#position(each));
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
    const [x = 0, y = 0, height] = position;
    const at = this.out.reserve(this.z ? 24 : 16);
    this.out.bytes.writeDoubleLE(x, at);
    this.out.bytes.writeDoubleLE(y, at + 8);
    if (this.z) this.out.bytes.writeDoubleLE(height ?? 0, at + 16);
    this.box = grown(this.box, [x, x, y, y]);
    return true;
  }
}

export type Box = [number, number, number, number];

/** The extent of both. */
export function grown(box: Box | null, by: Box | null): Box | null {
  if (!box || !by) return box ?? by;
  return [Math.min(box[0], by[0]), Math.max(box[1], by[1]), Math.min(box[2], by[2]), Math.max(box[3], by[3])];
}
