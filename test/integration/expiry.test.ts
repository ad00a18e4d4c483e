/**
 * Bundles go when their time is over; what they were stays known. The rule V7, and its faults "expiry ignores work in flight" and
 * "expired is 404 on the page and 500 in the API".
 */
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

let stack: PlatformStack;

beforeAll(async () => {
  stack = await startPlatformStack({ parcels: 3 }, { engine: 'postgres', workers: 2 });
});
afterAll(() => stack?.stop());

const past = () => new Date(Date.now() - 1000);
const fileOf = (id: string) => stack.database.db('files').where({ export_id: id }).first();
const removedAt = async (id: string) => (await fileOf(id)).removed_at;
const gone = (id: string) =>
  until(
    'its bytes are gone, and noted',
    async () => (await fileOf(id)).cleared_at !== null && stack.stored(id).length === 0,
  );

/** A completed export with nothing but its bundle in storage. */
async function completed(project: string): Promise<string> {
  const { id } = await stack.settled((await stack.ask(project)).id);
  await until('only the bundle is left', async () => stack.stored(id).length === 1);
  return id;
}

/** Has the time of an export's files be over. */
async function expire(id: string, expires_at = past()): Promise<void> {
  await stack.database.db('files').where({ export_id: id }).update({ expires_at });
  await stack.database.db('exports').where({ id }).update({ expires_at });
}

const call = async (path: string, method = 'GET', body?: object, as = stack.api) => {
  const answer = await as.fetch(path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    json: text === '' ? undefined : JSON.parse(text),
  };
};
const problemOf = ({ status, json }: Awaited<ReturnType<typeof call>>) => [status, json.type.split('/').at(-1)];

test('V7: old data expires: files go, the row stays and says so; what is in flight stays, and what is fresh', async () => {
  const { db } = stack.database;
  const [expiring, inFlight, fresh] = (await Promise.all(['expiring', 'in-flight', 'fresh'].map(completed))) as [
    string,
    string,
    string,
  ];
  const expires_at = past();
  await db('exports').where({ id: inFlight }).update({ generation: 2, outcome: null, decided_at: null });
  await db('files').where({ export_id: inFlight }).update({ expires_at });
  await expire(expiring);
  await gone(expiring);

  const state = await stack.api.export(expiring);
  expect(state).toMatchObject({ state: 'expired', outcome: 'completed', bundle: null, error: null });
  expect((await db('audit_log').where({ export_id: expiring, task: 'files.put-out-of-reach' })).length).toBe(1);
  for (const id of [inFlight, fresh]) {
    expect(stack.stored(id)).toHaveLength(1);
    expect(await removedAt(id)).toBeNull();
  }
  expect((await stack.api.fetch(`/api/v1/exports/${fresh}/download`)).status).toBe(200);

  // A worker was killed before it noted that the bytes are gone: noted all the same.
  await db('files').where({ export_id: expiring }).update({ cleared_at: null });
  await gone(expiring);
});

test('the fault "expired is 404 on the page and 500 in the API": 410 that says what, when, and how to ask again, before the bytes are gone and after', async () => {
  const id = await completed('told');
  const at = past();
  // In reach for nobody from that moment on, whether somebody has come by to remove it or not.
  await stack.database.db('exports').where({ id }).update({ generation: 1 });
  await expire(id, at);
  const looks = async () => {
    const { status, type, json } = await call(`/api/v1/exports/${id}/download`);
    expect([status, type]).toEqual([410, 'application/problem+json']);
    const again = { method: 'POST', url: expect.stringMatching(/\/organizations\/faraway\/projects\/told\/exports$/) };
    expect(json).toMatchObject({
      type: expect.stringContaining('/problems/export-expired'),
      expired: { exportId: id, at: at.toISOString(), again: { ...again, body: { formats: ['csv'] } } },
    });
    expect(json.detail).toContain(at.toISOString());
    const head = await stack.api.fetch(`/api/v1/exports/${id}/download`, { method: 'HEAD' });
    expect(head.status).toBe(410);
    expect(await call(`/api/v1/exports/${id}`)).toMatchObject({ status: 200, json: { state: 'expired' } });
    return json.expired.again;
  };
  await looks();
  await gone(id);
  const { url, body } = await looks();
  // What it says works.
  const asked = await call(new URL(url).pathname, 'POST', { ...body, apiToken: 'a-token' });
  expect(asked.status).toBe(202);
  await stack.api.waitFor(asked.json.id, ({ outcome }) => outcome !== null);
});

describe('a pin', () => {
  it('keeps files beyond their time, until a time or until unpinned, and is shown; unpinned they have an hour to be pinned anew', async () => {
    const id = await completed('pinned');
    const forever = await call(`/api/v1/exports/${id}/pin`, 'POST');
    expect(forever.json).toMatchObject({
      state: 'completed',
      expiresAt: null,
      pin: { until: null, by: { name: 'Ana Souza' } },
      bundle: { expiresAt: null },
    });
    await expire(id);
    // Long enough for several rounds of both workers: something else expires meanwhile.
    const other = await completed('beside-pinned');
    await expire(other);
    await gone(other);
    expect(await call(`/api/v1/exports/${id}`)).toMatchObject({ json: { state: 'completed', retryable: false } });
    expect((await stack.api.fetch(`/api/v1/exports/${id}/download`)).status).toBe(200);

    const soon = new Date(Date.now() + 60_000).toISOString();
    const longer = await call(`/api/v1/exports/${id}/pin`, 'POST', { until: soon });
    expect(longer.json).toMatchObject({ expiresAt: soon, pin: { until: soon }, bundle: { expiresAt: soon } });
    const wrong = await call(`/api/v1/exports/${id}/pin`, 'POST', { until: past().toISOString() });
    expect([...problemOf(wrong), wrong.json.errors[0].pointer]).toEqual([422, 'invalid-request', '/until']);

    const free = await call(`/api/v1/exports/${id}/pin`, 'DELETE');
    expect(free.json).toMatchObject({ state: 'completed', pin: null });
    const left = new Date(free.json.expiresAt).getTime() - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    expect((await call(`/api/v1/exports/${id}/pin`, 'DELETE')).json).toMatchObject({ expiresAt: free.json.expiresAt });
    const tasks = await stack.database
      .db('audit_log')
      .where({ export_id: id })
      .whereLike('task', 'exports.%pin')
      .orderBy('id')
      .pluck('task');
    expect(tasks).toEqual(['exports.pin', 'exports.pin', 'exports.unpin']);
  });

  it('is over at its time, and what is pinned is not let go by mistake', async () => {
    const id = await completed('pinned-for-a-while');
    await call(`/api/v1/exports/${id}/pin`, 'POST', { until: new Date(Date.now() + 60_000).toISOString() });
    expect(problemOf(await call(`/api/v1/exports/${id}/bundle`, 'DELETE'))).toEqual([409, 'export-pinned']);
    await expire(id);
    await stack.database.db('exports').where({ id }).update({ pinned_until: past() });
    await gone(id);
    expect((await call(`/api/v1/exports/${id}`)).json).toMatchObject({ state: 'expired', pin: null });
    expect(problemOf(await call(`/api/v1/exports/${id}/pin`, 'POST'))).toEqual([410, 'export-expired']);
  });

  it('brings back what is over its time and still there; of a pin and a removal at once, one is first and the other finds it done', async () => {
    const ids = await Promise.all(Array.from({ length: 3 }, (_, n) => completed(`raced-${n}`)));
    const ends = await Promise.all(
      ids.map(async (id, n) => {
        await expire(id);
        await pause(n * 150);
        return (await call(`/api/v1/exports/${id}/pin`, 'POST')).status;
      }),
    );
    for (const [n, id] of ids.entries()) {
      if (ends[n] === 200) {
        expect((await stack.api.fetch(`/api/v1/exports/${id}/download`)).status).toBe(200);
        expect(await removedAt(id)).toBeNull();
      } else {
        expect(ends[n]).toBe(410);
        await gone(id);
      }
    }
  });

  it('is for who asked and for administrators; there has to be something to keep', async () => {
    const id = await completed('not-yours');
    const [eve, ben] = [await stack.as('eve'), await stack.as('ben')];
    for (const [path, method] of [
      ['pin', 'POST'],
      ['pin', 'DELETE'],
      ['bundle', 'DELETE'],
    ] as const) {
      for (const other of [eve, ben]) {
        expect(problemOf(await call(`/api/v1/exports/${id}/${path}`, method, undefined, other))).toEqual([
          404,
          'export-not-found',
        ]);
      }
    }
    const { db } = stack.database;
    await db('files')
      .where({ export_id: id })
      .update({ owner_kind: 'user', owner_id: 'nobody', removed_at: new Date(), cleared_at: new Date() });
    await db('exports').where({ id }).update({ outcome: 'failed', expires_at: null });
    expect(problemOf(await call(`/api/v1/exports/${id}/pin`, 'POST'))).toEqual([409, 'export-without-file']);
    await db('exports')
      .where({ id })
      .update({ outcome: null, decided_at: null, deadline_at: new Date(Date.now() + 60_000) });
    expect(problemOf(await call(`/api/v1/exports/${id}/pin`, 'POST'))).toEqual([409, 'export-unfinished']);
    expect(problemOf(await call(`/api/v1/exports/${id}/bundle`, 'DELETE'))).toEqual([409, 'export-unfinished']);
  });
});

test('whoever may change an export may let its files go before their time; to do it again changes nothing', async () => {
  const id = await completed('let-go');
  expect(await call(`/api/v1/exports/${id}/bundle`, 'DELETE')).toMatchObject({
    status: 200,
    json: { state: 'expired', bundle: null },
  });
  expect((await call(`/api/v1/exports/${id}/bundle`, 'DELETE')).status).toBe(200);
  await gone(id);
  expect((await call(`/api/v1/exports/${id}/bundle`, 'DELETE')).status).toBe(200);
});

test('the fault "expiry ignores work in flight": what is being downloaded is read to its end, though it expires and its bytes go meanwhile', async () => {
  const id = await completed('read-slowly');
  // Large enough that neither sockets nor buffers hold it.
  const { db } = stack.database;
  const { storage_key } = await fileOf(id);
  const large = Buffer.alloc(48 * 1024 * 1024, 'parcel');
  writeFileSync(join(stack.storageDir, storage_key), large);
  await db('files').where({ export_id: id }).update({ bytes: large.length });

  const url = new URL(`/api/v1/exports/${id}/download`, stack.producer.url);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const ask = request(url, { headers: { authorization: `Bearer ${stack.api.token}` } }, resolve);
    ask.once('error', reject).end();
  });
  expect(answer.statusCode).toBe(200);
  await expire(id);
  await gone(id);
  let bytes = 0;
  let same = true;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    same &&= chunk.equals(large.subarray(bytes, bytes + chunk.length));
    bytes += chunk.length;
  }
  expect([answer.complete, bytes, same]).toEqual([true, large.length, true]);
  expect((await call(`/api/v1/exports/${id}/download`)).status).toBe(410);
});

test('one that has just begun to be read stays for the grace, and for as long as somebody says that it is being read', async () => {
  const id = await completed('being-read');
  const { db } = stack.database;
  await db('files')
    .where({ export_id: id })
    .update({ read_until: new Date(Date.now() + 60_000) });
  await expire(id);
  await until('it is out of reach', async () => (await removedAt(id)) !== null);
  const other = await completed('not-being-read');
  await expire(other);
  await gone(other);
  expect(stack.stored(id)).toHaveLength(1);
  await db('files').where({ export_id: id }).update({ read_until: past() });
  await gone(id);
});
