/**
 * What `npm run <command>` runs: brings installation and build up to date where they are not, then runs the command in
 * this process. Plain JavaScript without dependencies, since it has to work before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMANDS = {
  demo: 'infra/dist/cli/demo.js',
  start: 'infra/dist/cli/start.js',
  migrate: 'infra/dist/cli/migrate.js',
  seed: 'infra/dist/cli/seed.js',
  token: 'infra/dist/cli/token.js',
  ops: 'infra/dist/cli/ops.js',
  test: 'infra/dist/cli/test.js',
  producer: 'apps/producer/dist/main.js',
  worker: 'apps/worker/dist/main.js',
  bench: 'test/dist/test/bench/bench.js',
  'bench:formats': 'test/dist/test/bench/formats/main.js',
  'bench:map': 'test/dist/test/bench/map/main.js',
  'bench:streams': 'test/dist/test/bench/streams/main.js',
  chaos: 'test/dist/test/chaos/chaos.js',
  'check:large': 'test/dist/test/large/large.js',
  verify: 'apps/worker/dist/cli/verify.js',
};
/** These run on services that the environment names. */
const NEED_DATABASE_URL = ['producer', 'worker', 'migrate'];

const [command, ...args] = process.argv.slice(2);
const entry = COMMANDS[command];
if (!entry) fail(`Usage: node infra/run.mjs <${Object.keys(COMMANDS).join('|')}> [arguments]`);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Parcelpost needs Node.js 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org/en/download`);
}
if (NEED_DATABASE_URL.includes(command) && !process.env.DATABASE_URL) {
  fail(
    `DATABASE_URL is not set: npm run ${command} uses the PostgreSQL that it names (postgres://user:password@host:5432/database).\n` +
      'README.md lists the variables. To run everything on services of its own: npm start',
  );
}

install();
build();
endWithNpm();
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], join(ROOT, entry), ...args];
await import(pathToFileURL(process.argv[1]).href);

/**
 * npm hands a signal that it gets to the shell between itself and us, and the shell dies of it without a word: a process
 * manager that ends `npm start` would leave us behind.
 */
function endWithNpm() {
  if (process.env.npm_lifecycle_event !== command) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}

/** `npm ci`, where nothing is installed or the lock file has changed since. */
function install() {
  const installed = timeOf('node_modules/.package-lock.json');
  if (installed >= timeOf('package-lock.json') && installed > 0) return;
  say(installed === 0 ? 'installing dependencies (npm ci)' : 'package-lock.json has changed: installing anew (npm ci)');
  // Of the environment that an outer npm made, nothing shall bind this one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(global|prefix|dry_run|omit|production)|lifecycle|package)/i.test(name),
    ),
  );
  run(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    env,
    'the dependencies could not be installed',
  );
}

/** `tsc -b`, where a source is newer than the last build. Only tests and measurements need the tests' own code. */
function build() {
  const whole = entry.startsWith('test/');
  const projects = ['packages/shared', 'apps/producer', 'apps/worker', 'apps/cli', 'infra', ...(whole ? ['test'] : [])];
  const stamp = join(ROOT, whole ? 'test' : 'infra', 'dist', '.built');
  const products = Object.values(COMMANDS).filter((product) => whole || !product.startsWith('test/'));
  const sources = projects.flatMap((folder) => newest(join(ROOT, folder)));
  const last = Math.max(timeOf('tsconfig.base.json'), timeOf('package-lock.json'), ...sources);
  if (timeOf(relative(ROOT, stamp)) > last && products.every((product) => existsSync(join(ROOT, product)))) return;
  say('building (tsc -b)');
  const begun = new Date();
  run(
    process.execPath,
    [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', ...projects],
    process.env,
    'the build failed',
  );
  writeFileSync(stamp, '');
  utimesSync(stamp, begun, begun);
}

/** Times of the sources below a folder. */
function newest(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    if (item.name === 'dist' || item.name === 'node_modules' || item.name.startsWith('.')) return [];
    const path = join(folder, item.name);
    if (item.isDirectory()) return newest(path);
    return /\.(ts|json)$/.test(item.name) ? [statSync(path).mtimeMs] : [];
  });
}

function timeOf(path) {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(program, given, env, what) {
  const { status, error } = spawnSync(program, given, { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${what}${error ? `: ${error.message}` : ' (see above)'}`);
}

function say(line) {
  console.error(`· ${line}`);
}

function fail(line) {
  console.error(line);
  process.exit(1);
}
