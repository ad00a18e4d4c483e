/** What the checks of the files of a bundle are given, and have in common. */
import type { ByteReader } from './byte-reader.js';
import type { FaultCode } from './faults.js';
import type { Links } from './links.js';
import type { RandomBytes } from './zip-file.js';

/** A column as the manifest describes it. */
interface ListedColumn {
  name: string;
}

/** What manifest.json says of a file. */
export interface ListedFile {
  name: string;
  rows: number | null;
  bytes: number;
  sha256: string;
  /** Id of the resource whose file it is; absent elsewhere. */
  resource?: string;
  columns?: readonly ListedColumn[];
  tables?: readonly { name: string; sheets?: readonly string[]; rows: number; columns: readonly ListedColumn[] }[];
}

/** manifest.json, as far as a check goes by it. */
export interface Manifest {
  manifestVersion: number;
  export: { asked: { csv?: { bom?: boolean; delimiter?: string; labels?: boolean } } };
  files: readonly ListedFile[];
  missing: readonly { step: string | null; shard: number | null }[];
  warnings: readonly { code: string; count: number }[];
}

/** A file of the bundle that is being checked. */
export interface CheckedFile {
  name: string;
  bytes: number;
  /** What the manifest says of it; undefined where it does not list it. */
  listed: ListedFile | undefined;
  /** Its content, from the beginning. What a check leaves is read behind it. */
  reader: ByteReader;
  /** Tells what is wrong with it. */
  fault(code: FaultCode, message: string): void;
}

export interface CheckContext {
  manifest: Manifest | undefined;
  links: Links;
  has(name: string): boolean;
  /** Size of another file; 0 where there is none. */
  sizeOf(name: string): number;
  /** Another file's content, to be closed by the caller; undefined where there is none. Faults in it are told when it is checked itself. */
  open(name: string): ByteReader | undefined;
  /** The file's bytes at any place; where it is packed, those of a copy on this machine's disk. */
  random(name: string): Promise<RandomBytes>;
  /** Path of a copy of the file on this machine's disk, which goes when the bundle is checked. */
  copy(name: string): Promise<string>;
  signal: AbortSignal | undefined;
}

/** Checks the files of one format. */
export interface FormatCheck {
  /** Of the names of its files, with the dot. */
  extensions: readonly string[];
  /** Lower ones first: what others refer to is read before these. */
  rank(name: string): number;
  /**
   * Reads a file and tells what is wrong with it. What it throws is told as damage of the file.
   * @returns the records in it; null where it has none
   */
  check(file: CheckedFile, context: CheckContext): Promise<number | null>;
}

/** The folder of a file in the bundle, with its slash, and its name in there without the extension. */
export function partsOf(name: string): { folder: string; base: string; extension: string } {
  const slash = name.lastIndexOf('/') + 1;
  const dot = name.lastIndexOf('.');
  const end = dot < slash ? name.length : dot;
  return { folder: name.slice(0, slash), base: name.slice(slash, end), extension: name.slice(end) };
}
