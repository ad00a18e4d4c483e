/** What of the objects in storage the database knows of, and what it knows of that should be there. */
import type { Connection, Database } from '../database.js';

/** An export, as far as that tells which of its objects somebody may still want. */
export interface KnownExport {
  /** It has no outcome: all that is there may be needed. */
  open: boolean;
  /** Its work is kept for another try, or has yet to be cleared away by who does that. */
  parts: boolean;
  /** Keys of bundles whose bytes are not noted as gone. */
  bundles: string[];
}

/** A file that should be in storage. */
export interface StoredFile {
  id: string;
  kind: 'bundle' | 'upload';
  exportId: string | null;
  owner: string;
  storageKey: string;
  bytes: number;
}

export class KnownObjects {
  constructor(readonly db: Database) {}

  /** Which of these uploads have a row, whatever its state. */
  async uploads(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    return new Set(await this.db('files').whereIn('id', ids).andWhere({ kind: 'upload' }).pluck('id'));
  }

  /** Those of these exports that have a row. One query, however many they are. */
  async exports(ids: readonly string[], db: Connection = this.db): Promise<Map<string, KnownExport>> {
    if (ids.length === 0) return new Map();
    const { rows } = await db.raw<{ rows: (KnownExport & { id: string })[] }>(
      `select e.id, e.outcome is null as open, e.parts_until is not null as parts, array(
         select storage_key from files f where f.export_id = e.id and f.cleared_at is null) as bundles
       from exports e where e.id = any(?::uuid[])`,
      [[...ids]],
    );
    return new Map(rows.map(({ id, ...known }) => [id, known]));
  }

  /**
   * Does something while an export stays as it is: nobody tries it again meanwhile.
   * @param work gets it as it is then
   * @returns what the work came to; undefined where somebody else has it in hand
   */
  async holding<Result>(id: string, work: (known: KnownExport) => Promise<Result>): Promise<Result | undefined> {
    return this.db.transaction(async (trx) => {
      const { rows } = await trx.raw<{ rows: object[] }>(
        'select id from exports where id = ? for no key update skip locked',
        [id],
      );
      const known = rows.length > 0 ? (await this.exports([id], trx)).get(id) : undefined;
      return known && work(known);
    });
  }

  /**
   * Bundles that can be downloaded, and files that were added to projects, in the order of their ids.
   * @param after the id behind which to go on
   */
  async stored(after: string | undefined, limit: number): Promise<StoredFile[]> {
    const { rows } = await this.db.raw<{ rows: StoredFile[] }>(
      `select f.id, f.kind, f.export_id as "exportId", f.owner_id as owner, f.storage_key as "storageKey", f.bytes
       from files f left join exports e on e.id = f.export_id
       where f.cleared_at is null and f.removed_at is null and f.owner_kind <> 'user'
         and (f.kind = 'upload' or greatest(f.expires_at, e.pinned_until) > now())
         and (cast(:after as uuid) is null or f.id > cast(:after as uuid))
       order by f.id limit :limit`,
      { after: after ?? null, limit },
    );
    return rows;
  }
}
