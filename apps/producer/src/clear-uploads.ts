/** Removes uploads that nothing has referred to within their time: first from everybody's reach, then bytes, then rows. */
import { type UploadService, uploadFolder } from '@parcelpost/shared/db/services/uploads.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';

/** Uploads removed in one round. */
const AT_ONCE = 500;
/** After so many it is asked whether to go on. */
const ASK_AFTER = 20;

/**
 * One round. What a killed producer left half done is done again.
 * @param goOn whether this producer still is the one that does; without it nobody else does
 * @returns how many were removed
 * @throws where storage does not remove one; all others of the round are done
 */
export async function clearUploads(
  uploads: UploadService,
  storage: Storage,
  ttlMs: number,
  goOn: () => Promise<boolean> = async () => true,
): Promise<number> {
  const gone: string[] = [];
  const failed: unknown[] = [];
  for (const [index, id] of (await uploads.takeStale(ttlMs, AT_ONCE)).entries()) {
    if (index % ASK_AFTER === 0 && !(await goOn())) break;
    try {
      await storage.removePrefix(uploadFolder(id));
      gone.push(id);
    } catch (error) {
      failed.push(error);
    }
  }
  if (gone.length > 0) await uploads.forget(gone);
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} uploads could not be removed from storage`);
  return gone.length;
}
