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

  async create(key: string, { durable = false }: { durable?: boolean } = {}): Promise<StorageWriter> {
    const target = this.#path(key);
    const beside = `${target}.${randomUUID()}.part`;
    const file = await open(beside, 'wx').catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(path.dirname(target), { recursive: true });
      return open(beside, 'wx');
    });
    return new FileWriter(file, beside, target, durable ? this.root : undefined);
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

/** Gathered before they are written: few large writes cost a fraction of many small ones. */
const GATHER_BYTES = 512 * 1024;

class FileWriter implements StorageWriter {
  #bytes = 0;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #closed = false;

  constructor(
    readonly file: FileHandle,
    readonly beside: string,
    readonly target: string,
    /** The folder up to which the disk is waited for; undefined where it is not. */
    readonly durableTo: string | undefined,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength === 0) return;
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.byteLength;
    this.#bytes += chunk.byteLength;
    if (this.#gatheredBytes >= GATHER_BYTES) await this.#flush();
  }

  async commit(): Promise<void> {
    await this.#flush();
    if (this.durableTo !== undefined) await this.file.sync();
    await this.#close();
    await rename(this.beside, this.target);
    if (this.durableTo !== undefined) await syncFolders(path.dirname(this.target), this.durableTo);
  }

  async abort(): Promise<void> {
    await this.#close();
    await rm(this.beside, { force: true });
  }

  async #flush(): Promise<void> {
    const bytes = this.#gathered.length === 1 ? (this.#gathered[0] as Uint8Array) : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    for (let written = 0; written < bytes.byteLength; ) {
      written += (await this.file.write(bytes, written)).bytesWritten;
    }
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.file.close();
  }
}

/** What file systems say that know no waiting for folders. */
const NO_SYNC = new Set(['EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM']);

/**
 * Waits until the names in a folder are on the disk, and those of the folders that lead to it: any of them may be new. Where
 * they are there already it costs next to nothing.
 */
async function syncFolders(folder: string, root: string): Promise<void> {
  const folders = [root];
  for (let at = folder; at.length > root.length; at = path.dirname(at)) folders.push(at);
  await Promise.all(folders.map(syncFolder));
}

async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    if (!NO_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle?.close();
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
