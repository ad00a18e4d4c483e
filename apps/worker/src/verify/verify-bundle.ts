/** Re-opens every file of a bundle and tells whatever is wrong with it. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { ExportError } from '@parcelpost/shared/errors.js';
import { isObject } from '@parcelpost/shared/is-object.js';
import { removeTemporary, temporaryFolder } from '../temporary-folders.js';
import { ByteReader } from './byte-reader.js';
import type { CheckContext, CheckedFile, ListedFile, Manifest } from './context.js';
import { type Fault, Faults } from './faults.js';
import { DECLARED, Links } from './links.js';
import { checkFor, MANIFEST } from './registry.js';
import { bytesOfFile, type RandomBytes, type ZipEntry, ZipFile } from './zip-file.js';

/** A file as it was found. */
export interface VerifiedFile {
  name: string;
  bytes: number;
  /** Records that were counted in it; null where it has none, or nothing knows its format. */
  rows: number | null;
  /** Faults in it. */
  faults: number;
}

export interface Verified {
  /** In the zip's order; empty where it is none. */
  files: VerifiedFile[];
  /** First those of no file that is there, then each file's, in the same order. */
  faults: Fault[];
}

export interface VerifyOptions {
  signal?: AbortSignal;
  /** Files of which only bytes and checksum are looked at, by their names. */
  skip?(name: string): boolean;
}

/** Files that are looked at side by side: while one is inflated, on another thread, the next is read. */
const AT_ONCE = 3;
/** A manifest is read as a whole; one that is larger is none. */
const MOST_MANIFEST_BYTES = 256 * 1024 * 1024;

/**
 * Verifies a bundle: the zip's structure; that it has the files that its manifest lists, in that order, and no others; of
 * each file bytes, CRC and SHA-256, and what its format demands (see `checks/`), its records counted; that ids are unique,
 * and that relationships lead to parties and locations, or the manifest tells of those that do not.
 *
 * Memory: a chunk and a record of each of a few files, 16 bytes or so for each id of a list, the manifest, and the zip's directory. Of a
 * GeoPackage there is a copy in `TMPDIR` while it is checked, and of a workbook that is deflated.
 *
 * Whatever is wrong with the bundle is in the result; throws what reading it throws, and the signal's reason.
 */
export async function verifyBundle(bytes: RandomBytes, { signal, skip }: VerifyOptions = {}): Promise<Verified> {
  const faults = new Faults();
  let zip: ZipFile;
  try {
    zip = await ZipFile.open(bytes, faults);
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    faults.add(
      'zip-damaged',
      null,
      error.message.replace(/^The bundle is damaged: |\. Ask for the export again;.*$/g, ''),
    );
    return { files: [], faults: faults.list() };
  }
  const folder: CopiesFolder = {};
  try {
    return await new Verification(zip, faults, folder, signal, skip ?? (() => false)).run();
  } finally {
    if (folder.made) await removeTemporary(await folder.made);
  }
}

/** The same for a file on this machine. Throws what opening it throws, too. */
export async function verifyFile(path: string, options?: VerifyOptions): Promise<Verified> {
  const bytes = await bytesOfFile(path);
  try {
    return await verifyBundle(bytes, options);
  } finally {
    await bytes.close();
  }
}

/** Does something with each item, with so many at a time; ends with all of them, or throws what the first threw. */
async function forEach<T>(items: readonly T[], atOnce: number, deed: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const hands = Array.from({ length: atOnce }, async () => {
    for (const item of left) await deed(item);
  });
  const failed = (await Promise.allSettled(hands)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

/** What people uploaded may be of any format, and broken. */
function checkOf(name: string, listed: ListedFile | undefined) {
  return listed?.resource === undefined ? checkFor(name) : undefined;
}

/** Made when the first copy is. */
interface CopiesFolder {
  made?: Promise<string>;
}

class Verification {
  readonly #links = new Links();
  readonly #closings: (() => Promise<void>)[] = [];
  #copies = 0;

  constructor(
    readonly zip: ZipFile,
    readonly faults: Faults,
    readonly folder: CopiesFolder,
    readonly signal: AbortSignal | undefined,
    readonly skip: (name: string) => boolean,
  ) {}

  async run(): Promise<Verified> {
    const manifest = await this.#manifest();
    const listed = new Map(manifest?.files.map((file) => [file.name, file]));
    if (manifest) this.#compareNames(manifest);
    const rows = new Map<string, number | null>();
    const entries = [...this.zip.entries.values()];
    const rank = ({ name }: ZipEntry) => checkOf(name, listed.get(name))?.rank(name) ?? 0;
    try {
      for (const at of [...new Set(entries.map(rank))].sort((a, b) => a - b)) {
        const together = entries.filter((entry) => rank(entry) === at);
        await forEach(together, AT_ONCE, async (entry) => {
          this.signal?.throwIfAborted();
          rows.set(entry.name, await this.#file(entry, listed.get(entry.name), manifest));
        });
      }
    } finally {
      for (const close of this.#closings) await close();
    }
    this.#dangling(manifest);
    return {
      files: entries.map(({ name, bytes }) => ({
        name,
        bytes,
        rows: rows.get(name) ?? null,
        faults: this.faults.of(name),
      })),
      faults: this.#inOrder(entries),
    };
  }

  /** Of several files that are looked at side by side, each one's faults together. */
  #inOrder(entries: readonly ZipEntry[]): Fault[] {
    const places = new Map<string | null, number>(entries.map(({ name }, place) => [name, place]));
    const placeOf = ({ file }: Fault) => places.get(file) ?? -1;
    return this.faults.list().toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  async #manifest(): Promise<Manifest | undefined> {
    const entry = this.zip.entries.get(MANIFEST);
    if (!entry) {
      this.faults.add('manifest-missing', MANIFEST, 'it is not there, so that nothing can be compared with it');
      return undefined;
    }
    try {
      const reader = new ByteReader(this.zip.content(entry));
      const text = await reader.rest(MOST_MANIFEST_BYTES);
      await reader.close();
      return manifestOf(JSON.parse(text?.toString('utf8') ?? ''));
    } catch (error) {
      this.faults.add('manifest-unreadable', MANIFEST, (error as Error).message);
      return undefined;
    }
  }

  #compareNames({ files }: Manifest): void {
    const there = [...this.zip.entries.keys()].filter((name) => name !== MANIFEST);
    const listed = files.map(({ name }) => name);
    const known = new Set(listed);
    for (const name of listed) {
      if (!this.zip.entries.has(name))
        this.faults.add('file-missing', name, 'the manifest lists it, but it is not there');
    }
    for (const name of there) {
      if (!known.has(name)) this.faults.add('file-unlisted', name, 'it is there, but the manifest does not list it');
    }
    if (
      there.length === listed.length &&
      there.every((name) => known.has(name)) &&
      there.join('/') !== listed.join('/')
    ) {
      this.faults.add('file-order', MANIFEST, 'the zip has the files in another order than the manifest');
    }
  }

  async #file(entry: ZipEntry, listed: ListedFile | undefined, manifest: Manifest | undefined): Promise<number | null> {
    const { name } = entry;
    const hash = createHash('sha256');
    let crc = 0;
    let bytes = 0;
    const reader = new ByteReader(this.zip.content(entry), (chunk) => {
      hash.update(chunk);
      crc = crc32(chunk, crc);
      bytes += chunk.length;
    });
    const fault: CheckedFile['fault'] = (code, message) => this.faults.add(code, name, message);
    const check = this.skip(name) ? undefined : checkOf(name, listed);
    let rows: number | null = null;
    let checked = false;
    try {
      if (check) {
        rows = await check.check({ name, bytes: entry.bytes, listed, reader, fault }, this.#context(manifest));
        checked = true;
      }
      await reader.drain();
    } catch (error) {
      this.signal?.throwIfAborted();
      fault('zip-content', `it cannot be read to its end: ${(error as Error).message}`);
      return rows;
    } finally {
      await reader.close();
    }
    if (bytes !== entry.bytes) fault('zip-content', `it has ${bytes} bytes where the zip says ${entry.bytes}`);
    if (crc !== entry.crc32) fault('zip-content', 'its CRC is not the one that the zip has of it');
    if (!listed) return rows;
    if (bytes !== listed.bytes) fault('file-bytes', `it has ${bytes} bytes where the manifest says ${listed.bytes}`);
    const sha256 = hash.digest('hex');
    if (sha256 !== listed.sha256)
      fault('file-checksum', `its SHA-256 is ${sha256}, the manifest says ${listed.sha256}`);
    if (checked && listed.rows !== rows && !(listed.tables && rows === null)) {
      fault('row-count', `it has ${rows ?? 'no'} records where the manifest says ${listed.rows ?? 'none'}`);
    }
    return rows;
  }

  #context(manifest: Manifest | undefined): CheckContext {
    const { entries } = this.zip;
    const entry = (name: string) => {
      const found = entries.get(name);
      if (!found) throw new Error(`${name} is not there`);
      return found;
    };
    return {
      manifest,
      links: this.#links,
      signal: this.signal,
      has: (name) => entries.has(name),
      sizeOf: (name) => entries.get(name)?.bytes ?? 0,
      open: (name) => {
        const found = entries.get(name);
        return found && new ByteReader(this.zip.content(found));
      },
      random: async (name) => {
        const within = this.zip.within(entry(name));
        if (within) return within;
        const file = await bytesOfFile(await this.#copy(entry(name)));
        this.#closings.push(() => file.close());
        return file;
      },
      copy: (name) => this.#copy(entry(name)),
    };
  }

  async #copy(entry: ZipEntry): Promise<string> {
    this.folder.made ??= temporaryFolder('verify');
    const path = join(await this.folder.made, `${++this.#copies}`);
    await pipeline(Readable.from(this.zip.content(entry)), createWriteStream(path), { signal: this.signal });
    return path;
  }

  /** Relationships that lead nowhere are a fault only where the manifest does not tell of them. */
  #dangling(manifest: Manifest | undefined): void {
    const lacking = manifest?.missing.some(({ step, shard }) => shard !== null && step !== 'relationships');
    const declared = manifest?.warnings
      .filter(({ code }) => DECLARED.test(code))
      .reduce((sum, { count }) => sum + count, 0);
    for (const [name, { count, examples }] of this.#links.dangling) {
      if (lacking || count <= (declared ?? 0)) continue;
      const message = `${count} references of its relationships lead nowhere, and the manifest tells of ${declared ?? 0}: ${examples.join('; ')}`;
      this.faults.add('relationship-dangling', name, message);
    }
  }
}

/** Throws where it is not shaped as ours are. */
function manifestOf(value: unknown): Manifest {
  const complain = (what: string) => new Error(`it has no ${what}`);
  if (!isObject(value)) throw new Error('it is no JSON object');
  const { files, missing = [], warnings = [], export: made } = value;
  const isFile = (file: unknown) =>
    isObject(file) &&
    typeof file.name === 'string' &&
    typeof file.bytes === 'number' &&
    typeof file.sha256 === 'string';
  if (!Array.isArray(files) || !files.every(isFile)) throw complain('list of files with name, bytes and sha256');
  if (!Array.isArray(missing) || !Array.isArray(warnings)) throw complain('lists of what is missing and of warnings');
  if (!isObject(made) || !isObject(made.asked)) throw complain('export.asked');
  return value as unknown as Manifest;
}
