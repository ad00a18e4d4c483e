/** The built worker as a packed script, so that several can be killed and replaced in a second on two cores. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { compile, learning as keeping, type PackedArgs, pack } from '../support/packed/pack.js';
import { ROOT } from '../support/root.js';

const WORKER = join(ROOT, 'apps/worker/dist');

/** Finds the worker under the names that standby.ts has for it. */
const OURS: Plugin = {
  name: 'parcelpost',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^parcelpost:worker$/ }, () => ({ path: join(WORKER, 'main.js') }));
    onResolve({ filter: /^parcelpost:worker-parts$/ }, () => ({ path: 'parts', namespace: 'parcelpost' }));
    onLoad({ filter: /.*/, namespace: 'parcelpost' }, async () => {
      const main = await readFile(join(WORKER, 'main.js'), 'utf8');
      const imported = [...main.matchAll(/^import .*$/gm)].map(([line]) => line.replace(/.* from /, 'import '));
      return { contents: imported.join('\n'), resolveDir: WORKER };
    });
  },
};

export interface PackedWorker {
  /** Arguments for node; the process waits until it is told to begin, see standby.ts. */
  readonly args: PackedArgs;
  /** Whether the process keeps the code that it compiled, for later ones, when it ends in good order. */
  readonly keepsCode: boolean;
}

/**
 * Packs the worker as built into a folder.
 * @throws when it is not built, or what was packed does not load
 */
export async function packWorker(folder: string): Promise<PackedWorker> {
  const origin = join(WORKER, 'main.js');
  if (!existsSync(origin)) throw new Error(`${WORKER} is not built; run npx tsc -b first`);
  const entry = join(ROOT, 'test/chaos/standby.ts');
  const args = await pack({ name: 'standby', entry, origin }, folder, [OURS]);
  await compile(args, {}, 0);
  return { args, keepsCode: false };
}

/** The same worker as a process that keeps the code that it compiled: what runs after it starts, and works, at less cost. */
export const learning = ({ args }: PackedWorker): PackedWorker => ({ args: keeping(args), keepsCode: true });
