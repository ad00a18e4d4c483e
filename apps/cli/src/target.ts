/** Where a bundle is written to: a file beside its final name until it is whole, or standard output. */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, link, lstat, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { safeFileName, shellWord } from './printable.js';

/** Takes the bytes of a bundle in their order, and knows how many it has, and their hash. */
export interface Target {
  /** Bytes that it has, those of an earlier run included. */
  readonly offset: number;
  /** What people are told that it is. */
  readonly name: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets all that it has; false where that cannot be. */
  restart(): Promise<boolean>;
  /** SHA-256 of what it has, hexadecimal. */
  digest(): string;
  /** All is there, and right. @throws {CliError} `file-exists`, `file` */
  finish(): Promise<void>;
  /** Nothing more comes; what is there stays for the next run. */
  close(): Promise<void>;
}

/** Where `--out` leads to. */
export type Place = { kind: 'stdout' } | { kind: 'file'; path: string } | { kind: 'folder'; path: string };

/**
 * Looks at the place before anything is asked for, so that nobody waits for an export that cannot be kept.
 * @throws {CliError} `file-exists`, `file`
 */
export async function placeOf(out: string | undefined, force: boolean): Promise<Place> {
  if (out === '-') return { kind: 'stdout' };
  const path = out ?? '.';
  const found = await stat(path).catch(() => undefined);
  const folder = found?.isDirectory() ? path : dirname(path);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  if (found?.isDirectory()) return { kind: 'folder', path };
  if (found !== undefined && !force) throw exists(path);
  if (found !== undefined && !found.isFile()) {
    throw new CliError(EXIT.file, 'file', `${path} is not an ordinary file.`);
  }
  return { kind: 'file', path };
}

/** The file that a bundle of this name, of this export, becomes there. */
export function pathIn(place: Exclude<Place, { kind: 'stdout' }>, name: string, id: string): string {
  return place.kind === 'file' ? place.path : join(place.path, safeFileName(name, `${id}.zip`));
}

/** `<path>.part` until it is whole. */
export class PartFile implements Target {
  readonly part: string;
  offset = 0;
  #hash: Hash = createHash('sha256');

  private constructor(
    readonly name: string,
    readonly force: boolean,
    readonly handle: FileHandle,
  ) {
    this.part = partOf(name);
  }

  /** Opens it, and reads what an earlier run has left. @throws {CliError} `file-exists`, `file` */
  static async open(path: string, force: boolean, signal: AbortSignal): Promise<PartFile> {
    if (!force && (await lstat(path).catch(() => undefined))) throw exists(path);
    const part = partOf(path);
    let handle: FileHandle;
    try {
      // In a folder of many people a link there could lead to anything.
      handle = await open(part, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o666);
    } catch (error) {
      throw fileError(error, part);
    }
    const file = new PartFile(path, force, handle);
    try {
      if (!(await handle.stat()).isFile()) throw new CliError(EXIT.file, 'file', `${part} is not an ordinary file.`);
      for await (const chunk of handle.createReadStream({ autoClose: false, start: 0, signal })) {
        file.#hash.update(chunk as Buffer);
        file.offset += (chunk as Buffer).length;
      }
      return file;
    } catch (error) {
      await handle.close();
      signal.throwIfAborted();
      throw fileError(error, part);
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await this.handle.write(chunk, at, chunk.length - at, this.offset + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw fileError(error, this.part);
    }
    this.#hash.update(chunk);
    this.offset += chunk.length;
  }

  async restart(): Promise<boolean> {
    await this.handle.truncate(0).catch((error: unknown) => {
      throw fileError(error, this.part);
    });
    this.offset = 0;
    this.#hash = createHash('sha256');
    return true;
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  async finish(): Promise<void> {
    try {
      // A write that failed past its end may have left bytes there.
      await this.handle.truncate(this.offset);
      await this.handle.sync();
      await this.handle.close();
      if (this.force) await rename(this.part, this.name);
      else await moveWithoutReplacing(this.part, this.name);
    } catch (error) {
      throw fileError(error, this.name);
    }
  }

  async close(): Promise<void> {
    await this.handle.close().catch(() => {});
    if (this.offset === 0) await rm(this.part, { force: true });
  }
}

/** Standard output: what is written is gone. */
export class StandardOutput implements Target {
  readonly name = 'standard output';
  offset = 0;
  readonly #hash = createHash('sha256');

  constructor(readonly stream: Writable) {}

  async write(chunk: Uint8Array): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.stream.write(chunk, (error) => (error ? fail(fileError(error, this.name)) : done()));
    });
    this.#hash.update(chunk);
    this.offset += chunk.length;
  }

  async restart(): Promise<boolean> {
    return this.offset === 0;
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {}
}

export function partOf(path: string): string {
  return `${path}.part`;
}

/** A hard link is made only where nothing is, at once; where there are none, a look has to do. */
async function moveWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (await lstat(to).catch(() => undefined))) throw exists(to);
    await rename(from, to);
    return;
  }
  await unlink(from);
}

function exists(path: string): CliError {
  return new CliError(EXIT.file, 'file-exists', `${path} is there already.`, {
    advice: ['Name another file, or replace it with --force'],
  });
}

const REASONS: Record<string, [reason: string, advice: string]> = {
  ENOSPC: ['the disk is full', 'Make room, and give the same command again: it goes on where it stopped.'],
  EDQUOT: [
    'your quota of the disk is used up',
    'Make room, and give the same command again: it goes on where it stopped.',
  ],
  EFBIG: ['a file can not be as large as this there', 'Name a file on another disk with --out'],
  EACCES: ['you may not write there', 'Name another place with --out'],
  EPERM: ['you may not write there', 'Name another place with --out'],
  EROFS: ['nothing can be written there', 'Name another place with --out'],
  ENOENT: ['there is no such folder', 'Make the folder first, or name another place with --out'],
  ENOTDIR: ['there is no such folder', 'Make the folder first, or name another place with --out'],
  ELOOP: ['it is a link', 'Remove it first'],
  EPIPE: ['whoever read it has gone', 'Write to a file with --out'],
};

/** What went wrong with a file, in words. */
export function fileError(error: unknown, path: string): CliError {
  if (error instanceof CliError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const [reason, advice] = REASONS[code] ?? [message, undefined];
  return new CliError(
    EXIT.file,
    code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'file',
    `${shellWord(path)}: ${reason}.`,
    {
      ...(advice !== undefined && { advice: [advice] }),
      cause: error,
    },
  );
}
