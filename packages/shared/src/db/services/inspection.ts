/** What somebody who runs Parcelpost looks at: what is stuck, overdue, refused or failed. Reads, and changes nothing. */
import type { ExportFailure } from '../../errors.js';
import type { Database } from '../database.js';
import type { Outcome, Phase } from './exports.js';

/** Rows that were asked for, and how many there are of their kind. */
export interface Found<Row> {
  rows: Row[];
  total: number;
}

/** An export without an outcome that something is wrong with. */
export interface StuckExport {
  id: string;
  organization: string;
  project: string;
  phase: Phase;
  deadlineAt: Date;
  overdue: boolean;
  /** Code of the abort flag, where it is raised. */
  abort: string | null;
  /** The last that was heard of its work. */
  lastSign: Date;
}

export interface FollowUpLine {
  id: string;
  exportId: string;
  place: string;
  task: string;
  state: string;
  attempts: number;
  error: Pick<ExportFailure, 'code' | 'message'> | null;
  /** When its turn came. */
  since: Date;
  finishedAt: Date | null;
}

/** Follow-ups of one task that have been in their queue for long and were never begun. */
export interface UnbegunTask {
  task: string;
  count: number;
  oldest: Date;
}

/** A job that a worker found in a queue and would not run. `task` is what the job called itself. */
export interface RefusedLine {
  at: Date;
  queue: string;
  jobId: string;
  task: string;
  followUpId: string | null;
  reason: string;
}

export interface ExportLine {
  id: string;
  generation: number;
  organization: string;
  project: string;
  phase: Phase;
  outcome: Outcome | null;
  abort: string | null;
  requester: string;
  requestedAt: Date;
  decidedAt: Date | null;
  deadlineAt: Date;
}

/** A follow-up's own columns; arguments only where they were asked for. */
export interface FollowUpDetails extends FollowUpLine {
  generation: number;
  role: string;
  kind: string;
  parentId: string | null;
  options: Record<string, unknown>;
  replays: number;
  result: unknown;
  enteredAt: Date | null;
  startedAt: Date | null;
  dueAt: Date | null;
  args: Record<string, unknown> | null;
}

const EXPORT = `id, generation, organization, project, phase, outcome, abort->>'code' as abort,
  requester->>'name' as requester, requested_at as "requestedAt", decided_at as "decidedAt", deadline_at as "deadlineAt"`;

const FOLLOW_UP = `id, export_id as "exportId", place, task, state, attempts, error,
  coalesce(pending_at, created_at) as since, finished_at as "finishedAt"`;

const ago = `now() - ? * interval '1 second'`;

export class Inspection {
  constructor(readonly db: Pick<Database, 'raw'>) {}

  /**
   * Exports past their deadline, or that were let into the queue and of whose work nothing was heard for `silentSeconds`; the
   * oldest first.
   */
  async stuckExports(silentSeconds: number, limit: number): Promise<Found<StuckExport>> {
    return this.#find(
      `select * from (
         select e.id, e.organization, e.project, e.phase, e.requested_at, e.deadline_at as "deadlineAt",
           e.deadline_at < now() as overdue, e.abort->>'code' as abort,
           e.waiting_since, greatest(o.created_at, o.pending_at, e.started_at, (
             select max(greatest(j.started_at, j.finished_at)) from export_jobs j
             where j.export_id = e.id and j.generation = e.generation)) as "lastSign"
         from exports e
         join outbox o on o.export_id = e.id and o.generation = e.generation and o.place = 'enter'
         where e.outcome is null) open
       where overdue or (waiting_since is null and "lastSign" < ${ago})`,
      'requested_at',
      [silentSeconds],
      limit,
    );
  }

  /** Exports without an outcome. */
  async openExports(): Promise<number> {
    const [row] = await this.#rows<{ count: number }>(`select count(*) as count from exports where outcome is null`);
    return row?.count ?? 0;
  }

  /** Rows of the outbox that should have been entered into a queue `seconds` ago. */
  async overduePending(seconds: number, limit: number): Promise<Found<FollowUpLine>> {
    return this.#find(
      `select ${FOLLOW_UP} from outbox where state = 'pending' and pending_at < ${ago}`,
      'since',
      [seconds],
      limit,
    );
  }

  /** Follow-ups that failed for good within `seconds`, the newest first. */
  async failedFollowUps(seconds: number, limit: number): Promise<Found<FollowUpLine>> {
    return this.#find(
      `select ${FOLLOW_UP} from outbox where state = 'failed' and kind = 'task' and finished_at > ${ago}`,
      '"finishedAt" desc',
      [seconds],
      limit,
    );
  }

  /** Follow-ups that have been tried at least twice and are not done `seconds` after they were entered. */
  async longRetrying(seconds: number, limit: number): Promise<Found<FollowUpLine>> {
    return this.#find(
      `select ${FOLLOW_UP} from outbox
       where hook <> 'enter' and kind = 'task' and state in ('entered', 'active') and attempts >= 2 and entered_at < ${ago}`,
      'since',
      [seconds],
      limit,
    );
  }

  /** Tasks that nobody has begun for `seconds`, their own delay not counted. */
  async unbegun(seconds: number): Promise<UnbegunTask[]> {
    return this.#rows(
      `select task, count(*) as count, min(entered_at) as oldest from outbox
       where hook <> 'enter' and kind = 'task' and state = 'entered' and attempts = 0
         and entered_at + coalesce((options->>'delay')::float8, 0) * interval '1 millisecond' < ${ago}
       group by task order by oldest limit 100`,
      [seconds],
    );
  }

  /** Jobs that workers would not run, found within `seconds`, the newest first. */
  async refused(seconds: number, limit: number): Promise<Found<RefusedLine>> {
    return this.#find(
      `select at, queue, job_id as "jobId", task, follow_up_id as "followUpId", reason from refused_jobs where at > ${ago}`,
      'at desc',
      [seconds],
      limit,
    );
  }

  /** Follow-ups that are in a queue or being run, by queue. */
  async onTheirWay(): Promise<{ queue: string; count: number }[]> {
    return this.#rows(
      `select split_part(task, '.', 1) as queue, count(*) as count from outbox
       where hook <> 'enter' and kind = 'task' and state in ('entered', 'active') group by 1 order by 1`,
    );
  }

  /** The newest exports; `state` is an outcome, or `open`. */
  async exports(filter: { state?: string | undefined; limit: number }): Promise<ExportLine[]> {
    const all = `select ${EXPORT} from exports`;
    const newest = 'order by requested_at desc limit ?';
    const { state, limit } = filter;
    if (state === undefined) return this.#rows(`${all} ${newest}`, [limit]);
    if (state === 'open') return this.#rows(`${all} where outcome is null ${newest}`, [limit]);
    return this.#rows(`${all} where outcome = ? ${newest}`, [state, limit]);
  }

  async export(id: string): Promise<(ExportLine & { error: ExportFailure | null }) | undefined> {
    const [row] = await this.#rows<ExportLine & { error: ExportFailure | null }>(
      `select ${EXPORT}, error from exports where id = ?`,
      [id],
    );
    return row;
  }

  /** What each kind of an export's work has come to, of its present generation. */
  async work(exportId: string): Promise<{ kind: string; state: string; count: number }[]> {
    return this.#rows(
      `select j.kind, j.state, count(*) as count
       from export_jobs j join exports e on e.id = j.export_id and e.generation = j.generation
       where e.id = ? group by 1, 2 order by min(array_position(array['plan', 'map', 'reduce', 'merge'], j.kind)), 2`,
      [exportId],
    );
  }

  /** Follow-ups (calls, not what joins them): of one export in the order of the canvas, else the newest first. */
  async followUps(filter: {
    exportId?: string | undefined;
    state?: string | undefined;
    limit: number;
  }): Promise<FollowUpLine[]> {
    const conditions = [`hook <> 'enter'`, `kind = 'task'`];
    const values: (string | number)[] = [];
    for (const [column, value] of [
      ['export_id', filter.exportId],
      ['state', filter.state],
    ] as const) {
      if (value === undefined) continue;
      conditions.push(`${column} = ?`);
      values.push(value);
    }
    const order = filter.exportId === undefined ? 'created_at desc, place' : 'generation, place';
    return this.#rows(`select ${FOLLOW_UP} from outbox where ${conditions.join(' and ')} order by ${order} limit ?`, [
      ...values,
      filter.limit,
    ]);
  }

  /** One follow-up. Its arguments may hold what is not for every eye: they come only `withArgs`. */
  async followUp(id: string, withArgs: boolean): Promise<FollowUpDetails | undefined> {
    const [row] = await this.#rows<FollowUpDetails>(
      `select ${FOLLOW_UP}, generation, role, kind, parent_id as "parentId", options, replays, result,
         entered_at as "enteredAt", started_at as "startedAt", due_at as "dueAt",
         case when ? then args - 'prepared' end as args
       from outbox where id = ? and hook <> 'enter'`,
      [withArgs, id],
    );
    return row;
  }

  async #rows<Row>(query: string, values: readonly (string | number | boolean)[] = []): Promise<Row[]> {
    const { rows } = await this.db.raw<{ rows: Row[] }>(query, [...values]);
    return rows;
  }

  /** The first `limit` rows of a query in an order, and how many rows it has. */
  async #find<Row>(
    query: string,
    order: string,
    values: readonly (string | number)[],
    limit: number,
  ): Promise<Found<Row>> {
    const found = await this.#rows<Row & { total?: number }>(
      `select found.*, count(*) over () as total from (${query}) found order by ${order} limit ?`,
      [...values, limit],
    );
    const total = found[0]?.total ?? 0;
    return { rows: found.map(({ total: _, ...row }) => row as Row), total };
  }
}
