/** The operator's doctor, where a service is away or not set as it should be: it says which, and looks at the rest. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { Inspection } from '@parcelpost/shared/db/services/inspection.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { exitCode, tell } from '../../apps/producer/src/cli/ops/diagnosis.js';
import { diagnose } from '../../apps/producer/src/cli/ops/doctor.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { doctorContext, LIMITS } from '../support/doctor.js';
import { uniquePrefix } from '../support/engines.js';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.js';
import { plantExport, secondsAgo } from '../support/planted.js';

const log = createLogger('test', 'silent');
const prefix = uniquePrefix();
let database: TestDatabase;
let storage: string;
let redis: OwnRedis;
let queues: Queues;

beforeAll(async () => {
  [database, storage, redis] = await Promise.all([
    createTestDatabase(),
    mkdtemp(join(tmpdir(), 'parcelpost-doctor-')),
    startOwnRedis(),
  ]);
});
beforeEach(() => {
  queues = openQueues(redis.url, { prefix, log });
});
afterEach(() => queues.close());
afterAll(async () => {
  await redis.kill();
  await database.drop();
  await rm(storage, { recursive: true, force: true });
});

const context = (env: Record<string, string> = {}) =>
  doctorContext({ database, queueUrl: redis.url, prefix, queues, storage }, env);

it('without the queue engine it cannot tell of queues, and still finds what the database says', async () => {
  await redis.kill();
  const late = await plantExport(database.db, { deadline_at: secondsAgo(120) });
  try {
    const diagnosis = await diagnose(context(), LIMITS);
    expect(exitCode(diagnosis)).toBe(2);
    const text = tell(diagnosis);
    expect(text).toMatch(/CANNOT TELL {2}queues \(redis at 127\.0\.0\.1:\d+\)/);
    expect(text).toContain(late);
  } finally {
    await redis.start();
  }
});

it('without the database it can tell nothing of exports, and still looks at queues and storage', async () => {
  const db = openDatabase('postgres://nobody:hidden@127.0.0.1:1/gone', { max: 1 });
  try {
    const diagnosis = await diagnose({ ...context(), db, inspection: new Inspection(db) }, LIMITS);
    expect(exitCode(diagnosis)).toBe(2);
    expect(diagnosis.unknown.map(({ what }) => what)).toEqual([expect.stringMatching(/^database/)]);
    expect(diagnosis.seen.join()).toMatch(/queues on redis.*storage/);
    expect(tell(diagnosis)).not.toContain('hidden');
  } finally {
    await db.destroy();
  }
});

it('where the tables are not those of this version it cannot tell, and says how to bring them up to date', async () => {
  await database.db('migrations').where({ name: '0003-canvas' }).delete();
  try {
    const diagnosis = await diagnose(context(), LIMITS);
    expect(exitCode(diagnosis)).toBe(2);
    expect(tell(diagnosis)).toContain('CANNOT TELL  tables: The database lacks 0003-canvas. Run npm run migrate');
  } finally {
    await database.db('migrations').insert({ name: '0003-canvas', batch: 1, migration_time: new Date() });
  }
});

it('a storage that cannot be written is a problem, one that is not named a note', async () => {
  const file = join(storage, 'a-file');
  await writeFile(file, '');
  const wrong = await diagnose(context({ STORAGE_URL: pathToFileURL(file).href }), LIMITS);
  const found = wrong.findings.find(({ code }) => code === 'storage');
  expect([found?.level, found?.what]).toEqual([
    'problem',
    expect.stringMatching(/cannot be written and read: (ENOTDIR|EEXIST)/),
  ]);
  const unnamed = await diagnose(context({ STORAGE_URL: '' }), LIMITS);
  expect(unnamed.findings.find(({ code }) => code === 'storage-not-named')?.level).toBe('note');
});

it('a Redis that may throw jobs away is a problem, one that forgets them at a restart a note', async () => {
  const client = new Redis(redis.url);
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await client.quit();
  const { findings } = await diagnose(context(), LIMITS);
  const doubts = findings.filter(({ code }) => code === 'engine-settings');
  expect(doubts.map(({ level, what }) => [level, /allkeys-lru|append-only/.exec(what)?.[0]])).toEqual([
    ['problem', 'allkeys-lru'],
    ['note', 'append-only'],
  ]);
});
