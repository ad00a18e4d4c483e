/** What the queue alone would leave open for ever is brought to its outcome from the database. */
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

const PARCELS = 20;

describe.concurrent.each(ENGINES)('the reconciler on the %s engine', (engine) => {
  let stack: PlatformStack;

  beforeAll(async () => {
    stack = await startPlatformStack({ parcels: PARCELS }, { engine });
  });
  afterEach(async () => {
    await stack.platform.configure({ faults: [] });
    await stack.platform.release();
  });
  afterAll(() => stack?.stop());

  /** Asks for an export, and waits until the first page of each of its three shards is held. */
  async function askAndHold(project: string): Promise<string> {
    const pages = `/projects/${project}/.*offset=0$`;
    await stack.platform.configure({ faults: [{ match: pages, break: 'hold' }] });
    const { id } = await stack.ask(project);
    await stack.platform.waitForRequests(pages, 3);
    return id;
  }

  /** An export that was entered just now may be on its way into the queue, and is left alone: makes this one older. */
  const grow = (id: string) =>
    stack.database
      .db('outbox')
      .where({ export_id: id, hook: 'enter' })
      .update({ entered_at: new Date(Date.now() - 60_000) });

  /** Empties the queue, as a Redis without persistence does when it is started again. @returns how much was there */
  async function loseQueue(): Promise<number> {
    if (engine === 'postgres') {
      const tables = await stack.database.db('pg_tables').where({ schemaname: stack.queuePrefix }).pluck('tablename');
      expect(tables).toContain('job');
      const deleted = await stack.database.db.withSchema(stack.queuePrefix).table('job').delete();
      await stack.database.db.withSchema(stack.queuePrefix).table('event').delete();
      return deleted;
    }
    const redis = new Redis(stack.queueUrl);
    try {
      const keys = await redis.keys(`{${stack.queuePrefix}}*`);
      return await redis.del(keys);
    } finally {
      await redis.quit();
    }
  }

  test.sequential('an export that the queue lost is entered again', async () => {
    const id = await askAndHold('lost');
    expect(await loseQueue()).toBeGreaterThan(4);
    expect(await stack.queues.queue('meta').getJobState(`${id}-1-merge`)).toBe('unknown');
    await stack.platform.release();
    await grow(id);

    const { state, error, files, followUps } = await stack.settled(id);
    expect({ state, error }).toEqual({ state: 'completed', error: null });
    expect(files.filter(({ name }) => name.endsWith('.csv')).map(({ rows }) => rows)).toEqual([
      PARCELS,
      PARCELS,
      PARCELS,
    ]);
    expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done' }]);
    expect(stack.hooks.calls(id)).toMatchObject([{ path: '/success', id: followUps[0]?.id }]);
    expect(stack.workers.map(({ output }) => output()).join('')).toContain('the queue lost this export');
  });

  test.sequential('an export past its deadline ends failed with the reason deadline', async () => {
    const id = await askAndHold('late');
    const row = () => stack.database.db('exports').where({ id });
    expect(await row().first('abort', 'outcome')).toEqual({ abort: null, outcome: null });
    await row().update({ deadline_at: new Date(Date.now() - 1000) });
    await until('the flag is up', () => row().whereNotNull('abort').first());
    await stack.platform.release();

    const { state, error, bundle, followUps } = await stack.settled(id);
    expect({ state, bundle, code: error?.code }).toEqual({ state: 'failed', bundle: null, code: 'deadline' });
    expect(error?.message).toMatch(/did not end within the time/);
    expect(followUps).toMatchObject([{ hook: 'onFailure', state: 'done' }]);
    expect(stack.hooks.calls(id)).toMatchObject([
      { path: '/failure', body: { data: { failure: { code: 'deadline' } } } },
    ]);
    expect(stack.stored(id).filter((path) => path.includes('/bundle-'))).toEqual([]);
  });

  test.sequential('an export whose merge failed without a decision is decided in its place, once', async () => {
    const id = await askAndHold('undecided');
    await Promise.all(stack.workers.map((worker) => worker.kill()));
    await stack.platform.release();
    await loseQueue();
    // In the place of the flow, a merge that failed: as one whose last try was killed.
    const merge = `${id}-1-merge`;
    await stack.queues.queue('meta').add('merge', {}, { jobId: merge });
    const broken = stack.queues.work('meta', () => Promise.reject(new Error('broken')), {
      concurrency: 1,
      lockMs: 30_000,
    });
    await until('it failed', async () => (await stack.queues.queue('meta').getJobState(merge)) === 'failed');
    await broken.close();
    await grow(id);
    await Promise.all([stack.startWorker(), stack.startWorker()]);

    const { state, error, followUps } = await stack.settled(id);
    expect({ state, code: error?.code }).toEqual({ state: 'failed', code: 'merge-lost' });
    expect(followUps).toMatchObject([{ hook: 'onFailure', state: 'done' }]);
    expect(stack.hooks.calls(id)).toMatchObject([{ path: '/failure', id: followUps[0]?.id }]);
  });

  test.sequential('jobs that somebody else put into the queues decide no export, fail none, and take no work away', async () => {
    const id = await askAndHold('forged');
    const data = { exportId: id, generation: 1, step: 'parties', shard: 0 };
    const forged = [
      ['meta', 'merge', 'forged-merge', { ...data, step: 'merge' }, 'wrong-job'],
      ['export', 'plan', `${id}-1-plan-again`, { ...data, step: 'plan' }, 'wrong-job'],
      ['export', 'map', 'forged-map', data, 'wrong-job'],
      ['export', 'map', `${id}-1-map-parties-7`, { ...data, shard: 7 }, 'unplanned'],
      ['export', 'map', `${id}-1-map-evil-0`, { ...data, step: 'evil' }, 'unplanned'],
      ['export', 'reduce', `${id}-1-reduce-evil-0`, { ...data, step: 'evil' }, 'unplanned'],
      ['export', 'map', 'without-data', null, 'malformed'],
    ] as const;
    for (const [queue, name, jobId, what] of forged) await stack.queues.queue(queue).add(name, what, { jobId });
    for (const [queue, , jobId] of forged) {
      await until(`${jobId} has failed`, async () => (await stack.queues.queue(queue).getJobState(jobId)) === 'failed');
    }
    expect(
      await stack.database.db('refused_jobs').orderBy('id').select('queue', 'task', 'job_id as jobId', 'reason'),
    ).toEqual(expect.arrayContaining(forged.map(([queue, task, jobId, , reason]) => ({ queue, task, jobId, reason }))));
    const row = () => stack.database.db('exports').where({ id }).first('outcome', 'abort');
    expect(await row()).toEqual({ outcome: null, abort: null });
    await stack.platform.release();
    const { state, error } = await stack.settled(id);
    expect({ state, error }).toEqual({ state: 'completed', error: null });
    const begun = await stack.jobs.all(id, 1);
    expect(begun.map(({ kind, step, starts }) => [kind, step, starts]).sort()).toEqual([
      ['map', 'locations', 1],
      ['map', 'parties', 1],
      ['map', 'relationships', 1],
      ['merge', 'merge', 1],
      ['plan', 'plan', 2],
      ['reduce', 'locations.csv', 1],
      ['reduce', 'parties.csv', 1],
      ['reduce', 'references.ids', 1],
      ['reduce', 'relationships.csv', 1],
    ]);
  });

  test.sequential('a merge that somebody put in the place of the flow’s waits for its turn, and brings the rest', async () => {
    const id = await askAndHold('early');
    await Promise.all(stack.workers.map((worker) => worker.kill('SIGKILL')));
    await loseQueue();
    await stack.queues
      .queue('meta')
      .add('merge', { exportId: id, generation: 1, step: 'merge', shard: 0 }, { jobId: `${id}-1-merge` });
    await stack.platform.configure({ faults: [] });
    await stack.platform.release();
    await stack.startWorker();
    const { state, error, followUps } = await stack.settled(id);
    expect({ state, error }).toEqual({ state: 'completed', error: null });
    expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done' }]);
  });

  test.sequential('an export whose queue is lost while its files are made is made to its end', async () => {
    const { db } = stack.database;
    // One reduce waits for us before it begins: its row is changed under a lock that we hold.
    await db.raw(`
      create function wait_for_test() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock(4711); return new; end $$;
      create trigger held before update on export_jobs for each row
        when (new.kind = 'reduce' and new.step = 'parties.csv' and new.state = 'active') execute function wait_for_test();
    `);
    const lock = await db.transaction();
    await lock.raw('select pg_advisory_xact_lock(4711)');
    const { id } = await stack.ask('half-made');
    const ended = async () => {
      const jobs = await stack.jobs.all(id, 1);
      return jobs.flatMap(({ kind, step, state }) => (state === 'done' ? [`${kind} ${step}`] : []));
    };
    await until('all but one is done', async () => (await ended()).length === 7);
    expect((await ended()).sort()).toEqual([
      'map locations',
      'map parties',
      'map relationships',
      'plan plan',
      'reduce locations.csv',
      'reduce references.ids',
      'reduce relationships.csv',
    ]);
    await Promise.all(stack.workers.map((worker) => worker.kill('SIGKILL')));
    expect(await loseQueue()).toBeGreaterThan(4);
    await lock.rollback();
    await db.raw('drop trigger held on export_jobs');
    await grow(id);
    await stack.startWorker();

    const { state, error, files, followUps } = await stack.settled(id);
    expect({ state, error }).toEqual({ state: 'completed', error: null });
    expect(files.filter(({ name }) => name.endsWith('.csv')).map(({ rows }) => rows)).toEqual([
      PARCELS,
      PARCELS,
      PARCELS,
    ]);
    expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done' }]);
    // What was made before stayed as it was.
    const reduces = await stack.jobs.all(id, 1, 'reduce');
    expect(reduces.map(({ step, starts }) => [step, starts > 1])).toEqual([
      ['locations.csv', false],
      ['parties.csv', true],
      ['references.ids', false],
      ['relationships.csv', false],
    ]);
  });
});
