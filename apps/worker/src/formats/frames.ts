/** The frames that fragments of binary records are made of: written whole, read back whole. */
import { damaged } from './damaged.js';
import { asBuffer } from './sink.js';

/** Head of a frame: rows, bytes of records, bytes of table rows (UInt32LE). */
const FRAME_HEADER = 12;

/** The bytes of a frame; `table` is empty where the records are all there is. */
export function frameOf(rows: number, records: Uint8Array, table: Uint8Array = EMPTY): Buffer {
  const frame = Buffer.allocUnsafeSlow(FRAME_HEADER + records.length + table.length);
  frame.set(frameHead(rows, records.length, table.length));
  frame.set(records, FRAME_HEADER);
  frame.set(table, FRAME_HEADER + records.length);
  return frame;
}

/** The head of a frame whose records follow. */
export function frameHead(rows: number, recordBytes: number, tableBytes = 0): Buffer {
  const head = Buffer.allocUnsafeSlow(FRAME_HEADER);
  head.writeUInt32LE(rows, 0);
  head.writeUInt32LE(recordBytes, 4);
  head.writeUInt32LE(tableBytes, 8);
  return head;
}

const EMPTY = new Uint8Array(0);

/** Records and table rows that belong together. */
export interface Frame {
  rows: number;
  /** Bytes of the frame in the fragment. */
  bytes: number;
  records: Buffer;
  table: Buffer;
}

/** Takes whole frames out of a stream of bytes. */
export class FrameReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async next(): Promise<Frame> {
    const head = await this.#read(FRAME_HEADER);
    const rows = head.readUInt32LE(0);
    const recordBytes = head.readUInt32LE(4);
    const body = await this.#read(recordBytes + head.readUInt32LE(8));
    return {
      rows,
      bytes: FRAME_HEADER + body.length,
      records: body.subarray(0, recordBytes),
      table: body.subarray(recordBytes),
    };
  }

  /** Reads on to the end, where there must be nothing more. */
  async expectEnd(): Promise<void> {
    let rest = this.#buffer.length;
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) rest += next.value.length;
    if (rest > 0) throw damaged(`${rest} bytes follow its last record`);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #read(count: number): Promise<Buffer> {
    if (this.#buffer.length < count) {
      const parts = [this.#buffer];
      for (let have = this.#buffer.length; have < count; ) {
        const next = await this.#chunks.next();
        if (next.done) throw damaged(`it ends ${count - have} bytes early`);
        parts.push(asBuffer(next.value));
        have += next.value.length;
      }
      this.#buffer = Buffer.concat(parts);
    }
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }
}
