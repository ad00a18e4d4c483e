/** The operator's doctor: it finds each trouble that is planted, says what to do, and is silent where nothing is wrong. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@parcelpost/shared/log.js';
import { type AnyWorker, migrateQueues, openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exitCode, tell } from '../../apps/producer/src/cli/ops/diagnosis.js';
import { diagnose } from '../../apps/producer/src/cli/ops/doctor.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { doctorContext, LIMITS } from '../support/doctor.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';
import { plantDecided, plantExport, plantFollowUp, secondsAgo } from '../support/planted.js';

const log = createLogger('test', 'silent');
const HOUR = 3600;
const OWN = ['meta', 'export', 'msg', 'webhook', 'log'];

let database: TestDatabase;
let storage: string;
beforeAll(async () => {
  database = await createTestDatabase();
  storage = await mkdtemp(join(tmpdir(), 'parcelpost-doctor-'));
});
afterEach(async () => {
  await database.db.raw('truncate exports, outbox, export_jobs, files, refused_jobs cascade');
});
afterAll(async () => {
  await database.drop();
  await rm(storage, { recursive: true, force: true });
});

describe.each(ENGINES)('the doctor, with queues on %s', (engine) => {
  const prefix = uniquePrefix();
  let url: string;
  let queues: Queues;
  let workers: AnyWorker[];

  beforeAll(async () => {
    url = queueUrlFor(engine, database.url);
    await migrateQueues(url, prefix);
    queues = openQueues(url, { prefix, log });
    workers = OWN.map((name) => queues.work(name, async () => {}, { concurrency: 1, lockMs: 30_000 }));
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    await queues.close();
  });

  const context = (env: Record<string, string>) =>
    doctorContext({ database, queueUrl: url, prefix, queues, storage }, env);
  const examine = async (env: Record<string, string> = {}) => {
    const diagnosis = await diagnose(context(env), LIMITS);
    return { diagnosis, code: exitCode(diagnosis), text: tell(diagnosis) };
  };
  /** The finding of this code, which must be the only problem. */
  const onlyProblem = async (code: string, env: Record<string, string> = {}) => {
    const { diagnosis, code: exit } = await examine(env);
    expect(diagnosis.findings.filter(({ level }) => level === 'problem').map((one) => one.code)).toEqual([code]);
    expect([exit, diagnosis.unknown]).toEqual([1, []]);
    const found = diagnosis.findings.find((one) => one.code === code);
    return `${found?.what}\n${found?.items.join('\n')}\n${found?.advice}`;
  };

  it('finds nothing where nothing is wrong, and says what it looked at', async () => {
    const open = await plantExport(database.db, { started_at: new Date() });
    await plantFollowUp(database.db, open, { state: 'active', attempts: 1 });
    await plantFollowUp(database.db, open, { state: 'failed', attempts: 8, finished_at: secondsAgo(25 * HOUR) });
    await plantFollowUp(database.db, open, {
      entered_at: secondsAgo(HOUR),
      options: JSON.stringify({ delay: 2 * HOUR * 1000 }),
    });
    const { diagnosis, code, text } = await examine();
    expect(diagnosis.findings.filter(({ code }) => code !== 'engine-settings')).toEqual([]);
    expect([code, diagnosis.unknown]).toEqual([0, []]);
    expect(text).toContain('Nothing is stuck.');
    for (const word of ['1 open export', '2 follow-ups on their way', 'meta 1', 'webhook 1', engine, storage]) {
      expect(text).toContain(word);
    }
    expect(text).not.toContain('password');
  });

  it('names exports past their deadline and exports whose work is silent, and how to end one', async () => {
    const late = await plantExport(database.db, { deadline_at: secondsAgo(120) });
    const silent = await plantExport(database.db, { requested_at: secondsAgo(2 * HOUR), phase: 'reading' });
    const busy = await plantExport(database.db, { requested_at: secondsAgo(2 * HOUR), phase: 'reading' });
    await database.db('export_jobs').insert({
      export_id: busy,
      generation: 1,
      kind: 'map',
      step: 'parties',
      shard: 0,
      state: 'active',
      started_at: secondsAgo(60),
    });
    await plantDecided(database.db, { requested_at: secondsAgo(9 * HOUR), deadline_at: secondsAgo(3 * HOUR) });
    const said = await onlyProblem('exports-stuck');
    expect(said).toContain(`${late}  cadasta/london-2, waiting, last sign 0 s ago, deadline passed 2 min ago`);
    expect(said).toContain(`${silent}  cadasta/london-2, reading, last sign 2 h ago`);
    expect(said).not.toContain(busy);
    expect(said).toContain('exports cancel <id>');
  });

  it('names rows of the outbox that nobody enters into a queue', async () => {
    const id = await plantDecided(database.db);
    const stuck = await plantFollowUp(database.db, id, {
      state: 'pending',
      entered_at: null,
      pending_at: secondsAgo(300),
    });
    await plantFollowUp(database.db, id, { state: 'pending', entered_at: null });
    const said = await onlyProblem('outbox-pending');
    expect(said).toContain(`1 row of the outbox`);
    expect(said).toContain(stuck);
  });

  it('names follow-ups that failed, why, and how to have them run again', async () => {
    const id = await plantDecided(database.db);
    const failed = await plantFollowUp(database.db, id, {
      state: 'failed',
      attempts: 8,
      finished_at: secondsAgo(HOUR),
      args: JSON.stringify({ url: 'https://hooks.example.org/T0P-SECRET' }),
      error: JSON.stringify({ code: 'http-500', message: 'The receiver answered 500.\nsecond line' }),
    });
    const said = await onlyProblem('follow-ups-failed');
    expect(said).toContain(`${failed}  msg.email`);
    expect(said).toContain('60 min ago, 8 tries: http-500, The receiver answered 500.');
    expect(said).toContain('follow-ups replay <id>');
    expect(said).not.toMatch(/T0P-SECRET|second line/);
  });

  it('notes follow-ups that are tried again and again, without calling it a problem', async () => {
    const id = await plantDecided(database.db);
    await plantFollowUp(database.db, id, {
      attempts: 5,
      entered_at: secondsAgo(2 * HOUR),
      error: JSON.stringify({ code: 'unreachable', message: 'no answer' }),
    });
    const { diagnosis, code } = await examine();
    const note = diagnosis.findings.find((one) => one.code === 'follow-ups-retrying');
    expect(note?.items.join()).toContain('5 tries: unreachable, no answer');
    expect(code).toBe(0);
  });

  it('names follow-ups that no worker begins though one listens', async () => {
    const id = await plantDecided(database.db);
    await plantFollowUp(database.db, id, { task: 'webhook.post', entered_at: secondsAgo(HOUR) });
    expect(await onlyProblem('follow-ups-not-begun')).toContain('webhook.post: 1, the oldest for 60 min');
  });

  it('misses the worker of a routed queue as soon as something waits for it', async () => {
    const env = { TASK_ROUTES: 'gis' };
    const idle = await examine(env);
    expect(idle.diagnosis.findings.find((one) => one.code === 'route-not-served')?.level).toBe('note');
    expect(idle.code).toBe(0);

    await queues.queue('gis').add('gis.index', {}, { jobId: 'waits' });
    const said = await onlyProblem('route-not-served', env);
    expect(said).toContain(
      'No worker listens to the queue gis, which belongs to another service; 1 job waits for one.',
    );

    const foreign = queues.work('gis', async () => 7, { concurrency: 1, lockMs: 30_000 });
    await foreign.waitUntilReady();
    try {
      expect((await examine(env)).diagnosis.findings.map((one) => one.code)).not.toContain('route-not-served');
    } finally {
      await foreign.close();
      await queues.queue('gis').obliterate({ force: true });
    }
  });

  it('misses the workers of our own queues, with what waits for them', async () => {
    const other = uniquePrefix();
    await migrateQueues(url, other);
    const alone = openQueues(url, { prefix: other, log });
    // PostgreSQL tells its clients apart by name alone, which is the same in every schema.
    const mine = engine === 'postgres' ? workers.splice(0) : [];
    await Promise.all(mine.map((worker) => worker.close()));
    try {
      await alone.queue('msg').add('msg.email', {}, { jobId: 'one' });
      const { findings } = await diagnose(
        doctorContext({ database, queueUrl: url, prefix: other, queues: alone, storage }),
        LIMITS,
      );
      const missed = findings.filter((one) => one.code === 'queue-without-worker');
      expect(missed).toHaveLength(1);
      expect(missed[0]?.what).toBe('No worker listens to the queues meta, export, log, msg, webhook.');
      expect(missed[0]?.items).toEqual(
        ['meta', 'export', 'log', 'msg', 'webhook'].map(
          (name) => `${name}: ${name === 'msg' ? '1 job waits' : '0 jobs wait'}`,
        ),
      );
    } finally {
      for (const { name } of mine) workers.push(queues.work(name, async () => {}, { concurrency: 1, lockMs: 30_000 }));
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
      await alone.queue('msg').obliterate({ force: true });
      await alone.close();
    }
  });

  it('names a paused queue', async () => {
    await queues.queue('webhook').pause();
    try {
      expect(await onlyProblem('queue-paused')).toContain('The queue webhook is paused');
    } finally {
      await queues.queue('webhook').resume();
    }
  });

  it('names failed jobs: a problem where a merge failed, a note elsewhere', async () => {
    const name = `fails-${engine}`;
    const failing = queues.work(
      name,
      async () => {
        throw new Error('no such luck\n    at somewhere');
      },
      { concurrency: 1, lockMs: 30_000 },
    );
    const failed = new Promise((done) => failing.on('failed', done));
    await queues.queue(name).add('gis.index', {}, { jobId: 'broken' });
    await failed;
    try {
      const { diagnosis, code } = await examine({ TASK_ROUTES: name });
      const note = diagnosis.findings.find((one) => one.code === 'jobs-failed');
      expect([note?.level, code]).toEqual(['note', 0]);
      expect(note?.items).toEqual([expect.stringMatching(/^broken {2}gis\.index, \d+ s ago: no such luck$/)]);
    } finally {
      await failing.close();
      await queues.queue(name).obliterate({ force: true });
    }
    const [meta] = workers.splice(0, 1);
    await meta?.close();
    const merging = queues.work('meta', async () => Promise.reject(new Error('lost')), {
      concurrency: 1,
      lockMs: 30_000,
    });
    const lost = new Promise((done) => merging.on('failed', done));
    await queues.queue('meta').add('merge', {}, { jobId: 'root' });
    await lost;
    workers.unshift(merging);
    try {
      expect(await onlyProblem('jobs-failed')).toContain('root  merge');
    } finally {
      await queues.queue('meta').obliterate({ force: true });
    }
  });

  it('names jobs that were refused', async () => {
    const refusal = { queue: 'msg', job_id: 'forged-1', task: 'msg.email', reason: 'unknown' };
    await database.db('refused_jobs').insert([refusal, { ...refusal, job_id: 'old', at: secondsAgo(25 * HOUR) }]);
    const said = await onlyProblem('jobs-refused');
    expect(said).toContain('msg/forged-1  msg.email');
    expect(said).toContain('no follow-up of this id was ever written');
    expect(said).not.toContain('old');
  });
});
