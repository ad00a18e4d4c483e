/** Finished parts of completed exports, which later exports of the same data take in place of work of their own. */
import type { Connection, Database } from '../database.js';

/** What a step made. `content` is the worker's: storage keys and figures, never data. */
export interface NewPart {
  /** Made of all that bears on the bytes but the version of the step. */
  key: string;
  step: string;
  /** That of the step which made it. */
  version: string;
  bytes: number;
  content: unknown;
}

export interface FinishedPart extends NewPart {
  /** The export that made it, below whose folder it lies. */
  exportId: string;
  madeAt: Date;
}

/** The rows of `finished_parts`. One counts only as long as its export's `parts_until` is to come. */
export class FinishedParts {
  constructor(readonly db: Database) {}

  /** What is there under these keys. */
  async find(keys: readonly string[]): Promise<FinishedPart[]> {
    if (keys.length === 0) return [];
    return this.db('finished_parts as p')
      .join('exports as e', 'e.id', 'p.export_id')
      .whereIn('p.key', keys)
      .andWhere('e.parts_until', '>', this.db.fn.now())
      .select<FinishedPart[]>({
        key: 'p.key',
        step: 'p.step',
        version: 'p.version',
        bytes: 'p.bytes',
        content: 'p.content',
        exportId: 'p.export_id',
        madeAt: 'p.made_at',
      });
  }

  /**
   * Has what these exports made stay at least until then, for who is about to use it.
   * @returns the exports of which it does; of any other it is just being removed, or is gone
   */
  async hold(exportIds: readonly string[], until: Date): Promise<Set<string>> {
    if (exportIds.length === 0) return new Set();
    const { rows } = await this.db.raw<{ rows: { id: string }[] }>(
      `update exports set parts_until = greatest(parts_until, ?::timestamptz)
       where id in (
         select id from exports where id = any(?) and parts_until > now() order by id for no key update skip locked)
       returning id`,
      [until, [...exportIds]],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Notes what an export has made, in the transaction that decides it. The newest of one key counts. */
  async keep(trx: Connection, exportId: string, parts: readonly NewPart[]): Promise<void> {
    if (parts.length === 0) return;
    await trx('finished_parts')
      .insert(
        // In one order, so that two exports that end at once do not wait for each other.
        [...parts]
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .map(({ content, ...part }) => ({ ...part, export_id: exportId, content: JSON.stringify(content) })),
      )
      .onConflict('key')
      .merge(['export_id', 'version', 'bytes', 'content', 'made_at']);
  }

  /** Has nobody take what lies under these keys any more; what is made anew takes its place. @returns how many there were */
  async disown(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0;
    // No step has this version.
    return this.db('finished_parts')
      .whereIn('key', [...keys])
      .whereNot({ version: '' })
      .update({ version: '' });
  }

  /** Removes rows of which nothing is in storage any more; none that stands for a newer part meanwhile. @returns how many there were */
  async removeCleared(limit: number): Promise<number> {
    const { rowCount } = await this.db.raw<{ rowCount: number }>(
      `delete from finished_parts part using exports made
       where made.id = part.export_id and made.parts_until is null and part.key in (
         select p.key from finished_parts p join exports e on e.id = p.export_id where e.parts_until is null limit ?)`,
      [limit],
    );
    return rowCount;
  }
}
