import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { checkKey, type ListedObject, type OpenObject, type Storage, type StorageWriter } from './storage.js';

/** Objects as files below one folder, which every replica must see (one machine, or a shared volume). */
export class FileStorage implements Storage {
  constructor(readonly root: string) {}

  async create(key: string): Promise<StorageWriter> {
    const target = this.#path(key);
    const beside = `${target}.${randomUUID()}.part`;
    const file = await open(beside, 'wx').catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(path.dirname(target), { recursive: true });
      return open(beside, 'wx');
    });
    return new FileWriter(file, beside, target);
  }

  async sync(key: string): Promise<void> {
    const target = this.#path(key);
    await Promise.all([syncFile(target), syncFolders(path.dirname(target), this.root)]);
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
    return createReadStream(this.#path(key), { highWaterMark: READ_BYTES, ...range });
  }

  readAll(key: string): Promise<Buffer> {
    return readFile(this.#path(key));
  }

  async open(key: string): Promise<OpenObject | undefined> {
    const file = await open(this.#path(key), 'r').catch(noneThere);
    if (!file) return undefined;
    const { size } = await file.stat().catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    return {
      bytes: size,
      read: (range) => file.createReadStream({ highWaterMark: READ_BYTES, ...range }),
      close: () => file.close(),
    };
  }

  async stat(key: string): Promise<{ bytes: number } | undefined> {
    const found = await stat(this.#path(key)).catch(noneThere);
    return found && { bytes: found.size };
  }

  list(): AsyncGenerator<ListedObject, void, undefined> {
    return listBelow(this.root, '');
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

const READ_BYTES = 256 * 1024;

/** What is not there is undefined; everything else is thrown on. */
function noneThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** @param prefix of the keys in this folder, with the slash at its end */
async function* listBelow(folder: string, prefix: string): AsyncGenerator<ListedObject, void, undefined> {
  // A folder may be removed while we are on the way to it.
  const entries = await opendir(folder).catch(noneThere);
  for await (const entry of entries ?? []) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* listBelow(at, `${prefix}${entry.name}/`);
    } else if (entry.isFile()) {
      const found = await stat(at).catch(noneThere);
      if (found) yield { key: prefix + entry.name, bytes: found.size, modified: found.mtime };
    }
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
    await this.#close();
    await rename(this.beside, this.target);
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
  try {
    await syncFile(folder);
  } catch (error) {
    if (!NO_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
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
