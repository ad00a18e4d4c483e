import { createHash } from 'node:crypto';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { ByteSink } from '../formats/sink.js';

/** Passes bytes on to storage, and sums them up as they go by. */
export class HashingWriter implements ByteSink {
  readonly #hash = createHash('sha256');

  constructor(readonly target: StorageWriter) {}

  get bytes(): number {
    return this.target.bytes;
  }

  write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    return this.target.write(chunk);
  }

  /** Makes the object visible. @returns its sha256, hexadecimal */
  async commit(): Promise<string> {
    await this.target.commit();
    return this.#hash.digest('hex');
  }

  abort(): Promise<void> {
    return this.target.abort();
  }
}
