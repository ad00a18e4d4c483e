/** The map half of a workbook: batches of records in, the cells of one sheet's rows out. */
import type { RecordOf } from '@parcelpost/shared/records.js';
import { AttributeOrder } from '../attribute-order.js';
import { checkColumnCount } from '../csv/columns.js';
import { CsvFragmentEncoder, type CsvFragmentMeta, type CsvRow, type Delimiter } from '../csv/fragment.js';
import { TABLES, type TableEntity } from '../csv/tables.js';
import { frameOf } from '../frames.js';
import { ByteWriter } from '../sink.js';
import { noTally, type Tally, tally } from '../tally.js';
import { type CellValue, cellValue, cellXml } from './cell.js';
import { cutText, MAX_CELL } from './text.js';

/** What the reduce half must know of a fragment; plain JSON. */
export interface SheetFragmentMeta {
  entity: TableEntity;
  rows: number;
  bytes: number;
  /** Keys of attributes in the order in which they were met: the column numbers behind the fixed ones. */
  keys: string[];
}

/** What else a fragment left: texts that are too long for a cell, whole. */
export interface LongTexts {
  /** Of the CSV's fragment; null where there is no such text. */
  meta: CsvFragmentMeta | null;
  /** Records with such a text. */
  cut: Tally;
}

/** The file that has the long texts, and its columns: which sheet, which record, which column, the text. */
export const LONG_TEXTS_FILE = 'long_texts.csv';
export const LONG_TEXTS_COLUMNS = [
  { name: 'sheet', label: 'Sheet of the workbook', type: 'text' },
  { name: 'id', label: 'Identifier of the record there', type: 'text' },
  { name: 'column', label: 'Name of the column there', type: 'text' },
  { name: 'text', label: 'The whole text', type: 'text' },
] as const;

/** Encodes rows of long texts; see {@link LONG_TEXTS_COLUMNS}. */
export function longTextsEncoder({
  escapeFormulas,
  delimiter = ',',
}: {
  escapeFormulas: boolean;
  delimiter?: Delimiter;
}) {
  return new CsvFragmentEncoder({
    fixed: LONG_TEXTS_COLUMNS.map(({ name }) => name),
    schema: [],
    escapeFormulas,
    delimiter,
  });
}

/** A frame is closed when its rows have this many bytes. */
const FRAME_BYTES = 64 * 1024;

/**
 * Encodes the records of one shard. A row is the number of its cells, then for each cell its column number, the number of
 * its bytes, and its XML; numbers are UInt32LE. Cells stand in the order of the finished sheet's columns: fixed ones, the
 * form's in its order, the others by code point. What is empty has no cell.
 *
 * A text of more than 32,767 UTF-16 units is cut in the sheet and goes whole into a fragment of the CSV of long texts.
 */
export class SheetFragmentEncoder<E extends TableEntity> {
  readonly #rowOf: (record: RecordOf[E]) => CsvRow;
  readonly #fixed: readonly string[];
  readonly #order: AttributeOrder;
  readonly #columns = new Map<string, number>();
  readonly #long: CsvFragmentEncoder;
  readonly #cut = noTally();
  readonly #out = new ByteWriter(2 * FRAME_BYTES);
  #keys: readonly string[] = [];
  #numbers: readonly number[] = [];
  #frameRows = 0;
  #rows = 0;
  #bytes = 0;

  /**
   * @param form names of the form's questions, in its order
   * @param csv how the file of long texts is written
   */
  constructor(
    readonly entity: E,
    form: readonly string[],
    csv: { escapeFormulas: boolean; delimiter?: Delimiter },
  ) {
    this.#rowOf = TABLES[entity].row;
    this.#fixed = TABLES[entity].fixed.map(({ name }) => name);
    this.#order = new AttributeOrder(form);
    this.#long = longTextsEncoder(csv);
  }

  /** Takes a batch; what is ready of the sheet and of the long texts. Throws a permanent ExportError when the columns become too many. */
  encode(records: readonly RecordOf[E][]): { sheet: Buffer[]; long: Buffer } {
    const sheet: Buffer[] = [];
    const long: CsvRow[] = [];
    for (const record of records) {
      const had = long.length;
      this.#encodeRow(record.id, this.#rowOf(record), long);
      if (long.length > had) tally(this.#cut, record.id);
      this.#frameRows++;
      if (this.#out.length >= FRAME_BYTES) sheet.push(this.#closeFrame());
    }
    return { sheet, long: this.#long.encode(long) };
  }

  /** The last bytes. Call once. */
  finish(): { sheet: Buffer[]; meta: SheetFragmentMeta; long: LongTexts } {
    const sheet = this.#frameRows > 0 ? [this.#closeFrame()] : [];
    const meta = { entity: this.entity, rows: this.#rows, bytes: this.#bytes, keys: [...this.#columns.keys()] };
    const long = this.#long.finish();
    return { sheet, meta, long: { meta: long.rows > 0 ? long : null, cut: this.#cut } };
  }

  #encodeRow(id: string, { fixed, attributes }: CsvRow, long: CsvRow[]): void {
    const countAt = this.#out.reserve(4);
    let cells = 0;
    const put = (column: number, name: string, value: CellValue) => {
      if (value === undefined) return;
      this.#cell(column, this.#fitting(value, id, name, long));
      cells++;
    };
    for (let i = 0; i < fixed.length; i++) put(i, this.#fixed[i] as string, cellValue(fixed[i]));
    const keys = this.#order.keysOf(attributes);
    if (keys !== this.#keys) this.#number(keys);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      put(this.#numbers[i] as number, this.#nameOf(key), cellValue(attributes[key]));
    }
    this.#out.bytes.writeUInt32LE(cells, countAt);
  }

  /** As attributeColumns names it. */
  #nameOf(key: string): string {
    return this.#fixed.includes(key) ? `attributes.${key}` : key;
  }

  #fitting(value: Exclude<CellValue, undefined>, id: string, name: string, long: CsvRow[]) {
    if (typeof value !== 'string' || value.length <= MAX_CELL) return value;
    long.push({ fixed: [this.entity, id, name, value], attributes: {} });
    return cutText(value, LONG_TEXTS_FILE);
  }

  #cell(column: number, value: Exclude<CellValue, undefined>): void {
    const xml = cellXml(value);
    const head = this.#out.reserve(8 + xml.length * 3);
    const length = this.#out.bytes.write(xml, head + 8, 'utf8');
    this.#out.bytes.writeUInt32LE(column, head);
    this.#out.bytes.writeUInt32LE(length, head + 4);
    this.#out.length = head + 8 + length;
  }

  /** Looks the column numbers of a record's keys up; new keys get the next ones. */
  #number(keys: readonly string[]): void {
    this.#numbers = keys.map((key) => {
      const known = this.#columns.get(key);
      if (known !== undefined) return known;
      const next = this.#fixed.length + this.#columns.size;
      checkColumnCount(next + 1);
      this.#columns.set(key, next);
      return next;
    });
    this.#keys = keys;
  }

  #closeFrame(): Buffer {
    const frame = frameOf(this.#frameRows, this.#out.take());
    this.#rows += this.#frameRows;
    this.#bytes += frame.length;
    this.#frameRows = 0;
    return frame;
  }
}
