/** The way of an export through plan, maps, reduces and merge: what is released when, and what a dying worker costs. */
import type { ExportState } from '@parcelpost/infra/services/api-client.js';
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import { EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { flowJobId } from '@parcelpost/shared/queues/relay.js';
import { ENTITY_PATHS, type Entity } from '@parcelpost/shared/records.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { API_TOKEN, type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import type { AppProcess } from '../support/processes.js';

/** Few records: three shards, of four pages each. */
const FEW = 20;
/** Many: twenty shards for each of the three lists. */
const MANY = 400;
const SHARD = 20;
const PAGE = 5;
/** Jobs that a worker runs at once. */
const SLOTS = 4;

/** A dead worker's jobs are taken over after about twice this. Redis looks as seldom as the slowest of its workers. */
const SHORT_LOCK = { WORKER_LOCK_SECONDS: '1' };
/** Longer than any of these tests may take: whoever waits for the lock of a stopped worker fails. */
const LONG_LOCK = { WORKER_LOCK_SECONDS: '600' };
const LONGEST_MS = 60_000;

// The two engines side by side, the tests of each one after the other.
describe.concurrent.each(ENGINES)('an export on the %s engine', (engine) => {
  let stack: PlatformStack;
  /** The worker that is running, where there is one: a start takes its time, so tests hand it on. */
  let worker: AppProcess;

  beforeAll(async () => {
    stack = await startPlatformStack(
      { parcels: FEW, projects: { 'faraway/breaks': MANY } },
      {
        engine,
        workerEnv: {
          SHARD_RECORDS: String(SHARD),
          PAGE_SIZE: String(PAGE),
          WORKER_CONCURRENCY: String(SLOTS),
          ...SHORT_LOCK,
        },
      },
    );
    worker = stack.workers[0] as AppProcess;
  });
  afterEach(async () => {
    await stack.platform.configure({ faults: [] });
    await stack.platform.release();
    await stack.platform.forget();
  });
  afterAll(() => stack?.stop());

  const firstPage = (project: string) => `/projects/${project}/.*offset=0$`;
  const jobState = (name: string, id: string, kind: 'plan' | 'merge') =>
    stack.queues.queue(name).getJobState(flowJobId({ exportId: id, generation: 1, step: '', shard: 0 }, kind));
  const followUpsOf = (id: string) => stack.outbox.followUps(id);
  const mailsTo = (address: string) => stack.smtp.mails().filter(({ to }) => to.includes(address));
  const mail = (to: string) => ({ task: 'msg.email', args: { to } });

  /** What each piece of an export's work cost: tries, by piece. */
  const attempts = (jobs: ExportJobRow[]) =>
    Object.fromEntries(jobs.map(({ kind, step, shard, attempts }) => [`${kind} ${step} ${shard}`, attempts]));

  /** What is in a bundle, by name; of files that name the export, its project or the time only the rows. */
  const contents = ({ files }: ExportState) =>
    Object.fromEntries(
      files.map(({ name, rows, sha256 }) => [name, /README|readme|manifest/.test(name) ? rows : [rows, sha256]]),
    );

  function expectReleasedOnce(id: string, followUps: ExportState['followUps'], path: '/success' | '/failure') {
    const hook = path === '/success' ? 'onSuccess' : 'onFailure';
    expect(followUps).toMatchObject([{ hook, task: 'webhook.post', state: 'done', attempts: 1 }]);
    expect(stack.hooks.calls(id)).toMatchObject([{ path, id: followUps[0]?.id }]);
  }

  test.sequential('the plan returns at once and no follow-up leaves before the merge decides', async () => {
    // Three of the four slots hold a page; if the plan kept the fourth, nothing else could run.
    await stack.platform.configure({ faults: [{ match: firstPage('held'), break: 'hold' }] });
    const held = await stack.ask('held', {
      onSuccess: [mail('held@example.org')],
      onFailure: [mail('bad@example.org')],
    });
    expect(held.outcome).toBeNull();
    await stack.platform.waitForRequests(firstPage('held'), 3);
    expect(await jobState(EXPORT_QUEUE, held.id, 'plan')).toBe('waiting-children');
    expect(await jobState(META_QUEUE, held.id, 'merge')).toBe('waiting-children');

    const other = await stack.ask('other', { onSuccess: [mail('other@example.org')] });
    expect((await stack.settled(other.id)).state).toBe('completed');
    await stack.smtp.waitForMail(({ to }) => to.includes('other@example.org'));
    expect(await stack.api.export(held.id)).toMatchObject({ state: 'running', phase: 'reading', outcome: null });
    expect(await followUpsOf(held.id)).toEqual([]);
    expect(mailsTo('held@example.org')).toEqual([]);

    await stack.platform.release();
    const { state, followUps } = await stack.settled(held.id);
    expect(state).toBe('completed');
    expect(followUps).toMatchObject([{ hook: 'onSuccess', task: 'msg.email', state: 'done', attempts: 1 }]);
    const [only, ...more] = mailsTo('held@example.org');
    expect(only?.messageId.split('@')[0]).toBe(followUps[0]?.id);
    expect(more).toEqual([]);
    expect(mailsTo('bad@example.org')).toEqual([]);
  });

  test.sequential('an export whose shard fails for good ends failed, releases onFailure once with the reason, and no zip is left', async () => {
    // A later shard's first page is broken; the others in hand get theirs only when the flag is up.
    await stack.platform.configure({
      faults: [
        { match: `/projects/breaks/.*offset=(${SHARD}|${2 * SHARD}|${3 * SHARD})$`, break: 'wrong-shape', times: 1 },
        { match: '/projects/breaks/.*offset=', break: 'hold' },
      ],
    });
    const asked = await stack.ask('breaks', {
      onFailure: [
        { task: 'webhook.post', args: { url: stack.hooks.url('/failure') } },
        { task: 'msg.email', args: { to: 'sorry@example.org' } },
      ],
    });
    await until('the flag is up', () =>
      stack.database.db('exports').where({ id: asked.id }).whereNotNull('abort').first(),
    );
    await stack.platform.release();
    const { state, bundle, error, followUps } = await stack.settled(asked.id);
    expect({ state, bundle }).toEqual({ state: 'failed', bundle: null });
    const maps = await stack.jobs.all(asked.id, 1, 'map');
    const [broken] = maps.filter(({ state }) => state === 'failed');
    if (!broken) throw new Error('no shard failed');
    const page = `${ENTITY_PATHS[broken.step as Entity]} (offset ${broken.shard * SHARD}, limit ${PAGE})`;
    expect(broken.shard).toBeGreaterThan(0);
    expect(error).toEqual({
      code: 'platform-bad-answer',
      message: expect.stringContaining(`${page} is not of the promised shape: results`),
      step: broken.step,
      shard: broken.shard,
      attempts: 1,
    });

    expect(followUps).toMatchObject([
      { hook: 'onFailure', position: 0, task: 'webhook.post', state: 'done', attempts: 1 },
      { hook: 'onFailure', position: 1, task: 'msg.email', state: 'done', attempts: 1 },
    ]);
    expect(stack.hooks.calls(asked.id)).toMatchObject([{ path: '/failure', body: { data: { failure: error } } }]);
    const [letter, ...more] = mailsTo('sorry@example.org');
    expect(more).toEqual([]);
    const text = (letter?.raw ?? '').replaceAll(/=\r?\n/g, '').replaceAll(/\s+/g, ' ');
    expect(text).toContain(broken.step);
    expect(text).toContain(page);

    // Work stopped early: little more was read than what the shards in hand had begun.
    const pages = (await stack.platform.requests()).filter((request) => /\/breaks\/.*offset=/.test(request));
    expect(pages.length).toBeLessThan((3 * MANY) / PAGE / 5);
    expect(maps).toHaveLength(3 * (MANY / SHARD));
    expect(maps.filter(({ state }) => state === 'done').length).toBeLessThan(SLOTS);

    // What was read stays for another try, until the time for that is over.
    const row = () => stack.database.db('exports').where({ id: asked.id });
    expect((await row().first('parts_until')).parts_until.getTime()).toBeGreaterThan(Date.now());
    expect(stack.stored(asked.id).filter((path) => path.includes('/bundle-'))).toEqual([]);
    await row().update({ parts_until: new Date(Date.now() - 1000) });
    await until('storage is clear', async () => stack.stored(asked.id).length === 0);
    await until('nothing is said to be kept', () => row().whereNull('parts_until').first());
    expect(await stack.database.db('files').where({ export_id: asked.id })).toEqual([]);
    expect((await stack.api.fetch(`/api/v1/exports/${asked.id}/download`)).status).not.toBe(200);
    expect(await stack.database.db('exports').where({ id: asked.id }).first('sealed_token')).toEqual({
      sealed_token: null,
    });
  });

  test.sequential('a worker killed (SIGKILL) in a shard costs nothing but time', { timeout: LONGEST_MS }, async () => {
    const all = { outputType: 'shp', formats: undefined };
    const calm = await stack.settled((await stack.ask('struck', all)).id);
    expect(calm.state).toBe('completed');
    const calmJobs = await stack.jobs.all(calm.id, 1);

    const counts = '/projects/struck-early/.*limit=1$';
    await stack.platform.configure({
      faults: [
        { match: firstPage('struck'), break: 'hold' },
        { match: counts, break: 'hold' },
      ],
    });
    await stack.platform.forget();
    const inShards = await stack.ask('struck', all);
    const inPlan = await stack.ask('struck-early', all);
    const inHand = () =>
      Promise.all([stack.platform.waitForRequests(firstPage('struck'), 3), stack.platform.waitForRequests(counts, 3)]);
    await inHand();
    // Twice: an engine that forgives one stall may still give up at the second.
    for (let kills = 0; kills < 2; kills++) {
      const next = await stack.startWorker();
      await stack.platform.forget();
      expect(await worker.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
      worker = next;
      await inHand();
    }
    await stack.platform.release();

    for (const { id } of [inShards, inPlan]) {
      const struck = await stack.settled(id);
      expect({ state: struck.state, error: struck.error }).toEqual({ state: 'completed', error: null });
      expect(contents(struck)).toEqual(contents(calm));
      expect(attempts(await stack.jobs.all(id, 1))).toEqual(attempts(calmJobs));
      expectReleasedOnce(id, struck.followUps, '/success');
      await until('nothing but the bundle is left', async () => stack.stored(id).length === 1);
    }
    const maps = await stack.jobs.all(inShards.id, 1, 'map');
    expect(maps).toHaveLength(3);
    for (const { starts } of maps) expect(starts).toBeGreaterThanOrEqual(3);
  });

  test.sequential('a worker killed (SIGKILL) while it decides costs nothing but time', {
    timeout: LONGEST_MS,
  }, async () => {
    const { db } = stack.database;
    await stack.platform.configure({ faults: [{ match: firstPage('undecided'), break: 'hold' }] });
    const { id } = await stack.ask('undecided');
    await stack.platform.waitForRequests(firstPage('undecided'), 3);
    // A row of ours in the place of the bundle's, not committed: the decision has to wait for it.
    const obstacle = await db.transaction();
    const expires_at = new Date(Date.now() + LONGEST_MS);
    const owner = { owner_kind: 'project', owner_id: 'faraway/undecided' };
    const file = { name: '', storage_key: '', media_type: '', bytes: 0, sha256: '', expires_at, ...owner };
    await obstacle('files').insert({ ...file, export_id: id, generation: 1 });
    await stack.platform.release();
    await until('the decision waits', async () => {
      const { rows } = await db.raw(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%"files"%'`,
      );
      return rows.length > 0;
    });
    await worker.kill('SIGKILL');
    await obstacle.rollback();
    worker = await stack.startWorker();

    const { state, bundle, followUps } = await stack.settled(id);
    expect(state).toBe('completed');
    expectReleasedOnce(id, followUps, '/success');
    const [merge] = await stack.jobs.all(id, 1, 'merge');
    expect(merge).toMatchObject({ starts: 2, attempts: 1 });
    const download = await stack.api.fetch(`/api/v1/exports/${id}/download`);
    expect((await download.arrayBuffer()).byteLength).toBe(bundle?.bytes);
    // The dead worker's bundle is nobody's.
    await until('one bundle is left', async () => stack.stored(id).length === 1);
  });

  test.sequential('work in hand is given back on SIGTERM: no attempt, no stall, and the export completes elsewhere', {
    timeout: LONGEST_MS,
  }, async () => {
    await worker.kill();
    worker = await stack.startWorker(LONG_LOCK);
    await stack.platform.configure({ faults: [{ match: firstPage('handed-back'), break: 'hold' }] });
    const { id } = await stack.ask('handed-back');
    await stack.platform.waitForRequests(firstPage('handed-back'), 3);
    expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    const maps = () => stack.jobs.all(id, 1, 'map');
    const jobOf = async ({ step, shard }: ExportJobRow) =>
      stack.queues.queue(EXPORT_QUEUE).getJob(flowJobId({ exportId: id, generation: 1, step, shard }, 'map'));
    const given = await maps();
    expect(given.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting']);
    for (const map of given) expect(await (await jobOf(map))?.getState()).toBe('prioritized');

    await stack.platform.release();
    await stack.startWorker(LONG_LOCK);
    const { state, followUps } = await stack.settled(id);
    expect(state).toBe('completed');
    expectReleasedOnce(id, followUps, '/success');
    for (const map of await maps()) {
      expect(map).toMatchObject({ state: 'done', attempts: 1, starts: 2 });
      expect(await jobOf(map)).toMatchObject({ stalledCounter: 0 });
    }
  });

  test.sequential('no log of producer or workers has the token', () => {
    for (const { output } of [stack.producer, ...stack.workers]) expect(output()).not.toContain(API_TOKEN);
  });
});
