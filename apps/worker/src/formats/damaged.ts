/** The error of a fragment that does not read back as it was written. */
import { ExportError } from '@parcelpost/shared/errors.js';

/** Not permanent: the shard's work can be done again. */
export function damaged(what: string): ExportError {
  return new ExportError('damaged_fragment', `a piece of a file is damaged: ${what}; try the export again`, false);
}
