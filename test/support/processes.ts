import { spawn } from 'node:child_process';
import { freePort } from '@parcelpost/infra/services/ports.js';
import { untilReady } from '@parcelpost/infra/services/readiness.js';
import { type AppKind, argsOf } from './packed/apps.js';

export type { AppKind };

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface AppProcess {
  pid: number;
  port: number;
  /** `http://127.0.0.1:port` */
  url: string;
  /** Everything it printed, standard output and error together. */
  output(): string;
  readonly exited: Promise<Exit>;
  /** Sends a signal (default SIGTERM) and waits for the end; after an end it is harmless. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
}

/** None of our processes may outlive a test process that ends early. */
const living = new Set<() => void>();
process.once('exit', () => {
  for (const end of living) end();
});

/**
 * Starts a built app as a process of its own.
 * @param env its whole configuration; variables of this process reach it only by `PATH` and the like
 * @returns once `/readyz` answers 200
 * @throws with everything it printed when it ends before that, or is not ready within 30 s
 */
export async function startProcess(kind: AppKind, env: Record<string, string | undefined>): Promise<AppProcess> {
  const port = Number(env.PORT ?? (await freePort()));
  const url = `http://127.0.0.1:${port}`;
  const { PATH, HOME, TMPDIR, NODE_OPTIONS } = process.env;
  const child = spawn(process.execPath, argsOf(kind), {
    env: { PATH, HOME, TMPDIR, NODE_OPTIONS, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  const end = () => child.kill('SIGKILL');
  living.add(end);
  let running = true;
  const exited = new Promise<Exit>((done) => {
    // 'close' and not 'exit': by then all of its output is here.
    child.once('close', (code, signal) => {
      running = false;
      living.delete(end);
      done({ code, signal });
    });
  });
  await new Promise<void>((done, fail) => child.once('spawn', done).once('error', fail));
  const output = () => printed.join('');
  const kill = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return exited;
  };
  try {
    await untilReady(url, () => running);
  } catch (error) {
    await kill('SIGKILL');
    throw new Error(`${kind}: ${(error as Error).message}\n${output()}`);
  }
  return { pid: child.pid as number, port, url, output, exited, kill };
}
