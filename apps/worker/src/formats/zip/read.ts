/** Reads a zip's central directory back, to know that what was stored is whole. */
import { ExportError } from '@parcelpost/shared/errors.js';

/** Reads bytes of the zip, from `start` to `end`, both included. */
export type ReadRange = (start: number, end: number) => Promise<Buffer>;

/** An entry, as the central directory has it; sizes in bytes. */
export interface DirectoryEntry {
  name: string;
  bytes: number;
  compressedBytes: number;
  crc32: number;
  /** Where its local header begins. */
  offset: number;
  /** How it is packed: 0 not at all, 8 deflated. */
  method: number;
  /** General purpose bits; 8: its sizes stand behind it. */
  flags: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const EXTRA64 = 0x0001;
const MAX_COMMENT = 0xffff;
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;

/**
 * The entries of a zip (PKWARE APPNOTE 4.3, zip64 included) in the order of its central directory, which is read at
 * once: some 100 bytes an entry. Throws an ExportError (`bundle-damaged`, not permanent) for what is not a whole zip.
 */
export async function readCentralDirectory(read: ReadRange, size: number): Promise<DirectoryEntry[]> {
  if (size < END_BYTES) throw damagedZip(`it has ${size} bytes only`);
  const tailStart = Math.max(0, size - END_BYTES - MAX_COMMENT - LOCATOR64_BYTES);
  const tail = await read(tailStart, size - 1);
  const at = findEnd(tail);
  let count = tail.readUInt16LE(at + 10);
  let bytes = tail.readUInt32LE(at + 12);
  let start = tail.readUInt32LE(at + 16);
  let end = tailStart + at;
  if (count === MAX_16 || bytes === MAX_32 || start === MAX_32) {
    const locator = at - LOCATOR64_BYTES;
    if (locator >= 0 && tail.readUInt32LE(locator) === LOCATOR64) {
      end = number64(tail, locator + 8);
      if (end + END64_BYTES > size) throw damagedZip('its zip64 record lies behind its end');
      const record = await read(end, end + END64_BYTES - 1);
      if (record.readUInt32LE(0) !== END64) throw damagedZip('its zip64 record is missing');
      count = number64(record, 32);
      bytes = number64(record, 40);
      start = number64(record, 48);
    }
  }
  if (start + bytes !== end) throw damagedZip('its directory is not where it should be');
  if (count === 0) return [];
  return parseDirectory(await read(start, end - 1), count, start);
}

function findEnd(tail: Buffer): number {
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  throw damagedZip('its end is missing');
}

function parseDirectory(directory: Buffer, count: number, directoryStart: number): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_BYTES > directory.length || directory.readUInt32LE(at) !== ENTRY) {
      throw damagedZip(`its directory breaks off after ${i} of ${count} entries`);
    }
    const nameEnd = at + ENTRY_BYTES + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const entry = {
      name: directory.toString('utf8', at + ENTRY_BYTES, nameEnd),
      bytes: directory.readUInt32LE(at + 24),
      compressedBytes: directory.readUInt32LE(at + 20),
      crc32: directory.readUInt32LE(at + 16),
      offset: directory.readUInt32LE(at + 42),
      method: directory.readUInt16LE(at + 10),
      flags: directory.readUInt16LE(at + 8),
    };
    widen(entry, directory.subarray(nameEnd, extraEnd));
    if (entry.offset + entry.compressedBytes > directoryStart) throw damagedZip(`${entry.name} lies behind its end`);
    entries.push(entry);
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  if (at !== directory.length) throw damagedZip('its directory is longer than its entries');
  return entries;
}

/** Takes what did not fit 32 bits from the zip64 extra field, which has only those numbers, in this order. */
function widen(entry: DirectoryEntry, extra: Buffer): void {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== EXTRA64) continue;
    let field = at + 4;
    for (const key of ['bytes', 'compressedBytes', 'offset'] as const) {
      if (entry[key] !== MAX_32) continue;
      entry[key] = number64(extra, field);
      field += 8;
    }
  }
}

function number64(buffer: Buffer, at: number): number {
  if (at + 8 > buffer.length) throw damagedZip('a zip64 number is cut off');
  return Number(buffer.readBigUInt64LE(at));
}

/**
 * Reads the central directory back and compares it with what should be there: the same names, in the same order, with
 * the same sizes. Returns its entries. Throws an ExportError (`bundle-damaged`, not permanent) that names the difference.
 */
export async function verifyZip(
  read: ReadRange,
  size: number,
  expected: readonly { name: string; bytes: number }[],
): Promise<DirectoryEntry[]> {
  const entries = await readCentralDirectory(read, size);
  if (entries.length !== expected.length) {
    throw damagedZip(`it has ${entries.length} entries where ${expected.length} were put in`);
  }
  for (const [i, { name, bytes }] of expected.entries()) {
    const entry = entries[i] as DirectoryEntry;
    if (entry.name !== name) throw damagedZip(`it has ${entry.name} where ${name} was put in`);
    if (entry.bytes !== bytes) throw damagedZip(`${name} has ${entry.bytes} bytes in it where ${bytes} were put in`);
  }
  return entries;
}

/** What is thrown of a zip that is not what was written. */
export function damagedZip(what: string): ExportError {
  return new ExportError(
    'bundle-damaged',
    `The bundle is damaged: ${what}. Ask for the export again; if it happens again, tell the operator this export’s id.`,
    false,
  );
}
