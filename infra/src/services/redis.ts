/** Redis (or Valkey) for a laptop, demos and tests; operations bring their own by QUEUE_URL or REDIS_URL. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type GuardedProcess, spawnGuarded } from './guarded-process.js';
import { freePort } from './ports.js';
import { needProgram } from './system-packages.js';

export interface RedisOptions {
  /** Folder that keeps the data over restarts (an append-only file). Without it nothing is kept. */
  dataDir?: string;
  /** Told in one line whatever a person may want to know. */
  log?: (line: string) => void;
}

export interface RunningRedis {
  /** `redis://:password@127.0.0.1:port` */
  url: string;
  port: number;
  /** Ends the server and waits until it is gone. Repeating it is harmless. */
  stop(): Promise<void>;
}

/**
 * Starts `redis-server` or `valkey-server` on a free port of 127.0.0.1, with a password, and as a queue needs it: keys
 * are never evicted. Installs it where it is missing and can be installed. The server ends with this process, however
 * that ends. Throws an error that says how to install it, or that holds what the server said.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const program = needProgram(
    {
      programs: ['redis-server', 'valkey-server'],
      purpose: 'run the queues on Redis',
      apt: 'redis-server',
      brew: 'redis',
    },
    options.log,
  );
  const folder = options.dataDir ? resolve(options.dataDir) : mkdtempSync(join(tmpdir(), 'parcelpost-redis-'));
  mkdirSync(folder, { recursive: true });
  const password = randomBytes(24).toString('base64url');
  const logFile = join(folder, 'redis.log');
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const configuration = join(folder, 'redis.conf');
    // In a file and not among the arguments, where every user of the machine could read the password.
    writeFileSync(configuration, settings({ port, password, folder, keep: options.dataDir !== undefined }), {
      mode: 0o600,
    });
    const server = spawnGuarded(program, [configuration], { logFile });
    const stop = async () => {
      await server.stop();
      if (!options.dataDir) rmSync(folder, { recursive: true, force: true });
    };
    if (await ready(server, port, password)) return { url: urlOf(port, password), port, stop };
    const said = readFileSync(logFile, 'utf8').trim().split('\n').slice(-6).join('\n');
    await stop();
    if (attempt === 3 || !/Address already in use|Failed listening/.test(said))
      throw new Error(`${program} did not start:\n${said}`);
    mkdirSync(folder, { recursive: true });
  }
}

const urlOf = (port: number | string, password: string) => `redis://:${password}@127.0.0.1:${port}`;

/** Address of the server that was started last in a data folder; undefined where none ever was. It may have ended. */
export function addressOf(dataDir: string): string | undefined {
  const configuration = join(dataDir, 'redis.conf');
  if (!existsSync(configuration)) return undefined;
  const text = readFileSync(configuration, 'utf8');
  const [port, password] = [/^port (\d+)$/m.exec(text)?.[1], /^requirepass (\S+)$/m.exec(text)?.[1]];
  return port && password ? urlOf(port, password) : undefined;
}

function settings({
  port,
  password,
  folder,
  keep,
}: {
  port: number;
  password: string;
  folder: string;
  keep: boolean;
}): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${folder.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
    'maxmemory-policy noeviction',
    'save ""',
    `appendonly ${keep ? 'yes' : 'no'}`,
    'daemonize no',
    '',
  ].join('\n');
}

/** Waits until the server answers (it may have to read its file first); false when it ends instead. */
async function ready(server: GuardedProcess, port: number, password: string): Promise<boolean> {
  const until = Date.now() + 60_000;
  while (server.running() && Date.now() < until) {
    if (await ping(port, password)) return true;
    await delay(20);
  }
  return false;
}

function ping(port: number, password: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (text) => {
      answer += text;
      if (answer.includes('PONG') || answer.includes('-')) socket.destroy();
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => done(answer.includes('PONG')));
  });
}
