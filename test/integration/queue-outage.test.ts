/** A Redis that is away, or does not answer, costs nothing but time: no request, no export, no lock, no stop waits for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

const PARCELS = 3;
const LONGEST_MS = 60_000;
/** What a stop may take (20 s), and some. */
const STOP_MS = 25_000;

const OUTAGES = [
  ['does not answer', (redis: OwnRedis) => redis.silence(), (redis: OwnRedis) => redis.wake()],
  ['is gone, to come back empty', (redis: OwnRedis) => redis.kill(), (redis: OwnRedis) => redis.start()],
] as const;

describe.concurrent.each(OUTAGES)('while Redis %s', (_outage, begin, end) => {
  let redis: OwnRedis;
  let stack: PlatformStack;

  beforeAll(async () => {
    redis = await startOwnRedis();
    const env = { QUEUE_URL: redis.url };
    stack = await startPlatformStack({ parcels: PARCELS }, { engine: 'postgres', producerEnv: env, workerEnv: env });
  });
  afterAll(async () => {
    // Processes end in good order only when their queue answers.
    redis?.wake();
    await stack?.stop();
    await redis?.kill();
  });

  test.sequential('exports are taken and stay free in the outbox, readiness says so, and afterwards they complete', {
    timeout: LONGEST_MS,
  }, async () => {
    const { db } = stack.database;
    const [worker] = stack.workers;
    if (!worker) throw new Error('no worker');
    await begin(redis);

    const { id, state } = await stack.ask('meanwhile');
    expect(state).toBe('waiting');
    expect(await stack.api.export(id)).toMatchObject({ state: 'waiting', outcome: null });
    // The dashboard says so, at once and not after a time-out (D11).
    await until('the queue is known to be away', async () => (await stack.api.export(id)).waitsFor === 'queue');
    const begun = Date.now();
    await stack.api.export(id);
    expect(Date.now() - begun).toBeLessThan(2000);
    const ready = await fetch(`${worker.url}/readyz`);
    expect(ready.status).toBe(503);
    // Which one, and not where it is.
    expect(await ready.json()).toEqual({ status: 'not ready', failed: ['queue'] });
    for (const app of [stack.producer, worker]) {
      const rounds = () => app.output().split('the outbox could not be relayed').length - 1;
      const before = rounds();
      await until('rounds came and went', async () => rounds() > before + 1);
    }
    const entry = await db.transaction((trx) =>
      trx('outbox').where({ export_id: id, hook: 'enter' }).forUpdate().noWait().first('state'),
    );
    expect(entry).toEqual({ state: 'pending' });

    await end(redis);
    const settled = await stack.settled(id);
    expect({ state: settled.state, error: settled.error }).toEqual({ state: 'completed', error: null });
    expect(settled.followUps).toMatchObject([{ hook: 'onSuccess', state: 'done' }]);
    expect(stack.hooks.calls(id)).toHaveLength(1);
    expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);
  });

  test.sequential('a worker that is told to stop does so', { timeout: LONGEST_MS }, async () => {
    const [worker] = stack.workers;
    if (!worker) throw new Error('no worker');
    await begin(redis);
    const told = Date.now();
    expect(await worker.kill('SIGTERM')).toMatchObject({ signal: null });
    expect(worker.output()).toMatch(/"stopped"|stopping takes too long/);
    expect(Date.now() - told).toBeLessThan(STOP_MS);
    await end(redis);
  });
});
