/**
 * How many exports one person may have, and how many a project: in flight (asked for, and without an outcome), and asked for
 * within an hour. Counted in the transaction that records one more, under a lock of that person and that project, so that
 * of any number at once no more pass than may; people who have nothing to do with each other do not wait.
 */
import { ProblemError } from '../../errors.js';
import type { Connection } from '../database.js';
import type { ProjectAddress } from './projects.js';

/** Most exports; 0 for no limit. */
export interface Limit {
  inFlight: number;
  perHour: number;
}

export interface Limits {
  person: Limit;
  project: Limit;
}

/** A limit that one more export would pass, as the answer shows it. */
export interface LimitHit {
  name: `${keyof Limits}-${'in-flight' | 'per-hour'}`;
  /** How many there may be. */
  most: number;
  /** How many there are. */
  current: number;
  /** When to try again, an ISO 8601 time. Within an hour's limit it is exact; in flight it is what can be expected. */
  retryAt: string;
}

export const TOO_MANY_EXPORTS = { type: 'too-many-exports', status: 429, title: 'There are too many exports' } as const;

/** One more export would pass a limit: 429 `too-many-exports` (RFC 6585), with `Retry-After` in seconds. */
export class TooManyExportsError extends ProblemError {
  constructor(
    readonly limit: LimitHit,
    readonly retryAfterSeconds: number,
  ) {
    const { status, type, title } = TOO_MANY_EXPORTS;
    super(status, type, title, detailOf(limit), {
      headers: { 'retry-after': String(retryAfterSeconds) },
      members: { limit },
    });
  }
}

/** Whose export it is: by the columns of its row. */
interface Counted {
  id: string;
  requester_id: string;
  organization: string;
  project: string;
}

/** Seconds to wait where nothing tells how long exports take. */
const USUAL_SECONDS = 60;
/** Nobody is told to come back sooner, or later, for one in flight to end. */
const SOONEST_SECONDS = 5;
const LATEST_SECONDS = 600;
/** Exports that tell how long they take. */
const LATELY = 20;

export class LimitService {
  constructor(readonly limits: Limits) {}

  /**
   * Checks that an export that has just been recorded, or begun again, passes no limit. Its transaction is to be rolled back
   * where it does.
   * @param asked whether it has been asked for just now: one that is tried again counts among those in flight alone
   * @throws {TooManyExportsError} naming the limit that takes longest to wait for
   */
  async check(trx: Connection, exportId: string, asked: boolean): Promise<void> {
    const row = await trx('exports')
      .where({ id: exportId })
      .first<Counted | undefined>('id', 'requester_id', 'organization', 'project');
    if (!row) return;
    const hits: TooManyExportsError[] = [];
    // Always in this order: nobody waits for a person while holding a project.
    for (const whose of ['person', 'project'] as const) {
      const { inFlight, perHour } = this.limits[whose];
      if (inFlight === 0 && perHour === 0) continue;
      const owner: Record<string, string> =
        whose === 'person'
          ? { requester_id: row.requester_id }
          : { organization: row.organization, project: row.project };
      await lock(trx, whose, Object.values(owner));
      if (inFlight > 0) hits.push(...(await inFlightHit(trx, whose, owner, row.id, inFlight)));
      if (asked && perHour > 0) hits.push(...(await perHourHit(trx, whose, owner, row.id, perHour)));
    }
    const longest = hits.reduce<TooManyExportsError | undefined>(
      (most, hit) => (most && most.retryAfterSeconds >= hit.retryAfterSeconds ? most : hit),
      undefined,
    );
    if (longest) throw longest;
  }
}

/** Has whoever else counts what this person has wait until the transaction ends. */
export const lockPerson = (trx: Connection, personId: string): Promise<void> => lock(trx, 'person', [personId]);

/** Has whoever else counts what this project has wait until the transaction ends; taken after a person's, never before. */
export const lockProject = (trx: Connection, { organization, project }: ProjectAddress): Promise<void> =>
  lock(trx, 'project', [organization, project]);

async function lock(trx: Connection, whose: keyof Limits, owner: readonly string[]): Promise<void> {
  const name = `parcelpost.limits/${whose}/${JSON.stringify(owner)}`;
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [name]);
}

async function inFlightHit(
  trx: Connection,
  whose: keyof Limits,
  owner: Record<string, string>,
  id: string,
  most: number,
): Promise<TooManyExportsError[]> {
  const [counted] = await trx('exports')
    .where({ ...owner, outcome: null })
    .whereNot({ id })
    .count({ current: '*' });
  const current = Number(counted?.current);
  if (current < most) return [];
  // The oldest ends first, after about as long as those before took.
  const { rows } = await trx.raw<{ rows: { usual: number | null; oldest: number }[] }>(
    `select (
         select extract(epoch from avg(decided_at - requested_at))::float8 from (
           select decided_at, requested_at from exports
           where outcome is not null and generation = 1 and ${wheres(owner)} order by requested_at desc limit ${LATELY}) lately
       ) as usual, (
         select extract(epoch from now() - min(requested_at))::float8 from exports
         where outcome is null and id <> ? and ${wheres(owner)}
       ) as oldest`,
    [...Object.values(owner), id, ...Object.values(owner)],
  );
  const { usual, oldest } = rows[0] ?? { usual: null, oldest: 0 };
  const expected = usual === null ? USUAL_SECONDS : Math.max(usual - oldest, usual / 4);
  const seconds = Math.ceil(Math.min(LATEST_SECONDS, Math.max(SOONEST_SECONDS, expected)));
  return [hit(`${whose}-in-flight`, most, current, seconds)];
}

async function perHourHit(
  trx: Connection,
  whose: keyof Limits,
  owner: Record<string, string>,
  id: string,
  most: number,
): Promise<TooManyExportsError[]> {
  const { rows } = await trx.raw<{ rows: { current: number; seconds: number | null }[] }>(
    `select count(*) as current,
       ceil(extract(epoch from (array_agg(requested_at order by requested_at desc))[?] + interval '1 hour' - now()))::float8
         as seconds
     from exports where id <> ? and requested_at > now() - interval '1 hour' and ${wheres(owner)}`,
    [most, id, ...Object.values(owner)],
  );
  const { current, seconds } = rows[0] ?? { current: 0, seconds: null };
  if (current < most || seconds === null) return [];
  return [hit(`${whose}-per-hour`, most, current, Math.max(1, seconds))];
}

const wheres = (owner: Record<string, string>) =>
  Object.keys(owner)
    .map((column) => `${column} = ?`)
    .join(' and ');

function hit(name: LimitHit['name'], most: number, current: number, seconds: number): TooManyExportsError {
  const retryAt = new Date(Date.now() + seconds * 1000).toISOString();
  return new TooManyExportsError({ name, most, current, retryAt }, seconds);
}

function detailOf({ name, most, retryAt }: LimitHit): string {
  const whose = name.startsWith('person') ? 'one person' : 'one project';
  const what = name.endsWith('in-flight') ? 'in flight at once' : 'asked for within an hour';
  return `No more than ${most} exports of ${whose} may be ${what}, and there are as many. Try again at ${retryAt}.`;
}
