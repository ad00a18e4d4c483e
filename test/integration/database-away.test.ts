/** A database that is away for a while costs time, and no try of any work. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const AWAY = 'the database is away; the work is taken up again later';

describe.concurrent.each(ENGINES)('while the database is away, with queues on %s', (engine) => {
  let stack: PlatformStack;
  let proxy: TcpProxy;
  beforeAll(async () => {
    stack = await startPlatformStack({ parcels: 20 }, { engine, workers: 0 });
    const url = new URL(stack.database.urls.worker);
    proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    url.host = `127.0.0.1:${proxy.port}`;
    // On PostgreSQL the queues are away with it.
    const queues = engine === 'postgres' ? { QUEUE_URL: url.href } : {};
    await stack.startWorker({ DATABASE_URL: url.href, ...queues, WORKER_LOCK_SECONDS: '1' });
  });
  afterEach(async () => {
    await stack.platform.configure({ faults: [] });
    await stack.platform.release();
  });
  afterAll(async () => {
    await stack?.stop();
    proxy?.close();
  });

  /** Cuts the database off until each of `jobs` has met that more often than it has tries; `meanwhile` runs before. */
  async function goesAway(jobs: number, tries: number, meanwhile: () => Promise<unknown>) {
    const met = () =>
      stack.workers
        .map(({ output }) => output())
        .join('')
        .split(AWAY).length - 1;
    const before = met();
    proxy.cut();
    await meanwhile();
    // Without its queue, a worker can do nothing but let go of a job.
    const times = engine === 'postgres' ? 1 : tries + 1;
    await until('the work was put off', async () => met() - before >= jobs * times, 60_000);
    await proxy.restore();
  }

  async function expectUntouched(id: string) {
    const { state, error, followUps } = await stack.settled(id);
    expect({ state, error }).toEqual({ state: 'completed', error: null });
    for (const job of await stack.jobs.all(id, 1))
      expect(job).toMatchObject({ state: 'done', attempts: 1, error: null });
    expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done' }]);
    expect(stack.hooks.calls(id)).toMatchObject([{ path: '/success' }]);
  }

  test.sequential('shards lose what they read, and no try', async () => {
    const page = '/projects/reading/.*offset=0$';
    await stack.platform.configure({ faults: [{ match: page, break: 'hold' }] });
    const { id } = await stack.ask('reading');
    await stack.platform.waitForRequests(page, 3);
    await goesAway(3, 3, () => stack.platform.release());
    await expectUntouched(id);
  });

  test.sequential('a decision that broke off is taken once it is back', async () => {
    const { db } = stack.database;
    const page = '/projects/deciding/.*offset=0$';
    await stack.platform.configure({ faults: [{ match: page, break: 'hold' }] });
    const { id } = await stack.ask('deciding');
    await stack.platform.waitForRequests(page, 3);
    // A row of ours in the place of the bundle's, not committed: the decision has to wait for it.
    const obstacle = await db.transaction();
    const owner = { owner_kind: 'project', owner_id: 'faraway/deciding' };
    const file = { name: '', storage_key: '', media_type: '', bytes: 0, sha256: '', ...owner };
    await obstacle('files').insert({ ...file, expires_at: new Date(), export_id: id, generation: 1 });
    await stack.platform.release();
    await until('the decision waits', async () => {
      const { rows } = await db.raw(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%"files"%'`,
      );
      return rows.length > 0;
    });
    await goesAway(1, 5, async () => obstacle.rollback());
    await expectUntouched(id);
  });
});
