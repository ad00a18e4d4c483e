/** What a bench runs against: a database of its own, queues, a producer and workers, each app process as built. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeQueues, migrateTables } from '@parcelpost/infra/database/migrate-all.js';
import { keptPasswords, makeRoles } from '@parcelpost/infra/database/roles.js';
import { freePort } from '@parcelpost/infra/services/ports.js';
import { type RunningPostgres, startPostgres } from '@parcelpost/infra/services/postgres.js';
import { startRedis } from '@parcelpost/infra/services/redis.js';
import { type Database, openDatabase } from '@parcelpost/shared/db/database.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { type AppProcess, startProcess } from '../support/processes.js';
import { ROOT } from '../support/root.js';
import type { BenchEngine, BenchOptions } from './options.js';

const STORAGE_PREFIX = 'storage-';
/** Folder of what a bench keeps, and in it of its database. */
const DATA = join(ROOT, '.data', 'bench');
const POSTGRES = join(DATA, 'postgres');
const PROFILER = new URL('./profile.js', import.meta.url).href;

export interface Services {
  postgres: RunningPostgres;
  redisUrl: string;
  stop(): Promise<void>;
}

/** PostgreSQL and Redis, set as operations would have them: every commit is on disk before it counts. */
export async function startServices(log: (line: string) => void): Promise<Services> {
  await mkdir(DATA, { recursive: true });
  const postgres = await startPostgres({ dataDir: POSTGRES, log });
  try {
    if (postgres.shared) throw new Error('another bench is under way here; two at once would measure each other');
    await clearAway(postgres.url, DATA);
    const redis = await startRedis({ log });
    return {
      postgres,
      redisUrl: redis.url,
      stop: async () => {
        await redis.stop();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** Removes what a bench that was broken off left behind. */
async function clearAway(serverUrl: string, dataDir: string): Promise<void> {
  await asAdmin(serverUrl, async (admin) => {
    const left = await admin('pg_database').whereLike('datname', 'bench\\_%').select<{ datname: string }[]>('datname');
    for (const { datname } of left) await admin.raw('drop database ?? with (force)', [datname]);
  });
  const entries = await readdir(dataDir);
  const folders = entries.filter((entry) => entry.startsWith(STORAGE_PREFIX));
  await Promise.all(folders.map((folder) => rm(join(dataDir, folder), { recursive: true, force: true })));
}

export interface Fleet {
  url: string;
  /** Bearer token of the one user. */
  bearer: string;
  userId: string;
  db: Database;
  producer: AppProcess;
  workers: AppProcess[];
  stop(): Promise<void>;
}

export interface FleetOptions extends Pick<BenchOptions, 'workers' | 'concurrency' | 'profile'> {
  engine: BenchEngine;
  /** Address of another platform; undefined for our own. */
  platformUrl?: string | undefined;
  /** More of the producer's environment, by the address of the database as it has it. */
  producerEnv?: ((databaseUrl: string) => Promise<Record<string, string>>) | undefined;
  /** Keeps this database from one run to the next; without it the fleet has a new one, dropped when it stops. */
  database?: string | undefined;
}

/** Starts producer and workers on a database of their own. */
export async function startFleet(services: Services, options: FleetOptions): Promise<Fleet> {
  const endings: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    return await assemble(services, options, endings, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  services: Services,
  options: FleetOptions,
  endings: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Fleet> {
  const adminUrl = await makeDatabase(services.postgres.url, options.database, endings);
  const urls = await makeRoles(adminUrl, keptPasswords(POSTGRES));
  const db = openDatabase(urls.owner, { name: 'parcelpost-bench', max: 2 });
  endings.push(() => db.destroy());
  await migrateTables(db);
  const queuePrefix = `bench_${randomBytes(4).toString('hex')}`;
  if (options.engine === 'postgres') {
    await makeQueues(urls.owner, queuePrefix);
    endings.push(() => db.raw('drop schema ?? cascade', [queuePrefix]));
  }
  const storage = await mkdtemp(join(ROOT, '.data', 'bench', STORAGE_PREFIX));
  endings.push(() => rm(storage, { recursive: true, force: true }));
  const port = await freePort();
  const secret = () => randomBytes(48).toString('base64');
  const env = {
    QUEUE_URL: options.engine === 'redis' ? services.redisUrl : undefined,
    QUEUE_PREFIX: queuePrefix,
    STORAGE_URL: pathToFileURL(storage).href,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    SEAL_SECRET: secret(),
    SIGNATURE_SECRET: secret(),
    TOKEN_SECRET: secret(),
    AUTH_SECRET: secret(),
    PLATFORM_API_URL: options.platformUrl,
    WORKER_CONCURRENCY: options.concurrency === undefined ? undefined : String(options.concurrency),
    // Nothing is mailed here.
    SMTP_URL: 'smtp://127.0.0.1:9',
    LOG_LEVEL: 'warn',
    ...NO_LIMITS,
    ...(options.profile ? { NODE_OPTIONS: `--import ${PROFILER}`, BENCH_PROFILE_DIR: options.profile } : {}),
  };
  const start = async (kind: 'producer' | 'worker', extra: Record<string, string> = {}) => {
    const app = await startProcess(kind, { DATABASE_URL: urls[kind], ...env, ...extra });
    endings.push(() => app.kill());
    return app;
  };
  const producer = await start('producer', { PORT: String(port), ...(await options.producerEnv?.(urls.producer)) });
  const workers = await Promise.all(Array.from({ length: options.workers }, () => start('worker')));
  const userId = await benchUser(db);
  return { url: producer.url, bearer: mintAuthToken(userId, [env.AUTH_SECRET]), userId, db, producer, workers, stop };
}

async function makeDatabase(
  serverUrl: string,
  kept: string | undefined,
  endings: (() => Promise<unknown>)[],
): Promise<string> {
  const name = kept ?? `bench_${randomBytes(6).toString('hex')}`;
  await asAdmin(serverUrl, async (admin) => {
    const [found] = await admin('pg_database').where({ datname: name });
    if (!found) await admin.raw('create database ??', [name]);
  });
  if (!kept) {
    endings.push(() => asAdmin(serverUrl, (admin) => admin.raw('drop database if exists ?? with (force)', [name])));
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function asAdmin(url: string, work: (admin: Database) => Promise<unknown>): Promise<void> {
  const admin = openDatabase(url, { max: 1 });
  try {
    await work(admin);
  } finally {
    await admin.destroy();
  }
}

async function benchUser(db: Database): Promise<string> {
  const [user] = await db('users')
    .insert({ username: 'bench', name: 'Bench', email: 'bench@example.org' })
    .onConflict('username')
    .merge(['name'])
    .returning<{ id: string }[]>('id');
  return (user as { id: string }).id;
}
