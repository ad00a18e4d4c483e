/** Which of an export's bundles is its own, and which of them there is to download. */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { FileRow } from '@parcelpost/shared/db/services/files.js';

/**
 * The bundle that an export's row stands for: the one of its own try, also when its time is over; where that has none, or
 * has none yet, the newest that an earlier try has left and that is still there. What was read after the row may be newer
 * than it: nothing of a decision that the row does not know of is given.
 * @param files bundles of this export, in any order
 */
export function bundleOf(
  { generation, outcome }: Pick<ExportRow, 'generation' | 'outcome'>,
  files: readonly FileRow[],
  now: Date,
): FileRow | undefined {
  const own = outcome === null ? undefined : files.find((file) => file.generation === generation);
  if (own) return own;
  return files
    .filter((file) => file.generation < generation && isThere(file, now))
    .reduce<FileRow | undefined>(
      (newest, file) => (newest && newest.generation > file.generation ? newest : file),
      undefined,
    );
}

/** Whether a bundle may be downloaded: it has not been removed, and its time is not over. */
export function isThere(file: Pick<FileRow, 'removedAt' | 'expiresAt'>, now: Date): boolean {
  return file.removedAt === null && (file.expiresAt === null || file.expiresAt > now);
}
