import type { ExportFailure } from '../../errors.js';
import type { ExportOptions } from '../../export-request.js';
import type { ExportResult } from '../../export-result.js';
import type { SealedTokens, Signature } from '../../signatures/signature.js';
import type { Connection, Database } from '../database.js';
import { EXPIRES_AT, PIN, type Pin } from './pins.js';

export type Outcome = 'completed' | 'partial' | 'failed' | 'cancelled';
export type Phase = 'waiting' | 'planning' | 'reading' | 'writing' | 'bundling' | 'decided';

/** What a person looked like when asking. */
export interface Requester {
  id: string;
  name: string;
  email: string;
  language: string;
}

export interface NewExport {
  /** Made by the caller, since the token is sealed for it. */
  id: string;
  organization: string;
  organizationName: string;
  project: string;
  projectName: string;
  requester: Requester;
  options: ExportOptions;
  onSuccess: Signature[];
  onFailure: Signature[];
  sealedToken: string;
  deadlineAt: Date;
}

export interface ExportRow extends Omit<NewExport, 'sealedToken'> {
  generation: number;
  sealedToken: string | null;
  phase: Phase;
  /** Why running shards are to stop; null while nothing is wrong. */
  abort: ExportFailure | null;
  outcome: Outcome | null;
  result: ExportResult | null;
  error: ExportFailure | null;
  requestedAt: Date;
  /** Since when it waits to be let into the queue; null once it has been. */
  waitingSince: Date | null;
  startedAt: Date | null;
  decidedAt: Date | null;
  /** When the files go; null unless there are files, and where they are pinned until somebody unpins. */
  expiresAt: Date | null;
  /** Keeps the files for longer; null where nobody wants it, and once it is over. */
  pin: Pin | null;
  /** Until when there may be more in storage than a bundle, as for another try; null while one runs, and once it is gone. */
  partsUntil: Date | null;
  /** The follow-up of another export that started this one. */
  startedBy: string | null;
  /** The export whose results it makes anew, since a newer version of the software is there. */
  renews: string | null;
  /** Sealed tokens of the exports that its follow-ups start. */
  nextTokens: SealedTokens | null;
}

/** One word for people: the outcome; `expired` once its files are gone; else whether work has begun. */
export type ExportState = 'waiting' | 'running' | Outcome | 'expired';

export function stateOf(
  row: Pick<ExportRow, 'outcome' | 'startedAt' | 'expiresAt'>,
  now: Date = new Date(),
): ExportState {
  if (row.outcome) {
    const hadFiles = row.outcome === 'completed' || row.outcome === 'partial';
    return hadFiles && row.expiresAt && row.expiresAt <= now ? 'expired' : row.outcome;
  }
  return row.startedAt ? 'running' : 'waiting';
}

export interface ExportProgress {
  id: string;
  state: ExportState;
  phase: Phase;
  /** Records read so far, and in all; the latter null until the plan has counted. */
  rows: number;
  rowsExpected: number | null;
  /** Shards, files and the merge: done, and known so far. */
  jobsDone: number;
  jobs: number;
  error: ExportFailure | null;
}

const COLUMNS = {
  id: 'id',
  generation: 'generation',
  organization: 'organization',
  organizationName: 'organization_name',
  project: 'project',
  projectName: 'project_name',
  requester: 'requester',
  options: 'options',
  onSuccess: 'on_success',
  onFailure: 'on_failure',
  sealedToken: 'sealed_token',
  phase: 'phase',
  abort: 'abort',
  outcome: 'outcome',
  result: 'result',
  error: 'error',
  requestedAt: 'requested_at',
  waitingSince: 'waiting_since',
  startedAt: 'started_at',
  decidedAt: 'decided_at',
  deadlineAt: 'deadline_at',
  partsUntil: 'parts_until',
  startedBy: 'started_by',
  renews: 'renews',
  nextTokens: 'next_tokens',
} as const;

/** The rows of `exports`: one request each, with one outcome. */
export class ExportService {
  constructor(readonly db: Database) {}

  /** All columns of a row. */
  #columns() {
    return [COLUMNS, this.db.raw(`${EXPIRES_AT} as "expiresAt", ${PIN} as pin`)] as const;
  }

  async get(id: string): Promise<ExportRow | undefined> {
    return this.db('exports')
      .where({ id })
      .first<ExportRow | undefined>(...this.#columns());
  }

  /** The newest exports first, of one project, one requester, or all. */
  async recent(filter: {
    organization?: string;
    project?: string;
    requesterId?: string;
    limit: number;
  }): Promise<ExportRow[]> {
    const query = this.db('exports')
      .orderBy('requested_at', 'desc')
      .limit(filter.limit)
      .select<ExportRow[]>(...this.#columns());
    if (filter.organization !== undefined) query.where('organization', filter.organization);
    if (filter.project !== undefined) query.where('project', filter.project);
    if (filter.requesterId !== undefined) query.where('requester_id', filter.requesterId);
    return query;
  }

  /** How far each of these exports is, in one query however many they are. Unknown ids are left out. */
  async progress(ids: readonly string[]): Promise<Map<string, ExportProgress>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.db.raw<{ rows: ProgressRow[] }>(
      `select e.id, e.outcome, e.phase, e.error, e.started_at as "startedAt",
         ${EXPIRES_AT.replaceAll('exports.', 'e.')} as "expiresAt",
         coalesce(sum(j.rows) filter (where j.kind = 'map'), 0)::bigint as rows,
         (sum(j.rows_expected) filter (where j.kind = 'map'))::bigint as "rowsExpected",
         count(*) filter (where j.state = 'done') as "jobsDone", count(j.step) as jobs
       from exports e left join export_jobs j on j.export_id = e.id and j.generation = e.generation
       where e.id = any(?) group by e.id`,
      [[...ids]],
    );
    const now = new Date();
    return new Map(
      rows.map(({ outcome, startedAt, expiresAt, ...row }) => [
        row.id,
        { ...row, state: stateOf({ outcome, startedAt, expiresAt }, now) },
      ]),
    );
  }

  /** Marks that work has begun, or has come further. A decided export is left alone. */
  async enterPhase(id: string, generation: number, phase: Phase): Promise<void> {
    await this.db('exports')
      .where({ id, generation, outcome: null })
      .update({ phase, started_at: this.db.raw('coalesce(started_at, now())') });
  }

  /**
   * Raises the abort flag: running work stops at its next look, and the merge decides. The first reason stays.
   * @returns whether this call raised it
   */
  async raiseAbort(id: string, generation: number, reason: ExportFailure, db: Connection = this.db): Promise<boolean> {
    const changed = await db('exports')
      .where({ id, generation, outcome: null, abort: null })
      .update({ abort: JSON.stringify(reason) });
    return changed === 1;
  }

  /**
   * Exports without an outcome that were entered at least `ageMs` ago and that nothing asks to stop, in the order of
   * their ids.
   * @param after the id behind which to go on
   */
  async open(ageMs: number, after: string | undefined, limit: number): Promise<ExportRow[]> {
    const query = this.#undecided(after, limit)
      .whereNull('abort')
      .andWhere('deadline_at', '>=', this.db.fn.now())
      .whereExists(
        this.db('outbox')
          .whereRaw(`outbox.export_id = exports.id and outbox.generation = exports.generation and hook = 'enter'`)
          .andWhere('entered_at', '<', this.db.raw(`now() - ? * interval '1 millisecond'`, [ageMs])),
      );
    return query;
  }

  /**
   * Exports without an outcome that are to stop: the abort flag is up, or the deadline has passed (`late`). In the order
   * of their ids.
   * @param after the id behind which to go on
   */
  async stopping(after: string | undefined, limit: number): Promise<(ExportRow & { late: boolean })[]> {
    return this.#undecided(after, limit)
      .andWhere((any) => any.whereNotNull('abort').orWhere('deadline_at', '<', this.db.fn.now()))
      .select(this.db.raw('deadline_at < now() as late'));
  }

  #undecided(after: string | undefined, limit: number) {
    const query = this.db('exports')
      .whereNull('outcome')
      .orderBy('id')
      .limit(limit)
      .select(...this.#columns());
    return after === undefined ? query : query.where('id', '>', after);
  }

  /**
   * Decides an export: sets its one outcome where there is none, in the transaction it is given, and forgets the tokens. One
   * that is to stop cannot end well any more.
   * @returns false when it was decided already, or belongs to another generation, or is to stop and the outcome would be
   *   `completed` or `partial`; then nothing was changed
   */
  async decide(trx: Connection, id: string, generation: number, decision: NewDecision): Promise<boolean> {
    const query = trx('exports').where({ id, generation, outcome: null });
    if (decision.result) query.whereNull('abort');
    const changed = await query.update({
      outcome: decision.outcome,
      phase: 'decided',
      result: decision.result && JSON.stringify(decision.result),
      error: decision.error && JSON.stringify(decision.error),
      decided_at: trx.fn.now(),
      expires_at: decision.expiresAt,
      parts_until: decision.partsUntil,
      sealed_token: null,
      next_tokens: null,
    });
    return changed === 1;
  }
}

/** An outcome, with what belongs to it: a result or the reason of a failure. */
export interface NewDecision {
  outcome: Outcome;
  result: ExportResult | null;
  error: ExportFailure | null;
  /** When the files go; null where there are none. */
  expiresAt: Date | null;
  /** How long parts are kept for another try; of a whole bundle, when they must be gone. */
  partsUntil: Date;
}

interface ProgressRow extends Omit<ExportProgress, 'state'> {
  outcome: Outcome | null;
  startedAt: Date | null;
  expiresAt: Date | null;
}
