/**
 * The built worker as one script with its code compiled beforehand: it starts at a fifth of the cost, so that several can
 * be killed and replaced in a second on two cores. The code in it is the worker's own, line for line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../support/root.js';

const WORKER = join(ROOT, 'apps/worker/dist');
/** What stays outside: drivers that our libraries can do without, and do, and what looks for files beside itself. */
const OUTSIDE = [
  'better-sqlite3',
  'mariadb',
  'mariadb/callback',
  'mysql',
  'mysql2',
  'node-sqlite3-wasm',
  'oracledb',
  'pg-native',
  'pg-query-stream',
  'sqlite3',
  'tedious',
];

/** Finds the worker under the names that standby.ts has for it, and has each file know where it came from. */
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
    onLoad({ filter: /\/(apps|packages)\/[^/]+\/dist\/.*\.js$/ }, async ({ path }) => {
      const contents = await readFile(path, 'utf8');
      return { contents: contents.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
    });
  },
};

const COMPILE = '--compile';

export interface PackedWorker {
  /** Arguments for node; the process waits until it is told to begin, see standby.ts. */
  readonly args: string[];
  /** Whether the process keeps the code that it compiled, for later ones, when it ends in good order. */
  readonly keepsCode: boolean;
}

/**
 * Packs the worker as built into a folder.
 * @throws when it is not built, or what was packed does not load
 */
export async function packWorker(folder: string): Promise<PackedWorker> {
  if (!existsSync(join(WORKER, 'main.js'))) throw new Error(`${WORKER} is not built; run npx tsc -b first`);
  await build({
    entryPoints: { standby: join(ROOT, 'test/chaos/standby.ts'), load: join(ROOT, 'test/chaos/load-packed.ts') },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'ascii',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    external: OUTSIDE,
    supported: { 'dynamic-import': false },
    plugins: [OURS],
    logLevel: 'error',
  });
  const args = [join(folder, 'load.cjs'), join(folder, 'standby.cjs'), join(WORKER, 'main.js')];
  await load([...args, COMPILE]);
  return { args, keepsCode: false };
}

/** The same worker as a process that keeps the code that it compiled: what runs after it starts, and works, at less cost. */
export const learning = ({ args }: PackedWorker): PackedWorker => ({ args: [...args, COMPILE], keepsCode: true });

/** Has it loaded once, up to where it would wait. */
async function load(args: string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  // There is no turn to wait for.
  (child.stdio[3] as Socket).resume().end();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the packed worker does not load:\n${said}`);
}
