/** Reads CSV as bytes, fast enough to be done to every bundle: no cell becomes a text unless somebody wants it. */
import { isUtf8 } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';

const QUOTE = 0x22;
const CR = 0x0d;
const LF = 0x0a;

export interface CsvScan {
  /** A byte. */
  delimiter: number;
  /** Once the first record has been read: which cells of the others are wanted, by their places. */
  header(cells: readonly string[]): readonly number[];
  /** The wanted cells of each further record, in the order of their places; `row` counts from 1, the header. */
  record(cells: readonly Buffer[], row: number): void;
  fault(code: 'encoding' | 'csv-quoting' | 'csv-line-ends' | 'csv-cells', message: string): void;
}

/** Where in a record the next byte is. */
const CELL_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const QUOTE_IN_QUOTED = 3;
const AFTER_CR = 4;

/** The first of a longer text has all that a human wants to know. */
const MOST_HEADER_BYTES = 32 * 1024 * 1024;

/**
 * Reads a whole CSV (RFC 4180: CRLF, quotes doubled within quotes) and tells where it is none. A byte order mark must
 * have been taken off before. Memory: a chunk, and the wanted cells of one record.
 * @returns records, the header among them
 */
export async function scanCsv(input: ByteReader, scan: CsvScan): Promise<number> {
  let state: number = CELL_START;
  let rows = 0;
  let cell = 0;
  let width = 0;
  let wanted: Uint8Array | undefined; // undefined while the header is read, of which every cell is wanted
  let values: Buffer[] = [];
  let begun: Buffer[] = []; // what earlier chunks have of the cell
  let headerBytes = 0;
  let character = Buffer.alloc(0); // what earlier chunks have of a character
  let readable = true;

  const isWanted = () => wanted === undefined || wanted[cell] === 1;

  for (let chunk = await input.chunk(); chunk; chunk = await input.chunk()) {
    if (readable) {
      const whole = character.length > 0 ? Buffer.concat([character, chunk]) : chunk;
      const end = wholeCharacters(whole);
      character = Buffer.from(whole.subarray(end));
      if (!isUtf8(whole.subarray(0, end))) {
        readable = false;
        scan.fault('encoding', `row ${rows + 1} or one of the next holds bytes that are no UTF-8`);
      }
    }
    if (wanted === undefined) headerBytes += chunk.length;
    if (wanted === undefined && headerBytes > MOST_HEADER_BYTES) {
      scan.fault('csv-quoting', 'its header has no end');
      return rows;
    }
    const size = chunk.length;
    let from = 0; // where the cell begins in this chunk
    let i = 0;
    const endCell = (end: number) => {
      if (isWanted()) {
        const piece = chunk.subarray(from, end);
        values.push(plain(begun.length > 0 ? Buffer.concat([...begun, piece]) : piece));
        begun = [];
      }
      cell++;
    };
    const endRecord = () => {
      rows++;
      if (rows === 1) {
        width = cell;
        wanted = new Uint8Array(width);
        for (const place of scan.header(values.map((value) => value.toString('utf8')))) wanted[place] = 1;
      } else {
        if (cell !== width)
          scan.fault('csv-cells', `row ${rows} has ${cell} cells where the header has ${width} columns`);
        scan.record(values, rows);
      }
      values = [];
      cell = 0;
    };
    while (i < size) {
      const byte = chunk[i] as number;
      switch (state) {
        case CELL_START:
          from = i;
          if (byte === QUOTE) {
            state = QUOTED;
            i++;
          } else state = PLAIN;
          break;
        case PLAIN: {
          let at = i;
          let end = byte;
          while (end !== scan.delimiter && end !== CR && end !== LF && end !== QUOTE) {
            if (++at === size) break;
            end = chunk[at] as number;
          }
          i = at;
          if (at === size) break;
          i++;
          if (end === QUOTE) scan.fault('csv-quoting', `row ${rows + 1} has a quote within cell ${cell + 1}`);
          else {
            endCell(at);
            if (end === LF) {
              scan.fault('csv-line-ends', `row ${rows + 1} ends with LF alone, not with CRLF`);
              endRecord();
            }
            state = end === CR ? AFTER_CR : CELL_START;
          }
          break;
        }
        case QUOTED: {
          const at = chunk.indexOf(QUOTE, i);
          i = at === -1 ? size : at + 1;
          if (at !== -1) state = QUOTE_IN_QUOTED;
          break;
        }
        case QUOTE_IN_QUOTED:
          i++;
          if (byte === QUOTE) state = QUOTED;
          else if (byte === scan.delimiter || byte === CR || byte === LF) {
            endCell(i - 1);
            if (byte === LF) {
              scan.fault('csv-line-ends', `row ${rows + 1} ends with LF alone, not with CRLF`);
              endRecord();
            }
            state = byte === CR ? AFTER_CR : CELL_START;
          } else {
            scan.fault('csv-quoting', `row ${rows + 1} goes on behind the closing quote of cell ${cell + 1}`);
            state = PLAIN;
          }
          break;
        case AFTER_CR:
          if (byte === LF) i++;
          else scan.fault('csv-line-ends', `row ${rows + 1} ends with CR alone, not with CRLF`);
          endRecord();
          state = CELL_START;
          break;
      }
    }
    // A cell that goes on in the next chunk: the state says that one has begun.
    if (state !== CELL_START && state !== AFTER_CR && isWanted()) begun.push(Buffer.from(chunk.subarray(from)));
  }
  if (state === QUOTED) scan.fault('csv-quoting', `row ${rows + 1} has a quote that is never closed`);
  else if (state !== CELL_START || cell > 0) scan.fault('csv-line-ends', `row ${rows + 1} has no end`);
  if (character.length > 0) scan.fault('encoding', 'it ends within a character');
  return rows;
}

/** A cell without its quotes. */
function plain(cell: Buffer): Buffer {
  if (cell[0] !== QUOTE) return cell;
  const inner = cell.subarray(1, -1);
  return inner.includes(QUOTE) ? Buffer.from(inner.toString('latin1').replaceAll('""', '"'), 'latin1') : inner;
}

/** Where the last character begins that is cut off at the end; the end, where none is. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
