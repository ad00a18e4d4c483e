/** One feature of a FlatGeobuf file (flatgeobuf.org, feature.fbs). */

import { ByteWriter } from '../sink.js';
import type { TypedColumn } from '../typed/columns.js';
import { type Run, type Shape, TYPE } from '../typed/shape.js';
import type { ColumnType, StoredValue } from '../typed/values.js';
import type { FlatBuffer } from './flatbuffer.js';

/** Numbers of the types of columns (header.fbs). A date is a moment there, written as ISO 8601 has it. */
export const COLUMN_TYPES: Record<ColumnType, number> = { BOOLEAN: 2, INTEGER: 7, REAL: 10, TEXT: 11, DATE: 13 };

/** Writes features of one file. */
export class FeatureWriter {
  readonly #properties = new ByteWriter(4096);

  /** @param z whether the file's geometries have heights: all of them do then, 0 where there was none */
  constructor(
    readonly buffer: FlatBuffer,
    readonly columns: readonly TypedColumn[],
    readonly z: boolean,
  ) {}

  /**
   * The bytes of a feature, its size before it; to be copied before the next one.
   * @param wkb what `shape` was read from
   * @param values one for each column; null where there is none
   */
  feature(wkb: Buffer, shape: Shape | null, values: readonly StoredValue[]): Buffer {
    const { buffer } = this;
    buffer.begin();
    const properties = this.#encoded(values);
    const root = buffer.table([shape ? 4 : 0, properties.length > 0 ? 4 : 0]);
    if (shape) this.#geometry(root.fields[0], wkb, shape);
    if (properties.length > 0) {
      const at = buffer.vector(root.fields[1], properties.length, 1);
      buffer.bytes.set(properties, at);
    }
    return buffer.finish(root);
  }

  #geometry(from: number | undefined, wkb: Buffer, { type, z, runs, parts, positions }: Shape): void {
    const { buffer } = this;
    const whole = parts.length === 0;
    // A polygon of one ring may do without; GDAL wants them of every group of lines.
    const divided = type === TYPE.multiLineString || (type === TYPE.polygon && runs.length > 1);
    // ends, xy, z, m, t, tm, type, parts
    const { at, fields } = buffer.table([
      divided ? 4 : 0,
      whole ? 4 : 0,
      whole && this.z ? 4 : 0,
      ...[0, 0, 0],
      ...[1, whole ? 0 : 4],
    ]);
    buffer.refer(from, at);
    buffer.bytes[fields[6] as number] = type;
    if (divided) {
      let end = 0;
      let next = buffer.vector(fields[0], runs.length, 4);
      for (const { count } of runs) {
        end += count;
        next = buffer.bytes.writeUInt32LE(end, next);
      }
    }
    if (whole) {
      // The memory is not the same after anything was reserved.
      const plane = buffer.vector(fields[1], 2 * positions, 8);
      writePlane(buffer.bytes, plane, wkb, runs, z);
      if (this.z) {
        const heights = buffer.vector(fields[2], positions, 8);
        writeHeights(buffer.bytes, heights, wkb, runs, z);
      }
      return;
    }
    const first = buffer.vector(fields[7], parts.length, 4);
    for (const [i, part] of parts.entries()) this.#geometry(first + 4 * i, wkb, part);
  }

  /** Number of the column, then the value, for each that there is. */
  #encoded(values: readonly StoredValue[]): Buffer {
    const out = this.#properties;
    out.length = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      const at = out.reserve(2);
      out.bytes.writeUInt16LE(i, at);
      writeValue(out, this.columns[i]?.columnType ?? 'TEXT', value);
    }
    return out.bytes.subarray(0, out.length);
  }
}

function writeValue(out: ByteWriter, type: ColumnType, value: Exclude<StoredValue, null>): void {
  switch (type) {
    case 'BOOLEAN': {
      const at = out.reserve(1);
      out.bytes[at] = value ? 1 : 0;
      return;
    }
    case 'INTEGER': {
      const at = out.reserve(8);
      out.bytes.writeBigInt64LE(BigInt(value), at);
      return;
    }
    case 'REAL': {
      const at = out.reserve(8);
      out.bytes.writeDoubleLE(Number(value), at);
      return;
    }
    default: {
      const text = `${value}`;
      const at = out.reserve(4 + 3 * text.length);
      const length = out.bytes.write(text, at + 4, 'utf8');
      out.bytes.writeUInt32LE(length, at);
      out.length = at + 4 + length;
    }
  }
}

/** Longitudes and latitudes in turn. */
function writePlane(to: Buffer, at: number, wkb: Buffer, runs: readonly Run[], z: boolean): void {
  let next = at;
  for (const { at: start, count } of runs) {
    if (!z) {
      next += wkb.copy(to, next, start, start + 16 * count);
      continue;
    }
    for (let i = 0; i < count; i++) next += wkb.copy(to, next, start + 24 * i, start + 24 * i + 16);
  }
}

function writeHeights(to: Buffer, at: number, wkb: Buffer, runs: readonly Run[], z: boolean): void {
  let next = at;
  for (const { at: start, count } of runs) {
    if (!z) to.fill(0, next, next + 8 * count);
    else for (let i = 0; i < count; i++) wkb.copy(to, next + 8 * i, start + 24 * i + 16, start + 24 * i + 24);
    next += 8 * count;
  }
}
