/** Bulk work: what was asked for at once, what is still to be done of it, and what each item came to. */
import type { JsonValue } from '../../export-result.js';
import type { Connection, Database } from '../database.js';
import { KEY_HOURS } from './idempotency-keys.js';

export type BulkAction = 'request' | 'cancel' | 'retry';
/** Of the whole: `waiting` until an item has its answer, `running` until all have. */
export type BulkState = 'waiting' | 'running' | 'done' | 'cancelled';
/** What an item came to. */
export type ItemEnd = 'ok' | 'failed' | 'skipped';

export interface NewBulk {
  /** Made by the caller, since the items are sealed for it. */
  id: string;
  userId: string;
  action: BulkAction;
  /** The items in their order, sealed; null for one that is to be skipped. */
  sealed: readonly (string | null)[];
  /** By which a repeat is known again, for {@link KEY_HOURS} hours. */
  key: string | undefined;
  /** Hash of what was asked. */
  fingerprint: string;
}

export interface BulkRow {
  id: string;
  userId: string;
  action: BulkAction;
  total: number;
  ok: number;
  failed: number;
  skipped: number;
  createdAt: Date;
  cancelledAt: Date | null;
  finishedAt: Date | null;
}

/** An item in hand. */
export interface BulkItem {
  bulkId: string;
  position: number;
  action: BulkAction;
  userId: string;
  sealed: string;
  /** Of a retry: the generation that its first start found; null at the first start. */
  expected: number | null;
  /** How often it was begun since it was last put off, this time included. */
  starts: number;
  createdAt: Date;
}

const SKIPPED = JSON.stringify({ skipped: true });

type Place = Pick<BulkItem, 'bulkId' | 'position'>;

export function bulkStateOf({ total, ok, failed, skipped, cancelledAt }: BulkRow): BulkState {
  const answered = ok + failed + skipped;
  if (answered < total) return answered === 0 ? 'waiting' : 'running';
  return cancelledAt ? 'cancelled' : 'done';
}

/** The rows of `bulks` and `bulk_items`. */
export class BulkService {
  constructor(readonly db: Database) {}

  /**
   * Records what was asked for; a key that is known gives what its first request came to. Of one person's calls at once, each
   * waits for the end of the transaction of the one before.
   * @param mostOpen bulks of one person that may have items without an answer at once; 0 for no limit
   * @returns the id, and whether this call recorded it; `key-reused` where the key stands for something else; `too-many`
   *   where there are as many already as may be
   */
  async create(
    trx: Connection,
    bulk: NewBulk,
    mostOpen: number,
  ): Promise<{ id: string; created: boolean } | 'key-reused' | 'too-many'> {
    const { id, userId, action, key, fingerprint, sealed } = bulk;
    await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`parcelpost.bulks/${userId}`]);
    if (key !== undefined) {
      const old = trx.raw(`now() - ? * interval '1 hour'`, [KEY_HOURS]);
      await trx('bulks').where({ user_id: userId, key }).where('created_at', '<=', old).update({ key: null });
      const known = await trx('bulks')
        .where({ user_id: userId, key })
        .first<{ id: string; fingerprint: string } | undefined>('id', 'fingerprint');
      if (known) return known.fingerprint === fingerprint ? { id: known.id, created: false } : 'key-reused';
    }
    if (mostOpen > 0) {
      const [open] = await trx('bulk_items')
        .where({ user_id: userId, state: 'waiting' })
        .countDistinct({ current: 'bulk_id' });
      if (Number(open?.current) >= mostOpen) return 'too-many';
    }
    await trx('bulks').insert({ id, user_id: userId, action, total: sealed.length, key: key ?? null, fingerprint });
    await trx.raw(
      `insert into bulk_items (bulk_id, user_id, position, sealed, state, answer, finished_at)
       select ?, ?, position - 1, sealed, case when sealed is null then 'skipped' else 'waiting' end,
         case when sealed is null then ?::jsonb end, case when sealed is null then now() end
       from unnest(?::text[]) with ordinality as given(sealed, position)`,
      [id, userId, SKIPPED, [...sealed] as string[]],
    );
    return { id, created: true };
  }

  async get(id: string): Promise<BulkRow | undefined> {
    const { rows } = await this.db.raw<{ rows: BulkRow[] }>(
      `select b.id, b.user_id as "userId", b.action, b.total, b.created_at as "createdAt", b.cancelled_at as "cancelledAt",
         count(*) filter (where i.state = 'ok') as ok, count(*) filter (where i.state = 'failed') as failed,
         count(*) filter (where i.state = 'skipped') as skipped,
         case when bool_and(i.state <> 'waiting') then max(i.finished_at) end as "finishedAt"
       from bulks b join bulk_items i on i.bulk_id = b.id where b.id = ? group by b.id`,
      [id],
    );
    return rows[0];
  }

  /** The answers of all items, in their order; null for one that has none yet. */
  async answers(id: string): Promise<(JsonValue | null)[]> {
    return this.db('bulk_items').where({ bulk_id: id }).orderBy('position').pluck<(JsonValue | null)[]>('answer');
  }

  /**
   * Takes an item that may be begun: people take turns, however many bulks each of them has. Of one person's, the first items
   * of all bulks come before the second ones, so that a short one is not behind a long one. Whoever has not answered it within
   * `leaseMs` has lost it to another.
   * @param after whose turn was last: the next one's, by their ids, is now; empty for the first one's
   */
  async take(trx: Connection, leaseMs: number, after: string): Promise<BulkItem | undefined> {
    for (const those of ['>', '<=']) {
      const { rows } = await trx.raw<{ rows: BulkItem[] }>(
        `update bulk_items set due_at = now() + ? * interval '1 millisecond', starts = starts + 1
         from (
           select bulk_id, position from bulk_items where state = 'waiting' and due_at <= now() and user_id ${those} ?
           order by user_id, position, due_at limit 1 for update skip locked) next
         join bulks on bulks.id = next.bulk_id
         where bulk_items.bulk_id = next.bulk_id and bulk_items.position = next.position
         returning bulk_items.bulk_id as "bulkId", bulk_items.position, bulks.action, bulks.user_id as "userId", sealed, expected,
           starts, bulks.created_at as "createdAt"`,
        [leaseMs, after],
      );
      if (rows[0]) return rows[0];
    }
    return undefined;
  }

  /** Notes which generation a retry has found: once there is a later one, it has been tried again. */
  async expect(trx: Connection, { bulkId, position }: Place, generation: number): Promise<void> {
    await trx('bulk_items').where({ bulk_id: bulkId, position }).update({ expected: generation });
  }

  /** Answers an item, and forgets what was asked. One that was cancelled while it was done has been done. */
  async answer(trx: Connection, { bulkId, position }: Place, state: ItemEnd, answer: JsonValue): Promise<void> {
    await trx('bulk_items')
      .where({ bulk_id: bulkId, position })
      .whereIn('state', ['waiting', 'skipped'])
      .update({ state, answer: JSON.stringify(answer), sealed: null, finished_at: trx.fn.now() });
  }

  /** Puts an item off, or all that wait of its bulk; whoever had that one in hand has outlived it. */
  async postpone(trx: Connection, { bulkId, position }: Place, ms: number, all: boolean): Promise<void> {
    await trx('bulk_items')
      .where({ bulk_id: bulkId, state: 'waiting', ...(!all && { position }) })
      .update({
        due_at: trx.raw(`now() + ? * interval '1 millisecond'`, [ms]),
        starts: trx.raw('case when position = ? then 0 else starts end', [position]),
      });
  }

  /** Skips all that wait. @returns how many; what is in hand at this moment may still be done, and is then answered so */
  async cancel(trx: Connection, id: string): Promise<number> {
    await trx('bulks').where({ id, cancelled_at: null }).update({ cancelled_at: trx.fn.now() });
    return trx('bulk_items').where({ bulk_id: id, state: 'waiting' }).update({
      state: 'skipped',
      answer: SKIPPED,
      sealed: null,
      finished_at: trx.fn.now(),
    });
  }

  /** Removes bulks that were asked for `days` ago, with what they came to, `limit` at most. @returns how many */
  async removeOld(days: number, limit: number): Promise<number> {
    const old = this.db('bulks')
      .where('created_at', '<', this.db.raw(`now() - ? * interval '1 day'`, [days]))
      .limit(limit)
      .select('id');
    return this.db('bulks').whereIn('id', old).delete();
  }
}
