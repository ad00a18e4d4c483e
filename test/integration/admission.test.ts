/** Exports wait in the database for their turn: a bounded number is under way, and organizations take turns. */
import { Admission } from '@parcelpost/shared/db/services/admission.js';
import { PlacesInQueue } from '@parcelpost/shared/db/services/places-in-queue.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { plantWaiting } from '../support/planted.js';

let database: TestDatabase;
let clock = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.db.raw('truncate exports cascade');
});
afterAll(() => database?.drop());

interface Waiting {
  organization?: string;
  person?: string;
  changes?: Record<string, unknown>;
}

/** Exports that wait, each asked for a second after the one before. @returns their ids */
function wait(count: number, { organization = 'big', person = 'ana', changes = {} }: Waiting = {}) {
  clock += count;
  return plantWaiting(database.db, count, (_id, index) => ({
    organization,
    requester_id: person,
    waiting_since: new Date(1_700_000_000_000 + (clock + index) * 1000),
    ...changes,
  }));
}

const admission = (bound: number) => new Admission(database.db, bound);
const end = (ids: readonly string[]) =>
  database.db('exports').whereIn('id', ids).update({ outcome: 'completed', decided_at: new Date() });
const order = async () => {
  const rows = await database
    .db('outbox')
    .join('exports', 'exports.id', 'outbox.export_id')
    .where({ state: 'pending' })
    .orderBy('pending_at')
    .select('exports.id', 'organization', 'requester_id as person', 'priority');
  return rows as { id: string; organization: string; person: string; priority: number }[];
};
const names = async () => (await order()).map(({ organization }) => organization).join(' ');
const waiting = async () => Number((await database.db('exports').whereNotNull('waiting_since').count())[0]?.count);

test('no more exports are under way than the bound says, and the next come when some have ended', async () => {
  const ids = await wait(10, { organization: 'a' });
  expect(await admission(4).admit()).toBe(3); // the fourth place is for somebody else
  expect(await admission(4).admit()).toBe(0);
  expect((await order()).map(({ id }) => id)).toEqual(ids.slice(0, 3));
  await end(ids.slice(0, 2));
  expect(await admission(4).admit()).toBe(2);
  expect(await waiting()).toBe(5);
});

test('many relays at once let in no more than one would', async () => {
  for (const organization of ['a', 'b', 'c']) await wait(40, { organization });
  const admitted = await Promise.all(Array.from({ length: 8 }, () => admission(12).admit()));
  expect(admitted.reduce((sum, n) => sum + n)).toBe(9);
  expect(await waiting()).toBe(111);
});

test('organizations take turns, however many exports one of them has waiting, and whoever waits longest begins', async () => {
  await wait(500, { organization: 'big' });
  await wait(2, { organization: 'small' });
  await wait(1, { organization: 'tiny' });
  await admission(16).admit();
  expect(await names()).toBe('big small tiny big small big big big big big big big');
});

test('an organization that has none under way finds a place at once, however much another has under way', async () => {
  await wait(100, { organization: 'big' });
  await admission(8).admit();
  expect(await names()).toBe('big big big big big big');
  await wait(1, { organization: 'small' });
  expect(await admission(8).admit()).toBe(1);
  expect((await names()).split(' ').at(-1)).toBe('small');
  await wait(3, { organization: 'third' });
  expect(await admission(8).admit()).toBe(1);
  expect(await admission(8).admit()).toBe(0);
});

test('an organization that has fewer under way is next, whoever waited longer', async () => {
  const big = await wait(20, { organization: 'big' });
  await admission(8).admit();
  await wait(5, { organization: 'small' });
  await admission(8).admit();
  await end(big.slice(0, 2));
  expect(await admission(8).admit()).toBe(1);
  expect(await names()).toBe('big big big big big big small small');
});

test('people of one organization take turns too', async () => {
  await wait(50, { organization: 'big', person: 'ana' });
  await wait(2, { organization: 'big', person: 'ben' });
  await admission(8).admit();
  expect((await order()).map(({ person }) => person).join(' ')).toBe('ana ben ana ben ana ana');
});

test('the first export of an organization has priority over the next ones of another, up to a bound', async () => {
  await wait(40, { organization: 'big' });
  await wait(1, { organization: 'small' });
  await admission(0).admit();
  const all = await order();
  const base = all[0]?.priority ?? 0;
  const of = (which: string) => all.filter((one) => one.organization === which).map((one) => one.priority - base);
  expect(of('big').slice(0, 4)).toEqual([0, 1, 2, 3]);
  expect(Math.max(...of('big'))).toBe(18);
  expect(of('small')).toEqual([0]);
});

test('what is to stop, or has been decided, is not let in any more', async () => {
  const [stopped = '', decided = ''] = await wait(2);
  await database
    .db('exports')
    .where({ id: stopped })
    .update({ abort: JSON.stringify({ code: 'cancelled' }) });
  await end([decided]);
  const [last] = await wait(1);
  expect(await admission(0).admit()).toBe(1);
  expect((await order()).map(({ id }) => id)).toEqual([last]);
});

test('one whose row somebody holds is passed over: the others are let in, and it comes once it is free', async () => {
  const [held = '', next = '', ...others] = await wait(5, { organization: 'a' });
  const holding = await database.db.transaction();
  try {
    await holding('exports')
      .where({ id: held })
      .update({ abort: JSON.stringify({ code: 'cancelled' }) });
    // Also where there is room for no more than the one that is held.
    expect(await admission(1).admit()).toBe(1);
    await end([next]);
    expect(await admission(4).admit()).toBe(3);
    expect((await order()).map(({ id }) => id)).toEqual([next, ...others]);
    await end(others);
    expect(await admission(4).admit()).toBe(0);
  } finally {
    await holding.rollback();
  }
  expect(await admission(4).admit()).toBe(1);
});

test('without a bound all are let in, also more than one statement takes', async () => {
  await wait(1203);
  expect(await admission(0).admit()).toBe(1203);
});

test('its place tells how many are let in before it, in the order in which they are', async () => {
  const big = await wait(30, { organization: 'big' });
  await admission(4).admit();
  const [small = ''] = await wait(1, { organization: 'small' });
  const places = new PlacesInQueue(database.db);
  expect(await places.of(small)).toBe(1);
  expect(await places.of(big[3] as string)).toBe(2);
  expect(await places.of(big[29] as string)).toBe(28);
  expect(await places.of(big[0] as string)).toBeNull();
});

test('all that wait are ranked once, however many look at once and soon after', async () => {
  const ids = await wait(40);
  let asked = 0;
  database.db.on('query', () => asked++);
  const places = new PlacesInQueue(database.db, { keptMs: 60_000, most: 30 });
  expect(await Promise.all(ids.map((id) => places.of(id)))).toEqual(ids.map((_id, at) => (at < 30 ? at + 1 : null)));
  expect(await places.of(ids[7] as string)).toBe(8);
  database.db.removeAllListeners('query');
  expect(asked).toBe(1);
  // Once its time is over, they are ranked again.
  const now = new PlacesInQueue(database.db, { keptMs: 0 });
  expect(await now.of(ids[7] as string)).toBe(8);
  await end(ids.slice(0, 5));
  expect(await now.of(ids[7] as string)).toBe(3);
});

test('looks at a few of each, however many wait', async () => {
  await wait(3000, { organization: 'big' });
  await wait(3000, { organization: 'huge', person: 'ben' });
  await database.db.raw('analyze exports');
  await admission(32).admit();
  const ended = (await order()).slice(0, 4).map(({ id }) => id);
  await end(ended);
  const asked: string[] = [];
  database.db.on('query', ({ sql }: { sql: string }) => asked.push(sql));
  await admission(32).admit();
  database.db.removeAllListeners('query');
  // Look whether some wait, let in, and no second round.
  expect(asked).toHaveLength(2);
  const admit = asked.at(-1)?.split('; ').at(-1);
  const { rows } = await database.db.raw(`explain (analyze, format json) ${admit}`);
  const scanned: number[] = [];
  const look = (node: Record<string, unknown>) => {
    if (String(node['Index Name']).includes('exports_waiting')) scanned.push(Number(node['Actual Rows']));
    for (const child of (node.Plans ?? []) as Record<string, unknown>[]) look(child);
  };
  look(rows[0]['QUERY PLAN'][0].Plan);
  expect(scanned.length).toBeGreaterThan(1);
  // As many of each as there is room for, which is eight, and four to spare.
  expect(Math.max(...scanned)).toBeLessThanOrEqual(12);
});
