/** How much may be fetched: of each file, and of all files of an export. */
import { ExportError } from '@parcelpost/shared/errors.js';
import type { FileLimits } from '../file-source.js';

/** What one attempt at a file takes of the budget. */
export interface Counted {
  /** Throws a permanent ExportError where the file, or all files together, become too large. */
  take(bytes: number): void;
  /** For an attempt that came to nothing. */
  giveBack(): void;
}

export class FileBudget {
  #taken = 0;

  constructor(readonly limits: FileLimits) {}

  open(): Counted {
    let own = 0;
    return {
      take: (bytes) => {
        own += bytes;
        this.#taken += bytes;
        if (own > this.limits.file) throw tooLarge('it has', this.limits.file, 'RESOURCE_FILE_MB');
        if (this.#taken > this.limits.all) throw tooLarge('the files have', this.limits.all, 'RESOURCE_TOTAL_MB');
      },
      giveBack: () => {
        this.#taken -= own;
        own = 0;
      },
    };
  }
}

const MEGABYTE = 1024 * 1024;

function tooLarge(what: string, limit: number, variable: string): ExportError {
  const message = `${what} more than ${Math.round(limit / MEGABYTE)} MB; the operator may allow more (${variable}).`;
  return new ExportError('resource-too-large', message, true);
}
