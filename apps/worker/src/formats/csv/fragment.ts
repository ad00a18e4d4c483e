/** The map half of a CSV: batches of records in, the bytes of a headless piece of the table out. */
import type { Attributes } from '@parcelpost/shared/records.js';
import { stringify } from 'csv-stringify/sync';
import { type Cell, formatCell } from './cell.js';
import { checkColumnCount, compareCodePoints } from './columns.js';

/**
 * Rows of a fragment that share their columns: the fixed ones, the form's, then every other key met so far in this
 * fragment, sorted by code point. `added` are the keys that this segment was the first to meet.
 */
export interface CsvSegment {
  added: string[];
  rows: number;
  bytes: number;
}

/** What the reduce half must know of a fragment; plain JSON. */
export interface CsvFragmentMeta {
  rows: number;
  bytes: number;
  segments: CsvSegment[];
}

export interface CsvFragmentOptions {
  /** Names of the fixed columns, at least one. */
  fixed: readonly string[];
  /** Names of the form's questions, in its order. */
  schema: readonly string[];
  escapeFormulas: boolean;
  delimiter?: Delimiter;
}

/** One record: its fixed cells, in the order of the fixed columns, and its attributes. */
export interface CsvRow {
  fixed: readonly Cell[];
  attributes: Attributes;
}

/** What stands between cells: the comma of RFC 4180, or what a spreadsheet of another country takes for it. */
export type Delimiter = ',' | ';' | '\t' | '|';

/** RFC 4180 with its line ends; quoting is csv-stringify's, formulas are ours (it does not know exact numbers). */
const DIALECT = {
  record_delimiter: '\r\n',
  // Off by default once a delimiter is named; then a lone CR or LF in a text would end the row for most readers.
  quote_record_delimiter: true,
  escape_formulas: false,
} as const;

/** What a cell may hold only between quotes, besides the delimiter, and what makes quoting more than two quotes around it. */
const HARD = /["\r\n]/;

/**
 * Lines of a CSV, as text. Most lines are easy: cells as they are, or between quotes for a delimiter in them. They are put
 * together here, to the letter of csv-stringify at a fifth of its time; runs of lines with a hard cell are csv-stringify's.
 */
export function csvLines(rows: readonly (readonly string[])[], delimiter: Delimiter = ','): string {
  let text = '';
  let hard: (readonly string[])[] = [];
  for (const cells of rows) {
    const line = easyLine(cells, delimiter);
    if (line === undefined) {
      hard.push(cells);
      continue;
    }
    if (hard.length > 0) {
      text += stringify(hard, { ...DIALECT, delimiter });
      hard = [];
    }
    text += line;
  }
  return hard.length > 0 ? text + stringify(hard, { ...DIALECT, delimiter }) : text;
}

function easyLine(cells: readonly string[], delimiter: Delimiter): string | undefined {
  let line = '';
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as string;
    if (HARD.test(cell)) return undefined;
    if (i > 0) line += delimiter;
    line += cell.includes(delimiter) ? `"${cell}"` : cell;
  }
  return `${line}\r\n`;
}

/**
 * Writes the rows of one shard as CSV without a header: RFC 4180, CRLF, UTF-8.
 *
 * Which attributes exist is known only when all shards are done, so that columns grow: a batch that brings a new key
 * begins a new segment. {@link reduceCsv} brings all segments of all fragments to the same columns.
 */
export class CsvFragmentEncoder {
  readonly #options: CsvFragmentOptions;
  readonly #known: Set<string>;
  readonly #found: string[] = [];
  readonly #segments: CsvSegment[] = [];
  #keys: CellReader[];

  constructor(options: CsvFragmentOptions) {
    this.#options = options;
    this.#known = new Set(options.schema);
    this.#keys = [...this.#known].map(reader);
    checkColumnCount(options.fixed.length + this.#keys.length);
  }

  /**
   * The bytes of a batch; batches of some hundred rows are quickest. Throws a permanent ExportError when the
   * columns become too many.
   */
  encode(rows: readonly CsvRow[]): Buffer {
    if (rows.length === 0) return Buffer.alloc(0);
    const segment = this.#segmentFor(rows);
    const { fixed, escapeFormulas } = this.#options;
    const keys = this.#keys;
    const width = fixed.length;
    const lines = rows.map((row) => {
      const cells = new Array<string>(width + keys.length);
      for (let i = 0; i < width; i++) cells[i] = formatCell(row.fixed[i], escapeFormulas);
      for (let i = 0; i < keys.length; i++) {
        const { key, inherited } = keys[i] as CellReader;
        const value = inherited && !Object.hasOwn(row.attributes, key) ? undefined : row.attributes[key];
        cells[width + i] = formatCell(value, escapeFormulas);
      }
      return cells;
    });
    const bytes = Buffer.from(csvLines(lines, this.#options.delimiter), 'utf8');
    segment.rows += rows.length;
    segment.bytes += bytes.length;
    return bytes;
  }

  /** Call once, after the last batch. */
  finish(): CsvFragmentMeta {
    const segments = this.#segments;
    return {
      rows: segments.reduce((sum, segment) => sum + segment.rows, 0),
      bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
      segments,
    };
  }

  #segmentFor(rows: readonly CsvRow[]): CsvSegment {
    const added: string[] = [];
    for (const row of rows) {
      for (const key of Object.keys(row.attributes)) {
        if (!this.#known.has(key)) {
          this.#known.add(key);
          added.push(key);
        }
      }
    }
    const last = this.#segments.at(-1);
    if (added.length === 0 && last) return last;
    if (added.length > 0) {
      checkColumnCount(this.#options.fixed.length + this.#known.size);
      this.#found.push(...added);
      this.#found.sort(compareCodePoints);
      this.#keys = [...new Set(this.#options.schema), ...this.#found].map(reader);
    }
    const segment = { added, rows: 0, bytes: 0 };
    this.#segments.push(segment);
    return segment;
  }
}

interface CellReader {
  key: string;
  /** Every object answers to this name (`constructor`, `__proto__` …), so that only an own property counts. */
  inherited: boolean;
}

function reader(key: string): CellReader {
  return { key, inherited: key in Object.prototype };
}
