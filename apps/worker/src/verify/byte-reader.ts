/** Reads a stream of bytes piece by piece, as large or small as the reader likes. */

const NOTHING = Buffer.alloc(0);

/** Memory: one chunk of the stream, or as much as is asked for at once. */
export class ByteReader {
  #buffer: Buffer = NOTHING;
  #at = 0;
  #ended = false;
  readonly #source: AsyncIterator<Buffer>;
  /** Bytes handed out so far. */
  position = 0;

  /** @param seen gets every chunk once, in order, as it leaves the stream */
  constructor(
    source: AsyncIterable<Buffer>,
    readonly seen?: (chunk: Buffer) => void,
  ) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes at hand. */
  get buffered(): number {
    return this.#buffer.length - this.#at;
  }

  /** Sees to it that `count` bytes are at hand. @returns whether there are as many */
  async fill(count: number): Promise<boolean> {
    if (this.buffered >= count) return true;
    const chunks = [this.#buffer.subarray(this.#at)];
    let have = this.buffered;
    while (have < count) {
      const chunk = await this.#next();
      if (!chunk) break;
      chunks.push(chunk);
      have += chunk.length;
    }
    this.#buffer = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, have);
    this.#at = 0;
    return have >= count;
  }

  /** The next `count` bytes, which must be at hand. Valid until the next call of anything. */
  take(count: number): Buffer {
    const taken = this.#buffer.subarray(this.#at, this.#at + count);
    this.#at += count;
    this.position += count;
    return taken;
  }

  /** Puts the last `count` bytes back that {@link take} gave. */
  back(count: number): void {
    const put = Math.min(count, this.#at, this.position);
    this.#at -= put;
    this.position -= put;
  }

  /** What is at hand, or what comes next; undefined at the end. */
  async chunk(): Promise<Buffer | undefined> {
    if (this.buffered === 0 && !(await this.fill(1))) return undefined;
    return this.take(this.buffered);
  }

  /** Everything that is left, where that is at most `most` bytes; undefined where it is more. */
  async rest(most: number): Promise<Buffer | undefined> {
    if (await this.fill(most + 1)) return undefined;
    return this.take(this.buffered);
  }

  /** Reads to the end. */
  async drain(): Promise<void> {
    while ((await this.chunk()) !== undefined);
  }

  /** Lets go of the stream, wherever it is. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#source.return?.();
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    const { done, value } = await this.#source.next();
    if (done) {
      this.#ended = true;
      return undefined;
    }
    this.seen?.(value);
    return value;
  }
}
