/** A worker that was believed dead and comes back finds its work in other hands, and cannot spoil it. */
import { randomUUID } from 'node:crypto';
import { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workKey } from '../../apps/worker/src/processors/keys.js';
import { releaseCanvas } from '../support/canvas.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ENGINES } from '../support/engines.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import { record, testWrites } from '../support/writes.js';

const PARCELS = 20;
const LONGEST_MS = 60_000;
const FAILURE = { code: 'test', message: 'it failed', step: 'parties', shard: 0, attempts: 1 };

describe.concurrent.each(ENGINES)('a worker that lost its work on the %s engine', (engine) => {
  let stack: PlatformStack;

  beforeAll(async () => {
    stack = await startPlatformStack({ parcels: PARCELS }, { engine, workerEnv: { WORKER_LOCK_SECONDS: '1' } });
  });
  afterAll(() => stack?.stop());

  test('fails no export that another worker makes good', { timeout: LONGEST_MS }, async () => {
    const page = '/projects/asleep/.*offset=0$';
    await stack.platform.configure({
      faults: [
        // The first worker's request alone; the answer comes while it sleeps.
        { match: '/projects/asleep/parties/.*offset=0$', times: 1, delayMs: 500, status: 403 },
        { match: '/projects/asleep/(spatial|relationships)/.*offset=0$', break: 'hold' },
      ],
    });
    const [sleeper] = stack.workers;
    if (!sleeper) throw new Error('no worker');
    const { id } = await stack.ask('asleep');
    await stack.platform.waitForRequests(page, 3);
    process.kill(sleeper.pid, 'SIGSTOP');
    try {
      await stack.startWorker();
      await until('parties are done elsewhere', async () => {
        const maps = await stack.jobs.all(id, 1, 'map');
        return maps.some(({ step, state, starts }) => step === 'parties' && state === 'done' && starts > 1);
      });
      await stack.platform.waitForRequests(page, 6);
    } finally {
      process.kill(sleeper.pid, 'SIGCONT');
    }
    await until('it has woken up', async () => sleeper.output().includes('another worker has taken'));
    expect(await stack.database.db('exports').where({ id }).first('abort')).toEqual({ abort: null });
    await stack.platform.release();

    const { state, error, files, followUps } = await stack.settled(id);
    expect({ state, error }).toEqual({ state: 'completed', error: null });
    expect(files.filter(({ name }) => name.endsWith('.csv')).map(({ rows }) => rows)).toEqual([
      PARCELS,
      PARCELS,
      PARCELS,
    ]);
    for (const job of await stack.jobs.all(id, 1)) expect(job).toMatchObject({ state: 'done', error: null });
    expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done' }]);
    await until('nothing but the bundle is left', async () => stack.stored(id).length === 1);
  });
});

describe('a start of a piece of work that was overtaken', () => {
  let database: TestDatabase;
  let jobs: ExportJobService;
  const exportId = randomUUID();

  beforeAll(async () => {
    database = await createTestDatabase();
    jobs = new ExportJobService(database.db);
    await record(testWrites(database.db), {
      id: exportId,
      requestHash: exportId,
      nextTokens: {},
      organization: 'cadasta',
      organizationName: 'Cadasta',
      project: 'london-2',
      projectName: 'London 2',
      requester: { id: 'u1', name: 'Ana', email: 'ana@example.org', language: 'en' },
      options: { outputType: 'shp', formats: ['csv'], csv: { bom: false, escapeFormulas: true }, allowPartial: false },
      onSuccess: [],
      onFailure: [],
      sealedToken: 'sealed',
      deadlineAt: new Date(Date.now() + 3_600_000),
    });
  });
  afterAll(() => database?.drop());

  const kinds = ['plan', 'map', 'reduce', 'merge'] as const;
  test.each(kinds)('changes nothing any more on the row of a %s, whatever state that is in', async (kind) => {
    const place = { exportId, generation: 1, kind, step: 'parties', shard: 0 };
    await jobs.declare([{ ...place, rowsExpected: null }]);
    const row = async () => (await jobs.all(exportId, 1, kind))[0];
    const begun = async () => ({ ...place, start: (await jobs.begin(place, 1))?.starts ?? 0 });
    const [late, latest] = [await begun(), await begun()];
    const tries = async () => [
      await jobs.finish(late, { rows: 9, bytes: 9, result: 'late' }),
      await jobs.fail(late, 'failed', FAILURE),
      await jobs.fail(late, 'aborted', FAILURE),
      await jobs.keepPlan(late, 'late', []),
    ];
    const active = await row();
    expect(active).toMatchObject({ state: 'active', starts: 2, error: null, result: null });
    expect(await tries()).toEqual([false, false, false, false]);
    await jobs.handBack(late);
    expect(await jobs.look(late, 7)).toBe('superseded');
    expect(await row()).toEqual(active);

    expect(await jobs.finish(latest, { rows: 1, bytes: 1, result: 'good' })).toBe(true);
    const done = await row();
    expect(done).toMatchObject({ state: 'done', rows: 1, result: 'good' });
    expect(await tries()).toEqual([false, false, false, false]);
    expect(await jobs.fail(latest, 'failed', FAILURE)).toBe(false);
    expect(await row()).toEqual(done);
  });

  test('cannot replace what a later one wrote: every start has a place in storage of its own', () => {
    const row = { id: exportId, organization: 'cadasta', project: 'london-2', generation: 1 };
    const starts = [1, 2].flatMap((start) =>
      (['map', 'reduce'] as const).map((kind) =>
        workKey(row, { exportId, generation: 1, kind, step: 'parties', shard: 0, start }, 'parties.csv'),
      ),
    );
    expect(new Set(starts).size).toBe(4);
  });

  test('does not fail a follow-up that another worker did', async () => {
    const { id } = await releaseCanvas(database.db, [{ task: 'log.info' }]);
    const followUps = new FollowUps(database.db);
    const writes = testWrites(database.db);
    const key = { id: id('onSuccess/0'), replay: 0 };
    const late = { code: 'late', message: 'too late' };
    expect(await followUps.begin(key, 1)).toBe(1);
    expect(await writes.settle(key, { result: 'sent' })).toEqual({ settled: true, started: 0 });
    expect(await writes.settle(key, { error: late })).toEqual({ settled: false, started: 0 });
    expect(await writes.settle(key, { result: 'sent twice' })).toEqual({ settled: false, started: 0 });
    expect(await followUps.noteFailure(key, late)).toBe(false);
    expect(await followUps.begin(key, 2)).toBeUndefined();
    expect(await followUps.get(key.id)).toMatchObject({ state: 'done', attempts: 1, result: 'sent', error: null });
  });

  test('fails no follow-up that another worker has in hand, though it was its last try; its success counts', async () => {
    const { id } = await releaseCanvas(database.db, [{ task: 'log.info' }, { task: 'log.info' }]);
    const followUps = new FollowUps(database.db);
    const writes = testWrites(database.db);
    const late = { code: 'late', message: 'too late' };
    for (const [place, by] of [
      ['onSuccess/0', 'latest'],
      ['onSuccess/1', 'late'],
    ] as const) {
      const key = { id: id(place), replay: 0 };
      const first = { ...key, start: await followUps.begin(key, 1) };
      const second = { ...key, start: await followUps.begin(key, 1) };
      expect([first.start, second.start]).toEqual([1, 2]);
      expect(await followUps.noteFailure(first, late)).toBe(false);
      expect(await writes.settle(first, { error: late })).toEqual({ settled: false, started: 0 });
      expect(await followUps.get(key.id)).toMatchObject({ state: 'active', error: null });
      const end = await writes.settle(by === 'late' ? first : second, { result: 'sent' });
      expect(end).toEqual({ settled: true, started: 0 });
      expect(await followUps.get(key.id)).toMatchObject({ state: 'done', result: 'sent', error: null });
    }
  });
});
