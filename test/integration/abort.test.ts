/** An export that is to stop does so at once, however slow the platform is. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

/** Far below the time that one fetch may take, which is the time that a shard would take to notice by itself. */
const AT_ONCE_MS = 10_000;

let stack: PlatformStack;

beforeAll(async () => {
  stack = await startPlatformStack({ parcels: 20 }, { engine: 'postgres', workerEnv: { FETCH_TIMEOUT_SECONDS: '60' } });
});
afterAll(() => stack?.stop());

/** Waits for the outcome; no held request is let go. */
async function stopped(id: string) {
  await until('it is decided', async () => (await stack.api.export(id)).outcome !== null, AT_ONCE_MS);
  return stack.settled(id);
}

test('a shard that waits for a page stops when another shard has failed for good', async () => {
  await stack.platform.configure({
    faults: [
      { match: '/projects/broken/parties/.*offset=0$', delayMs: 1000, status: 403 },
      { match: '/projects/broken/.*offset=0$', break: 'hold' },
    ],
  });
  const { id } = await stack.ask('broken');
  const { state, error } = await stopped(id);
  expect({ state, code: error?.code, step: error?.step }).toEqual({
    state: 'failed',
    code: 'platform-forbidden',
    step: 'parties',
  });
  const maps = await stack.jobs.all(id, 1, 'map');
  expect(maps.map(({ step, state, error }) => [step, state, error?.code])).toEqual([
    ['locations', 'aborted', 'platform-forbidden'],
    ['parties', 'failed', 'platform-forbidden'],
    ['relationships', 'aborted', 'platform-forbidden'],
  ]);
});

test.each([
  ['shards that wait for their pages stop', 'late-shards', 'offset=0$', 'map'],
  ['a plan that waits for its counts stops', 'late-plan', 'limit=1$', 'plan'],
] as const)('%s when the deadline passes', async (_what, project, requests, kind) => {
  const match = `/projects/${project}/.*${requests}`;
  await stack.platform.configure({ faults: [{ match, break: 'hold' }] });
  const { id } = await stack.ask(project);
  await stack.platform.waitForRequests(match, 3);
  await stack.database
    .db('exports')
    .where({ id })
    .update({ deadline_at: new Date(Date.now() - 1000) });
  const { state, error } = await stopped(id);
  expect({ state, code: error?.code }).toEqual({ state: 'failed', code: 'deadline' });
  for (const job of await stack.jobs.all(id, 1, kind)) expect(job).toMatchObject({ state: 'aborted' });
});

test('a plan that fails for good says that it was the plan', async () => {
  await stack.platform.configure({ faults: [{ match: '/projects/unplanned/.*limit=1$', status: 403 }] });
  const { id } = await stack.ask('unplanned');
  const { state, error } = await stack.settled(id);
  expect({ state, error }).toMatchObject({
    state: 'failed',
    error: { code: 'platform-forbidden', step: 'plan', shard: null },
  });
});
