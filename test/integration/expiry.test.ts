/** Bundles go when their time is over; what they were stays known. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

let stack: PlatformStack;

beforeAll(async () => {
  stack = await startPlatformStack({ parcels: 3 }, { engine: 'postgres' });
});
afterAll(() => stack?.stop());

test('an expired bundle is removed, its row says so, and its download is gone for good; that of an export in flight stays', async () => {
  const { db } = stack.database;
  const [expiring, inFlight, fresh] = await Promise.all(
    ['expiring', 'in-flight', 'fresh'].map(async (project) => (await stack.settled((await stack.ask(project)).id)).id),
  );
  if (!expiring || !inFlight || !fresh) throw new Error('not there');
  const all = [expiring, inFlight, fresh];
  await until('only bundles are left', async () => all.every((id) => stack.stored(id).length === 1));

  const expires_at = new Date(Date.now() - 1000);
  await db('exports').where({ id: inFlight }).update({ generation: 2, outcome: null, decided_at: null });
  await db('files').where({ export_id: inFlight }).update({ expires_at });
  await db('files').where({ export_id: expiring }).update({ expires_at });
  await db('exports').where({ id: expiring }).update({ expires_at });
  const removedAt = async (id: string) => (await db('files').where({ export_id: id }).first('removed_at')).removed_at;
  await until('the row says so', async () => (await removedAt(expiring)) !== null);

  expect(stack.stored(expiring)).toEqual([]);
  const answer = await stack.api.fetch(`/api/v1/exports/${expiring}/download`);
  expect(answer.status).toBe(410);
  expect(await answer.json()).toMatchObject({ type: expect.stringContaining('/problems/export-expired') });
  expect(await stack.api.export(expiring)).toMatchObject({ state: 'expired', bundle: null });
  for (const id of [inFlight, fresh]) {
    expect(stack.stored(id)).toHaveLength(1);
    expect(await removedAt(id)).toBeNull();
  }
  expect((await stack.api.fetch(`/api/v1/exports/${fresh}/download`)).status).toBe(200);

  // Removed by another worker, or by one that was killed before it noted so: noted all the same.
  await db('files').where({ export_id: expiring }).update({ removed_at: null });
  await until('the row says so again', async () => (await removedAt(expiring)) !== null);
});
