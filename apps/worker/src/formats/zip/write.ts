/** Zips entries one after another, by archiver, with memory for one chunk of one entry. */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ExportError } from '@parcelpost/shared/errors.js';
import { ZipArchive } from 'archiver';
import { Gather } from './gather.js';

/** One file of the bundle. */
export interface ZipSource {
  /** Path inside the zip: relative, `/` between its parts. */
  name: string;
  source: Readable | Buffer;
  /** Its size, where it is known; a source that gives more or less fails the zip. */
  bytes: number | null;
  /** Keep it as it is: for media that are compressed already. */
  store?: boolean;
}

export interface ZipOptions {
  /** Of deflate: 0 (none), 1 (fastest) to 9 (smallest). */
  level: number;
  /** Date of every entry, in UTC, so that the same content makes the same zip. Zip knows 1980 to 2107, even seconds. */
  date: Date;
  signal?: AbortSignal;
}

/** What was put in, in its order. */
export interface ZippedEntry {
  name: string;
  bytes: number;
}

/**
 * Writes a zip (PKWARE APPNOTE; zip64 where sizes, offsets or counts need it; names in UTF-8) to `output` and ends it.
 *
 * An entry is asked for when the one before has been consumed. Resolves when the output has taken everything. Whatever
 * fails (an entry's source, its size or name, the output, the signal) rejects with that reason and destroys source and
 * output; the zip is then worth nothing.
 */
export async function writeZip(
  entries: AsyncIterable<ZipSource> | Iterable<ZipSource>,
  output: Writable,
  { level, date, signal }: ZipOptions,
): Promise<ZippedEntry[]> {
  const failure = new AbortController();
  const fail = (reason: unknown) => failure.abort(reason);
  const onAbort = () => fail(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  // Whatever is being waited for, a failure ends the wait.
  const failed = new Promise<never>((_, reject) => {
    const onFailure = () => reject(failure.signal.reason);
    if (failure.signal.aborted) onFailure();
    else failure.signal.addEventListener('abort', onFailure, { once: true });
  });

  const archive = new ZipArchive({ zlib: { level } });
  archive.on('error', fail);
  archive.on('warning', fail);
  const written = finished(output);
  written.catch(fail);
  const gather = new Gather();
  archive.pipe(gather).pipe(output);

  const zipped: ZippedEntry[] = [];
  let current: ZipSource | undefined;
  const run = async () => {
    const names = new Set<string>();
    for await (const entry of entries) {
      current = entry;
      checkEntryName(entry.name, names);
      const given = await append(archive, entry, date, failure);
      zipped.push({ name: entry.name, bytes: given });
    }
    current = undefined;
    await archive.finalize();
    await written;
  };
  try {
    await Promise.race([failed, run()]);
    return zipped;
  } catch (error) {
    const reason = failure.signal.aborted ? failure.signal.reason : error;
    // Ends the wait inside the loop too, which then lets go of the entries.
    fail(reason);
    destroy(current?.source, reason);
    archive.unpipe(gather);
    gather.destroy();
    archive.abort();
    destroy(output, reason);
    throw reason;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function append(
  archive: ZipArchive,
  { name, source, bytes, store = false }: ZipSource,
  date: Date,
  failure: AbortController,
): Promise<number> {
  failure.signal.throwIfAborted();
  let given = 0;
  if (Buffer.isBuffer(source)) {
    given = source.length;
  } else {
    // The archive would end the entry where its source broke off, and say nothing.
    const closedEarly = () => source.errored ?? new Error(`the source of ${name} was closed before its end`);
    if (source.destroyed) throw closedEarly();
    source.on('error', (error) => failure.abort(error));
    source.on('data', (chunk: Uint8Array) => {
      given += chunk.length;
    });
    source.on('close', () => {
      if (!source.readableEnded) failure.abort(closedEarly());
    });
    source.pause();
  }
  const consumed = once(archive, 'entry', { signal: failure.signal });
  archive.append(source, { name, date, store });
  await consumed;
  if (bytes !== null && given !== bytes) {
    const message = `The file ${name} came to ${given} bytes in the bundle where ${bytes} were announced. Ask for the export again.`;
    throw new ExportError('bundle-source', message, false);
  }
  return given;
}

function destroy(stream: Readable | Writable | Buffer | undefined, reason: unknown): void {
  if (!stream || Buffer.isBuffer(stream) || stream.destroyed) return;
  // Its error has been told already.
  stream.on('error', () => {});
  stream.destroy(reason instanceof Error ? reason : undefined);
}

/** Refuses names that an unzip would put elsewhere, that archiver would silently change, or that are there already. */
function checkEntryName(name: string, names: Set<string>): void {
  const parts = name.split('/');
  const wrong =
    parts.some((part) => part === '' || part === '.' || part === '..') ||
    /[\\:]/.test(name) ||
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f]/.test(name) ||
    Buffer.byteLength(name) > 0xffff;
  if (wrong) throw badName(name, 'cannot be a name inside a zip');
  const folded = name.normalize('NFC').toLowerCase();
  if (names.has(folded)) throw badName(name, 'is in the bundle twice');
  names.add(folded);
}

function badName(name: string, what: string): ExportError {
  const message = `The file name ${JSON.stringify(name)} ${what}. Tell the operator this export’s id.`;
  return new ExportError('bundle-name', message, true);
}
