/** The head of a FlatGeobuf file (flatgeobuf.org, header.fbs). */
import type { TypedColumn } from '../typed/columns.js';
import type { Box } from '../typed/geometry.js';
import { SRS_ID } from '../typed/geometry.js';
import { COLUMN_TYPES } from './feature.js';
import { FlatBuffer } from './flatbuffer.js';

/** `fgb`, version 3, `fgb`, patch 1. */
const MAGIC = Buffer.from('6667620366676201', 'hex');

export interface HeaderFields {
  name: string;
  /** As in Well-Known Binary; 0 where features have no geometry. */
  geometryType: number;
  z: boolean;
  columns: readonly TypedColumn[];
  features: number;
  /** Of all features; null where they have no geometry. */
  box: Box | null;
  /** Entries of a node of the index; 0 where there is none. */
  nodeSize: number;
}

/** The bytes before the index: magic, and the header with its size before it. */
export function headerBytes({ name, geometryType, z, columns, features, box, nodeSize }: HeaderFields): Buffer {
  const buffer = new FlatBuffer();
  buffer.begin();
  // name, envelope, type of geometry, z, m, t, tm, columns, features, size of nodes, reference system
  const root = buffer.table([4, box ? 4 : 0, 1, 1, 0, 0, 0, 4, 8, 2, box ? 4 : 0]);
  const [nameAt, envelopeAt, typeAt = 0, zAt = 0, , , , columnsAt, featuresAt, nodeSizeAt, crsAt] = root.fields;
  buffer.bytes[typeAt] = geometryType;
  buffer.bytes[zAt] = z ? 1 : 0;
  buffer.bytes.writeBigUInt64LE(BigInt(features), featuresAt);
  buffer.bytes.writeUInt16LE(nodeSize, nodeSizeAt);
  buffer.text(nameAt, name);
  if (box) {
    const [west, east, south, north] = box;
    let at = buffer.vector(envelopeAt, 4, 8);
    for (const side of [west, south, east, north]) at = buffer.bytes.writeDoubleLE(side, at);
    writeCrs(buffer, crsAt);
  }
  const first = buffer.vector(columnsAt, columns.length, 4);
  for (const [i, column] of columns.entries()) writeColumn(buffer, first + 4 * i, column);
  return Buffer.concat([MAGIC, buffer.finish(root)]);
}

function writeColumn(buffer: FlatBuffer, from: number, { name, label, columnType }: TypedColumn): void {
  // name, type, title
  const titled = label !== name;
  const { at, fields } = buffer.table([4, 1, titled ? 4 : 0]);
  buffer.refer(from, at);
  buffer.bytes[fields[1] as number] = COLUMN_TYPES[columnType];
  buffer.text(fields[0], name);
  if (titled) buffer.text(fields[2], label);
}

/** WGS 84. Readers put longitude first, as the format has it, whatever the order of the reference system's axes. */
function writeCrs(buffer: FlatBuffer, from: number | undefined): void {
  // organization, code, name
  const { at, fields } = buffer.table([4, 4, 4]);
  buffer.refer(from, at);
  buffer.bytes.writeInt32LE(SRS_ID, fields[1] as number);
  buffer.text(fields[0], 'EPSG');
  buffer.text(fields[2], 'WGS 84');
}
