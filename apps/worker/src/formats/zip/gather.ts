import { Transform, type TransformCallback } from 'node:stream';

const GATHERED_BYTES = 64 * 1024;

/**
 * Turns many small chunks into few large ones. An archive writes each field of its headers by itself, two or four bytes
 * at a time, and each would be a write to the disk or a packet.
 */
export class Gather extends Transform {
  #chunks: Buffer[] = [];
  #bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= GATHERED_BYTES) this.#pass();
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#bytes > 0) this.#pass();
    done();
  }

  #pass(): void {
    const [first] = this.#chunks;
    this.push(this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#bytes));
    this.#chunks = [];
    this.#bytes = 0;
  }
}
