/**
 * For each crash point: the process that comes by dies there by SIGKILL, another takes over, and the promise holds. What is
 * promised of each is in docs/crashes.md. A worker dies alone, so that what it left can be looked at; then another begins.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CRASH_POINTS, type CrashPoint } from '@parcelpost/shared/crash-points.js';
import { EXPORT_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { flowJobId } from '@parcelpost/shared/queues/relay.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PackedProcess } from '../chaos/packed-process.js';
import { type PackedWorker, packWorker } from '../chaos/packed-worker.js';
import { ENGINES } from '../support/engines.js';
import { API_TOKEN, type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import { startProcess } from '../support/processes.js';
import { ROOT } from '../support/root.js';

const PARCELS = 20;
/** More shards than are entered at once. */
const MANY = 400;
const SHARD = 20;
const LONGEST_MS = 60_000;
const LANES = 2;

/** What a worker left when it died at a point. `id` is the export's. */
type Look = (stack: PlatformStack, id: string) => Promise<void>;

const rowsOf = async ({ jobs }: PlatformStack, id: string, kind: 'plan' | 'map' | 'reduce' | 'merge') =>
  (await jobs.all(id, 1, kind)).map(({ state }) => state);
const followUps = async ({ outbox }: PlatformStack, id: string) =>
  Object.fromEntries((await outbox.followUps(id)).map(({ place, state }) => [place, state]));
const outcomeOf = async ({ database: { db } }: PlatformStack, id: string) =>
  (await db('exports').where({ id }).first('outcome')).outcome;
/** How many maps of the export its queue knows. */
const mapsInQueue = async ({ queues, jobs }: PlatformStack, id: string) => {
  const states = (await jobs.all(id, 1, 'map')).map((map) =>
    queues.queue(EXPORT_QUEUE).getJobState(flowJobId(map, 'map')),
  );
  return (await Promise.all(states)).filter((state) => state !== 'unknown').length;
};
/** States that the queue of webhooks has of those that were released. */
const webhooksInQueue = async ({ queues, outbox }: PlatformStack, id: string) => {
  const roots = (await outbox.followUps(id)).filter(({ place }) => place === 'onSuccess/0');
  return Promise.all(roots.map((row) => queues.queue('webhook').getJobState(row.id)));
};
/** Whose the bundles are that have a row, and are not removed. */
const ownersOf = async ({ database: { db } }: PlatformStack, id: string) =>
  (await db('files').where({ export_id: id, removed_at: null })).map(
    ({ owner_kind, owner_id, pinned }) => `${owner_kind} ${owner_id}${pinned ? ', pinned' : ''}`,
  );
const requesterOf = async ({ database: { db } }: PlatformStack, id: string) =>
  `user ${(await db('exports').where({ id }).first('requester_id')).requester_id}`;
const called = ({ hooks }: PlatformStack, id: string) => hooks.calls(id).length;
const gisJob = async ({ queues, outbox }: PlatformStack, id: string) => {
  const [row] = await outbox.followUps(id);
  return queues.queue('gis').getJobState(row?.id as string);
};

/** Points that workers come by, and what is found there. */
const IN_WORKERS: Partial<Record<CrashPoint, Look>> = {
  'relay.taken': async (stack, id) => {
    expect(await followUps(stack, id)).toMatchObject({ 'onSuccess/0': 'pending' });
    expect(await webhooksInQueue(stack, id)).toEqual(['unknown']);
  },
  'relay.entered': async (stack, id) => {
    expect(await followUps(stack, id)).toMatchObject({ 'onSuccess/0': 'pending' });
    expect(await webhooksInQueue(stack, id)).not.toEqual(['unknown']);
  },
  'plan.kept': async (stack, id) => {
    expect(await rowsOf(stack, id, 'map')).toEqual(['waiting', 'waiting', 'waiting']);
    expect(await mapsInQueue(stack, id)).toBe(0);
  },
  'plan.adding': async (stack, id) => {
    expect(await rowsOf(stack, id, 'map')).toHaveLength((3 * MANY) / SHARD);
    expect(await mapsInQueue(stack, id)).toBe(50);
  },
  'plan.settled': async (stack, id) => {
    expect(await rowsOf(stack, id, 'map')).toEqual(['done', 'done', 'done']);
    expect(await rowsOf(stack, id, 'reduce')).toEqual([]);
  },
  'map.page': async (stack, id) => {
    expect(await rowsOf(stack, id, 'map')).toContain('active');
    expect(await rowsOf(stack, id, 'reduce')).toEqual([]);
  },
  'map.fragments': async (stack, id) => {
    expect(await rowsOf(stack, id, 'map')).toContain('active');
    expect(stack.stored(id).some((path) => /\/map-\w+-0-1\/[^/]+$/.test(path))).toBe(true);
  },
  'reduce.written': async (stack, id) => {
    expect(await rowsOf(stack, id, 'reduce')).toContain('active');
    expect(stack.stored(id).some((path) => /\/reduce-.*\.csv$/.test(path))).toBe(true);
  },
  'merge.bundled': async (stack, id) => {
    expect(await outcomeOf(stack, id)).toBeNull();
    expect(await followUps(stack, id)).toEqual({});
    expect(stack.stored(id).some((path) => path.endsWith('/bundle.zip'))).toBe(true);
    expect(await ownersOf(stack, id)).toEqual([await requesterOf(stack, id)]);
  },
  'merge.decided': async (stack, id) => {
    expect(await outcomeOf(stack, id)).toBe('completed');
    expect(await ownersOf(stack, id)).toEqual(['project faraway/at-merge-decided, pinned']);
    expect(await followUps(stack, id)).toMatchObject({ 'onSuccess/0': 'pending', 'onSuccess/1/body': 'waiting' });
    expect(await webhooksInQueue(stack, id)).toEqual(['unknown']);
  },
  'follow-up.began': async (stack, id) => {
    expect(Object.values(await followUps(stack, id))).toContain('active');
    expect(called(stack, id)).toBe(0);
  },
  'follow-up.handled': async (stack, id) => {
    expect(Object.values(await followUps(stack, id))).toContain('active');
    expect(called(stack, id)).toBeGreaterThan(0);
  },
  'follow-up.settled': async (stack, id) => {
    expect(Object.values(await followUps(stack, id))).toContain('done');
    expect(called(stack, id)).toBeGreaterThan(0);
  },
  'collect.read': async (stack, id) => {
    expect(await followUps(stack, id)).toEqual({ 'onSuccess/0': 'entered' });
    expect(await gisJob(stack, id)).toBe('completed');
  },
};
const IN_THE_PRODUCER: CrashPoint[] = ['request.recorded', 'retry.recorded'];
/** In deferred-calls.test.ts: only few exports come by. */
const ELSEWHERE: CrashPoint[] = ['deferred.committed'];

test('every crash point is tried, and told of in docs/crashes.md', () => {
  const points = Object.keys(CRASH_POINTS).sort();
  expect([...Object.keys(IN_WORKERS), ...IN_THE_PRODUCER, ...ELSEWHERE].sort()).toEqual(points);
  const document = readFileSync(join(ROOT, 'docs/crashes.md'), 'utf8');
  const rows = [...document.matchAll(/^\| `([a-z.-]+)` \|/gm)].map(([, point]) => point);
  expect(rows.sort()).toEqual(points);
});

const folder = mkdtempSync(join(tmpdir(), 'parcelpost-kills-'));
let packed: PackedWorker;
beforeAll(async () => {
  packed = await packWorker(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lanes = ENGINES.flatMap((engine) => Array.from({ length: LANES }, (_, lane) => [engine, lane] as const));

describe.concurrent.each(lanes)('on the %s engine, %i', (engine, lane) => {
  const ofLane = <T>(all: readonly T[]) => all.filter((_, index) => index % LANES === lane);
  const running = new Set<PackedProcess>();
  let stack: PlatformStack;
  let ended: () => Promise<void>;

  beforeAll(async () => {
    const env = { TASK_ROUTES: 'gis', WORKER_LOCK_SECONDS: '1', SHARD_RECORDS: String(SHARD) };
    stack = await startPlatformStack(
      { parcels: PARCELS, projects: { 'faraway/at-plan-adding': MANY } },
      // What a dead process leaves stays until a worker brings it on: this producer does not look for it.
      { engine, workers: 0, workerEnv: env, producerEnv: { TASK_ROUTES: 'gis', SWEEP_SECONDS: '3600' } },
    );
    // Another service, with a queue of its own.
    const gis = stack.queues.work('gis', async () => ({ indexed: true }), { concurrency: 1, lockMs: 30_000 });
    ended = () => gis.close();
  });
  // One that a failed test leaves would do the work of those that are to die.
  afterEach(() => {
    for (const worker of running) worker.kill();
  });
  afterAll(async () => {
    await ended?.();
    await stack?.stop();
  });

  /** A worker that is loaded; it begins when it is told to. */
  function load(env: Record<string, string> = {}): PackedProcess {
    let printed = '';
    const worker = new PackedProcess(
      packed,
      { ...stack.environment.worker, ...env },
      {
        log: (text) => {
          printed += text;
        },
      },
    );
    running.add(worker);
    void worker.ended.then(({ signal, code }) => {
      running.delete(worker);
      if (signal !== 'SIGKILL') throw new Error(`a worker ended by itself with code ${code}:\n${printed}`);
    });
    return worker;
  }

  async function begin(worker: PackedProcess): Promise<void> {
    await until('it is loaded', async () => worker.state === 'loaded');
    worker.begin();
    await until('it works', async () => worker.state === 'working');
  }

  const slug = (point: CrashPoint) => `at-${point.replaceAll('.', '-')}`;
  const crash = (point: CrashPoint) => ({ CRASH_AT: point, CRASH_ONCE: join(folder, `${engine}-${point}`) });
  const hook = (path: string) => ({ task: 'webhook.post', args: { url: stack.hooks.url(path) } });
  const lists = {
    onSuccess: () => [hook('/first'), { chord: [hook('/one'), hook('/two')], body: hook('/body') }],
    onFailure: () => [hook('/failure')],
  };
  const bodyOf = (point: CrashPoint) => ({
    onSuccess: point === 'collect.read' ? [{ task: 'gis.index' }] : lists.onSuccess(),
    onFailure: lists.onFailure(),
  });

  /** Whoever asks gets no answer: the producer dies. */
  async function askInVain(path: string, body: object, point: CrashPoint): Promise<void> {
    const producer = await startProcess('producer', { ...stack.environment.producer, ...crash(point) });
    const asked = fetch(`${producer.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stack.api.token}`,
        'content-type': 'application/json',
        ...(point === 'request.recorded' ? { 'idempotency-key': '"once"' } : {}),
      },
      body: JSON.stringify(body),
    });
    await expect(asked).rejects.toThrow();
    expect(await producer.exited).toMatchObject({ signal: 'SIGKILL' });
  }

  /** Everything came to its end, once: the outcome, the bundle, each follow-up of that list and of no other. */
  async function expectKept(id: string, point: CrashPoint, generation = 1): Promise<void> {
    const settled = await stack.settled(id);
    expect({ outcome: settled.outcome, error: settled.error }).toEqual({ outcome: 'completed', error: null });
    expect(existsSync(crash(point).CRASH_ONCE)).toBe(true);

    const rows = (await stack.outbox.followUps(id)).filter((row) => row.generation === generation);
    const routed = point === 'collect.read';
    const places = ['onSuccess/0', 'onSuccess/1', 'onSuccess/1/chord/0', 'onSuccess/1/chord/1', 'onSuccess/1/body'];
    expect(rows.map(({ place, state }) => [place, state])).toEqual(
      (routed ? ['onSuccess/0'] : places).map((place) => [place, 'done']),
    );
    if (routed) expect(rows[0]?.result).toEqual({ indexed: true });
    const calls = stack.hooks.calls(id).filter(({ path }) => path !== '/failure');
    const byPath = Object.fromEntries(calls.map((call) => [call.path, call.id]));
    const webhooks = rows.filter(({ task }) => task === 'webhook.post').map(({ id }) => id);
    expect(Object.keys(byPath)).toHaveLength(webhooks.length);
    expect([...new Set(calls.map((call) => call.id))].sort()).toEqual([...webhooks].sort());
    // A body after its members. What a dying worker had just taken comes later than all that follows from the others.
    const first = (path: string) => calls.findIndex((call) => call.path === path);
    if (!routed) expect(first('/body')).toBeGreaterThan(Math.max(first('/one'), first('/two')));

    for (const job of await stack.jobs.all(id, generation)) expect([job.state, job.attempts]).toEqual(['done', 1]);
    const records = slug(point) === 'at-plan-adding' ? MANY : PARCELS;
    const tables = settled.files.filter(({ name }) => name.endsWith('.csv')).map(({ rows }) => rows);
    expect(tables).toEqual([records, records, records]);
    const zip = await stack.api.fetch(`/api/v1/exports/${id}/download`);
    const sum = createHash('sha256')
      .update(Buffer.from(await zip.arrayBuffer()))
      .digest('hex');
    expect(sum).toBe(settled.bundle?.sha256);
    await until('nothing but the bundle is left', async () => stack.stored(id).length === 1);
    // What a start of the merge had brought that died before its decision says that it is gone.
    await until('and no row but its own', async () => (await ownersOf(stack, id)).length === 1);
    expect(await ownersOf(stack, id)).toEqual([`project faraway/${slug(point)}, pinned`]);
  }

  test.sequential.each(ofLane(Object.keys(IN_WORKERS) as CrashPoint[]))(
    'a worker that dies at %s costs nothing but time',
    { timeout: LONGEST_MS },
    async (point) => {
      const dying = load(crash(point));
      const next = load();
      const { id } = await stack.ask(slug(point), bodyOf(point));
      await begin(dying);
      expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' });
      await IN_WORKERS[point]?.(stack, id);
      await begin(next);
      await expectKept(id, point);
      expect(stack.hooks.calls(id).filter(({ path }) => path === '/failure')).toEqual([]);
      next.kill();
      await next.ended;
    },
  );

  /** Has the request recorded, and nothing else. @returns the export's id */
  async function request(point: CrashPoint): Promise<string> {
    const { db } = stack.database;
    const path = `/api/v1/organizations/faraway/projects/${slug(point)}/exports`;
    const body = { formats: ['csv'], apiToken: API_TOKEN, ...bodyOf(point) };
    await askInVain(path, body, point);
    const found = await db('exports')
      .where({ project: slug(point) })
      .select('id', 'started_at');
    expect(found).toMatchObject([{ started_at: null }]);
    return found[0].id;
  }

  /** Has an export fail, and its retry recorded, and nothing else. @returns the export's id */
  async function retry(point: CrashPoint): Promise<string> {
    await stack.platform.configure({ faults: [{ match: `/projects/${slug(point)}/parties/`, status: 403 }] });
    const { id } = await stack.ask(slug(point), bodyOf(point));
    const first = load();
    await begin(first);
    expect(await stack.settled(id)).toMatchObject({ outcome: 'failed', followUps: [{ hook: 'onFailure' }] });
    first.kill();
    await first.ended;
    await stack.platform.configure({ faults: [] });
    await askInVain(`/api/v1/exports/${id}/retry`, { apiToken: API_TOKEN }, point);
    expect(await stack.api.export(id)).toMatchObject({ state: 'waiting', outcome: null });
    return id;
  }

  const recorded: Partial<Record<CrashPoint, [(point: CrashPoint) => Promise<string>, number]>> = {
    'request.recorded': [request, 1],
    'retry.recorded': [retry, 2],
  };
  test.sequential.each(ofLane(IN_THE_PRODUCER))(
    'a producer that dies at %s has promised what a worker keeps',
    { timeout: LONGEST_MS },
    async (point) => {
      const [record, generation] = recorded[point] ?? [];
      const id = await record?.(point);
      if (id === undefined || generation === undefined) throw new Error(`nothing is known of ${point}`);
      const entry = await stack.database.db('outbox').where({ export_id: id, generation, hook: 'enter' }).first();
      // It waits to be let in, which the relay does that has died with it.
      expect(entry).toMatchObject({ state: 'waiting' });
      const next = load();
      await begin(next);
      await expectKept(id, point, generation);
      expect(await stack.database.db('exports').where({ project: slug(point) })).toHaveLength(1);
      expect(stack.hooks.calls(id).filter(({ path }) => path === '/failure')).toHaveLength(generation - 1);
      next.kill();
      await next.ended;
    },
  );
});
