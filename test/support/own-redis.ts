/** A Redis of the test's own, that it may silence and kill. It keeps nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@parcelpost/infra/services/ports.js';
import { needProgram } from '@parcelpost/infra/services/system-packages.js';
import { within } from '@parcelpost/shared/within.js';
import { Redis } from 'ioredis';

export interface OwnRedis {
  url: string;
  /** Stops its clock: connections stay, and nothing is answered. */
  silence(): void;
  /** Lets it go on after {@link silence}. */
  wake(): void;
  /** Ends it at once: connections are refused. Repeating it is harmless. */
  kill(): Promise<void>;
  /** Starts it, empty, at the same address; it answers then. */
  start(): Promise<void>;
}

/** Starts one on a free port of the loopback. */
export async function startOwnRedis(): Promise<OwnRedis> {
  const program = needProgram({
    programs: ['redis-server', 'valkey-server'],
    purpose: 'run the queues on Redis',
    apt: 'redis-server',
    brew: 'redis',
  });
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  const end = () => server?.kill('SIGKILL');
  const own: OwnRedis = {
    url,
    silence: () => server?.kill('SIGSTOP'),
    wake: () => server?.kill('SIGCONT'),
    kill: async () => {
      if (!server) return;
      const exited = once(server, 'exit');
      end();
      await exited;
      server = undefined;
      process.off('exit', end);
    },
    start: async () => {
      const settings = [
        '--bind',
        '127.0.0.1',
        '--port',
        String(port),
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
      ];
      server = spawn(program, settings, { stdio: 'ignore' });
      process.once('exit', end);
      await untilItAnswers(url);
    },
  };
  await own.start();
  return own;
}

async function untilItAnswers(url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on('error', () => {}); // refused until it listens
  try {
    await within(10_000, client.ping());
  } finally {
    client.disconnect();
  }
}
