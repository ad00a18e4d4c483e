/** A zip and what is in it, read at any place. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createInflateRaw, inflateRawSync } from 'node:zlib';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { type DirectoryEntry, readCentralDirectory } from '../formats/zip/read.js';
import type { Faults } from './faults.js';

const CHUNK = 256 * 1024;
/** What is no larger is inflated at once: a stream takes longer to make than such a file to inflate. */
const SMALL = 64 * 1024;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR = 0x08074b50;
/** Of a data descriptor, by whether its sizes have 32 bits or 64. */
const DESCRIPTOR_BYTES = [16, 24];
const STORED = 0;
const DEFLATED = 8;

/** Bytes that can be read from any place on. Ends of ranges are included. */
export interface RandomBytes {
  readonly size: number;
  read(start: number, end: number): Promise<Buffer>;
  stream(start: number, end: number): AsyncIterable<Buffer>;
}

/** A file on this machine. Throws what opening it throws. */
export async function bytesOfFile(path: string): Promise<RandomBytes & { close(): Promise<void> }> {
  const file = await open(path);
  const { size } = await file.stat();
  return {
    size,
    async read(start, end) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start + 1), 0, end - start + 1, start);
      return buffer.subarray(0, bytesRead);
    },
    stream: (start, end) => createReadStream(path, { start, end, highWaterMark: CHUNK }),
    close: () => file.close(),
  };
}

/** An object up to this size is read at once: opening it again for each of its headers takes longer than reading it. */
const AT_ONCE_BYTES = 4 * 1024 * 1024;

/** An object in storage. @throws what reading it throws */
export async function bytesOfObject(storage: Storage, key: string, size: number): Promise<RandomBytes> {
  if (size <= AT_ONCE_BYTES) {
    const whole = await storage.readAll(key);
    const part = (start: number, end: number) => whole.subarray(start, end + 1);
    return { size, read: async (start, end) => part(start, end), stream: (start, end) => pieces(part(start, end)) };
  }
  return {
    size,
    read: async (start, end) => Buffer.concat(await storage.read(key, { start, end }).toArray()),
    stream: (start, end) => storage.read(key, { start, end }),
  };
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += CHUNK) yield bytes.subarray(from, from + CHUNK);
}

/** An entry whose local header has been read. */
export interface ZipEntry extends DirectoryEntry {
  /** Where its content begins. */
  start: number;
}

export class ZipFile {
  private constructor(
    readonly bytes: RandomBytes,
    readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  /**
   * Reads directory and local headers, and tells what is wrong with them: entries that the two describe differently, that
   * overlap, or that have bytes between them which belong to none; names that are there twice. Throws an ExportError
   * (`bundle-damaged`) where there is no directory to go by.
   * @param inside the file that this zip is, where it is a file of another zip
   */
  static async open(bytes: RandomBytes, faults: Faults, inside: string | null = null): Promise<ZipFile> {
    const directory = await readCentralDirectory((start, end) => bytes.read(start, end), bytes.size);
    const entries = new Map<string, ZipEntry>();
    let end = 0;
    for (const entry of [...directory].sort((a, b) => a.offset - b.offset)) {
      const file = inside ?? entry.name;
      const fault = (message: string) => faults.add('zip-entry', file, message);
      if (entries.has(entry.name)) fault(`${entry.name} is in the zip twice`);
      if (entry.offset !== end) {
        fault(`${entry.name} begins at byte ${entry.offset} of the zip, where what is before it ends at ${end}`);
      }
      const start = await contentStart(bytes, entry, fault);
      end = start + entry.compressedBytes + (await descriptorBytes(bytes, entry, start));
      entries.set(entry.name, { ...entry, start });
    }
    const ordered = directory.map(({ name }) => entries.get(name) as ZipEntry);
    return new ZipFile(bytes, new Map(ordered.map((entry) => [entry.name, entry])));
  }

  /** An entry's content, inflated. Throws where it cannot be. */
  async *content({ name, start, bytes, compressedBytes, method }: ZipEntry): AsyncGenerator<Buffer, void, undefined> {
    if (compressedBytes === 0 && method === STORED) return;
    const end = start + compressedBytes - 1;
    if (method === STORED) {
      yield* this.bytes.stream(start, end);
      return;
    }
    if (method !== DEFLATED) throw new Error(`${name} is packed by method ${method}, which few programs know`);
    if (bytes <= SMALL && compressedBytes <= SMALL) {
      const packed = await this.bytes.read(start, end);
      yield inflateRawSync(packed, { maxOutputLength: CHUNK });
      return;
    }
    const source = Readable.from(this.bytes.stream(start, end));
    const inflate = createInflateRaw({ chunkSize: CHUNK });
    source.on('error', (error) => inflate.destroy(error));
    source.pipe(inflate);
    try {
      yield* inflate as AsyncIterable<Buffer>;
    } finally {
      source.destroy();
      inflate.destroy();
    }
  }

  /** A stored entry as bytes of their own; undefined of one that is packed. */
  within({ start, bytes: size, method }: ZipEntry): RandomBytes | undefined {
    if (method !== STORED) return undefined;
    return {
      size,
      read: (from, to) => this.bytes.read(start + from, start + to),
      stream: (from, to) => this.bytes.stream(start + from, start + to),
    };
  }
}

async function contentStart(bytes: RandomBytes, entry: DirectoryEntry, fault: (message: string) => void) {
  const { name, offset } = entry;
  const least = offset + LOCAL_BYTES;
  const header = await bytes.read(offset, Math.min(bytes.size, least + Buffer.byteLength(name)) - 1);
  if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL) {
    fault(`${name} has no header at byte ${offset} of the zip`);
    return least;
  }
  const length = header.readUInt16LE(26);
  const found = header.toString('utf8', LOCAL_BYTES, LOCAL_BYTES + length);
  if (found !== name) fault(`the directory calls ${name} what its own header calls ${found}`);
  if (header.readUInt16LE(8) !== entry.method) fault(`directory and header of ${name} differ in how it is packed`);
  return least + length + header.readUInt16LE(28);
}

/** Bytes that stand behind a content to tell its sizes, where its header could not. */
async function descriptorBytes(bytes: RandomBytes, { flags, compressedBytes }: DirectoryEntry, start: number) {
  if ((flags & 8) === 0) return 0;
  const at = start + compressedBytes;
  const [small = 0, large = 0] = DESCRIPTOR_BYTES;
  const after = await bytes.read(at, Math.min(bytes.size, at + large + 4) - 1);
  if (after.length < small || after.readUInt32LE(0) !== DESCRIPTOR) return 0;
  // What follows begins with a signature of its own, `PK`.
  return after.length > small + 1 && after.readUInt16LE(small) === 0x4b50 ? small : large;
}
