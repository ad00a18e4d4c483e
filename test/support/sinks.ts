/** Sinks and sources in memory, for tests of the formats. */
import type { ByteSink, FileSink } from '../../apps/worker/src/formats/sink.js';

/** Keeps what was written to it. */
export class MemorySink implements ByteSink {
  readonly chunks: Uint8Array[] = [];
  async write(chunk: Uint8Array): Promise<void> {
    this.chunks.push(chunk);
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
  get text(): string {
    return this.bytes.toString('utf8');
  }
}

/** A folder in memory: files appear when they are committed. */
export class MemoryFolder {
  readonly files = new Map<string, Buffer>();
  readonly aborted: string[] = [];
  open = async (name: string): Promise<FileSink> => {
    const sink = new MemorySink();
    return {
      write: (chunk) => sink.write(chunk),
      commit: async () => {
        this.files.set(name, sink.bytes);
      },
      abort: async () => {
        if (!this.files.has(name)) this.aborted.push(name);
      },
    };
  };
}

/** Bytes in chunks of a given size, so that nothing can rely on where a chunk ends. */
export async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
