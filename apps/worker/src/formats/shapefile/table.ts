/** The .dbf of a shapefile: dBase III in its layout, UTF-8 (which the .cpg beside it says). */
import type { Column } from '../csv/columns.js';
import { damaged } from '../damaged.js';
import type { ByteWriter } from '../sink.js';
import { withoutExponent } from './values.js';

/** The fields of every shapefile; all else is in the CSVs, joined by id, unless it is asked for here too. */
export const TABLE_COLUMNS: readonly Column[] = [
  { name: 'id', label: 'Identifier of the spatial unit', type: 'text' },
  { name: 'type', label: 'Code of the kind of spatial unit', type: 'text' },
];

/** The widest text field that dBase III has, in bytes. */
export const MAX_FIELD = 254;

/** A field of the table. */
export interface Field {
  /** At most ten bytes of UTF-8. */
  name: string;
  /** Character, numeric, date (YYYYMMDD), logical (T or F); each is blank where there is no value. */
  type: 'C' | 'N' | 'D' | 'L';
  /** Bytes of it in each row. */
  width: number;
  /** Digits behind the point of a number. */
  decimals: number;
}

/** Bytes of the fields that every table has. */
export interface FieldWidths {
  id: number;
  type: number;
}

export const TABLE_END = 0x1a;
const SPACE = 0x20;
const MINUS = 0x2d;

/** Places the fields of a row. */
export class TableLayout {
  readonly fields: readonly Field[];
  /** Each row begins with a byte that says whether it is deleted; a space says no. */
  readonly rowBytes: number;
  readonly #headerBytes: number;
  /** Where each field begins in a row. */
  readonly #places: number[] = [];

  /** @param attributes fields behind `id` and `type` */
  constructor(widths: FieldWidths, attributes: readonly Field[] = []) {
    const text = (name: keyof FieldWidths): Field => ({ name, type: 'C', width: widths[name], decimals: 0 });
    this.fields = [text('id'), text('type'), ...attributes];
    let at = 1;
    for (const { width } of this.fields) {
      this.#places.push(at);
      at += width;
    }
    this.rowBytes = at;
    this.#headerBytes = 32 + 32 * this.fields.length + 1;
  }

  /** Size of a table of so many rows. */
  bytes(rows: number): number {
    return this.#headerBytes + rows * this.rowBytes + 1;
  }

  /** The header; `date` (its UTC day) is the date of the last change. */
  header(rows: number, date: Date): Buffer {
    const header = Buffer.alloc(this.#headerBytes);
    header[0] = 0x03;
    header[1] = date.getUTCFullYear() - 1900;
    header[2] = date.getUTCMonth() + 1;
    header[3] = date.getUTCDate();
    header.writeUInt32LE(rows, 4);
    header.writeUInt16LE(this.#headerBytes, 8);
    header.writeUInt16LE(this.rowBytes, 10);
    for (const [i, { name, type, width, decimals }] of this.fields.entries()) {
      const at = 32 + 32 * i;
      header.write(name, at, 'utf8');
      header.write(type, at + 11, 'ascii');
      header[at + 16] = width;
      header[at + 17] = decimals;
    }
    header[this.#headerBytes - 1] = 0x0d;
    return header;
  }

  /**
   * Appends a row from its encoded form, which begins at `from` in `source`; returns where that ends. The form: a byte of
   * length and a text, for `id` and for `type`; where there are attributes, the number of values (UInt16LE), and for each the
   * fragment's own number of its column (UInt16LE), a byte of length, and a text.
   * @param columns the attribute's place among the fields by the fragment's number, -1 if it has none; undefined where
   *   rows have no attributes
   */
  writeRow(source: Buffer, from: number, columns: readonly number[] | undefined, out: ByteWriter): number {
    const at = out.reserve(this.rowBytes);
    const row = out.bytes;
    row.fill(SPACE, at, at + this.rowBytes);
    let next = put(source, from, row, at + 1);
    next = put(source, next, row, at + (this.#places[1] as number));
    if (!columns) return next;
    const count = source.readUInt16LE(next);
    next += 2;
    for (let i = 0; i < count; i++) {
      const place = columns[source.readUInt16LE(next)];
      if (place === undefined) throw damaged('a row has a column that its fragment does not know');
      next += 2;
      if (place >= 0) this.#putValue(source, next, row, at, place);
      next += 1 + (source[next] as number);
    }
    return next;
  }

  #putValue(source: Buffer, from: number, row: Buffer, at: number, place: number): void {
    const { type, width, decimals } = this.fields[place] as Field;
    const start = from + 1;
    const end = start + (source[from] as number);
    let to = at + (this.#places[place] as number);
    switch (type) {
      case 'C':
        put(source, from, row, to);
        break;
      case 'L':
        row[to] = source[start] === 0x74 ? 0x54 : 0x46;
        break;
      case 'D':
        for (let i = start; i < end; i++) if (source[i] !== MINUS) row[to++] = source[i] as number;
        break;
      case 'N': {
        const text = numeric(source.toString('latin1', start, end), width, decimals);
        row.write(text, to + width - text.length, 'latin1');
      }
    }
  }
}

/** Copies a text behind its byte of length; returns where it ends. Byte by byte, since a call costs more than these few. */
function put(source: Buffer, from: number, target: Buffer, to: number): number {
  const end = from + 1 + (source[from] as number);
  for (let at = from + 1, place = to; at < end; at++) target[place++] = source[at] as number;
  return end;
}

/** The number with all decimals of its field; where these are too many for the field, in its shortest form. */
function numeric(text: string, width: number, decimals: number): string {
  const plain = decimals === 0 ? text : withoutExponent(text);
  if (plain !== undefined) {
    const [whole = '', behind = ''] = plain.split('.');
    const full = decimals === 0 ? whole : `${whole}.${behind.padEnd(decimals, '0')}`;
    if (full.length <= width && behind.length <= decimals) return full;
  }
  return text.length <= width ? text : Number(text).toExponential();
}

/** Bytes of the longest beginning of a text in UTF-8 that fits a field, cut between characters. */
export function fieldLength(text: Buffer, start: number, bytes: number): number {
  if (bytes <= MAX_FIELD) return bytes;
  let end = MAX_FIELD;
  while (((text[start + end] as number) & 0xc0) === 0x80) end--;
  return end;
}
