/** How many exports a person and a project may have, in flight and within an hour. */
import type { Limits } from '@parcelpost/shared/db/services/limits.js';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Answer, send, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

const NONE = { inFlight: 0, perHour: 0 };
/** What the producer looks at; each test sets its own. */
const limits: Limits = { person: NONE, project: NONE };
let producer: TestProducer;

beforeAll(async () => {
  producer = await startProducer({ limits });
  // Somebody else who may export the same project.
  const { id: organization_id } = await producer.db('organizations').where({ slug: 'cadasta' }).first('id');
  await producer.db('memberships').insert({ user_id: producer.users.eve, organization_id, role: 'administrator' });
});
afterEach(async () => {
  Object.assign(limits, { person: NONE, project: NONE });
  await producer.db.raw('truncate exports cascade');
});
afterAll(() => producer?.close());

interface Asked {
  who?: 'ana' | 'ben' | 'eve';
  project?: string;
  body?: object;
  key?: string;
}

const ask = ({ who = 'ana', project = 'london-2', body = unlikeOthers({ formats: ['csv'] }), key }: Asked = {}) =>
  send(producer.port, `/api/v1/organizations/cadasta/projects/${project}/exports`, {
    method: 'POST',
    headers: { ...producer.bearer(producer.users[who]), ...(key && { 'idempotency-key': key }) },
    body,
  });
const many = (count: number, asked: Asked = {}) => Promise.all(Array.from({ length: count }, () => ask(asked)));
const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
const end = (id: string, outcome = 'failed') =>
  producer.db('exports').where({ id }).update({ outcome, phase: 'decided', decided_at: new Date() });
const count = async () => Number((await producer.db('exports').count())[0]?.count);

test('of fifty requests at once as many pass as one person may have in flight, and what is refused leaves nothing', async () => {
  limits.person = { inFlight: 5, perHour: 0 };
  const answers = await many(50);
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(45);
  expect(await count()).toBe(5);
  expect(Number((await producer.db('outbox').count())[0]?.count)).toBe(5);
});

test('a refusal names the limit, its value, and when to try again', async () => {
  limits.person = { inFlight: 1, perHour: 0 };
  await ask();
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(refused.headers['content-type']).toBe('application/problem+json');
  expect(Number(refused.headers['retry-after'])).toBe(60);
  expect(refused.json).toMatchObject({
    type: 'http://parcelpost.example.org/problems/too-many-exports',
    status: 429,
    limit: { name: 'person-in-flight', most: 1, current: 1, retryAt: expect.stringMatching(/^\d{4}-.*Z$/) },
  });
  expect(refused.json.detail).toContain('No more than 1 exports of one person may be in flight at once');
  const page = await send(producer.port, '/problems/too-many-exports', {});
  expect(page.status).toBe(200);
});

test('another person, and another project, have limits of their own', async () => {
  limits.person = { inFlight: 1, perHour: 0 };
  expect(statuses([await ask(), await ask({ who: 'ben' }), await ask({ who: 'eve' }), await ask()])).toEqual([
    202, 202, 202, 429,
  ]);
  await producer.db.raw('truncate exports cascade');
  limits.person = NONE;
  limits.project = { inFlight: 2, perHour: 0 };
  const at = await Promise.all([many(5, { who: 'ana' }), many(5, { who: 'ben' }), many(3, { project: 'london-20' })]);
  expect(statuses(at.flat())).toEqual([202, 202, 202, 202, ...Array(9).fill(429)]);
  const named = at.flat().flatMap((answer) => (answer.status === 429 ? [answer.json.limit.name] : []));
  expect(new Set(named)).toEqual(new Set(['project-in-flight']));
});

test('people who have nothing to do with each other do not wait for each other', async () => {
  limits.person = { inFlight: 5, perHour: 0 };
  const lock = await producer.db.transaction();
  try {
    await lock.raw(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [
      `parcelpost.limits/person/${JSON.stringify([producer.users.ana])}`,
    ]);
    let answered = false;
    const hers = ask({ who: 'ana' }).finally(() => {
      answered = true;
    });
    expect((await ask({ who: 'ben' })).status).toBe(202);
    expect(answered).toBe(false);
    await lock.rollback();
    expect((await hers).status).toBe(202);
  } finally {
    if (!lock.isCompleted()) await lock.rollback();
  }
});

test('an export that has come to its end makes room', async () => {
  limits.person = { inFlight: 1, perHour: 0 };
  const { json } = await ask();
  expect((await ask()).status).toBe(429);
  await end(json.id, 'completed');
  expect((await ask()).status).toBe(202);
});

test('within an hour: what was asked for longer ago does not count, and Retry-After is when the next one will not', async () => {
  limits.person = { inFlight: 0, perHour: 3 };
  const ids = (await many(3)).map(({ json }) => json.id as string);
  const minutes = (ago: number, id = '') =>
    producer
      .db('exports')
      .where({ id })
      .update({ requested_at: new Date(Date.now() - ago * 60_000), outcome: 'failed', decided_at: new Date() });
  await minutes(50, ids[0]);
  await minutes(40, ids[1]);
  const refused = await ask();
  expect(refused.json.limit).toMatchObject({ name: 'person-per-hour', most: 3, current: 3 });
  const seconds = Number(refused.headers['retry-after']);
  expect(seconds).toBeGreaterThan(595);
  expect(seconds).toBeLessThanOrEqual(600);
  await minutes(61, ids[0]);
  expect((await ask()).status).toBe(202);
  expect((await ask()).status).toBe(429);
});

test('how long one in flight may take is told by how long those before took', async () => {
  limits.person = { inFlight: 1, perHour: 0 };
  const { json } = await ask();
  const now = Date.now();
  await producer
    .db('exports')
    .where({ id: json.id })
    .update({ outcome: 'completed', requested_at: new Date(now - 200_000), decided_at: new Date(now) });
  await ask();
  expect(Number((await ask()).headers['retry-after'])).toBeGreaterThan(190);
  expect(Number((await ask()).headers['retry-after'])).toBeLessThanOrEqual(200);
});

test('requests that join one that runs, and repeats by their key, are not counted', async () => {
  limits.person = { inFlight: 1, perHour: 1 };
  const body = { formats: ['csv'] };
  const first = await ask({ body, key: '"one"' });
  expect(first.status).toBe(202);
  const [joined, repeated] = [await ask({ body }), await ask({ body, key: '"one"' })];
  expect([joined.status, joined.json.id, joined.json.joined]).toEqual([202, first.json.id, true]);
  expect([repeated.status, repeated.json.id]).toEqual([202, first.json.id]);
  expect((await ask({ key: '"two"' })).status).toBe(429);
  // The key of what was refused stands for nothing.
  await producer.db('exports').update({ requested_at: new Date(Date.now() - 3_700_000) });
  await end(first.json.id);
  expect((await ask({ key: '"two"' })).status).toBe(202);
});

test('an export that is tried again counts among those in flight, not by the hour', async () => {
  limits.person = { inFlight: 1, perHour: 2 };
  const { json } = await ask();
  await end(json.id);
  await ask();
  const retry = () =>
    send(producer.port, `/api/v1/exports/${json.id}/retry`, {
      method: 'POST',
      headers: producer.bearer(producer.users.ana),
    });
  const refused = await retry();
  expect([refused.status, refused.json.limit?.name]).toEqual([429, 'person-in-flight']);
  expect(await producer.db('exports').where({ id: json.id }).first('generation', 'outcome')).toEqual({
    generation: 1,
    outcome: 'failed',
  });
  await producer.db('exports').whereNot({ id: json.id }).update({ outcome: 'failed', decided_at: new Date() });
  expect((await retry()).status).toBe(202);
});
