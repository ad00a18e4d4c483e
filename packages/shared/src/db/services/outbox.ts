import { createHash } from 'node:crypto';
import type { ExportFailure } from '../../errors.js';
import type { Signature } from '../../export-request.js';
import type { Connection, Database } from '../database.js';

export type Hook = 'enter' | 'onSuccess' | 'onFailure';
export type OutboxState = 'pending' | 'entered' | 'active' | 'done' | 'failed';

/** What is to be put into a queue once the transaction that wrote it has been committed. */
export interface OutboxEntry {
  exportId: string;
  generation: number;
  hook: Hook;
  position: number;
  task: string;
  args: Record<string, unknown>;
  options: Signature['options'];
  input: unknown;
}

export interface OutboxRow extends OutboxEntry {
  /** Derived by {@link outboxId}; also the id of the job, so that entering it twice is a no-op. */
  id: string;
  state: OutboxState;
  attempts: number;
  result: unknown;
  error: Pick<ExportFailure, 'code' | 'message'> | null;
  createdAt: Date;
  enteredAt: Date | null;
  finishedAt: Date | null;
}

const COLUMNS = {
  id: 'id',
  exportId: 'export_id',
  generation: 'generation',
  hook: 'hook',
  position: 'position',
  task: 'task',
  args: 'args',
  options: 'options',
  input: 'input',
  state: 'state',
  attempts: 'attempts',
  result: 'result',
  error: 'error',
  createdAt: 'created_at',
  enteredAt: 'entered_at',
  finishedAt: 'finished_at',
} as const;

/** The id of a place in the outbox: the same whenever, and by whomever, it is filled (a UUID of version 8, RFC 9562). */
export function outboxId({
  exportId,
  generation,
  hook,
  position,
}: Omit<OutboxEntry, 'task' | 'args' | 'options' | 'input'>): string {
  const bytes = createHash('sha256').update(`${exportId}/${generation}/${hook}/${position}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Writes entries into the outbox. A place (export, generation, hook, position) that is taken stays as it is. */
export async function insertOutbox(trx: Connection, entries: readonly OutboxEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await trx('outbox')
    .insert(
      entries.map((entry) => ({
        id: outboxId(entry),
        export_id: entry.exportId,
        generation: entry.generation,
        hook: entry.hook,
        position: entry.position,
        place: entry.hook === 'enter' ? 'enter' : `${entry.hook}/${entry.position}`,
        task: entry.task,
        args: JSON.stringify(entry.args),
        options: JSON.stringify(entry.options),
        input: JSON.stringify(entry.input),
      })),
    )
    .onConflict(['export_id', 'generation', 'place'])
    .ignore();
}

/** The rows of `outbox`: each brings an export into its queue, or is a follow-up on its way. */
export class OutboxService {
  constructor(readonly db: Database) {}

  async get(id: string): Promise<OutboxRow | undefined> {
    return this.db('outbox').where({ id }).first<OutboxRow | undefined>(COLUMNS);
  }

  /** The follow-ups of an export, of all its generations, in their order. */
  async followUps(exportId: string): Promise<OutboxRow[]> {
    return this.db('outbox')
      .where({ export_id: exportId })
      .whereNot('hook', 'enter')
      .orderBy(['generation', 'hook', 'position'])
      .select<OutboxRow[]>(COLUMNS);
  }

  /**
   * Hands pending rows to `enter` and marks them entered; rows that another process is entering are passed over.
   * When `enter` throws, they stay pending.
   * @returns how many were entered
   */
  async takePending(limit: number, enter: (rows: OutboxRow[]) => Promise<void>): Promise<number> {
    return this.db.transaction(async (trx) => {
      const rows = await trx('outbox')
        .where({ state: 'pending' })
        .orderBy(['created_at', 'position'])
        .limit(limit)
        .forUpdate()
        .skipLocked()
        .select<OutboxRow[]>(COLUMNS);
      if (rows.length === 0) return 0;
      await enter(rows);
      await trx('outbox')
        .whereIn(
          'id',
          rows.map(({ id }) => id),
        )
        .update({ state: 'entered', entered_at: trx.fn.now() });
      return rows.length;
    });
  }

  /** Has an export entered into the queue again, after the queue lost it. @returns whether this call did so */
  async enterAgain(exportId: string, generation: number): Promise<boolean> {
    const changed = await this.db('outbox')
      .where({ export_id: exportId, generation, hook: 'enter', state: 'entered' })
      .update({ state: 'pending' });
    return changed === 1;
  }

  /**
   * Follow-ups that were entered at least `ageMs` ago and have not come to their end, in the order of their ids.
   * @param after the id behind which to go on
   */
  async onTheirWay(ageMs: number, after: string | undefined, limit: number): Promise<Pick<OutboxRow, 'id' | 'task'>[]> {
    const query = this.db('outbox')
      .whereNot({ hook: 'enter' })
      .whereIn('state', ['entered', 'active'])
      .where('entered_at', '<=', this.db.raw(`now() - ? * interval '1 millisecond'`, [ageMs]))
      .orderBy('id')
      .limit(limit)
      .select<Pick<OutboxRow, 'id' | 'task'>[]>('id', 'task');
    if (after !== undefined) query.where('id', '>', after);
    return query;
  }

  /** Has follow-ups entered into their queues again, after those lost them. @returns how many; ended ones stay so */
  async sendAgain(ids: readonly string[]): Promise<number> {
    return this.db('outbox').whereIn('id', ids).whereIn('state', ['entered', 'active']).update({ state: 'pending' });
  }

  /** Notes the start of an attempt. @returns false when the follow-up is done already */
  async begin(id: string, attempt: number): Promise<boolean> {
    const changed = await this.db('outbox')
      .where({ id })
      .whereNot({ state: 'done' })
      .update({ state: 'active', attempts: attempt, error: null });
    return changed === 1;
  }

  /** Notes what a follow-up came to; the first result stays. */
  async finish(id: string, result: unknown): Promise<void> {
    await this.db('outbox')
      .where({ id })
      .whereNot({ state: 'done' })
      .update({ state: 'done', result: JSON.stringify(result ?? null), error: null, finished_at: this.db.fn.now() });
  }

  /**
   * Notes a failed attempt; `final` says that there will be no other.
   * @returns false when the follow-up is done, by a worker that took it over: then this failure means nothing
   */
  async fail(id: string, error: { code: string; message: string }, final: boolean): Promise<boolean> {
    const changed = await this.db('outbox')
      .where({ id })
      .whereNot({ state: 'done' })
      .update({
        state: final ? 'failed' : 'entered',
        error: JSON.stringify(error),
        finished_at: final ? this.db.fn.now() : null,
      });
    return changed === 1;
  }
}
