/** Files that people upload, until something refers to them. */
import type { FileOwner } from '../../files/owner.js';
import type { Database } from '../database.js';
import { checkUploads, type UploadLimits } from './upload-limits.js';

export interface NewUpload {
  /** Made by the caller, since the storage key is derived from it. */
  id: string;
  name: string;
  mediaType: string;
  owner: FileOwner;
  /** As many as it may have: they count as its uploader's until it has arrived. */
  bytes: number;
}

/** All that storage may hold of an upload lies below this, also what a killed process has left of it. */
export const uploadFolder = (id: string): string => `uploads/${id}`;

/** Where the bytes of an upload lie, before and after it is attached. */
export const uploadKey = (id: string): string => `${uploadFolder(id)}/file`;

/**
 * The rows of `files` that are uploads. The row comes first, then the bytes: what a killed process leaves is known, and goes
 * when its time is over.
 */
export class UploadService {
  constructor(readonly db: Database) {}

  /**
   * Notes that a file is on its way. Nobody can refer to it yet.
   * @throws {TooManyUploadsError} where as much of its owner's waits as may
   */
  async begin({ id, name, mediaType, owner, bytes }: NewUpload, limits: UploadLimits): Promise<void> {
    await this.db.transaction(async (trx) => {
      await checkUploads(trx, owner, bytes, limits);
      await trx('files').insert({
        id,
        kind: 'upload',
        name,
        media_type: mediaType,
        storage_key: uploadKey(id),
        bytes,
        sha256: '',
        owner_kind: owner.kind,
        owner_id: owner.id,
      });
    });
  }

  /**
   * Notes that all of a file is in storage.
   * @returns false where it was removed meanwhile, since it took too long
   */
  async arrived(id: string, { bytes, sha256 }: { bytes: number; sha256: string }): Promise<boolean> {
    const changed = await this.db('files')
      .where({ id, kind: 'upload', arrived_at: null, removed_at: null })
      .update({ bytes, sha256, arrived_at: this.db.fn.now() });
    return changed === 1;
  }

  /**
   * Takes uploads that nothing has referred to within their time out of everybody's reach, and names them; with them those
   * that an earlier call has named, and whose rows are still there. One that is being attached at this moment is left alone.
   * @param ttlMs how long an upload may wait
   */
  async takeStale(ttlMs: number, limit: number): Promise<string[]> {
    const { rows } = await this.db.raw<{ rows: { id: string }[] }>(
      `update files set removed_at = coalesce(removed_at, now()) where id in (
         select id from files
         where kind = 'upload' and owner_kind = 'user'
           and (removed_at is not null or created_at < now() - :ttlMs * interval '1 millisecond')
         order by id limit :limit for update skip locked)
       returning id`,
      { ttlMs, limit },
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Takes an upload out of everybody's reach that nothing refers to; its bytes and its row go with the next clearing.
   * @returns false where there is no such upload of this owner, or it belongs to a record by now
   */
  async discard(id: string, owner: FileOwner): Promise<boolean> {
    const changed = await this.db('files')
      .where({ id, kind: 'upload', owner_kind: owner.kind, owner_id: owner.id, removed_at: null })
      .update({ removed_at: this.db.fn.now() });
    return changed === 1;
  }

  /** Forgets uploads whose bytes are gone: those that were taken out of reach, or have not arrived. */
  async forget(ids: readonly string[]): Promise<void> {
    await this.db('files')
      .whereIn('id', ids)
      .andWhere({ kind: 'upload', owner_kind: 'user' })
      .andWhere((gone) => gone.whereNotNull('removed_at').orWhereNull('arrived_at'))
      .delete();
  }
}
