/** PostgreSQL from npm, for laptops, demos and tests; operations bring their own by DATABASE_URL. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { keptPasswords, makeRoles, type OfRoles } from '../database/roles.js';
import { type GuardedProcess, spawnGuarded } from './guarded-process.js';
import { freePort } from './ports.js';
import { findHome, type PostgresHome } from './postgres-home.js';
import { isAlive, livePidIn, withStartLock } from './start-lock.js';

const NAME = 'parcelpost';

/** Settings that hold for every cluster; `tuning` may change them. */
const SETTINGS = {
  max_connections: 200,
  shared_buffers: '128MB',
  max_wal_size: '4GB',
  // One server, no replica: bulk loads need not be written twice.
  wal_level: 'minimal',
  max_wal_senders: 0,
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
} as const;

export interface PostgresOptions {
  /** Folder for the cluster, its password and its log; made if need be. */
  dataDir: string;
  /** Told in one line whatever a person may want to know. */
  log?: (line: string) => void;
  /** Settings of postgresql.conf, by name. */
  tuning?: Record<string, string | number>;
  /** Where to listen, for a server that was there before; without it any free port. */
  port?: number;
}

export interface RunningPostgres {
  /** `postgres://…/parcelpost`, with the password of a superuser of this cluster. */
  url: string;
  /** The same database for each of the roles. */
  urls: OfRoles;
  port: number;
  /** True where another living process had started it already; `stop` then leaves it to that process. */
  shared: boolean;
  /** Ends the server and waits until it is gone. Repeating it is harmless. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on a free port of 127.0.0.1, making the cluster at the first start.
 *
 * A second start on the same folder, by this process or another, gets the server that is running. What a crash left
 * (a stale postmaster.pid, a server without its starter) is cleared away. The server ends with this process, however
 * that ends. Throws when the cluster cannot be made or started; the message holds the end of the server's log.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const log = options.log ?? (() => undefined);
  mkdirSync(resolve(options.dataDir), { recursive: true });
  const dataDir = realpathSync(options.dataDir);
  try {
    accessSync(dataDir, constants.W_OK);
  } catch {
    throw new Error(
      `${dataDir} belongs to another user (root made it, perhaps); start as that user, or remove it as that user`,
    );
  }
  return withStartLock(join(dataDir, 'start.lock'), async () => {
    const home = findHome(dataDir, log);
    const password = initialise(dataDir, home, log);
    const running = async (port: number, shared: boolean, stop: () => Promise<void>): Promise<RunningPostgres> => {
      const url = urlOf(port, password, NAME);
      return { url, urls: await makeRoles(url, keptPasswords(dataDir)), port, shared, stop };
    };
    const found = await findRunning(dataDir, home, password, log);
    if (found !== undefined) return running(found, true, async () => undefined);
    const settings = { ...SETTINGS, ...options.tuning };
    const { server, port } = await launch(dataDir, home, password, settings, options.port);
    // The file of an earlier start may be another user's.
    rmSync(join(dataDir, 'owner.pid'), { force: true });
    writeFileSync(join(dataDir, 'owner.pid'), String(process.pid));
    await ensureDatabase(urlOf(port, password, 'postgres'));
    return running(port, false, () => server.stop());
  });
}

const urlOf = (port: number, password: string, database: string) =>
  `postgres://${NAME}:${password}@127.0.0.1:${port}/${database}`;

/** Makes the cluster if there is none. Returns its password. */
function initialise(dataDir: string, home: PostgresHome, log: (line: string) => void): string {
  const passwordFile = join(dataDir, 'password');
  if (existsSync(home.cluster)) {
    if (existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8').trim();
    if (!home.elsewhere)
      throw new Error(`${passwordFile} is missing; remove ${dataDir} to begin with an empty database`);
    // Whoever removed the data folder wanted to begin anew; this part of it only could not lie there.
    log(`${dataDir} was removed: the database that belonged to it in ${home.cluster} goes too`);
    rmSync(home.cluster, { recursive: true, force: true });
  }
  const password = randomBytes(24).toString('base64url');
  const made = `${home.cluster}.new`;
  const handedOver = `${home.cluster}.password`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { mode: 0o700 });
  writeFileSync(handedOver, `${password}\n`, { mode: 0o600 });
  if (home.account) {
    for (const path of [made, handedOver]) chownSync(path, home.account.uid, home.account.gid);
  }
  try {
    const args = [
      `--pgdata=${made}`,
      `--username=${NAME}`,
      `--pwfile=${handedOver}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
    ];
    const locale = ['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const run = spawnSync(join(home.bin, 'initdb'), [...args, ...locale, '--no-sync', '--no-instructions'], {
      ...home.account,
      cwd: '/',
      env: environment(),
      encoding: 'utf8',
    });
    if (run.status !== 0) {
      throw new Error(
        `the embedded PostgreSQL could not be set up in ${made}: ${run.error?.message ?? (run.stderr || run.stdout).trim()}`,
      );
    }
    writeFileSync(passwordFile, password, { mode: 0o600 });
    renameSync(made, home.cluster);
  } finally {
    rmSync(handedOver, { force: true });
    rmSync(made, { recursive: true, force: true });
  }
  return password;
}

/** PostgreSQL reads PG* variables and the locale; ours shall not change what it does. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

/** Port of the server that runs on this cluster on behalf of a living process. Anything else in its place is ended. */
async function findRunning(
  dataDir: string,
  home: PostgresHome,
  password: string,
  log: (line: string) => void,
): Promise<number | undefined> {
  const pidFile = join(home.cluster, 'postmaster.pid');
  if (!existsSync(pidFile)) return undefined;
  const pid = livePidIn(pidFile);
  if (pid !== undefined && livePidIn(join(dataDir, 'owner.pid')) !== undefined) {
    const port = Number(readFileSync(pidFile, 'utf8').split('\n')[3]);
    if (await answers(port, password, home.cluster)) return port;
  }
  if (pid !== undefined && isServerOf(pid, home.cluster)) {
    log(`ending a PostgreSQL (process ${pid}) that an earlier start left behind`);
    await endProcess(pid);
  }
  // PostgreSQL clears the file away itself, but not where the number now is another process's, or a zombie's.
  await untilUnused(home.cluster);
  rmSync(pidFile, { force: true });
  return undefined;
}

/** Waits for processes of a killed server, which end by themselves: without the pid file a new one does not look for them. */
async function untilUnused(cluster: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const worksIn = (pid: string) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === cluster;
    } catch {
      return false;
    }
  };
  const until = Date.now() + 10_000;
  for (;;) {
    const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && worksIn(name));
    if (left.length === 0) return;
    if (Date.now() > until)
      throw new Error(`processes ${left.join(', ')} still use ${cluster}; end them and start again`);
    await delay(25);
  }
}

async function answers(port: number, password: string, cluster: string): Promise<boolean> {
  if (!(port > 0)) return false;
  try {
    const directory = await query(urlOf(port, password, 'postgres'), 'show data_directory');
    return (directory[0] as { data_directory: string } | undefined)?.data_directory === cluster;
  } catch {
    return false;
  }
}

function isServerOf(pid: number, cluster: string): boolean {
  const run = existsSync('/proc/self/cmdline')
    ? spawnSync('cat', [`/proc/${pid}/cmdline`], { encoding: 'utf8' })
    : spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  return run.stdout.includes('postgres') && run.stdout.includes(cluster);
}

/** Fast shutdown, then immediate shutdown, then force. */
async function endProcess(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal);
    const until = Date.now() + 10_000;
    while (Date.now() < until) {
      if (!isAlive(pid)) return;
      await delay(25);
    }
  }
  throw new Error(`process ${pid}, a PostgreSQL of an earlier start, does not end; end it by hand`);
}

/** Starts the server; where its port was taken in the meantime, on another. */
async function launch(
  dataDir: string,
  home: PostgresHome,
  password: string,
  settings: Record<string, string | number>,
  wantedPort: number | undefined,
): Promise<{ server: GuardedProcess; port: number }> {
  const logFile = join(dataDir, 'postgres.log');
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  for (let attempt = 1; ; attempt += 1) {
    const port = wantedPort ?? (await freePort());
    const where = [
      '-D',
      home.cluster,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
    ];
    const server = spawnGuarded(join(home.bin, 'postgres'), [...where, ...given], {
      account: home.account,
      env: environment(),
      logFile,
      stopSignal: 'INT',
    });
    if (await ready(server, urlOf(port, password, 'postgres'))) return { server, port };
    await server.stop();
    const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-12).join('\n');
    if (attempt === 3 || !/could not bind|could not create any TCP/.test(tail)) {
      throw new Error(`the embedded PostgreSQL did not start; the end of ${logFile}:\n${tail}`);
    }
  }
}

/** Waits until the server takes queries (recovery after a crash included); false when it ends instead. */
async function ready(server: GuardedProcess, url: string): Promise<boolean> {
  const until = Date.now() + 120_000;
  while (server.running() && Date.now() < until) {
    try {
      await query(url, 'select 1');
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === '28P01') {
        await server.stop();
        throw new Error('the embedded PostgreSQL refuses the password beside its data; remove the data folder');
      }
      await delay(20);
    }
  }
  return false;
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const existing = await query(adminUrl, `select 1 from pg_database where datname = '${NAME}'`);
  if (existing.length === 0) await query(adminUrl, `create database ${NAME}`);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
