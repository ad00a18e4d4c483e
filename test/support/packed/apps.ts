/** The apps as the tests start them: packed once for each build, since they are started hundreds of times. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../root.js';
import { compile, type PackedArgs, pack } from './pack.js';

const APPS = ['producer', 'worker'] as const;
export type AppKind = (typeof APPS)[number];

/** Names the folder of the packed apps to the processes in which tests run. */
const FOLDER = 'PARCELPOST_TEST_APPS';
const CACHE = join(ROOT, 'node_modules/.cache/parcelpost-apps');
/** A run may still start what was packed for it. */
const KEPT_MS = 3 * 3_600_000;

/** What no configuration is ends with. */
const NO_CONFIGURATION = 1;

/** Packs the apps as built, and has tests start those from now on. Without a build it does nothing. Throws when they do not load. */
export async function packApps(): Promise<void> {
  const build = buildKey();
  if (build === undefined) return;
  const folder = join(CACHE, build);
  if (!existsSync(folder)) {
    await mkdir(CACHE, { recursive: true });
    await clearAway();
    const beside = await mkdtemp(join(CACHE, 'new-'));
    try {
      for (const name of APPS) {
        const args = await pack({ name, entry: mainOf(name), origin: mainOf(name) }, beside);
        await compile(args, {}, NO_CONFIGURATION);
      }
      await rename(beside, folder);
    } catch (error) {
      await rm(beside, { recursive: true });
      // Another run may have been quicker.
      if (!existsSync(folder)) throw error;
    }
  }
  process.env[FOLDER] = folder;
}

/**
 * Arguments of node that run an app: packed, or else as it was built.
 * @throws when it is not built
 */
export function argsOf(kind: AppKind): PackedArgs {
  const folder = process.env[FOLDER];
  if (folder) return [join(folder, 'load.cjs'), join(folder, `${kind}.cjs`), mainOf(kind)];
  if (!existsSync(mainOf(kind))) throw new Error(`${mainOf(kind)} is not built; run npx tsc -b first`);
  return ['--enable-source-maps', mainOf(kind)];
}

const mainOf = (kind: AppKind) => join(ROOT, 'apps', kind, 'dist/main.js');

/** Differs where the sources, the libraries, Node or this packing do; undefined where nothing is built. */
function buildKey(): string | undefined {
  const of = [
    ...['packages/shared', 'apps/worker', 'apps/producer'].map((project) => `${project}/dist/.tsbuildinfo`),
    'package-lock.json',
    ...['apps', 'pack', 'load'].map((name) => `test/support/packed/${name}.ts`),
  ].map((file) => join(ROOT, file));
  if (!of.every((file) => existsSync(file))) return undefined;
  const hash = createHash('sha256').update(process.version);
  for (const file of of) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

async function clearAway(): Promise<void> {
  for (const build of await readdir(CACHE)) {
    const folder = join(CACHE, build);
    const made = await stat(folder).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > KEPT_MS) await rm(folder, { recursive: true, force: true });
  }
}
