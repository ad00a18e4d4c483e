/** One round: exports are asked for, processes are killed throughout, and in the end every promise is looked at. */
import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeQueues } from '@parcelpost/infra/database/migrate-all.js';
import type { OfRoles } from '@parcelpost/infra/database/roles.js';
import { Random } from '@parcelpost/infra/samples/random.js';
import { seedSamples } from '@parcelpost/infra/samples/seed-samples.js';
import { appEnvironment } from '@parcelpost/infra/services/app-environment.js';
import { freePort } from '@parcelpost/infra/services/ports.js';
import { localSecrets } from '@parcelpost/infra/services/secrets.js';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { type HookEndpoint, startHookEndpoint } from '../support/hook-endpoint.js';
import { startMockPlatform } from '../support/mock-platform/platform.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { Course } from './course.js';
import { Fleet } from './fleet.js';
import { Killer } from './killer.js';
import { planOrders } from './orders.js';
import type { PackedWorker } from './packed-worker.js';
import { faults, PAGE, RECORDS, SHARD, sizes } from './platform.js';
import { Producer } from './producer.js';
import { isRefused } from './recipes.js';
import { Requester } from './requester.js';
import { type Verdict, verify } from './verify.js';

export interface RoundOptions {
  /** Exports asked for; those that exports start themselves come on top. */
  exports: number;
  /** Milliseconds between two kills of a worker, on average; times are drawn from an exponential distribution. 0: none. */
  killEveryMs: number;
  /** Workers at work at once. */
  workers: number;
  seed: number;
  /** When what is still open is given up, in milliseconds. */
  limitMs: number;
}

export interface RoundPlace {
  /** A migrated database of its own, for each role. */
  databaseUrls: OfRoles;
  /** A Redis for the queues; undefined where the database carries them. */
  redisUrl: string | undefined;
  queuePrefix: string;
  /** An empty folder of its own. */
  folder: string;
  packed: PackedWorker;
  /** What befalls the services, once, when half of the exports have been asked for. */
  disaster?: (() => Promise<void>) | undefined;
}

/** Kills of workers for each of the producer. */
const PRODUCER_KILL_EVERY = 60;
/** Time in which, once all is settled and nobody dies any more, storage has to be clear. */
const CLEAR_MS = 30_000;

export interface RoundResult extends Verdict {
  seed: number;
  /** From the first request until all was settled. */
  seconds: number;
  producerKills: number;
  /** Requests that had to be sent again, since nobody answered. */
  repeats: number;
}

/** Runs one round. Throws only where it could not be run; a broken promise is part of the result. */
export async function runRound(options: RoundOptions, place: RoundPlace): Promise<RoundResult> {
  const endings: (() => Promise<unknown>)[] = [];
  try {
    return await run(options, place, endings);
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

async function run(
  options: RoundOptions,
  place: RoundPlace,
  endings: (() => Promise<unknown>)[],
): Promise<RoundResult> {
  const { databaseUrls, redisUrl, queuePrefix, folder } = place;
  const db = openDatabase(databaseUrls.owner, { max: 2, name: 'parcelpost-chaos' });
  endings.push(() => db.destroy());
  await seedSamples(databaseUrls.owner, new FileStorage(join(folder, 'storage')), { projects: [] });
  const queueUrl = redisUrl ?? databaseUrls.owner;
  await makeQueues(queueUrl, queuePrefix);
  const hooks = await startHooks();
  endings.push(() => hooks.close());
  const orders = planOrders(options.exports, new Random(options.seed), hooks.url);
  const shaken = 2 * orders.filter(({ project }) => project.startsWith('shaky-')).length;
  const platform = await startMockPlatform({
    parcels: RECORDS,
    projects: sizes(orders.map(({ project }) => project)),
    latencyMs: 2,
    faults: faults(shaken),
  });
  endings.push(() => platform.close());

  const port = await freePort();
  const storageDir = join(folder, 'storage');
  await mkdir(storageDir, { recursive: true });
  const secrets = localSecrets(folder);
  const env = appEnvironment({
    databaseUrls,
    queueUrl: redisUrl,
    queuePrefix,
    storageDir,
    publicUrl: `http://127.0.0.1:${port}`,
    smtpUrl: 'smtp://127.0.0.1:9', // nothing is mailed here
    secrets,
    platformApiUrl: platform.url,
  });
  const log = (name: string) => (text: string) => appendFileSync(join(folder, name), text);
  const producer = new Producer({ ...env.producer, ...QUICK, PORT: String(port) }, log('producer.log'));
  const fleet = new Fleet({
    packed: place.packed,
    env: { ...env.worker, ...QUICK, ...OF_WORKERS },
    working: options.workers,
    reserve: options.killEveryMs > 0 ? Math.ceil(options.workers / 2) : 0,
    log: log('workers.log'),
  });
  endings.push(() => fleet.stop());
  endings.push(() => producer.stop());
  await Promise.all([producer.start(), fleet.start()]);
  const [ana] = await db('users').where({ username: 'ana' }).select<{ id: string }[]>('id');
  const requester = new Requester(producer.url, mintAuthToken((ana as { id: string }).id, [secrets.AUTH_SECRET]));

  const begun = Date.now();
  const killer = new Killer({
    fleet,
    producer,
    everyMs: options.killEveryMs,
    producerEvery: PRODUCER_KILL_EVERY,
    random: new Random(options.seed + 1),
  });
  if (options.killEveryMs > 0) killer.start();
  endings.push(() => killer.stop());
  const course = new Course({
    db,
    requester,
    orders,
    random: new Random(options.seed + 2),
    disaster: place.disaster,
  });
  const settled = await course.run(begun + options.limitMs);
  const seconds = (Date.now() - begun) / 1000;
  await killer.stop();
  const verdict = await verify({
    db,
    asked: course.asked,
    errors: course.errors,
    received: hooks.calls(),
    storageDir,
    queueUrl,
    queuePrefix,
    clearWithinMs: settled ? CLEAR_MS : 0,
    fleet,
  });
  return { ...verdict, seed: options.seed, seconds, producerKills: killer.producerKills, repeats: requester.repeats };
}

/** Short pauses, so that what waits for a time does not wait long. */
const QUICK = { SWEEP_SECONDS: '1', LOG_LEVEL: 'info', ...NO_LIMITS };
const OF_WORKERS = {
  WORKER_LOCK_SECONDS: '1.5',
  // No other task is called here; each queue is three more connections of every worker that is started.
  WORKER_QUEUES: 'export,webhook',
  WORKER_CONCURRENCY: '1',
  PAGE_SIZE: String(PAGE),
  SHARD_RECORDS: String(SHARD),
  WEBHOOK_ALLOW_PRIVATE: 'true',
};

/** An endpoint that takes its time, as others do, and refuses what it is to refuse. */
async function startHooks(): Promise<HookEndpoint> {
  const hooks = await startHookEndpoint();
  hooks.answer('*', ({ path }) => ({ status: isRefused(path) ? 500 : 204, delayMs: 15 }));
  return hooks;
}
