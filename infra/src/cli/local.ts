/** The services of a local installation: those that the environment names, embedded ones under `.data/` for the rest. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { migrateAll } from '../database/migrate-all.js';
import type { OfRoles } from '../database/roles.js';
import { seedSamples } from '../samples/seed-samples.js';
import { freePort } from '../services/ports.js';
import { startPostgres } from '../services/postgres.js';
import { type LocalSecrets, localSecrets } from '../services/secrets.js';
import type { CommandContext } from './command.js';
import { type EngineChoice, localRedis, namedQueue } from './engine.js';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface LocalDatabase {
  /** The database for each role; one address for all where the environment names one. */
  databaseUrls: OfRoles;
  /** Address of the queues, see engine.ts; undefined where the database carries them. */
  queueUrl: string | undefined;
  queuePrefix: string;
  /** True where the database is the embedded one. */
  embedded: boolean;
}

/** Folder of all that a local installation keeps: `DATA_DIR`, else `.data` in the checkout. */
export function dataDir(): string {
  const folder = process.env.DATA_DIR ? resolve(process.env.DATA_DIR) : join(ROOT, '.data');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * The database of `DATABASE_URL`, else the embedded one, started if it does not run; migrated, its queues too. The
 * embedded one has the sample projects.
 * @param engine what carries the queues; a Redis is started where one was chosen and the environment names none
 */
export async function openLocalDatabase(
  context: CommandContext,
  log: (line: string) => void,
  engine?: EngineChoice,
): Promise<LocalDatabase> {
  const given = process.env.DATABASE_URL;
  const queuePrefix = process.env.QUEUE_PREFIX || 'parcelpost';
  let databaseUrls: OfRoles;
  if (given) {
    databaseUrls = { owner: given, producer: given, worker: given };
  } else {
    const server = await startPostgres({ dataDir: join(dataDir(), 'postgres'), log });
    context.atEnd(() => server.stop());
    databaseUrls = server.urls;
    log(server.shared ? 'PostgreSQL is running already' : 'PostgreSQL has started');
  }
  const { owner } = databaseUrls;
  const queueUrl = namedQueue(engine, owner, process.env) ?? (await localRedis(context, join(dataDir(), 'redis'), log));
  await migrateAll({ databaseUrl: owner, queueUrl, queuePrefix });
  if (!given) {
    const made = await seedSamples(owner, localStorage());
    if (made.length > 0) log(`sample projects: ${made.join(', ')}`);
  }
  return { databaseUrls, queueUrl: queueUrl === owner ? undefined : queueUrl, queuePrefix, embedded: !given };
}

/** Folder of fragments, bundles and uploads. */
export function storageFolder(): string {
  const folder = join(dataDir(), 'storage');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What the producers of this installation serve from: `STORAGE_URL`, else the folder. */
export const localStorage = (): Storage => openStorage(process.env.STORAGE_URL || pathToFileURL(storageFolder()).href);

/** The secrets of the local installation, those that the environment has before those that were made. */
export function secretsInUse(): LocalSecrets {
  const made = localSecrets(dataDir());
  const given = Object.entries(process.env).filter(([name, value]) => name in made && value) as [
    keyof LocalSecrets,
    string,
  ][];
  return { ...made, ...Object.fromEntries(given) };
}

/**
 * Whether anybody may sign in to the pages as a sample user: only where nobody but the users of this machine can reach
 * them and there is no identity provider, unless `SAMPLE_SIGN_IN` says so.
 */
export function sampleSignIn(env: NodeJS.ProcessEnv = process.env): string {
  if (env.OIDC_ISSUER && !env.SAMPLE_SIGN_IN) return 'false';
  return env.SAMPLE_SIGN_IN || String(/^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(env.HOST || '127.0.0.1'));
}

/**
 * The producer's port: `PORT`, else the one that it had last time, else 3000, else any. Links in mails that were sent
 * hold it, so it changes only where something else has taken it.
 */
export async function chosenPort(): Promise<number> {
  if (process.env.PORT) return Number(process.env.PORT);
  const memory = join(dataDir(), 'port');
  const last = existsSync(memory) ? Number(readFileSync(memory, 'utf8')) : 3000;
  for (const port of new Set([last, 3000, await freePort()])) {
    if (!(await isFree(port))) continue;
    writeFileSync(memory, String(port));
    return port;
  }
  throw new Error('there is no free port');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
