import type { ExportFailure } from '../../errors.js';
import type { Connection, Database } from '../database.js';
import {
  COLUMNS,
  type DoneReduce,
  type ExportJobRow,
  type JobKey,
  type JobKind,
  type JobStart,
  KEY,
  ofStart,
  type StopReason,
  where,
} from './export-job-row.js';
import { type TakenOver, takeOver } from './taken-over.js';

export type { DoneReduce, ExportJobRow, JobKey, JobKind, JobStart, JobState, StopReason } from './export-job-row.js';

/** The rows of `export_jobs`: one for each piece of work of an export, as people and later jobs see it. */
export class ExportJobService {
  constructor(readonly db: Database) {}

  /** Notes work that is to be done, before its jobs are entered; work that is known already keeps what it has. */
  async declare(jobs: readonly (JobKey & { rowsExpected: number | null })[]): Promise<void> {
    await this.db.transaction((trx) => declareIn(trx, jobs));
  }

  /**
   * Keeps a plan on its row, takes work over from an earlier generation, and notes the shards that the plan made, all
   * together: a repeat of the plan finds everything or nothing.
   * @param taken done work whose results are to be those of this generation
   * @param made reduces whose results are there already, since an earlier export made the same
   * @returns false when there is a later start, whose plan it is to be; then nothing was kept
   */
  async keepPlan(
    key: JobStart,
    plan: unknown,
    shards: readonly (JobKey & { rowsExpected: number | null })[],
    taken?: TakenOver,
    made: readonly DoneReduce[] = [],
  ): Promise<boolean> {
    return this.db.transaction(async (trx) => {
      const kept = await trx('export_jobs')
        .where(ofStart(key))
        .whereNot({ state: 'done' })
        .update({ result: JSON.stringify(plan) });
      if (kept === 0) return false;
      await trx('exports')
        .where({ id: key.exportId, generation: key.generation, outcome: null })
        .update({ phase: 'reading', started_at: trx.raw('coalesce(started_at, now())') });
      if (taken && taken.parts.length > 0) await takeOver(trx, key, taken);
      await insertDone(trx, key, made);
      await declareIn(trx, shards);
      return true;
    });
  }

  /** The plan of a generation, as {@link keepPlan} left it. Throws when there is none. */
  async plan(exportId: string, generation: number): Promise<unknown> {
    const [plan] = await this.results(exportId, generation, 'plan', 'plan');
    if (!plan) throw new Error(`export ${exportId} has no plan in generation ${generation}`);
    return plan;
  }

  /** The newest plan that was kept before a generation, and whose it is; undefined where there is none. */
  async earlierPlan(exportId: string, generation: number): Promise<{ generation: number; plan: unknown } | undefined> {
    return this.db('export_jobs')
      .where({ export_id: exportId, kind: 'plan' })
      .andWhere('generation', '<', generation)
      .whereNotNull('result')
      .orderBy('generation', 'desc')
      .first<{ generation: number; plan: unknown } | undefined>({ generation: 'generation', plan: 'result' });
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

  /**
   * Notes the start of an attempt.
   * @returns the row as it stands, which says `done` when there is nothing to do; undefined, and nothing noted, when the
   *   export is decided or of another generation, or when this is a map or a reduce that nobody has declared
   */
  async begin(key: JobKey, attempt: number): Promise<ExportJobRow | undefined> {
    const place = [key.kind, key.step, key.shard];
    const undeclared = key.kind === 'plan' || key.kind === 'merge';
    const { rows } = await this.db.raw<{ rows: ExportJobRow[] }>(
      `insert into export_jobs as j (export_id, generation, kind, step, shard, state, attempts, starts, started_at)
       select id, generation, ?, ?, ?, 'active', ?, 1, now()
       from exports where id = ? and generation = ? and outcome is null
         and (? or exists (select from export_jobs p where p.export_id = exports.id and p.generation = exports.generation
           and p.kind = ? and p.step = ? and p.shard = ?))
       on conflict (export_id, generation, kind, step, shard) do update set
         state = case when j.state = 'done' then j.state else 'active' end,
         attempts = greatest(j.attempts, excluded.attempts),
         starts = j.starts + 1,
         rows = case when j.state = 'done' then j.rows else 0 end,
         started_at = coalesce(j.started_at, now())
       returning ${Object.entries(COLUMNS)
         .map(([name, column]) => `${column} as "${name}"`)
         .join(', ')}`,
      [...place, attempt, key.exportId, key.generation, undeclared, ...place],
    );
    return rows[0];
  }

  /**
   * Notes how many records have been read so far, and says whether to go on, in one query.
   * @returns undefined to go on; else why to stop: the reason of the abort flag, `decided` when the export has its outcome or
   *   is of another generation, `superseded` when there is a later start
   */
  async look(key: JobStart, rows: number): Promise<StopReason | undefined> {
    const place = [key.exportId, key.generation, key.kind, key.step, key.shard];
    const { rows: found } = await this.db.raw<{
      rows: { abort: ExportFailure | null; decided: boolean; superseded: boolean | null }[];
    }>(
      `with noted as (
         update export_jobs set rows = ?
         where export_id = ? and generation = ? and kind = ? and step = ? and shard = ?
           and starts = ? and state = 'active' and rows <> ?
       )
       select e.abort, e.outcome is not null as decided, j.starts <> ? as superseded
       from export_jobs j join exports e on e.id = j.export_id and e.generation = j.generation
       where j.export_id = ? and j.generation = ? and j.kind = ? and j.step = ? and j.shard = ?`,
      [rows, ...place, key.start, rows, key.start, ...place],
    );
    const [state] = found;
    if (!state || state.decided) return 'decided';
    if (state.superseded) return 'superseded';
    return state.abort ?? undefined;
  }

  /** Notes the end of the work. @returns false when it is done already, or a later start has it in hand */
  async finish(key: JobStart, done: { rows: number; bytes: number; result: unknown }): Promise<boolean> {
    const changed = await this.db('export_jobs')
      .where(ofStart(key))
      .whereNot({ state: 'done' })
      .update({
        state: 'done',
        rows: done.rows,
        bytes: done.bytes,
        result: JSON.stringify(done.result),
        error: null,
        finished_at: this.db.fn.now(),
      });
    return changed === 1;
  }

  /** Replaces the result of work that is done. @returns false when a later start has it in hand */
  async replaceResult(key: JobStart, done: { rows: number; bytes: number; result: unknown }): Promise<boolean> {
    const changed = await this.db('export_jobs')
      .where({ ...ofStart(key), state: 'done' })
      .update({ rows: done.rows, bytes: done.bytes, result: JSON.stringify(done.result) });
    return changed === 1;
  }

  /** Notes that the merge has come to its end, in the transaction that decides; one that failed for good stays so. */
  async finishMerge(trx: Connection, exportId: string, generation: number, bytes: number): Promise<void> {
    await trx('export_jobs')
      .where({ export_id: exportId, generation, kind: 'merge' })
      .whereNot({ state: 'failed' })
      .update({ state: 'done', bytes, error: null, finished_at: trx.fn.now() });
  }

  /**
   * Notes a failed attempt: `waiting` when there will be another, `failed` or `aborted` when not.
   * @returns false when the work is done, or a later start has it in hand: then this failure means nothing
   */
  async fail(key: JobStart, state: 'waiting' | 'failed' | 'aborted', error: ExportFailure): Promise<boolean> {
    const changed = await this.db('export_jobs')
      .where(ofStart(key))
      .whereNot({ state: 'done' })
      .update({ state, error: JSON.stringify(error), finished_at: state === 'waiting' ? null : this.db.fn.now() });
    return changed === 1;
  }

  /** Gives work back that its worker was asked to stop. */
  async handBack(key: JobStart): Promise<void> {
    await this.db('export_jobs')
      .where({ ...ofStart(key), state: 'active' })
      .update({ state: 'waiting' });
  }

  /** Ends shards that came to no end of their own: `failed`, and whoever has one in hand changes nothing any more. */
  async giveUpShards(exportId: string, generation: number, reason: Pick<ExportFailure, 'code' | 'message'>) {
    await this.db('export_jobs')
      .where({ export_id: exportId, generation, kind: 'map' })
      .whereNotIn('state', ['done', 'failed'])
      .update({
        state: 'failed',
        starts: this.db.raw('starts + 1'),
        error: this.db.raw(
          `coalesce(error, ?::jsonb || jsonb_build_object('step', step, 'shard', shard, 'attempts', attempts))`,
          [JSON.stringify(reason)],
        ),
        finished_at: this.db.fn.now(),
      });
  }

  /** What somebody has in hand of these exports, in their present generations. */
  async active(exportIds: readonly string[]): Promise<JobKey[]> {
    return this.db('export_jobs as j')
      .join('exports as e', { 'e.id': 'j.export_id', 'e.generation': 'j.generation' })
      .whereIn('e.id', exportIds)
      .where('j.state', 'active')
      .select<JobKey[]>({
        exportId: 'j.export_id',
        generation: 'j.generation',
        kind: 'j.kind',
        step: 'j.step',
        shard: 'j.shard',
      });
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

async function insertDone(trx: Connection, key: JobKey, made: readonly DoneReduce[]): Promise<void> {
  if (made.length === 0) return;
  const now = trx.fn.now();
  await trx('export_jobs')
    .insert(
      made.map(({ step, rows, bytes, result }) => ({
        ...where({ ...key, kind: 'reduce', step, shard: 0 }),
        state: 'done',
        rows,
        bytes,
        result: JSON.stringify(result),
        started_at: now,
        finished_at: now,
      })),
    )
    .onConflict(KEY)
    .ignore();
}

/** What is declared waits for the disk: a queue that outlives the database must not hold work of which that knows nothing. */
async function declareIn(trx: Connection, jobs: readonly (JobKey & { rowsExpected: number | null })[]): Promise<void> {
  await trx.raw('set local synchronous_commit = on');
  if (jobs.length === 0) return;
  await trx('export_jobs')
    .insert(jobs.map((job) => ({ ...where(job), rows_expected: job.rowsExpected })))
    .onConflict(KEY)
    .ignore();
}
