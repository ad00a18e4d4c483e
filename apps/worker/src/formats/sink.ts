/** Where formats put their bytes. What the bytes end up in (a folder, an object store) is not their business. */

import { Writable } from 'node:stream';

/** Takes bytes in order. Awaiting `write` is the backpressure; a chunk is not touched again after it was handed over. */
export interface ByteSink {
  write(chunk: Uint8Array): Promise<void>;
}

/** A stream that ends in a sink; small chunks that have gathered go there as one. */
export function sinkStream(sink: ByteSink): Writable {
  return new Writable({
    highWaterMark: 1024 * 1024,
    write: (chunk: Buffer, _encoding, done) => void sink.write(chunk).then(() => done(), done),
    writev: (chunks, done) =>
      void sink.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))).then(() => done(), done),
  });
}

/** One file on its way: seen under its name only after `commit`; `abort` leaves nothing, and may be called at any time. */
export interface FileSink extends ByteSink {
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** Bytes that are gathered before they go to a sink: large enough for few writes, small enough to keep many at hand. */
const CHUNK_BYTES = 256 * 1024;

/** Letters up to which a text is written one by one. */
const SHORT_TEXT = 48;

/** A growing buffer with a cursor, written synchronously and drained to a sink in chunks. */
export class ByteWriter {
  bytes: Buffer;
  view: DataView;
  length = 0;
  readonly #size: number;

  /** `size`: bytes to begin with, and the fill at which {@link drain} writes. */
  constructor(size = CHUNK_BYTES) {
    this.#size = size;
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.bytes.buffer);
  }

  get full(): boolean {
    return this.length >= this.#size;
  }

  /** Makes room for `count` bytes, moves the cursor behind them and returns the offset at which they begin. */
  reserve(count: number): number {
    const offset = this.length;
    const wanted = offset + count;
    if (wanted > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, offset);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    this.length = wanted;
    return offset;
  }

  append(source: Uint8Array): void {
    const offset = this.reserve(source.length);
    this.bytes.set(source, offset);
  }

  /** Appends the bytes of `source` from `start` up to `end`. */
  appendRange(source: Buffer, start: number, end: number): void {
    const offset = this.reserve(end - start);
    source.copy(this.bytes, offset, start, end);
  }

  /** Appends a text in UTF-8; half a surrogate pair as U+FFFD. @returns its bytes */
  utf8(text: string): number {
    const at = this.reserve(3 * text.length);
    const { bytes } = this;
    let end = 0;
    // Most texts are a few letters of ASCII, for which a call would cost more than they do.
    if (text.length <= SHORT_TEXT) {
      for (; end < text.length; end++) {
        const code = text.charCodeAt(end);
        if (code > 0x7f) break;
        bytes[at + end] = code;
      }
    }
    if (end < text.length) end = bytes.write(text, at, 'utf8');
    this.length = at + end;
    return end;
  }

  /** Appends `count` times the same byte. */
  fill(byte: number, count: number): void {
    const offset = this.reserve(count);
    this.bytes.fill(byte, offset, offset + count);
  }

  /** Hands out what was written, and begins anew in a buffer of its own. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.allocUnsafeSlow(this.#size);
    this.view = new DataView(this.bytes.buffer);
    this.length = 0;
    return taken;
  }

  /** Writes to the sink if enough has gathered. */
  async drain(sink: ByteSink): Promise<void> {
    if (this.full) await this.flush(sink);
  }

  /** Writes to the sink whatever there is. */
  async flush(sink: ByteSink): Promise<void> {
    if (this.length > 0) await sink.write(this.take());
  }
}

/** A Buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
