/** One record of a .shp file (ESRI Shapefile Technical Description, 1998), written, and raised from 2D to Z. */
import { write } from '@mapbox/shp-write';
import type { Position } from 'geojson';
import type { ByteWriter } from '../sink.js';
import { type Family, SHAPE_TYPES, type Shape, Z_TYPE } from './shape.js';

/** Record number and content length. */
export const RECORD_HEADER = 8;
export const FILE_HEADER = 100;

/** "No data" for a measure: anything below -1e38. */
const NO_MEASURE = -1e39;

/** shp-write walks the vertices of a batch several times over, so that its time grows with their square. */
const BATCH_SHAPES = 16;
const BATCH_POINTS = 1_000;
const BATCH_PARTS = 16;

/** Gathers shapes that shp-write encodes right and fast; see {@link isForBatch}. */
export class RecordBatch {
  #shapes: Shape[] = [];
  #points = 0;

  get isFull(): boolean {
    return this.#shapes.length >= BATCH_SHAPES || this.#points >= BATCH_POINTS;
  }

  add(shape: Shape): void {
    this.#shapes.push(shape);
    this.#points += shape.points;
  }

  /** Appends the records gathered; their numbers begin at 1. */
  flush(family: Family, out: ByteWriter): void {
    const shapes = this.#shapes;
    if (shapes.length === 0) return;
    this.#shapes = [];
    this.#points = 0;
    const type = SHAPE_TYPES[family] === 1 ? 'POINT' : SHAPE_TYPES[family] === 3 ? 'POLYLINE' : 'POLYGON';
    const geometries = shapes.map((shape) => (type === 'POINT' ? (shape.parts[0]?.[0] as Position) : [...shape.parts]));
    // It calls back before it returns.
    write([], type, geometries, (error, files: { shp: DataView }) => {
      if (error) throw error;
      out.append(new Uint8Array(files.shp.buffer, FILE_HEADER));
    });
  }
}

/** shp-write knows neither multipoints nor Z, and is slow where a shape has many parts or vertices. */
export function isForBatch(shape: Shape): boolean {
  return !shape.z && shape.family !== 'multipoints' && shape.points < BATCH_POINTS && shape.parts.length <= BATCH_PARTS;
}

/** Appends the record of any shape. Its number is 0: that is given when fragments come together. */
export function writeRecord(shape: Shape, out: ByteWriter): void {
  const base = SHAPE_TYPES[shape.family];
  const type = shape.z ? base + Z_TYPE : base;
  if (base === 1) {
    writePoint(shape.parts[0]?.[0] as Position, type, shape.z, out);
    return;
  }
  const parts = base === 8 ? 0 : shape.parts.length;
  const fixed = base === 8 ? 40 : 44;
  const content = fixed + 4 * parts + 16 * shape.points + (shape.z ? 16 + 8 * shape.points : 0);
  const start = out.reserve(RECORD_HEADER + content);
  const view = out.view;
  view.setInt32(start, 0);
  view.setInt32(start + 4, content / 2);
  const at = start + RECORD_HEADER;
  view.setInt32(at, type, true);
  view.setFloat64(at + 4, shape.box.minX, true);
  view.setFloat64(at + 12, shape.box.minY, true);
  view.setFloat64(at + 20, shape.box.maxX, true);
  view.setFloat64(at + 28, shape.box.maxY, true);
  if (base !== 8) view.setInt32(at + 36, parts, true);
  view.setInt32(at + fixed - 4, shape.points, true);
  let point = 0;
  const plane = at + fixed + 4 * parts;
  const heights = plane + 16 * shape.points;
  for (let part = 0; part < shape.parts.length; part++) {
    if (base !== 8) view.setInt32(at + fixed + 4 * part, point, true);
    for (const position of shape.parts[part] as Position[]) {
      view.setFloat64(plane + 16 * point, position[0] as number, true);
      view.setFloat64(plane + 16 * point + 8, position[1] as number, true);
      if (shape.z) view.setFloat64(heights + 16 + 8 * point, position[2] ?? 0, true);
      point++;
    }
  }
  if (shape.z) {
    view.setFloat64(heights, shape.box.minZ, true);
    view.setFloat64(heights + 8, shape.box.maxZ, true);
  }
}

function writePoint(position: Position, type: number, z: boolean, out: ByteWriter): void {
  const content = z ? 36 : 20;
  const at = out.reserve(RECORD_HEADER + content);
  const view = out.view;
  view.setInt32(at, 0);
  view.setInt32(at + 4, content / 2);
  view.setInt32(at + 8, type, true);
  view.setFloat64(at + 12, position[0] as number, true);
  view.setFloat64(at + 20, position[1] as number, true);
  if (!z) return;
  view.setFloat64(at + 28, position[2] ?? 0, true);
  view.setFloat64(at + 36, NO_MEASURE, true);
}

/** By how many bytes 2D records grow when their file turns out to be one with Z. */
export function raisedBy(family: Family, records: number, points: number): number {
  return family === 'points' ? 16 * records : 16 * records + 8 * points;
}

/**
 * Appends the record of `records` that begins at `start` and has `content` bytes, under the given number; a 2D record
 * becomes one with Z, at height 0. Returns the bytes of content written.
 */
export function copyRaised(records: Buffer, start: number, content: number, number: number, out: ByteWriter): number {
  const body = start + RECORD_HEADER;
  const type = records.readInt32LE(body);
  const extra = type < Z_TYPE ? growth(records, body, type) : 0;
  const at = out.reserve(RECORD_HEADER + content + extra);
  records.copy(out.bytes, at + RECORD_HEADER, body, body + content);
  out.view.setInt32(at, number);
  out.view.setInt32(at + 4, (content + extra) / 2);
  if (extra > 0) {
    const end = at + RECORD_HEADER + content;
    out.bytes.fill(0, end, end + extra);
    out.view.setInt32(at + RECORD_HEADER, type + Z_TYPE, true);
    if (type === 1) out.view.setFloat64(end + 8, NO_MEASURE, true);
  }
  return content + extra;
}

function growth(records: Buffer, body: number, type: number): number {
  return type === 1 ? 16 : 16 + 8 * records.readInt32LE(body + (type === 8 ? 36 : 40));
}
