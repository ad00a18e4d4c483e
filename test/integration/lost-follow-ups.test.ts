/** A follow-up that was released is sent, though its queue forgets it. */
import { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import { OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import { RefusedJobs } from '@parcelpost/shared/db/services/refused-jobs.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { migrateQueues, openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import type { SignatureOptions } from '@parcelpost/shared/signatures/signature.js';
import { UnrecoverableError } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FollowUpHandler } from '../../apps/worker/src/follow-ups/types.js';
import type { WorkerDeps } from '../../apps/worker/src/processors/deps.js';
import { LostFollowUps } from '../../apps/worker/src/processors/lost-follow-ups.js';
import { startWorker } from '../../apps/worker/src/worker.js';
import { releaseCanvas, SIGNATURE_SECRETS } from '../support/canvas.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';
import { until } from '../support/platform-stack.js';
import { testWrites } from '../support/writes.js';

const log = createLogger('test', 'silent');
const MINUTE_MS = 60_000;
const TASK = 'webhook.post';

describe.each(ENGINES)('follow-ups that a queue on the %s engine lost', (engine) => {
  let database: TestDatabase;
  let queues: Queues;
  let relay: OutboxRelay;
  let outbox: OutboxService;

  beforeAll(async () => {
    database = await createTestDatabase();
    const url = queueUrlFor(engine, database.url);
    const prefix = uniquePrefix();
    await migrateQueues(url, prefix);
    queues = openQueues(url, { prefix, log });
    relay = new OutboxRelay({ db: database.db, queues, log, exportsInFlight: 0 });
    outbox = new OutboxService(database.db);
  });
  afterAll(async () => {
    await queues?.close();
    await database?.drop();
  });

  const deps = () => ({
    db: database.db,
    outbox,
    followUps: new FollowUps(database.db),
    refusedJobs: new RefusedJobs(database.db),
    writes: testWrites(database.db),
    metrics: createMetrics('worker'),
    signatureSecrets: SIGNATURE_SECRETS,
    routes: [],
    queues,
    relay,
    log,
  });
  const jobState = (id: string) => queues.queue('webhook').getJobState(id);
  const table = () => database.db('outbox');

  /** Releases `count` follow-ups into the queue, as entered a minute ago. @returns their ids */
  async function release(count: number, options: SignatureOptions = {}): Promise<string[]> {
    const list = Array.from({ length: count }, () => ({ task: TASK, args: {}, options }));
    const { id } = await releaseCanvas(database.db, list);
    await relay.run();
    const ids = list.map((_, position) => id(`onSuccess/${position}`));
    await table()
      .whereIn('id', ids)
      .update({ entered_at: new Date(Date.now() - MINUTE_MS) });
    return ids;
  }

  const lose = async (id: string) => (await queues.queue('webhook').getJob(id))?.remove();

  /** Runs what is in the queue until the follow-ups of these ids are done. @returns the ids in the order of the runs */
  async function send(ids: string[]): Promise<string[]> {
    const sent: string[] = [];
    const handler: FollowUpHandler = async (_input, _args, { followUpId }) => {
      sent.push(followUpId);
      return null;
    };
    const worker = await startWorker({
      deps: deps() as Partial<WorkerDeps> as WorkerDeps,
      handlers: new Map([[TASK, handler]]),
      queues: ['webhook'],
      concurrency: 1,
      lockMs: 30_000,
      sweepMs: MINUTE_MS,
    });
    await until('all are done', async () => {
      const rows = await table().whereIn('id', ids).where({ state: 'done' });
      return rows.length === ids.length;
    });
    await worker.stop();
    return sent;
  }

  test('are entered again and sent, whether they waited or were in hand; no other is sent a second time', async () => {
    const [waiting, inHand, young, done, kept] = (await release(5)) as [string, string, string, string, string];
    const [delayed] = (await release(1, { delay: 60 * MINUTE_MS })) as [string];
    await Promise.all([waiting, inHand, young, done].map(lose));
    expect(await jobState(waiting)).toBe('unknown');
    await deps().followUps.begin({ id: inHand, replay: 0 }, 1);
    await table().where({ id: young }).update({ entered_at: new Date() });
    await deps().writes.settle({ id: done, replay: 0 }, { result: 'sent' });
    expect(await jobState(delayed)).toBe('delayed');
    const before = await table().whereIn('id', [young, done, kept, delayed]).orderBy('id');

    await new LostFollowUps(deps(), 10_000).round();

    expect(await Promise.all([waiting, inHand].map(jobState))).toEqual(['waiting', 'waiting']);
    expect(await Promise.all([young, done].map(jobState))).toEqual(['unknown', 'unknown']);
    expect(await table().whereIn('id', [young, done, kept, delayed]).orderBy('id')).toEqual(before);
    expect((await send([waiting, inHand, kept])).sort()).toEqual([waiting, inHand, kept].sort());
    expect(await jobState(delayed)).toBe('delayed');
  });

  /** Makes what counts as entered a minute older. */
  const age = (id: string) =>
    table()
      .where({ id })
      .whereNotNull('entered_at')
      .update({ entered_at: new Date(Date.now() - MINUTE_MS) });

  test('are entered again where their relay died before it noted them, and a worker had begun', async () => {
    const [id] = (await release(1)) as [string];
    await table().where({ id }).update({ state: 'pending', entered_at: null });
    await deps().followUps.begin({ id, replay: 0 }, 1);
    await lose(id);
    await age(id);
    await new LostFollowUps(deps(), 10_000).round();
    expect(await jobState(id)).toBe('waiting');
    expect(await send([id])).toEqual([id]);
  });

  test('are entered again where a try that had outlived its queue failed before the relay’s turn', async () => {
    const [id] = (await release(1)) as [string];
    await deps().followUps.begin({ id, replay: 0 }, 1);
    await lose(id);
    await outbox.sendAgain([id]);
    await deps().followUps.noteFailure({ id, replay: 0 }, { code: 'test', message: 'it failed' });
    await age(id);
    await new LostFollowUps(deps(), 10_000).round();
    expect(await jobState(id)).toBe('waiting');
    expect(await send([id])).toEqual([id]);
  });

  test('are found beside others about which their queue cannot even be asked, whose time is over or not', async () => {
    const [broken, late, lost] = (await release(3)) as [string, string, string];
    // No queue may have such a name.
    await table().whereIn('id', [broken, late]).update({ task: 'we:b.hook' });
    await table()
      .where({ id: late })
      .update({ due_at: new Date(Date.now() - MINUTE_MS), entered_at: new Date() });
    await lose(lost);
    await new LostFollowUps(deps(), 10_000).round();
    expect(await jobState(lost)).toBe('waiting');
    await table().whereIn('id', [broken, late]).update({ state: 'skipped' });
    expect(await send([lost])).toEqual([lost]);
  });

  test('wait for what is left of their time, not for all of it anew', async () => {
    const [id] = (await release(1, { delay: 60 * MINUTE_MS })) as [string];
    await table()
      .where({ id })
      .update({ pending_at: new Date(Date.now() - 50 * MINUTE_MS) });
    await lose(id);
    await new LostFollowUps(deps(), 10_000).round();
    expect(await jobState(id)).toBe('delayed');
    const job = await queues.queue('webhook').getJob(id);
    expect((job?.delay ?? 0) / MINUTE_MS).toBeCloseTo(10, 0);
  });

  test('are found behind any number of others that wait for their time', async () => {
    const ids = (await release(5, { delay: 60 * MINUTE_MS })).sort();
    const last = ids.at(-1) as string;
    await lose(last);
    const lost = new LostFollowUps(deps(), 10_000, 2);
    for (let round = 0; round < 4; round++) await lost.round();
    expect(await jobState(last)).toBe('delayed');
  });

  /** Has whatever waits in the queue fail at once, without anything of ours being asked. */
  async function failAll(): Promise<void> {
    const worker = queues.work('webhook', async () => Promise.reject(new UnrecoverableError('gone')), {
      concurrency: 1,
      lockMs: 30_000,
    });
    await until(
      'nothing waits',
      async () => (await queues.queue('webhook').getJobCountByTypes('waiting', 'active')) === 0,
    );
    await worker.close();
  }

  test('fail where the queue alone has ended them', async () => {
    const [id] = (await release(1)) as [string];
    await failAll();
    expect(await jobState(id)).toBe('failed');
    await new LostFollowUps(deps(), 10_000).round();
    expect(await outbox.get(id)).toMatchObject({ state: 'failed', error: { code: 'lost', step: TASK } });
  });

  test('are entered again where somebody put a job of another kind in their place', async () => {
    const { id: idOf } = await releaseCanvas(database.db, [{ task: TASK }]);
    const id = idOf('onSuccess/0');
    await queues.queue('webhook').add(TASK, { followUpId: id, mac: 'mine' }, { jobId: id });
    await relay.run();
    await failAll();
    await table()
      .where({ id })
      .update({ entered_at: new Date(Date.now() - MINUTE_MS) });
    await new LostFollowUps(deps(), 10_000).round();
    expect(await jobState(id)).toBe('waiting');
    expect(await send([id])).toEqual([id]);
  });

  test('that ended a week ago without a replay keep no token', async () => {
    const sealed = { 'onSuccess/0': { token: 't', next: {} }, 'onSuccess/1': { token: 't', next: {} } };
    const list = [{ task: TASK }, { task: TASK }];
    const { id } = await releaseCanvas(database.db, list, { sealed });
    const { followUps, writes } = deps();
    for (const place of ['onSuccess/0', 'onSuccess/1']) {
      await writes.settle({ id: id(place), replay: 0 }, { error: { code: 'test', message: 'it failed' } });
    }
    await table()
      .where({ id: id('onSuccess/0') })
      .update({ finished_at: new Date(Date.now() - 8 * 24 * 60 * MINUTE_MS) });
    await new LostFollowUps(deps(), 10_000).round();
    expect((await followUps.get(id('onSuccess/0')))?.sealed).toBeNull();
    expect((await followUps.get(id('onSuccess/1')))?.sealed).toEqual({ token: 't', next: {} });
  });
});
