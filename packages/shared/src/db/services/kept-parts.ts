/** What decided exports have in storage beside their bundles: parts kept for another try, and what nobody will read. */
import type { Connection, Database } from '../database.js';
import type { ExportRow } from './exports.js';

/** Whoever decides clears away what a whole bundle was made of; so long after that a round looks whether they did. */
export const CLEARING_MS = 5 * 60_000;

/** An export whose parts are to go, and what tells where they are. */
export interface KeptParts extends Pick<ExportRow, 'id' | 'generation' | 'organization' | 'project'> {
  /** Storage keys of the bundles of all its generations that are still in storage. */
  bundles: string[];
  /** How often the merge of each generation was started: each start may have left a bundle, or a piece of one. */
  merges: { generation: number; starts: number }[];
  /**
   * Whether it kept what it made for other exports. That its rows have passed to a newer one says nothing: who has found them before
   * may still be reading, and has its time reach further.
   */
  finished: boolean;
}

/**
 * The column `parts_until` of exports: from when on there is to be nothing but bundles. The decision sets it, for all
 * outcomes, since its worker may die before it has cleared away; a retry takes it back.
 */
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
      const { rows } = await trx.raw<{ rows: { generation: number }[] }>(
        `select generation from exports where id = ? and parts_until < now() and outcome is not null
         for no key update skip locked`,
        [id],
      );
      const parts = rows[0] && (await partsOf(trx, id, rows[0].generation));
      if (!parts) return false;
      await remove(parts);
      await trx('exports').where({ id }).update({ parts_until: null });
      return true;
    });
  }

  /** What a decided generation, and those before it, may have in storage; undefined once there is a later one. */
  async of(id: string, generation: number): Promise<KeptParts | undefined> {
    return partsOf(this.db, id, generation);
  }

  /** Notes that a completed export which kept nothing for others has nothing in storage any more but its bundle. */
  async noteCleared(id: string, generation: number): Promise<void> {
    await this.db('exports').where({ id, generation, outcome: 'completed' }).update({ parts_until: null });
  }
}

async function partsOf(db: Connection, id: string, generation: number): Promise<KeptParts | undefined> {
  const { rows } = await db.raw<{ rows: KeptParts[] }>(
    `select id, generation, organization, project,
       array(
         select storage_key from files where export_id = e.id and owner_kind = 'project' and cleared_at is null
       ) as bundles,
       array(
         select json_build_object('generation', j.generation, 'starts', j.starts)
         from export_jobs j where j.export_id = e.id and j.kind = 'merge' order by j.generation
       ) as merges,
       coalesce(parts_until > decided_at + ? * interval '1 millisecond', false) as finished
     from exports e where id = ? and generation = ? and outcome is not null`,
    // The clocks of worker and database may differ; kept for others means hours.
    [2 * CLEARING_MS, id, generation],
  );
  return rows[0];
}
