/** The reduce half of a CSV: the shards' fragments in, the finished table out. */
import { damaged } from '../damaged.js';
import { asBuffer, type ByteSink, ByteWriter } from '../sink.js';
import { defuse } from './cell.js';
import { attributeColumns, type Column, compareCodePoints, described, type SchemaField } from './columns.js';
import { type CsvFragmentMeta, csvLines, type Delimiter } from './fragment.js';
import { CellSplicer } from './splice.js';

/** A fragment at rest. `open` is called once, when its turn comes. */
export interface CsvFragment {
  meta: CsvFragmentMeta;
  open(): AsyncIterable<Uint8Array>;
}

export interface CsvReduceOptions {
  fixed: readonly Column[];
  schema: readonly SchemaField[];
  /** Begin with a byte order mark, which Excel needs to see UTF-8. */
  bom: boolean;
  /** Defuse names of columns too; see formatCell. */
  escapeFormulas: boolean;
  /** That of the fragments; the comma by default. */
  delimiter?: Delimiter;
  /** A second line of the header, with the columns' labels. */
  labels?: boolean;
}

export interface CsvTable {
  rows: number;
  bytes: number;
  columns: Column[];
}

/**
 * Writes the whole table: header (always, also without a row; of two lines where labels are asked for), then the fragments in the given order.
 *
 * Rows whose segment has all columns already are copied as they are; the others get empty cells where columns are
 * missing. Memory: one chunk of input and one of output. Throws a permanent ExportError when there are too many columns,
 * an Error when a fragment's bytes are not those that its meta speaks of.
 */
export async function reduceCsv(
  fragments: readonly CsvFragment[],
  sink: ByteSink,
  options: CsvReduceOptions,
): Promise<CsvTable> {
  const schemaKeys = new Set(options.schema.map((field) => field.name));
  const found = fragments.flatMap(({ meta }) => meta.segments.flatMap((segment) => segment.added));
  const attributes = attributeColumns(options.fixed, options.schema, found);
  const columns: Column[] = [...options.fixed, ...attributes].map(described);

  let bytes = 0;
  const counting: ByteSink = {
    write: (chunk) => {
      bytes += chunk.length;
      return sink.write(chunk);
    },
  };
  const out = new ByteWriter();
  const { delimiter = ',' } = options;
  const header = [columns.map(({ name }) => name)];
  if (options.labels) header.push(columns.map(({ label }) => label));
  const cells = options.escapeFormulas ? header.map((line) => line.map(defuse)) : header;
  out.append(Buffer.from(`${options.bom ? '\uFEFF' : ''}${csvLines(cells, delimiter)}`, 'utf8'));

  const final = attributes.map((column) => column.attribute);
  let rows = 0;
  for (const fragment of fragments) {
    await copyFragment(fragment, { fixed: options.fixed.length, schemaKeys, final, delimiter }, out, counting);
    rows += fragment.meta.rows;
  }
  await out.flush(counting);
  return { rows, bytes, columns };
}

async function copyFragment(
  { meta, open }: CsvFragment,
  {
    fixed,
    schemaKeys,
    final,
    delimiter,
  }: { fixed: number; schemaKeys: ReadonlySet<string>; final: readonly string[]; delimiter: Delimiter },
  out: ByteWriter,
  sink: ByteSink,
): Promise<void> {
  if (meta.bytes === 0) return;
  const source = new SegmentSource(open(), meta.bytes);
  const keys: string[] = [];
  try {
    for (const segment of meta.segments) {
      keys.push(...segment.added);
      const inserts = emptyCells(fixed, [...schemaKeys, ...keys.toSorted(compareCodePoints)], final);
      const splicer = inserts && new CellSplicer(inserts, out, delimiter.charCodeAt(0));
      for (let left = segment.bytes; left > 0; ) {
        const { chunk, start, end } = await source.next(left);
        left -= end - start;
        if (!splicer) {
          out.appendRange(chunk, start, end);
          await out.drain(sink);
          continue;
        }
        for (let at = start; at < end; ) {
          at = splicer.push(chunk, at, end);
          await out.drain(sink);
        }
      }
      if (splicer && splicer.rows !== segment.rows) {
        throw damaged(`${splicer.rows} rows where ${segment.rows} were written`);
      }
    }
    await source.expectEnd();
  } finally {
    await source.close();
  }
}

/** How many empty cells follow each cell of a segment; undefined where nothing is missing. */
function emptyCells(fixed: number, keys: readonly string[], final: readonly string[]): number[] | undefined {
  if (keys.length === final.length) return undefined;
  const inserts = new Array<number>(fixed + keys.length).fill(0);
  // Both lists are in the same order, and the final one holds every key of the segment's.
  let cell = 0;
  for (const key of final) {
    if (keys[cell] === key) cell++;
    else inserts[fixed - 1 + cell] = (inserts[fixed - 1 + cell] as number) + 1;
  }
  if (cell !== keys.length) throw damaged(`the column ${JSON.stringify(keys[cell])} is out of order`);
  return inserts;
}

/** A fragment's bytes, cut where segments end. */
class SegmentSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #bytes: number;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #read = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, bytes: number) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#bytes = bytes;
  }

  /** The next bytes, at most `most` of them. */
  async next(most: number): Promise<{ chunk: Buffer; start: number; end: number }> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done) throw damaged(`it ends after ${this.#read} of ${this.#bytes} bytes`);
      this.#chunk = asBuffer(next.value);
      this.#at = 0;
      this.#read += this.#chunk.length;
    }
    const start = this.#at;
    this.#at = Math.min(this.#chunk.length, start + most);
    return { chunk: this.#chunk, start, end: this.#at };
  }

  async expectEnd(): Promise<void> {
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next())
      this.#read += next.value.length;
    if (this.#read !== this.#bytes) throw damaged(`it has ${this.#read} bytes where ${this.#bytes} were written`);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
