/**
 * How bundles go, in two steps that a kill may come between: out of everybody's reach, by their rows; then, once nobody reads
 * them any more, out of storage. The rows stay.
 */
import type { Connection, Database } from '../database.js';
import type { RemovedBundle } from './files.js';

/** A bundle whose bytes are to go. */
export interface ToClear {
  id: string;
  exportId: string;
  storageKey: string;
  bytes: number;
}

/** Which bundles: `expired` are over their time and no longer kept; `undecided` are not what their export was decided with. */
export type Over = 'expired' | 'undecided';

const OVER: Record<Over, string> = {
  expired: `f.owner_kind = 'project' and f.expires_at < now() and e.outcome is not null
    and (e.pinned_until is null or e.pinned_until < now())`,
  undecided: `f.owner_kind = 'user' and (e.outcome is not null or e.generation > f.generation)`,
};

export class RemovalService {
  constructor(readonly db: Database) {}

  /** Whether any bundle is over, or waits to be cleared: what a round asks before it begins. */
  async any(graceMs: number): Promise<boolean> {
    const over = Object.values(OVER).map((where) => `exists (${overSql(where)})`);
    const { rows } = await this.db.raw<{ rows: { any: boolean }[] }>(
      `select ${over.join(' or ')} or exists (select from files where ${TO_CLEAR}) as any`,
      { graceMs },
    );
    return rows[0]?.any ?? false;
  }

  /**
   * Puts bundles that are over out of reach. None of an export in flight, and none that somebody pins at this moment: their
   * exports' rows are locked, and looked at again.
   * @param limit most at once
   */
  async take(trx: Connection, over: Over, limit: number): Promise<RemovedBundle[]> {
    const { rows } = await trx.raw<{ rows: RemovedBundle[] }>(
      `update files set removed_at = now(), cleared_at = null
       where removed_at is null and id in (${overSql(OVER[over])} limit :limit for no key update of e skip locked)
       returning id, export_id as "exportId", generation`,
      { limit },
    );
    return rows;
  }

  /**
   * Bundles out of reach whose bytes may go, in the order of their ids.
   * @param after the id behind which to go on
   * @param graceMs so long after it was put out of reach a bundle stays for those who have just begun to read it; whoever
   *   reads for longer says so (`read_until`). One that was never decided with was never read
   */
  async toClear(after: string | undefined, limit: number, graceMs: number): Promise<ToClear[]> {
    const { rows } = await this.db.raw<{ rows: ToClear[] }>(
      `select id, export_id as "exportId", storage_key as "storageKey", bytes from files
       where ${TO_CLEAR} and (cast(:after as uuid) is null or id > cast(:after as uuid)) order by id limit :limit`,
      { after: after ?? null, limit, graceMs },
    );
    return rows;
  }

  /** Notes that the bytes of bundles are gone from storage. */
  async noteCleared(ids: readonly string[]): Promise<void> {
    await this.db('files').whereIn('id', ids).whereNotNull('removed_at').update({ cleared_at: this.db.fn.now() });
  }

  /** Notes that somebody reads a bundle, for so long from now. */
  async noteReading(id: string, forMs: number): Promise<void> {
    await this.db('files')
      .where({ id })
      .update({ read_until: this.db.raw(`now() + ? * interval '1 millisecond'`, [forMs]) });
  }
}

const overSql = (where: string) => `select f.id from files f join exports e on e.id = f.export_id
  where f.kind = 'bundle' and f.removed_at is null and ${where}`;

const TO_CLEAR = `kind = 'bundle' and removed_at is not null and cleared_at is null
  and (owner_kind = 'user' or removed_at <= now() - :graceMs * interval '1 millisecond')
  and (read_until is null or read_until < now())`;
