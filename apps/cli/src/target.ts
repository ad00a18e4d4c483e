/** Where a bundle is written to: a file beside its final name until it is whole, or standard output. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, link, lstat, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { Writable } from 'node:stream';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { PartLock } from './part-lock.js';
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
  /** SHA-256 of what it has, hexadecimal: of a file, as it is on the disk. @throws {CliError} `file` */
  digest(): Promise<string>;
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

/** Where a bundle goes, and of which export it is. */
export interface Destination {
  path: string;
  /** Taken where `path` is there already. Absent where somebody chose the name. */
  spare?: string;
  id: string;
  /** Replace what is there. */
  force: boolean;
}

/** The file that a bundle of this name, of this export, becomes there. All bundles of a project and a day may have one name. */
export function destinationIn(
  place: Exclude<Place, { kind: 'stdout' }>,
  { name, id, force }: { name: string; id: string; force: boolean },
): Destination {
  if (place.kind === 'file') return { path: place.path, id, force };
  const own = safeFileName(name, `${id}.zip`);
  const { name: stem, ext } = parse(own);
  const path = join(place.path, own);
  return force ? { path, id, force } : { path, spare: join(place.path, `${stem}-${shortId(id)}${ext}`), id, force };
}

/** `<path>.<first 8 characters of the id>.part` until it is whole: of one export, and written to by one process. */
export class PartFile implements Target {
  readonly part: string;
  offset = 0;
  #name: string;

  private constructor(
    readonly destination: Destination,
    readonly handle: FileHandle,
    readonly lock: PartLock,
    readonly signal: AbortSignal,
  ) {
    this.#name = destination.path;
    this.part = partOf(destination);
  }

  /** Once it is finished, the name that it got. */
  get name(): string {
    return this.#name;
  }

  /**
   * Opens it where an earlier run has left it.
   * @throws {CliError} `file-exists`, `file`; `file-busy` while another process writes to it
   */
  static async open(destination: Destination, signal: AbortSignal): Promise<PartFile> {
    const { path, spare = path, force } = destination;
    if (!force && (await isThere(path)) && (await isThere(spare))) throw exists(spare);
    const part = partOf(destination);
    let lock: PartLock;
    try {
      lock = await PartLock.take(part);
    } catch (error) {
      throw fileError(error, part);
    }
    let handle: FileHandle | undefined;
    try {
      // Another file of the same name is none that a process which only slept goes on writing to.
      if (lock.mayBeWrittenTo) await rm(part, { force: true });
      // In a folder of many people a link there could lead to anything.
      handle = await open(part, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o666);
      const found = await handle.stat();
      if (!found.isFile()) throw new CliError(EXIT.file, 'file', `${part} is not an ordinary file.`);
      const file = new PartFile(destination, handle, lock, signal);
      file.offset = found.size;
      return file;
    } catch (error) {
      await handle?.close();
      await lock.release();
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
    this.offset += chunk.length;
  }

  async restart(): Promise<boolean> {
    await this.handle.truncate(0).catch((error: unknown) => {
      throw fileError(error, this.part);
    });
    this.offset = 0;
    return true;
  }

  /** Of what passed through here nothing is taken for granted: the file is read. */
  async digest(): Promise<string> {
    const hash = createHash('sha256');
    try {
      // A write that failed past its end may have left bytes there.
      await this.handle.truncate(this.offset);
      const bytes = this.handle.createReadStream({ autoClose: false, start: 0, signal: this.signal });
      for await (const chunk of bytes) hash.update(chunk as Buffer);
    } catch (error) {
      this.signal.throwIfAborted();
      throw fileError(error, this.part);
    }
    return hash.digest('hex');
  }

  async finish(): Promise<void> {
    const { path, spare, force } = this.destination;
    try {
      await this.handle.sync();
      if (!(await this.#isStillThere())) {
        throw new CliError(EXIT.file, 'file', `${shellWord(this.part)} was removed or replaced while it was written.`, {
          advice: ['Give the same command again.'],
        });
      }
      await this.handle.close();
      if (force) await rename(this.part, path);
      else this.#name = await moveWithoutReplacing(this.part, spare === undefined ? [path] : [path, spare]);
    } catch (error) {
      throw fileError(error, path);
    } finally {
      await this.lock.release();
    }
  }

  async close(): Promise<void> {
    const empty = this.offset === 0 && (await this.#isStillThere().catch(() => false));
    await this.handle.close().catch(() => {});
    if (empty) await rm(this.part, { force: true });
    await this.lock.release();
  }

  /** Whether what has the part's name is what is written to. */
  async #isStillThere(): Promise<boolean> {
    const own = await this.handle.stat({ bigint: true });
    const there = await lstat(this.part, { bigint: true }).catch(() => undefined);
    return there?.ino === own.ino && there.dev === own.dev;
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

  async digest(): Promise<string> {
    return this.#hash.copy().digest('hex');
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {}
}

export function partOf({ path, id }: Destination): string {
  return `${path}.${shortId(id)}.part`;
}

function shortId(id: string): string {
  return id.slice(0, 8);
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/**
 * Gives the file the first of the names that nothing has. A hard link is made only where nothing is, at once; where there
 * are none, a look has to do.
 * @returns that name
 */
async function moveWithoutReplacing(from: string, names: readonly string[]): Promise<string> {
  for (const to of names) {
    try {
      await link(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' || (await isThere(to))) continue;
      await rename(from, to);
      return to;
    }
    await unlink(from);
    return to;
  }
  throw exists(names.at(-1) ?? from);
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
