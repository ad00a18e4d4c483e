/** How exports are getting on: their work step by step, and how quick it was of late. One query, however many are asked for. */
import type { ExportFailure } from '../../errors.js';
import type { Database } from '../database.js';
import type { JobKind } from './export-jobs.js';
import { type ExportProgress, type Outcome, stateOf } from './exports.js';
import { EXPIRES_AT } from './pins.js';

/** What is called "of late", in seconds: long enough for a pause between two pages, short enough to follow a change. */
export const LATELY_SECONDS = 30;

/** The work of one step of an export. */
export interface StepCourse {
  kind: JobKind;
  /** The entity of maps, the output of a reduce. */
  step: string;
  /** Records read, by the maps; and in all, null until they are counted. */
  rows: number;
  rowsExpected: number | null;
  /** Pieces of work: done, and known so far. */
  jobsDone: number;
  jobs: number;
  /** A letter for each piece, in their order: `w`aiting, `r`unning, `d`one, `f`ailed, stopped (`x`), to be tried `a`gain. */
  shards: string;
}

/** How quickly records are being read; what was taken over from an earlier try counts nowhere. */
export interface Speed {
  /** Records of the last seconds, and how many seconds these were ({@link LATELY_SECONDS} at most). */
  lately: { rows: number; seconds: number };
  /** Records since reading began. */
  overall: { rows: number; seconds: number };
}

/** An export on its way. Times are the database's. */
export interface ExportCourse extends ExportProgress {
  generation: number;
  /** Somebody cancelled it, and it is not decided yet. */
  cancelling: boolean;
  requestedAt: Date;
  startedAt: Date | null;
  /** It comes to its end by then, whatever happens. */
  deadlineAt: Date;
  /** It waits for its turn; otherwise it has been let in. */
  waitsForTurn: boolean;
  /** Since when it lies in the engine's queue; null before. */
  enteredAt: Date | null;
  steps: StepCourse[];
  /** Null before a shard has begun. */
  speed: Speed | null;
  /** Seconds since all records have been read, and how long reading them took; null before. */
  written: { seconds: number; readSeconds: number } | null;
  /** Its follow-ups: how many are on their way, and have come to their end. None before the outcome. */
  followUps: { open: number; ended: number };
  /** When the database was looked into. */
  at: Date;
}

interface CourseRow {
  id: string;
  generation: number;
  phase: ExportCourse['phase'];
  outcome: Outcome | null;
  error: ExportFailure | null;
  cancelling: boolean;
  requestedAt: Date;
  startedAt: Date | null;
  expiresAt: Date | null;
  deadlineAt: Date;
  waitsForTurn: boolean;
  enteredAt: Date | null;
  steps: StepRow[] | null;
  open: number;
  ended: number;
  at: Date;
}

interface StepRow extends StepCourse {
  /** Of maps that this try made itself: records, of these those of late, seconds since the first began, and since the last ended. */
  read: number;
  lately: number;
  sinceFirst: number | null;
  sinceLast: number | null;
}

// A shard is taken to be read at an even pace from its beginning to its end, or to now.
const SQL = `
select e.id, e.generation, e.phase, e.outcome, e.error, e.requested_at as "requestedAt", e.started_at as "startedAt",
  ${EXPIRES_AT.replaceAll('exports.', 'e.')} as "expiresAt", e.deadline_at as "deadlineAt", now() as at,
  e.outcome is null and coalesce(e.abort->>'code' = 'cancelled', false) as cancelling,
  e.outcome is null and e.waiting_since is not null as "waitsForTurn",
  (select max(o.entered_at) from outbox o where o.export_id = e.id and o.generation = e.generation and o.hook = 'enter')
    as "enteredAt",
  w.steps, coalesce(f.open, 0)::int as open, coalesce(f.ended, 0)::int as ended
from exports e
left join lateral (
  select json_agg(s) as steps from (
    select j.kind, j.step, sum(j.rows)::bigint as rows, sum(j.rows_expected)::bigint as "rowsExpected",
      count(*) filter (where j.state = 'done') as "jobsDone", count(*) as jobs,
      string_agg(case when j.state = 'waiting' and j.error is not null then 'a' else
        case j.state when 'waiting' then 'w' when 'active' then 'r' when 'done' then 'd' when 'failed' then 'f' else 'x' end
      end, '' order by j.shard) as shards,
      coalesce(sum(j.rows) filter (where own), 0)::float8 as read,
      coalesce(sum(j.rows * least(1, greatest(0, until - greatest(since, at - ?)) / greatest(until - since, 0.001)))
        filter (where own), 0)::float8 as lately,
      (max(at) - min(since) filter (where own))::float8 as "sinceFirst", (max(at) - max(until) filter (where own))::float8 as "sinceLast"
    from (
      select j.*, j.kind = 'map' and j.reused_from is null and j.started_at is not null as own, extract(epoch from now()) as at,
        extract(epoch from j.started_at) as since, extract(epoch from coalesce(j.finished_at, now())) as until
      from export_jobs j where j.export_id = e.id and j.generation = e.generation
    ) j
    group by j.kind, j.step
  ) s
) w on true
left join lateral (
  select count(*) filter (where o.state in ('waiting', 'pending', 'entered', 'active')) as open,
    count(*) filter (where o.state in ('done', 'failed', 'skipped')) as ended
  from outbox o where o.export_id = e.id and o.generation = e.generation and o.hook in ('onSuccess', 'onFailure')
) f on e.outcome is not null
where e.id = any(?)`;

const ORDER: readonly JobKind[] = ['plan', 'map', 'reduce', 'merge'];

export class ExportCourses {
  constructor(readonly db: Database) {}

  /** How each of these exports is getting on. Unknown ids are left out. */
  async of(ids: readonly string[]): Promise<Map<string, ExportCourse>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.db.raw<{ rows: CourseRow[] }>(SQL, [LATELY_SECONDS, [...ids]]);
    return new Map(rows.map((row) => [row.id, courseOf(row)]));
  }
}

function courseOf({ steps: found, outcome, expiresAt, open, ended, ...row }: CourseRow): ExportCourse {
  const all = (found ?? []).sort(
    (a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (a.step < b.step ? -1 : a.step > b.step ? 1 : 0),
  );
  const maps = all.filter(({ kind }) => kind === 'map');
  const counted = maps.flatMap(({ rowsExpected }) => rowsExpected ?? []);
  return {
    ...row,
    state: stateOf({ outcome, startedAt: row.startedAt, expiresAt }, row.at),
    rows: sum(maps, ({ rows }) => rows),
    rowsExpected: counted.length > 0 ? sum(counted, (count) => count) : null,
    jobsDone: sum(all, ({ jobsDone }) => jobsDone),
    jobs: sum(all, ({ jobs }) => jobs),
    steps: all.map(({ read: _r, lately: _l, sinceFirst: _f, sinceLast: _s, ...step }) => step),
    ...paceOf(maps),
    followUps: { open, ended },
  };
}

function paceOf(maps: readonly StepRow[]): Pick<ExportCourse, 'speed' | 'written'> {
  const begun = maps.flatMap(({ sinceFirst }) => sinceFirst ?? []);
  if (begun.length === 0) return { speed: null, written: null };
  const seconds = Math.max(...begun);
  const speed = {
    lately: { rows: sum(maps, ({ lately }) => lately), seconds: Math.min(seconds, LATELY_SECONDS) },
    overall: { rows: sum(maps, ({ read }) => read), seconds },
  };
  if (maps.some(({ jobs, jobsDone }) => jobs > jobsDone)) return { speed, written: null };
  const since = Math.min(...maps.flatMap(({ sinceLast }) => sinceLast ?? []));
  return { speed, written: { seconds: since, readSeconds: seconds - since } };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
