/** The .dbf of a shapefile: dBase III, two text fields, UTF-8 (which the .cpg beside it says). */
import type { Column } from '../csv/columns.js';

/** The fields of every shapefile; all else is in the CSVs, joined by id. */
export const TABLE_COLUMNS: readonly Column[] = [
  { name: 'id', label: 'Identifier of the spatial unit', type: 'text' },
  { name: 'type', label: 'Code of the kind of spatial unit', type: 'text' },
];

/** The widest text field that dBase III has, in bytes. */
const MAX_FIELD = 254;

/** Bytes of a field in each row. */
export interface FieldWidths {
  id: number;
  type: number;
}

/** Bytes before the first row: header, one descriptor a field, terminator. */
const TABLE_HEADER = 32 + 32 * TABLE_COLUMNS.length + 1;
export const TABLE_END = 0x1a;
const SPACE = 0x20;

/** Each row begins with a byte that says whether it is deleted; a space says no. */
export const rowBytes = (widths: FieldWidths): number => 1 + widths.id + widths.type;

export const tableBytes = (rows: number, widths: FieldWidths): number => TABLE_HEADER + rows * rowBytes(widths) + 1;

/** The header; `date` (its UTC day) is the date of the last change. */
export function tableHeader(rows: number, widths: FieldWidths, date: Date): Buffer {
  const header = Buffer.alloc(TABLE_HEADER);
  header[0] = 0x03;
  header[1] = date.getUTCFullYear() - 1900;
  header[2] = date.getUTCMonth() + 1;
  header[3] = date.getUTCDate();
  header.writeUInt32LE(rows, 4);
  header.writeUInt16LE(TABLE_HEADER, 8);
  header.writeUInt16LE(rowBytes(widths), 10);
  for (const [i, { name }] of TABLE_COLUMNS.entries()) {
    const at = 32 + 32 * i;
    header.write(name, at, 'ascii');
    header.write('C', at + 11, 'ascii');
    header[at + 16] = widths[name as keyof FieldWidths];
  }
  header[TABLE_HEADER - 1] = 0x0d;
  return header;
}

/** Puts one row at `at`; `id` and `type` are the ranges of their bytes in `source`, no longer than their fields. */
export function putRow(
  target: Buffer,
  at: number,
  widths: FieldWidths,
  source: Buffer,
  id: readonly [start: number, end: number],
  type: readonly [start: number, end: number],
): void {
  // Byte by byte, since a call costs more than these few bytes.
  let to = at;
  target[to++] = SPACE;
  for (let from = id[0]; from < id[1]; from++) target[to++] = source[from] as number;
  for (const end = at + 1 + widths.id; to < end; to++) target[to] = SPACE;
  for (let from = type[0]; from < type[1]; from++) target[to++] = source[from] as number;
  for (const end = at + rowBytes(widths); to < end; to++) target[to] = SPACE;
}

/** The longest beginning of a text that fits a field, in UTF-8, cut between characters. */
export function fieldBytes(text: string): { bytes: Buffer; cut: boolean } {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MAX_FIELD) return { bytes, cut: false };
  let end = MAX_FIELD;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return { bytes: bytes.subarray(0, end), cut: true };
}
