/**
 * A built app as one script with its code compiled beforehand: it starts at a third of the cost and less. The code in it is the
 * app's own, line for line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../root.js';

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

/** `import.meta.resolve`, which a script lacks. */
const RESOLVE = `((name) => require('node:url').pathToFileURL(require.resolve(name)).href)`;

/** SQLite is CommonJS, so that it can be had without an import. */
const SQLITE = `Promise.resolve({ default: require('node-sqlite3-wasm') })`;

/** Has each of our files know where it came from. */
const WHENCE: Plugin = {
  name: 'whence',
  setup({ onLoad }) {
    onLoad({ filter: /\/(apps|packages)\/[^/]+\/dist\/.*\.js$/ }, async ({ path }) => {
      const contents = await readFile(path, 'utf8');
      return {
        contents: contents
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.resolve', RESOLVE)
          .replaceAll("import('node-sqlite3-wasm')", SQLITE)
          // Modules of one's own, named by configuration; see load.ts.
          .replaceAll('import(/* @vite-ignore */ specifier)', 'importModule(specifier)'),
      };
    });
  },
};

const COMPILE = '--compile';

/** Arguments of node to run a packed script, whatever the folder it is started in. */
export type PackedArgs = readonly string[];

/** As `args`, and keeps the code that the process compiled until it ends in good order: whoever starts later has it. */
export const learning = (args: PackedArgs): PackedArgs => [...args, COMPILE];

/**
 * Packs one script.
 * @param folder gets the script and what runs it
 * @param origin a file: what is left out of the script is looked for where this one would find it
 * @throws when it does not load
 */
export async function pack(
  { name, entry, origin }: { name: string; entry: string; origin: string },
  folder: string,
  plugins: Plugin[] = [],
): Promise<PackedArgs> {
  await build({
    entryPoints: { [name]: entry, load: join(ROOT, 'test/support/packed/load.ts') },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Read as ASCII by load.ts. Templates with a tag (`html`) cannot be written so, but as calls they can.
    charset: 'ascii',
    supported: { 'template-literal': false },
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    external: OUTSIDE,
    plugins: [...plugins, WHENCE],
    logLevel: 'error',
  });
  const packed = join(folder, `${name}.cjs`);
  // Patterns stay as they were written.
  const other = /\P{ASCII}/u.exec(await readFile(packed, 'utf8'));
  if (other) throw new Error(`${name} is not pure ASCII once packed: write ${JSON.stringify(other[0])} as an escape`);
  return [join(folder, 'load.cjs'), packed, origin];
}

/** Runs it once, so that the code is there that it compiles. @throws with what it printed when it ends with another code than `ends` */
export async function compile(args: PackedArgs, env: NodeJS.ProcessEnv, ends: number): Promise<void> {
  const child = spawn(process.execPath, learning(args), { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  // There is no turn to wait for.
  (child.stdio[3] as Socket).resume().end();
  const [code] = await once(child, 'close');
  if (code !== ends) throw new Error(`the packed script does not load:\n${said}`);
}
