/**
 * Whose export comes next. The queues get a bounded number of exports at a time; the others wait in the database, where
 * their order is made anew each time there is room: organizations take turns, and within one its people do.
 */
import type { Connection, Database } from '../database.js';

/** Exports that are let in by one statement at most. */
const BATCH = 500;
/** How many more of a person's are looked at than there is room for, should somebody hold the rows of the first. */
const SPARE = 4;
/** The lock under which they are: whoever counts must not be overtaken by another who lets more in. */
const ADMISSION = 7_041_222;
/** How long a relay waits for another one's count; the next sweep tries again. */
const LOCK_MS = 2000;
/** One part in so many of the bound is kept for organizations that have no export under way. */
const RESERVED = 4;

/** How much later than it was let in an export counts, for each that its organization has under way already, in minutes. */
const LATER_MINUTES = 10;
/** And at most so many times that: what was let in later still does not overtake it, so that nothing starves. */
export const MOST_LATER = 18;
/** Priorities are below 2^21; these come round again after some twenty years. */
const ROUND = 1_048_576;

/** Exports without an outcome that were let in, by organization and person. */
const IN_FLIGHT = `in_flight as materialized (
  select organization, requester_id, count(*) as n from exports
  where outcome is null and waiting_since is null group by organization, requester_id)`;

const WAITS = 'outcome is null and waiting_since is not null';

/**
 * Puts what `candidate` holds into the fair order, as `ranked`. The first export of an organization comes before the second
 * of another: `load` is how many its organization has under way once it is let in. Of the same load, who has waited longer
 * is first. An organization's own order is made likewise, of its people.
 */
const RANKED = `by_person as (
  select candidate.*, coalesce(n, 0) + row_number() over (
    partition by organization, requester_id order by waiting_since, id) as person_load
  from candidate left join in_flight using (organization, requester_id)
), by_organization as (
  select by_person.*, coalesce(n, 0) + row_number() over (
    partition by organization order by person_load, waiting_since, id) as load
  from by_person
  left join (select organization, sum(n) as n from in_flight group by organization) under_way using (organization)
), ranked as (
  select by_organization.*, row_number() over (order by load, waiting_since, id) as place from by_organization
)`;

/**
 * Lets in as many as there is room for. Of each person only a few more of their oldest are looked at than could be let in, found
 * by going along the index from person to person: it costs the same however many wait.
 *
 * One whose row somebody else holds, such as a cancellation that is not committed, is passed over, and whoever comes after it
 * takes its place: nobody waits for a row under the lock for which all wait.
 */
const admitSql = (bound: number, shared: number) => `with recursive ${IN_FLIGHT}, room as materialized (
  select bound, shared, coalesce(sum(n), 0) as taken, least(greatest(bound - coalesce(sum(n), 0), 0), ${BATCH}) as free
  from (values (${bound}::bigint, ${shared}::bigint)) as given(bound, shared) left join in_flight on true group by bound, shared
), person as (
  (select organization, requester_id from exports where ${WAITS} and (select free from room) > 0
   order by organization, requester_id limit 1)
  union all
  select next.organization, next.requester_id from person cross join lateral (
    select e.organization, e.requester_id from exports e
    where ${WAITS} and (e.organization, e.requester_id) > (person.organization, person.requester_id)
    order by e.organization, e.requester_id limit 1) next
), candidate as (
  select oldest.* from person cross join lateral (
    select e.id, e.generation, e.organization, e.requester_id, e.waiting_since from exports e
    where ${WAITS} and e.abort is null
      and e.organization = person.organization and e.requester_id = person.requester_id
    order by e.waiting_since, e.id limit (select free + ${SPARE} from room)) oldest
), ${RANKED}, held as (
  select e.id, ranked.load, ranked.place from ranked join exports e on e.id = ranked.id and e.generation = ranked.generation
  where e.outcome is null and e.abort is null and e.waiting_since is not null
  order by ranked.place
  limit (select least(free, greatest((select count(*) from ranked where load = 1), shared - taken)) from room)
  for no key update of e skip locked
), nth as (
  select id, load, row_number() over (order by place) as place from held
), let_in as (
  update exports set waiting_since = null
  from nth, room
  where exports.id = nth.id and room.taken + nth.place <= case when nth.load = 1 then room.bound else room.shared end
  returning exports.id, exports.generation, nth.load, nth.place
)
update outbox set state = 'pending', pending_at = now() + let_in.place * interval '1 microsecond',
  priority = floor(extract(epoch from now()) / ${LATER_MINUTES * 60})::bigint % ${ROUND} + least(let_in.load, ${MOST_LATER + 1})
from let_in
where outbox.export_id = let_in.id and outbox.generation = let_in.generation
  and outbox.place = 'enter' and outbox.state = 'waiting'`;

/**
 * The places of the exports that wait, from 1, of the first `most`: how many are let in up to each if nobody asks for another.
 * One that is asked for later may still come before it. Ranks all that wait, so it is for {@link PlacesInQueue} to ask for.
 * @returns by the exports' ids; what is to stop has no place
 */
export async function placesInQueue(db: Connection, most: number): Promise<Map<string, number>> {
  const { rows } = await db.raw<{ rows: { id: string; place: number }[] }>(
    `with ${IN_FLIGHT}, candidate as (
       select id, generation, organization, requester_id, waiting_since from exports where ${WAITS} and abort is null
     ), ${RANKED}
     select id, place from ranked where place <= ?`,
    [most],
  );
  return new Map(rows.map(({ id, place }) => [id, place]));
}

/** The waiting room of exports. */
export class Admission {
  readonly #bound: number;

  /** @param inFlight most exports that are under way at once: let in, and without an outcome; 0 for no bound */
  constructor(
    readonly db: Database,
    inFlight: number,
  ) {
    this.#bound = inFlight === 0 ? Number.MAX_SAFE_INTEGER : inFlight;
  }

  /**
   * Lets in as many exports as there is room for, in the fair order: what brings them into their queues becomes `pending`.
   * However many relays do so at once, no more are under way than the bound says. The last quarter of the bound is only
   * for organizations that have none under way, so that a newcomer need not wait for another's export to end.
   *
   * What is let in bears a priority among the jobs of its queue (lower is sooner): it grows with time, and with what the
   * organization has under way already, up to {@link MOST_LATER} times {@link LATER_MINUTES} minutes. So an organization's
   * first export is worked on before another's twentieth, and what was let in much later overtakes nothing.
   * @returns how many were let in
   * @throws when another relay's count is not over in {@link LOCK_MS} milliseconds
   */
  async admit(): Promise<number> {
    let all = 0;
    for (;;) {
      if (!(await this.#someWait())) return all;
      const admitted = await this.#admitSome();
      all += admitted;
      if (admitted < BATCH) return all;
    }
  }

  async #someWait(): Promise<boolean> {
    const { rows } = await this.db.raw<{ rows: { some: boolean }[] }>(
      `select exists (select 1 from exports where ${WAITS} and abort is null) as some`,
    );
    return rows[0]?.some === true;
  }

  /**
   * One round trip: statements of one query are one transaction, and each sees what was committed before it began. So the
   * last one counts what the holder of the lock before us let in.
   */
  async #admitSome(): Promise<number> {
    const bound = this.#bound;
    const shared = bound - Math.floor(bound / RESERVED);
    const statements = [
      `set local lock_timeout = ${LOCK_MS}`,
      // What a crash takes back waits again.
      'set local synchronous_commit = off',
      `select pg_advisory_xact_lock(${ADMISSION})`,
      admitSql(bound, shared),
    ];
    const results = (await this.db.raw(statements.join('; '))) as unknown as { rowCount: number }[];
    return results.at(-1)?.rowCount ?? 0;
  }
}
