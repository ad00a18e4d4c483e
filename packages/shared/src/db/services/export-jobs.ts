import type { ExportFailure } from '../../errors.js';
import type { Connection, Database } from '../database.js';

export type JobKind = 'plan' | 'map' | 'reduce' | 'merge';
export type JobState = 'waiting' | 'active' | 'done' | 'failed' | 'aborted';

/** Which piece of work of an export: `step` is the entity of a map, the output of a reduce. */
export interface JobKey {
  exportId: string;
  generation: number;
  kind: JobKind;
  step: string;
  shard: number;
}

export interface ExportJobRow extends JobKey {
  state: JobState;
  /** Tries spent; a worker that was killed, or asked to stop, spends none. */
  attempts: number;
  /** How often the work was begun, whatever became of it. */
  starts: number;
  rows: number;
  rowsExpected: number | null;
  bytes: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  error: ExportFailure | null;
  /** What the work left for those after it: storage keys and figures, never data. */
  result: unknown;
}

const COLUMNS = {
  exportId: 'export_id',
  generation: 'generation',
  kind: 'kind',
  step: 'step',
  shard: 'shard',
  state: 'state',
  attempts: 'attempts',
  starts: 'starts',
  rows: 'rows',
  rowsExpected: 'rows_expected',
  bytes: 'bytes',
  startedAt: 'started_at',
  finishedAt: 'finished_at',
  error: 'error',
  result: 'result',
} as const;

const KEY = ['export_id', 'generation', 'kind', 'step', 'shard'];

const where = (key: JobKey) => ({
  export_id: key.exportId,
  generation: key.generation,
  kind: key.kind,
  step: key.step,
  shard: key.shard,
});

/** The rows of `export_jobs`: one for each piece of work of an export, as people and later jobs see it. */
export class ExportJobService {
  constructor(readonly db: Database) {}

  /** Notes work that is to be done; work that is known already keeps what it has. */
  async declare(jobs: readonly (JobKey & { rowsExpected: number | null })[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.db('export_jobs')
      .insert(jobs.map((job) => ({ ...where(job), rows_expected: job.rowsExpected })))
      .onConflict(KEY)
      .ignore();
  }

  /** Keeps a plan on its row and notes the shards that it made, together: a repeat of the plan finds both or neither. */
  async keepPlan(
    key: JobKey,
    plan: unknown,
    shards: readonly (JobKey & { rowsExpected: number | null })[],
  ): Promise<void> {
    await this.db.transaction(async (trx) => {
      await trx('export_jobs')
        .where(where(key))
        .update({ result: JSON.stringify(plan) });
      await trx('exports')
        .where({ id: key.exportId, generation: key.generation, outcome: null })
        .update({ phase: 'reading', started_at: trx.raw('coalesce(started_at, now())') });
      if (shards.length === 0) return;
      await trx('export_jobs')
        .insert(shards.map((job) => ({ ...where(job), rows_expected: job.rowsExpected })))
        .onConflict(KEY)
        .ignore();
    });
  }

  /** The plan of a generation, as {@link keepPlan} left it. Throws when there is none. */
  async plan(exportId: string, generation: number): Promise<unknown> {
    const [plan] = await this.results(exportId, generation, 'plan', 'plan');
    if (!plan) throw new Error(`export ${exportId} has no plan in generation ${generation}`);
    return plan;
  }

  /** What the pieces of one step left, in the order of their shards; only of those that are done, and of the plan. */
  async results(exportId: string, generation: number, kind: JobKind, step: string): Promise<unknown[]> {
    const rows = await this.db('export_jobs')
      .where({ export_id: exportId, generation, kind, step })
      .whereNotNull('result')
      .orderBy('shard')
      .select<{ result: unknown }[]>('result');
    return rows.map(({ result }) => result);
  }

  /** Notes the start of an attempt. @returns the row as it stands, which says `done` when there is nothing to do */
  async begin(key: JobKey, attempt: number): Promise<ExportJobRow> {
    const { rows } = await this.db.raw<{ rows: ExportJobRow[] }>(
      `insert into export_jobs as j (export_id, generation, kind, step, shard, state, attempts, starts, started_at)
       values (?, ?, ?, ?, ?, 'active', ?, 1, now())
       on conflict (export_id, generation, kind, step, shard) do update set
         state = case when j.state = 'done' then j.state else 'active' end,
         attempts = greatest(j.attempts, excluded.attempts),
         starts = j.starts + 1,
         rows = case when j.state = 'done' then j.rows else 0 end,
         started_at = coalesce(j.started_at, now())
       returning ${Object.entries(COLUMNS)
         .map(([name, column]) => `${column} as "${name}"`)
         .join(', ')}`,
      [key.exportId, key.generation, key.kind, key.step, key.shard, attempt],
    );
    return rows[0] as ExportJobRow;
  }

  /** Notes how many records have been read so far. */
  async progress(key: JobKey, rows: number): Promise<void> {
    await this.db('export_jobs').where(where(key)).where('state', 'active').update({ rows });
  }

  async finish(key: JobKey, done: { rows: number; bytes: number; result: unknown }): Promise<void> {
    await this.db('export_jobs')
      .where(where(key))
      .update({
        state: 'done',
        rows: done.rows,
        bytes: done.bytes,
        result: JSON.stringify(done.result),
        error: null,
        finished_at: this.db.fn.now(),
      });
  }

  /** Notes that the merge has come to its end, in the transaction that decides; one that failed for good stays so. */
  async finishMerge(trx: Connection, exportId: string, generation: number, bytes: number): Promise<void> {
    await trx('export_jobs')
      .where({ export_id: exportId, generation, kind: 'merge' })
      .whereNot({ state: 'failed' })
      .update({ state: 'done', bytes, error: null, finished_at: trx.fn.now() });
  }

  /** Notes a failed attempt: `waiting` when there will be another, `failed` or `aborted` when not. */
  async fail(key: JobKey, state: 'waiting' | 'failed' | 'aborted', error: ExportFailure): Promise<void> {
    await this.db('export_jobs')
      .where(where(key))
      .update({ state, error: JSON.stringify(error), finished_at: state === 'waiting' ? null : this.db.fn.now() });
  }

  /** Gives work back that its worker was asked to stop. */
  async handBack(key: JobKey): Promise<void> {
    await this.db('export_jobs')
      .where({ ...where(key), state: 'active' })
      .update({ state: 'waiting' });
  }

  /** All work of one generation, in the order of kind, step and shard. */
  async all(exportId: string, generation: number, kind?: JobKind): Promise<ExportJobRow[]> {
    const query = this.db('export_jobs')
      .where({ export_id: exportId, generation })
      .orderBy(['kind', 'step', 'shard'])
      .select<ExportJobRow[]>(COLUMNS);
    if (kind) query.where({ kind });
    return query;
  }
}
