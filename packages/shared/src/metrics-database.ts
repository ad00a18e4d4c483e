/** What stands in the database, as gauges: how much is open, on its way, overdue. Asked for when the metrics are. */
import { Gauge, type Registry } from 'prom-client';
import type { Database } from './db/database.js';
import { within } from './within.js';

/** The figures of one look. Ages are in seconds, 0 where there is nothing that could be old. */
interface Figures {
  openByPhase: Record<string, number>;
  oldestOpen: number;
  overdue: number;
  followUps: Record<string, number>;
  waitingTurn: number;
  pending: number;
  oldestPending: number;
  failedDay: number;
  refusedDay: number;
  stored: Record<string, number>;
  storedMost: number;
}

/** Every part of it walks an index of rows that are still of interest; none reads what is long done. */
const QUERY = `
  with open as (
    select e.phase, e.deadline_at, o.created_at
    from exports e join outbox o on o.export_id = e.id and o.generation = e.generation and o.place = 'enter'
    where e.outcome is null
  ), waiting as (
    select pending_at from outbox where state = 'pending'
  )
  select
    (select coalesce(json_object_agg(phase, n), '{}') from (select phase, count(*) n from open group by phase) p)
      as "openByPhase",
    (select coalesce(extract(epoch from now() - min(created_at)), 0)::float8 from open) as "oldestOpen",
    (select count(*) from open where deadline_at < now()) as overdue,
    (select coalesce(json_object_agg(state, n), '{}') from (
       select state, count(*) n from outbox
       where hook <> 'enter' and kind = 'task' and state in ('entered', 'active') group by state) s) as "followUps",
    (select count(*) from exports where outcome is null and waiting_since is not null) as "waitingTurn",
    (select count(*) from waiting) as pending,
    (select coalesce(extract(epoch from now() - min(pending_at)), 0)::float8 from waiting) as "oldestPending",
    (select count(*) from outbox where state = 'failed' and kind = 'task' and finished_at > now() - interval '1 day')
      as "failedDay",
    (select count(*) from refused_jobs where at > now() - interval '1 day') as "refusedDay",
    (select json_build_object(
       'bundle', coalesce(sum(bytes) filter (where owner_kind = 'project'), 0),
       'upload', coalesce(sum(bytes) filter (where owner_kind = 'record'), 0),
       'waiting', coalesce(sum(bytes) filter (where owner_kind = 'user'), 0))
     from files where cleared_at is null) as stored,
    (select coalesce(max(bytes), 0)::float8 from (
       select sum(bytes) as bytes from files where cleared_at is null and owner_kind <> 'user'
       group by substring(owner_id from '^[^/]+/[^/]+')) projects) as "storedMost"`;

/** Every phase that an open export may be in, so that a gauge goes back to 0 and does not vanish. */
const PHASES = ['waiting', 'planning', 'reading', 'writing', 'bundling'];
const ON_THEIR_WAY = ['entered', 'active'];
const STORED = ['bundle', 'upload', 'waiting'];

/** How long a look serves those who ask; several who ask at once, or one who asks often, cost one query. */
const KEEP_MS = 5000;
/** A database that has not answered by then counts as down; whoever scrapes does not wait much longer. */
const PATIENCE_MS = 3000;

/** Adds the gauges to a registry. While the database does not answer they are left out, and `parcelpost_database_up` is 0. */
export function addDatabaseGauges(registry: Registry, db: Pick<Database, 'raw'>): void {
  const gauges: { show: (figures: Figures) => void; hide: () => void }[] = [];
  let looked = { at: Number.NEGATIVE_INFINITY, done: Promise.resolve() };
  const collect = async () => {
    if (performance.now() - looked.at > KEEP_MS) looked = { at: performance.now(), done: look() };
    await looked.done;
  };
  const up = new Gauge({
    name: 'parcelpost_database_up',
    help: '1 when the database answered',
    registers: [registry],
    collect,
  });
  const look = async () => {
    try {
      const { rows } = await within(PATIENCE_MS, db.raw<{ rows: [Figures] }>(QUERY));
      for (const { show } of gauges) show(rows[0]);
      up.set(1);
    } catch {
      for (const { hide } of gauges) hide();
      up.set(0);
    }
  };
  const single = (name: string, help: string, value: (figures: Figures) => number) => {
    const gauge = new Gauge({ name, help, registers: [registry], collect });
    gauges.push({ show: (figures) => gauge.set(value(figures)), hide: () => gauge.remove() });
  };
  const labelled = (
    name: string,
    help: string,
    label: string,
    values: readonly string[],
    counts: (figures: Figures) => Record<string, number>,
  ) => {
    const gauge = new Gauge({ name, help, labelNames: [label], registers: [registry], collect });
    gauges.push({
      show: (figures) => {
        for (const value of values) gauge.set({ [label]: value }, counts(figures)[value] ?? 0);
      },
      hide: () => gauge.reset(),
    });
  };
  labelled('parcelpost_exports_open', 'Exports without an outcome', 'phase', PHASES, (one) => one.openByPhase);
  single(
    'parcelpost_exports_oldest_open_seconds',
    'Age of the oldest export without an outcome, or of its last retry',
    (one) => one.oldestOpen,
  );
  single('parcelpost_exports_overdue', 'Exports without an outcome past their deadline', (one) => one.overdue);
  labelled(
    'parcelpost_follow_ups_on_their_way',
    'Follow-ups in a queue (entered) or being run (active)',
    'state',
    ON_THEIR_WAY,
    (one) => one.followUps,
  );
  single(
    'parcelpost_exports_waiting_turn',
    'Exports without an outcome that wait to be let into the queue; EXPORTS_IN_FLIGHT bounds those that have been',
    (one) => one.waitingTurn,
  );
  single('parcelpost_outbox_pending', 'Rows of the outbox that are to be entered into a queue', (one) => one.pending);
  single('parcelpost_outbox_oldest_pending_seconds', 'Age of the oldest of them', (one) => one.oldestPending);
  single('parcelpost_follow_ups_failed_day', 'Follow-ups that failed in the last 24 hours', (one) => one.failedDay);
  labelled(
    'parcelpost_storage_bytes',
    'Bytes of files in storage: bundle, upload (added to a project), waiting (to be decided on, or to be added)',
    'what',
    STORED,
    (one) => one.stored,
  );
  single(
    'parcelpost_storage_project_most_bytes',
    'Bytes in storage of the project that has most; PROJECT_QUOTA_MB bounds them',
    (one) => one.storedMost,
  );
  single(
    'parcelpost_refused_jobs_day',
    'Jobs found in a queue and refused in the last 24 hours',
    (one) => one.refusedDay,
  );
}
