/** The error of a fragment that does not read back as it was written. */
import { ExportError } from '@parcelpost/shared/errors.js';

/**
 * Not permanent, since storage may give the whole fragment at another try; a fragment that stays damaged is not written
 * again within the same export. `what` completes a sentence.
 */
export function damaged(what: string): ExportError {
  return new ExportError(
    'damaged-fragment',
    `A piece of a file is damaged: ${what}. Ask for the export again; if it happens again, tell the operator this export’s id.`,
    false,
  );
}
