/** Producer and workers as processes of a local installation; they end with this process, however that ends. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AppKind, inheritedEnvironment } from '../services/app-environment.js';
import { type GuardedProcess, spawnGuarded } from '../services/guarded-process.js';
import { freePort } from '../services/ports.js';
import { untilReady } from '../services/readiness.js';
import type { CommandContext } from './command.js';
import { ROOT } from './local.js';

export interface RunningApps {
  /** Address of the producer. */
  url: string;
  /** Rejects when one of them ends though nobody told it to. */
  failed: Promise<never>;
}

/**
 * Starts a producer and workers; each writes its log to `<logs>/<name>.log`.
 * @param env the variables that each kind gets, beside those of this process
 * @throws with the end of its log, where one of them does not get ready
 */
export async function startApps(
  context: CommandContext,
  options: { env: Record<AppKind, Record<string, string>>; port: number; workers: number; logs: string },
): Promise<RunningApps> {
  mkdirSync(options.logs, { recursive: true });
  let stopping = false;
  const running: GuardedProcess[] = [];
  context.atEnd(async () => {
    stopping = true;
    await Promise.all(running.map((app) => app.stop()));
  });
  const unexpected: Promise<never>[] = [];
  const start = async (kind: AppKind, name: string, port: number) => {
    const logFile = join(options.logs, `${name}.log`);
    const main = join(ROOT, 'apps', kind, 'dist', 'main.js');
    const app: GuardedProcess = spawnGuarded(process.execPath, ['--enable-source-maps', main], {
      env: { ...inheritedEnvironment(kind, process.env), ...options.env[kind], PORT: String(port) },
      logFile,
    });
    running.push(app);
    const url = `http://127.0.0.1:${port}`;
    const endOfLog = () =>
      `the end of ${logFile}:\n${readFileSync(logFile, 'utf8').trim().split('\n').slice(-8).join('\n')}`;
    try {
      await untilReady(url, app.running);
    } catch (error) {
      throw new Error(`the ${name} did not start: ${(error as Error).message}; ${endOfLog()}`);
    }
    unexpected.push(
      app.exited.then((code) => {
        if (stopping) return new Promise<never>(() => undefined);
        throw new Error(`the ${name} ended with code ${code}; ${endOfLog()}`);
      }),
    );
    return url;
  };
  const workers = Array.from({ length: options.workers }, async (_, index) =>
    start('worker', `worker-${index + 1}`, await freePort()),
  );
  const [url] = await Promise.all([start('producer', 'producer', options.port), ...workers]);
  const failed = Promise.race(unexpected);
  // Only who waits for it need hear of it.
  failed.catch(() => undefined);
  return { url, failed };
}
