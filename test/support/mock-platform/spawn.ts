import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ROOT } from '../root.js';
import type { MockPlatform, Settings } from './settings.js';

/** A mock platform that runs elsewhere, so that its work does not slow the measured process. */
export interface SpawnedPlatform extends MockPlatform {
  readonly pid: number;
}

/** Starts the built mock platform as a process of its own. Throws if it is not built, or ends before it listens. */
export async function spawnMockPlatform(settings: Partial<Settings> = {}): Promise<SpawnedPlatform> {
  const main = `${ROOT}test/dist/test/support/mock-platform/main.js`;
  if (!existsSync(main)) throw new Error(`${main} is not built; run npx tsc -b first`);
  const child = spawn(process.execPath, [main, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string),
    exited.then(() => undefined),
  ]);
  if (line === undefined) throw new Error('the mock platform ended before it listened');
  const { url } = JSON.parse(line) as { url: string };
  const call = async (method: string, ...args: unknown[]): Promise<unknown> => {
    const response = await fetch(`${url}/_control/${method}`, { method: 'POST', body: JSON.stringify(args) });
    if (!response.ok) throw new Error(`the mock platform answered ${response.status} to ${method}`);
    return response.json();
  };
  return {
    url,
    pid: child.pid as number,
    configure: async (changed) => {
      await call('configure', changed);
    },
    requests: async () => (await call('requests')) as string[],
    forget: async () => {
      await call('forget');
    },
    waitForRequests: async (match, count) => {
      await call('waitForRequests', match, count);
    },
    release: async () => {
      await call('release');
    },
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
