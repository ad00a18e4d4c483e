/** Whose files are: the owner's columns of `files`, whatever kind of file a row is. */
import type { FileOwner } from '../../files/owner.js';
import type { Connection } from '../database.js';

/** A file as somebody stands to it who wants to give it. */
export interface OwnedFile {
  id: string;
  owner: FileOwner;
  pinned: boolean;
}

export class OwnershipService {
  /**
   * Files that are there, whole, by their ids. One query, however many they are.
   * @param ids UUIDs
   * @param options.lock keeps them as they are until the transaction ends; in the order of their ids, so that two that want
   *   the same files do not wait for each other
   */
  async look(db: Connection, ids: readonly string[], { lock }: { lock: boolean }): Promise<Map<string, OwnedFile>> {
    const query = db('files')
      .whereIn('id', ids)
      .whereNull('removed_at')
      .whereNotNull('arrived_at')
      .orderBy('id')
      .select<{ id: string; owner_kind: FileOwner['kind']; owner_id: string; pinned: boolean }[]>(
        'id',
        'owner_kind',
        'owner_id',
        'pinned',
      );
    if (lock) query.forNoKeyUpdate();
    const rows = await query;
    return new Map(
      rows.map(({ id, owner_kind, owner_id, pinned }) => [
        id,
        { id, owner: { kind: owner_kind, id: owner_id }, pinned },
      ]),
    );
  }

  /** Gives files to an owner. One statement, however many they are. */
  async give(trx: Connection, ids: readonly string[], to: FileOwner, pinned: boolean): Promise<void> {
    await trx('files').whereIn('id', ids).update({ owner_kind: to.kind, owner_id: to.id, pinned });
  }
}
