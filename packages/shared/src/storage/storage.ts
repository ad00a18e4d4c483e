import type { Readable } from 'node:stream';

/** Writes one object; nothing is seen under its key until {@link StorageWriter.commit}. */
export interface StorageWriter {
  /** Bytes written so far. */
  readonly bytes: number;
  /** Takes a chunk, which must not be changed afterwards; awaiting it is the backpressure. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the object visible, whole, in the place of any before it. */
  commit(): Promise<void>;
  /** Leaves nothing behind. Safe to call at any time, also after a failed write. */
  abort(): Promise<void>;
}

/** An object that is held open; it is to be read once, or closed. */
export interface OpenObject {
  readonly bytes: number;
  /** The whole, or the part from `start` to `end`, both included. Lets go of the object at its end, and when it is destroyed. */
  read(range?: { start: number; end: number }): Readable;
  close(): Promise<void>;
}

/** An object as a listing names it. */
export interface ListedObject {
  key: string;
  bytes: number;
  modified: Date;
}

/**
 * Where fragments and bundles live, shared by every replica. Keys are `/`-separated, relative, and made by us:
 * a key with an empty, `.` or `..` segment is refused.
 */
export interface Storage {
  create(key: string): Promise<StorageWriter>;
  /**
   * Resolves when an object is on the disk, its name and folders too, so that a loss of power does not take it away: for what
   * cannot be made again once the database says that it is there. Throws where there is no such object.
   */
  sync(key: string): Promise<void>;
  put(key: string, bytes: Uint8Array | string): Promise<void>;
  /** Streams an object, or the part of it from `start` to `end`, both included. Emits an error if it does not exist. */
  read(key: string, range?: { start: number; end: number }): Readable;
  readAll(key: string): Promise<Buffer>;
  /**
   * Opens an object, whose size and bytes stay as they are then: removed meanwhile it is read to its end all the same, where
   * the store is a folder of this machine; a shared one may forget it sooner.
   * @returns undefined where there is none
   */
  open(key: string): Promise<OpenObject | undefined>;
  /** Size of an object; undefined where there is none. */
  stat(key: string): Promise<{ bytes: number } | undefined>;
  /** Removes an object; none there is no error. */
  remove(key: string): Promise<void>;
  /**
   * All objects, and what writers that were killed have left of some, folder by folder, in no order that is promised. Holds one
   * folder's position at a time in memory, never all keys. What comes or goes meanwhile may be named, or not.
   */
  list(): AsyncGenerator<ListedObject, void, undefined>;
  /** Removes every object below `prefix/`. */
  removePrefix(prefix: string): Promise<void>;
}

/** Refuses keys that could leave the store. */
export function checkKey(key: string): string {
  if (!/^[\w.@+-]+(\/[\w.@+-]+)*$/.test(key) || key.split('/').some((segment) => /^\.+$/.test(segment))) {
    throw new Error(`storage key ${JSON.stringify(key)} is not a relative path of plain segments`);
  }
  return key;
}
