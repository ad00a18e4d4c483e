import type { Readable } from 'node:stream';

/** Writes one object; nothing is seen under its key until {@link StorageWriter.commit}. */
export interface StorageWriter {
  /** Bytes written so far. */
  readonly bytes: number;
  /** Takes a chunk, which must not be changed afterwards; awaiting it is the backpressure. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Makes the object visible, whole, in the place of any before it. One that is durable is on the disk by then, its name and
   * folders too, and a loss of power does not take it away.
   */
  commit(): Promise<void>;
  /** Leaves nothing behind. Safe to call at any time, also after a failed write. */
  abort(): Promise<void>;
}

/**
 * Where fragments and bundles live, shared by every replica. Keys are `/`-separated, relative, and made by us:
 * a key with an empty, `.` or `..` segment is refused.
 */
export interface Storage {
  /** @param options.durable have its commit wait for the disk: for what cannot be made again once the database says it is there */
  create(key: string, options?: { durable?: boolean }): Promise<StorageWriter>;
  put(key: string, bytes: Uint8Array | string): Promise<void>;
  /** Streams an object, or the part of it from `start` to `end`, both included. Emits an error if it does not exist. */
  read(key: string, range?: { start: number; end: number }): Readable;
  readAll(key: string): Promise<Buffer>;
  /** Size of an object; undefined where there is none. */
  stat(key: string): Promise<{ bytes: number } | undefined>;
  /** Removes an object; none there is no error. */
  remove(key: string): Promise<void>;
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
