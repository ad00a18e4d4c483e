/** Reads a shapefile fragment back, frame by frame. */
import { damaged } from '../damaged.js';
import { asBuffer } from '../sink.js';
import { FRAME_HEADER } from './fragment.js';

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
