/** Parts of exports without a whole bundle, which are kept in storage for another try, and no longer than that. */
import type { Database } from '../database.js';
import type { ExportRow } from './exports.js';

/** An export whose parts are to go, and where they are. */
export interface KeptParts extends Pick<ExportRow, 'id' | 'generation' | 'organization' | 'project'> {
  /** Whether one of its generations has left a bundle that is still there. */
  hasBundle: boolean;
}

/** The column `parts_until` of exports. The decision sets it, a retry clears it. */
export class KeptPartsService {
  constructor(readonly db: Database) {}

  /**
   * Decided exports whose parts have had their time, in the order of their ids.
   * @param after the id behind which to go on
   */
  async over(after: string | undefined, limit: number): Promise<{ id: string }[]> {
    const query = this.db('exports')
      .where('parts_until', '<', this.db.fn.now())
      .whereNotNull('outcome')
      .orderBy('id')
      .limit(limit)
      .select<{ id: string }[]>('id');
    return after === undefined ? query : query.where('id', '>', after);
  }

  /**
   * Has the parts of an export removed, and notes it. A retry waits meanwhile, and finds them gone; where one has begun,
   * or another worker is at it, nothing is done.
   * @param remove takes them from storage; when it throws, they stay noted
   * @returns whether it was done
   */
  async clear(id: string, remove: (parts: KeptParts) => Promise<void>): Promise<boolean> {
    return this.db.transaction(async (trx) => {
      const { rows } = await trx.raw<{ rows: KeptParts[] }>(
        `select id, generation, organization, project,
           exists (select from files where export_id = exports.id and removed_at is null) as "hasBundle"
         from exports where id = ? and parts_until < now() and outcome is not null
         for no key update skip locked`,
        [id],
      );
      const [parts] = rows;
      if (!parts) return false;
      await remove(parts);
      await trx('exports').where({ id }).update({ parts_until: null });
      return true;
    });
  }
}
