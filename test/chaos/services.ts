/** What a run stands on: PostgreSQL and Redis of its own, which it may kill, and a database and a folder for each round. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrateTables } from '@parcelpost/infra/database/migrate-all.js';
import { keptPasswords, makeRoles, type OfRoles } from '@parcelpost/infra/database/roles.js';
import { type RunningPostgres, startPostgres } from '@parcelpost/infra/services/postgres.js';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.js';
import { ROOT } from '../support/root.js';
import { untilIt } from './wait.js';

/** Commits wait for the server, as in operation, and the server does not wait for the disk: no power fails here. */
const TUNING = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: 400,
  autovacuum_naptime: '1h',
  // Passwords that cost next to nothing to prove, since each worker that is started opens a dozen connections.
  scram_iterations: 1,
} as const;

export interface Services {
  redis: OwnRedis;
  /** Makes a database. @returns its address for each role */
  createDatabase(): Promise<OfRoles>;
  /** Breaks PostgreSQL off in the middle of whatever it does, and starts it again at the same address. */
  restartPostgres(): Promise<void>;
  /** Folder for what a run leaves. */
  folder: string;
  stop(): Promise<void>;
}

/** Starts PostgreSQL and Redis. @throws when another run is under way here */
export async function startServices(log: (line: string) => void): Promise<Services> {
  const folder = join(ROOT, '.data', 'chaos');
  await mkdir(folder, { recursive: true });
  const dataDir = join(folder, 'postgres');
  let postgres: RunningPostgres = await startPostgres({ dataDir, log, tuning: TUNING });
  if (postgres.shared)
    throw new Error('another such run is under way here; two at once would kill each other’s server');
  const { port } = postgres;
  const adminUrl = postgres.url;
  const redis = await clearAway(adminUrl)
    .then(() => startOwnRedis())
    .catch(async (error: unknown) => {
      await postgres.stop();
      throw error;
    });
  return {
    redis,
    folder: await mkdtemp(join(folder, 'run-')),
    createDatabase: async () => {
      const name = `chaos_${randomBytes(6).toString('hex')}`;
      await asAdmin(adminUrl, `create database ${name}`);
      const url = Object.assign(new URL(adminUrl), { pathname: `/${name}` });
      const urls = await makeRoles(url.href, keptPasswords(dataDir));
      const db = openDatabase(urls.owner, { max: 1 });
      try {
        await migrateTables(db);
      } finally {
        await db.destroy();
      }
      return urls;
    },
    restartPostgres: async () => {
      const [{ data_directory: cluster }] = (await asAdmin(adminUrl, 'show data_directory')) as [
        { data_directory: string },
      ];
      const pid = Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);
      // An immediate shutdown: nothing is finished or written, and the next start recovers as after a crash.
      process.kill(pid, 'SIGQUIT');
      await untilIt('PostgreSQL has ended', () => !isAlive(pid));
      await postgres.stop();
      postgres = await startPostgres({ dataDir, log, tuning: TUNING, port });
    },
    stop: async () => {
      await redis.kill();
      await postgres.stop();
    },
  };
}

/** Drops what earlier runs left. */
async function clearAway(adminUrl: string): Promise<void> {
  const left = (await asAdmin(adminUrl, `select datname from pg_database where datname like 'chaos\\_%'`)) as {
    datname: string;
  }[];
  for (const { datname } of left) await asAdmin(adminUrl, `drop database ${datname} with (force)`);
}

async function asAdmin(url: string, statement: string): Promise<unknown[]> {
  const admin = openDatabase(url, { max: 1 });
  try {
    const { rows } = (await admin.raw(statement)) as { rows: unknown[] };
    return rows;
  } finally {
    await admin.destroy();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
