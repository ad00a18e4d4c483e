/** Files that records name by their URLs, as a reduce may have them fetched. */
import type { ByteSink } from '../formats/sink.js';

/** How much may be fetched for one export, in bytes. */
export interface FileLimits {
  file: number;
  all: number;
}

/** What takes a file, and forgets it where it breaks off. */
export interface FileTarget extends ByteSink {
  abort(): Promise<void>;
}

export interface FileSource {
  readonly limits: FileLimits;
  /**
   * Fetches a file, tried as often as makes sense.
   * @param open makes a target for each attempt; that of an attempt that failed is aborted
   * @returns the target that has the whole file
   * @throws ExportError whose message goes on after "could not be fetched:"
   */
  fetch<T extends FileTarget>(url: string, open: () => Promise<T>): Promise<T>;
}
