/** Removes uploads that nothing has referred to within their time: first from everybody's reach, then bytes, then rows. */
import { type UploadService, uploadFolder } from '@parcelpost/shared/db/services/uploads.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';

/** Uploads removed in one round. */
const AT_ONCE = 500;

/**
 * One round. What a killed producer left half done is done again.
 * @returns how many were removed
 * @throws where storage does not remove one; all others of the round are done
 */
export async function clearUploads(uploads: UploadService, storage: Storage, ttlMs: number): Promise<number> {
  const gone: string[] = [];
  const failed: unknown[] = [];
  for (const id of await uploads.takeStale(ttlMs, AT_ONCE)) {
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
