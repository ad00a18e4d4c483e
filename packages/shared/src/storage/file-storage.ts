import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { checkKey, type Storage, type StorageWriter } from './storage.js';

/** Objects as files below one folder, which every replica must see (one machine, or a shared volume). */
export class FileStorage implements Storage {
  constructor(readonly root: string) {}

  async create(key: string): Promise<StorageWriter> {
    const target = this.#path(key);
    await mkdir(path.dirname(target), { recursive: true });
    const beside = `${target}.${randomUUID()}.part`;
    return new FileWriter(await open(beside, 'wx'), beside, target);
  }

  async put(key: string, bytes: Uint8Array | string): Promise<void> {
    const writer = await this.create(key);
    try {
      await writer.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
      await writer.commit();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  read(key: string, range?: { start: number; end: number }): Readable {
    return createReadStream(this.#path(key), { highWaterMark: 256 * 1024, ...range });
  }

  readAll(key: string): Promise<Buffer> {
    return readFile(this.#path(key));
  }

  async stat(key: string): Promise<{ bytes: number } | undefined> {
    try {
      return { bytes: (await stat(this.#path(key))).size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async removePrefix(prefix: string): Promise<void> {
    await rm(this.#path(prefix), { recursive: true, force: true });
  }

  #path(key: string): string {
    return path.join(this.root, checkKey(key));
  }
}

class FileWriter implements StorageWriter {
  #bytes = 0;
  #closed = false;

  constructor(
    readonly file: FileHandle,
    readonly beside: string,
    readonly target: string,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    let written = 0;
    while (written < chunk.byteLength) {
      const { bytesWritten } = await this.file.write(chunk, written);
      written += bytesWritten;
    }
    this.#bytes += chunk.byteLength;
  }

  async commit(): Promise<void> {
    await this.#close();
    await rename(this.beside, this.target);
  }

  async abort(): Promise<void> {
    await this.#close();
    await rm(this.beside, { force: true });
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.file.close();
  }
}

/**
 * Opens the storage that a `STORAGE_URL` names.
 * @param url `file:///folder`
 * @throws Error for a protocol that is not known
 */
export function openStorage(url: string): Storage {
  const parsed = new URL(url);
  if (parsed.protocol === 'file:') return new FileStorage(fileURLToPath(parsed));
  throw new Error(`STORAGE_URL begins with ${parsed.protocol}//, which is not known; use file:///folder`);
}
