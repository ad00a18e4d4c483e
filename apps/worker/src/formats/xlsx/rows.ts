/** The rows of a sheet: the cells that fragments hold, put at their places. */
import { damaged } from '../damaged.js';
import { FrameReader } from '../frames.js';
import { ByteWriter } from '../sink.js';
import { columnLetters } from './cell.js';
import type { SheetFragmentMeta } from './fragment.js';

/** A fragment at rest. `open` is called once, when its turn comes. */
export interface SheetFragment {
  meta: SheetFragmentMeta;
  open(): AsyncIterable<Uint8Array>;
}

const ROW = Buffer.from('<row r="');
const ROW_OPEN = Buffer.from('">');
const CELL_OPEN = Buffer.from('"');
const ROW_END = Buffer.from('</row>');

/** Takes the rows of all fragments in order, as many at a time as a sheet has room for. */
export class RowSource {
  readonly #fragments: Iterator<SheetFragment>;
  readonly #fixed: number;
  readonly #places: ReadonlyMap<string, number>;
  #fragment: SheetFragment | undefined;
  #frames: FrameReader | undefined;
  #fragmentRows = 0;
  #records: Buffer = Buffer.alloc(0);
  #at = 0;
  #frameRows = 0;
  /** What stands before the row's number in a reference, by the fragment's own column numbers. */
  #cellHeads: Buffer[] = [];

  /**
   * @param fixed number of fixed columns
   * @param attributes keys of the sheet's other columns, in their order
   */
  constructor(fragments: readonly SheetFragment[], fixed: number, attributes: readonly string[]) {
    this.#fragments = fragments[Symbol.iterator]();
    this.#fixed = fixed;
    this.#places = new Map(attributes.map((key, i) => [key, fixed + i]));
  }

  /**
   * The XML of the next `count` rows, numbered from `first` on, in chunks of some 100 KB. Memory: one frame, one chunk.
   * Throws an ExportError (not permanent) where a fragment is not what its meta says, or there are not as many rows.
   */
  async *take(count: number, first: number): AsyncGenerator<Buffer, void, undefined> {
    const out = new ByteWriter(128 * 1024);
    for (let row = first; row < first + count; row++) {
      while (this.#frameRows === 0) await this.#nextFrame();
      this.#writeRow(Buffer.from(`${row}`), out);
      if (out.full) yield out.take();
    }
    if (out.length > 0) yield out.take();
  }

  /** Sees that nothing is left. */
  async expectEnd(): Promise<void> {
    if (this.#frameRows > 0) throw damaged(`${this.#frameRows} rows more than were counted`);
    await this.#endFragment();
    for (let next = this.#fragments.next(); !next.done; next = this.#fragments.next()) {
      if (next.value.meta.rows > 0) throw damaged(`${next.value.meta.rows} rows more than were counted`);
    }
  }

  async close(): Promise<void> {
    await this.#frames?.close();
  }

  async #nextFrame(): Promise<void> {
    if (!this.#fragment || this.#fragmentRows === this.#fragment.meta.rows) {
      await this.#endFragment();
      const next = this.#fragments.next();
      if (next.done) throw damaged('it has fewer rows than were counted');
      this.#fragment = next.value;
      this.#fragmentRows = 0;
      if (this.#fragment.meta.rows === 0) return;
      this.#frames = new FrameReader(this.#fragment.open());
      this.#cellHeads = this.#headsOf(this.#fragment.meta);
      return;
    }
    if (this.#at !== this.#records.length) throw damaged('a row is longer than it was');
    const frame = await (this.#frames as FrameReader).next();
    this.#records = frame.records;
    this.#at = 0;
    this.#frameRows = frame.rows;
    this.#fragmentRows += frame.rows;
  }

  async #endFragment(): Promise<void> {
    if (this.#at !== this.#records.length) throw damaged('a row is longer than it was');
    await this.#frames?.expectEnd();
    await this.#frames?.close();
    this.#frames = undefined;
  }

  #headsOf({ keys }: SheetFragmentMeta): Buffer[] {
    const places = keys.map((key) => {
      const place = this.#places.get(key);
      if (place === undefined) throw damaged(`the column ${JSON.stringify(key)} is not in the sheet`);
      return place;
    });
    return [...Array(this.#fixed).keys(), ...places].map((place) => Buffer.from(`<c r="${columnLetters(place)}`));
  }

  #writeRow(number: Buffer, out: ByteWriter): void {
    const records = this.#records;
    out.append(ROW);
    out.append(number);
    out.append(ROW_OPEN);
    let at = this.#at;
    const cells = this.#read(at);
    at += 4;
    for (let i = 0; i < cells; i++) {
      const head = this.#cellHeads[this.#read(at)];
      const end = at + 8 + this.#read(at + 4);
      if (!head || end > records.length) throw damaged('a cell is not where it was');
      out.append(head);
      out.append(number);
      out.append(CELL_OPEN);
      out.appendRange(records, at + 8, end);
      at = end;
    }
    out.append(ROW_END);
    this.#at = at;
    this.#frameRows--;
  }

  #read(at: number): number {
    if (at + 4 > this.#records.length) throw damaged('a row ends early');
    return this.#records.readUInt32LE(at);
  }
}
