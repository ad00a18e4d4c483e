/** Rows whose object is gone from storage, or is not as long as they say. */

import type { Database } from '@parcelpost/shared/db/database.js';
import { KnownObjects, type StoredFile } from '@parcelpost/shared/db/services/known-objects.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';

/** Rows read together, and objects looked at together. */
const PAGE = 200;
const LOOKS = 16;

/** A file, and how many bytes of it there are; null for none. */
export type LostObject = StoredFile & { found: number | null };

/**
 * Looks whether bundles and added files are in storage, in the order of their ids.
 * @param most files looked at
 */
export async function* lostObjects(
  { db, storage }: { db: Database; storage: Storage },
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<{ looked: number; lost: LostObject[] }, void, undefined> {
  const known = new KnownObjects(db);
  let after: string | undefined;
  for (let left = most; left > 0; ) {
    const files = await known.stored(after, Math.min(PAGE, left));
    if (files.length === 0) return;
    const lost: LostObject[] = [];
    for (let at = 0; at < files.length; at += LOOKS) {
      await Promise.all(
        files.slice(at, at + LOOKS).map(async (file) => {
          const found = (await storage.stat(file.storageKey))?.bytes ?? null;
          if (found !== file.bytes) lost.push({ ...file, found });
        }),
      );
    }
    // What was let go meanwhile is not lost.
    const still = new Set((await known.stored(after, files.length)).map(({ id }) => id));
    yield { looked: files.length, lost: lost.filter(({ id }) => still.has(id)) };
    after = files.at(-1)?.id;
    left -= files.length;
  }
}
