/** Many requests, cancellations and retries at once: a few are answered at once, more in the background. */
import { randomUUID } from 'node:crypto';
import { BulkService } from '@parcelpost/shared/db/services/bulks.js';
import type { Limits } from '@parcelpost/shared/db/services/limits.js';
import { seal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, SEAL_SECRET, send, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

/** What the producer of the tests takes at most; it answers three at once. */
const MOST = 60;

const NONE = { inFlight: 0, perHour: 0 };
const limits: Limits = { person: NONE, project: NONE };
let producer: TestProducer;

beforeAll(async () => {
  producer = await startProducer({ limits });
});
beforeEach(async () => {
  Object.assign(limits, { person: NONE, project: NONE });
  await producer.db.raw('truncate exports, bulks cascade');
});
afterEach(async () => {
  // What is under way would be written into the next test, or hold what is to be emptied.
  await producer
    .db('bulk_items')
    .where({ state: 'waiting' })
    .update({ state: 'skipped', sealed: null, finished_at: new Date() });
  await vi.waitFor(async () => expect(await busy()).toEqual([]), { timeout: 20_000, interval: 40 });
});
afterAll(() => producer?.close());

/** Statements that the producer runs, or has run in the last moment. */
async function busy(): Promise<unknown[]> {
  const { rows } = await producer.db.raw(
    `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
       and backend_type = 'client backend' and (state <> 'idle' or state_change > clock_timestamp() - interval '30 ms')`,
  );
  return rows;
}

type Who = 'ana' | 'ben';
const bulk = (body: object, { who = 'ana', key }: { who?: Who; key?: string } = {}) =>
  send(producer.port, '/api/v1/exports/bulk', {
    method: 'POST',
    headers: { ...producer.bearer(producer.users[who]), ...(key && { 'idempotency-key': key }) },
    body,
  });
const look = (id: string, { who = 'ana', method = 'GET' }: { who?: Who; method?: string } = {}) =>
  send(producer.port, `/api/v1/bulk/${id}`, { method, headers: producer.bearer(producer.users[who]) });
const item = (more: object = {}) => ({
  organization: 'cadasta',
  project: 'london-2',
  ...unlikeOthers({ formats: ['csv'] }),
  ...more,
});
const itemsOf = (count: number) => Array.from({ length: count }, () => item());
const done = (id: string): Promise<Answer> =>
  vi.waitFor(
    async () => {
      const now = await look(id);
      if (now.json.state !== 'done' && now.json.state !== 'cancelled') throw new Error(`it is ${now.json.state}`);
      return now;
    },
    { timeout: 20_000, interval: 20 },
  );
const exportsThere = () =>
  producer.db('exports').orderBy('requested_at').select('id', 'generation', 'project', 'abort');

describe('G8: a few items', () => {
  test('are answered at once, each at its own place, as it would be alone', async () => {
    const { status, json } = await bulk({
      items: [item(), item({ project: 'nowhere' }), item({ formats: ['csv', 'abacus'] })],
    });
    expect(status).toBe(200);
    const [export1] = await exportsThere();
    expect(json.answers).toEqual([
      { ok: true, value: { exportId: export1.id, generation: 1, state: 'waiting', joined: false } },
      { ok: false, error: expect.objectContaining({ status: 404, type: expect.stringMatching(/project-not-found$/) }) },
      {
        ok: false,
        error: expect.objectContaining({ status: 422, errors: [expect.objectContaining({ pointer: '/formats/1' })] }),
      },
    ]);
    expect(await exportsThere()).toHaveLength(1);
    const odd = await bulk({ items: [item({ organization: 'a\0' }), item({ project: '\ud800' })] });
    expect(odd.json.answers).toMatchObject([
      { ok: false, error: { status: 422, errors: [{ pointer: '/organization' }] } },
      { ok: false, error: { status: 422, errors: [{ pointer: '/project' }] } },
    ]);
  });

  test('repeated by an Idempotency-Key come to the same exports', async () => {
    const body = { items: itemsOf(2) };
    const [first, again] = [await bulk(body, { key: '"k"' }), await bulk(body, { key: '"k"' })];
    expect(again.json).toEqual(first.json);
    expect(await exportsThere()).toHaveLength(2);
  });

  test('cancel and retry exports by their ids; one that is there twice is skipped the second time', async () => {
    const asked = await bulk({ items: itemsOf(2) });
    const [one, two] = asked.json.answers.map(({ value }: { value: { exportId: string } }) => value.exportId);
    const cancelled = await bulk({ action: 'cancel', exports: [one, randomUUID(), one] });
    expect(cancelled.json.answers).toEqual([
      { ok: true, value: { exportId: one, generation: 1, state: 'waiting' } },
      { ok: false, error: expect.objectContaining({ status: 404 }) },
      { skipped: true },
    ]);
    await producer.db('exports').whereIn('id', [one, two]).update({ outcome: 'failed', decided_at: new Date() });
    const retried = await bulk({ action: 'retry', exports: [two, one] });
    expect(retried.json.answers).toMatchObject([
      { ok: true, value: { exportId: two, generation: 2 } },
      { ok: true, value: { exportId: one, generation: 2 } },
    ]);
  });

  test('nobody does to others’ exports what they may not do alone', async () => {
    const asked = await bulk({ items: itemsOf(1) });
    const { exportId } = asked.json.answers[0].value;
    const { json } = await bulk({ action: 'cancel', exports: [exportId] }, { who: 'ben' });
    expect(json.answers).toMatchObject([{ ok: false, error: { status: 403 } }]);
  });

  test.each([
    [{}, '/'],
    [{ items: [] }, '/items'],
    [{ action: 'delete', exports: ['a'] }, '/action'],
    [{ items: Array.from({ length: MOST + 1 }, () => ({ organization: 'a', project: 'b' })) }, '/items'],
  ])('what is no bulk work is refused: %#', async (body, pointer) => {
    const { status, json } = await bulk(body);
    expect(status).toBe(422);
    expect(json.errors.some((error: { pointer: string }) => `${error.pointer}/`.startsWith(pointer))).toBe(true);
  });
});

describe('G8: many items', () => {
  test('have an id, a state, progress, and their answers at their own places, none of which vanishes', async () => {
    const items = itemsOf(12);
    items[5] = item({ project: 'nowhere' });
    const { status, headers, json } = await bulk({ items });
    expect(status).toBe(202);
    expect(headers.location).toBe(`/api/v1/bulk/${json.id}`);
    expect(json).toMatchObject({ action: 'request', total: 12 });
    expect(json.answers).toHaveLength(12);
    const end = (await done(json.id)).json;
    expect(end).toMatchObject({ state: 'done', ok: 11, failed: 1, skipped: 0, finishedAt: expect.any(String) });
    expect(end.answers.map((answer: { ok: boolean }) => answer.ok)).toEqual(items.map((_, index) => index !== 5));
    expect(await exportsThere()).toHaveLength(11);
  });

  test('are nobody else’s to see', async () => {
    const { json } = await bulk({ items: itemsOf(4) });
    expect((await look(json.id, { who: 'ben' })).status).toBe(404);
    expect((await look('nothing')).status).toBe(404);
    await done(json.id);
  });

  test('repeated by an Idempotency-Key are the same work; another body with it is refused', async () => {
    const body = { items: itemsOf(5) };
    const first = await bulk(body, { key: '"many"' });
    const again = await bulk(body, { key: '"many"' });
    expect(again.json.id).toBe(first.json.id);
    expect((await bulk({ items: itemsOf(5) }, { key: '"many"' })).status).toBe(422);
    await done(first.json.id);
    expect(await exportsThere()).toHaveLength(5);
  });

  test.each(['cancel', 'retry'])(
    '%s: with an Idempotency-Key, also a few are done once, however often they are asked for',
    async (action) => {
      const asked = await bulk({ items: itemsOf(2) });
      const exports = asked.json.answers.map(({ value }: { value: { exportId: string } }) => value.exportId);
      if (action === 'retry') await producer.db('exports').update({ outcome: 'failed', decided_at: new Date() });
      const first = await bulk({ action, exports }, { key: '"once"' });
      expect(first.status).toBe(202);
      expect((await done(first.json.id)).json).toMatchObject({ ok: 2, failed: 0 });
      const again = await bulk({ action, exports }, { key: '"once"' });
      expect(again.json).toMatchObject({ id: first.json.id, ok: 2, failed: 0 });
      expect((await bulk({ action, exports: exports.slice(1) }, { key: '"once"' })).status).toBe(422);
      expect((await exportsThere()).map(({ generation }) => generation)).toEqual(action === 'retry' ? [2, 2] : [1, 1]);
    },
  );

  test('a key may stand for other work a day later', async () => {
    const first = await bulk({ items: itemsOf(4) }, { key: '"daily"' });
    const age = (minutes: number) =>
      producer.db('bulks').update({ created_at: new Date(Date.now() - minutes * 60_000) });
    await age(23 * 60);
    expect((await bulk({ items: itemsOf(4) }, { key: '"daily"' })).status).toBe(422);
    await age(25 * 60);
    const next = await bulk({ items: itemsOf(4) }, { key: '"daily"' });
    expect(next.status).toBe(202);
    expect(next.json.id).not.toBe(first.json.id);
    await Promise.all([done(first.json.id), done(next.json.id)]);
  });

  test('that are left when they are cancelled are skipped, and say so', async () => {
    // Nothing goes on while a person has no room.
    limits.person = { inFlight: 2, perHour: 0 };
    const { json } = await bulk({ items: itemsOf(8) });
    await vi.waitFor(async () => expect((await look(json.id)).json.ok).toBe(2), { timeout: 10_000 });
    expect((await look(json.id)).json.state).toBe('running');
    const cancelled = await look(json.id, { method: 'DELETE' });
    expect(cancelled.status).toBe(202);
    expect(cancelled.json).toMatchObject({ state: 'cancelled', ok: 2, skipped: 6 });
    expect(cancelled.json.answers.at(-1)).toEqual({ skipped: true });
  });

  test('wait for room below a limit, and do not fail of it', async () => {
    limits.person = { inFlight: 4, perHour: 0 };
    const { json } = await bulk({ items: itemsOf(6) });
    await vi.waitFor(async () => expect((await look(json.id)).json.ok).toBe(4), { timeout: 10_000 });
    await producer.db('exports').update({ outcome: 'completed', decided_at: new Date() });
    await producer.db('bulk_items').where({ bulk_id: json.id, state: 'waiting' }).update({ due_at: new Date() });
    expect((await done(json.id)).json).toMatchObject({ ok: 6, failed: 0 });
  });

  test('wait for another producer that has the same item in hand', async () => {
    const id = randomUUID();
    const items = itemsOf(2);
    const other = await producer.db.transaction();
    try {
      const key = `parcelpost.idempotency/${producer.users.ana}/bulk\n${id}\n0`;
      await other.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [key]);
      const sealed = items.map((one) => seal(JSON.stringify(one), [SEAL_SECRET], id));
      const given = {
        id,
        userId: producer.users.ana,
        action: 'request' as const,
        sealed,
        key: undefined,
        fingerprint: '',
      };
      await producer.db.transaction((trx) => new BulkService(producer.db).create(trx, given, 0));
      await vi.waitFor(async () => expect((await look(id)).json.ok).toBe(1), { timeout: 10_000 });
      // It was begun, and put off for a moment, not for as long as somebody has it in hand.
      await vi.waitFor(
        async () => {
          const item = await producer.db('bulk_items').where({ bulk_id: id, position: 0 }).first('state', 'due_at');
          expect(item.state).toBe('waiting');
          expect(item.due_at.getTime()).toBeLessThan(Date.now() + 5000);
        },
        { timeout: 10_000, interval: 20 },
      );
    } finally {
      await other.rollback();
    }
    expect((await done(id)).json).toMatchObject({ ok: 2, failed: 0 });
  });

  test('whose producers died of it five times is begun no more, and says so', async () => {
    const id = randomUUID();
    const sealed = itemsOf(2).map((one) => seal(JSON.stringify(one), [SEAL_SECRET], id));
    const given = {
      id,
      userId: producer.users.ana,
      action: 'request' as const,
      sealed,
      key: undefined,
      fingerprint: '',
    };
    await producer.db.transaction(async (trx) => {
      await new BulkService(producer.db).create(trx, given, 0);
      for (const [position, starts] of [5, 4].entries()) {
        await trx('bulk_items').where({ bulk_id: id, position }).update({ starts });
      }
    });
    const { answers } = (await done(id)).json;
    const error = { status: 500, detail: expect.stringMatching(/begun 5 times/) };
    expect(answers).toMatchObject([{ ok: false, error }, { ok: true }]);
    expect(await exportsThere()).toHaveLength(1);
  });

  test('one person has so many bulks open at once; one more is refused, a repeat is not', async () => {
    limits.person = { inFlight: 1, perHour: 0 };
    const body = { items: itemsOf(4) };
    const opened = await Promise.all([
      bulk(body, { key: '"first"' }),
      ...Array.from({ length: 4 }, () => bulk({ items: itemsOf(4) })),
      bulk({ items: itemsOf(4) }, { who: 'ben' }),
    ]);
    expect(
      opened
        .slice(0, 5)
        .map(({ status }) => status)
        .sort(),
    ).toEqual([202, 202, 202, 429, 429]);
    expect(opened[5]?.status).toBe(202);
    const refused = opened.find(({ status }) => status === 429);
    expect(refused?.json.type).toMatch(/too-many-bulks$/);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
    const taken = opened.slice(0, 5).find(({ status }) => status === 202) as Answer;
    await look(taken.json.id, { method: 'DELETE' });
    const next = await bulk(body, { key: '"next"' });
    expect(next.status).toBe(202);
    expect((await bulk(body, { key: '"next"' })).json.id).toBe(next.json.id);
    expect((await bulk({ items: itemsOf(4) })).status).toBe(429);
  });

  test('are not readable where they wait, and forgotten once they are answered', async () => {
    limits.person = { inFlight: 1, perHour: 0 };
    const secret = 'https://example.org/hook/of-nobody-else';
    const onSuccess = [{ task: 'webhook.post', args: { url: secret } }];
    const { json } = await bulk({ items: [item(), item({ onSuccess }), item({ onSuccess }), item()] });
    await vi.waitFor(async () => expect((await look(json.id)).json.ok).toBe(1), { timeout: 10_000 });
    const rows = await producer.db('bulk_items').where({ bulk_id: json.id }).orderBy('position');
    expect(JSON.stringify(rows)).not.toContain('of-nobody-else');
    expect(rows.map(({ sealed }) => sealed !== null)).toEqual([false, true, true, true]);
    await look(json.id, { method: 'DELETE' });
    expect(await producer.db('bulk_items').whereNotNull('sealed')).toEqual([]);
  });

  test.each(['request', 'retry', 'cancel'])(
    '%s: an item whose start died before it could answer is done once',
    async (action) => {
      let body: object = { items: itemsOf(4) };
      if (action !== 'request') {
        const { json } = await bulk(body);
        const ids = (await done(json.id)).json.answers.map(
          ({ value }: { value: { exportId: string } }) => value.exportId,
        );
        if (action === 'retry') await producer.db('exports').update({ outcome: 'failed', decided_at: new Date() });
        body = { action, exports: ids };
      }
      const { json } = await bulk(body);
      const first = (await done(json.id)).json;
      const before = await exportsThere();
      // As they were before their answers were written, after the deeds were.
      const deeds = await producer.db('audit_log').count();
      const items =
        'items' in body
          ? (body.items as object[])
          : (body as unknown as { exports: string[] }).exports.map((id) => ({ id }));
      for (const [position, one] of items.entries()) {
        await producer
          .db('bulk_items')
          .where({ bulk_id: json.id, position })
          .update({
            state: 'waiting',
            answer: null,
            finished_at: null,
            due_at: new Date(),
            sealed: seal(JSON.stringify(one), [SEAL_SECRET], json.id),
          });
      }
      const again = (await done(json.id)).json;
      expect(again.answers).toEqual(first.answers);
      expect(await exportsThere()).toEqual(before);
      expect(await producer.db('audit_log').count()).toEqual(deeds);
    },
  );
});
