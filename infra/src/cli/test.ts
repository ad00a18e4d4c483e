/**
 * `npm test [-- arguments of vitest]`: types, lint, then every test. The last line is `<n> passed, <n> failed`; types and
 * lint count as one test each when they fail.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser, needTools, programTool, type WantedTool } from '../services/system-packages.js';
import { type CommandContext, runCommand } from './command.js';
import { ROOT } from './local.js';

const PURPOSE = 'judge in the tests what was written';
const TOOLS: WantedTool[] = [
  programTool({
    programs: ['redis-server', 'valkey-server'],
    purpose: 'test queues on Redis',
    apt: 'redis-server',
    brew: 'redis',
  }),
  ...['ogrinfo', 'ogr2ogr'].map((program) =>
    programTool({ programs: [program], purpose: PURPOSE, apt: 'gdal-bin', brew: 'gdal' }),
  ),
  ...['unzip', 'zipinfo'].map((program) =>
    programTool({ programs: [program], purpose: PURPOSE, apt: 'unzip', brew: 'unzip' }),
  ),
  programTool({ programs: ['python3'], purpose: PURPOSE, apt: 'python3', brew: 'python' }),
  {
    name: 'chromium',
    purpose: 'look at the pages as people do',
    present: () => findBrowser() !== undefined,
    apt: 'chromium',
    brew: 'chromium',
  },
  // Without a desktop: 85 MB to fetch where that has 300.
  programTool({ programs: ['soffice'], purpose: PURPOSE, apt: 'libreoffice-calc-nogui', brew: 'libreoffice' }),
  {
    name: 'openpyxl for Python',
    purpose: PURPOSE,
    present: () => pythonHas('openpyxl'),
    apt: 'python3-openpyxl',
    pip: 'openpyxl',
  },
  ...[
    { name: 'PyJWT for Python', apt: 'python3-jwt', pip: 'pyjwt' },
    { name: 'cryptography for Python', apt: 'python3-cryptography', pip: 'cryptography' },
  ].map((tool) => ({ ...tool, purpose: PURPOSE, present: () => pythonHas('jwt, cryptography') })),
];

/** Whether a Python has these modules. Debian's packages are for Debian's Python, which need not be the first on the PATH. */
function pythonHas(modules: string): boolean {
  return ['python3', '/usr/bin/python3'].some(
    (python) => spawnSync(python, ['-c', `import ${modules}`], { stdio: 'ignore' }).status === 0,
  );
}

/** A vitest report in JSON, the part that is looked at. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

await runCommand(async (context) => {
  const say = (line: string) => console.log(`· ${line}`);
  let failed = 0;
  say('types (tsc -b)');
  if (!check('typescript/bin/tsc', ['-b'])) failed += 1;
  say('lint (biome check)');
  if (!check('@biomejs/biome/bin/biome', ['check', '.'])) failed += 1;
  needTools(TOOLS, say);
  const tests = await runTests(context, process.argv.slice(2));
  failed += tests.failed;
  console.log(`${tests.passed} passed, ${failed} failed`);
  return failed === 0 && tests.passed > 0 ? 0 : 1;
});

function check(program: string, args: string[]): boolean {
  const run = spawnSync(process.execPath, [join(ROOT, 'node_modules', program), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return run.status === 0;
}

async function runTests(context: CommandContext, args: string[]): Promise<{ passed: number; failed: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'parcelpost-report-'));
  context.atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  // Types are checked: what processes of the tests run is built.
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: ROOT, stdio: 'inherit' });
  let running = true;
  context.atEnd(async () => {
    if (!running) return;
    child.kill('SIGINT');
    await once(child, 'exit');
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  running = false;
  return count(file, code);
}

function count(file: string, code: number | null): { passed: number; failed: number } {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    // It broke off before it could report.
    return { passed: 0, failed: 1 };
  }
  // A file that cannot be loaded has no tests, and fails.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const failed = report.numFailedTests + broken.length;
  // Errors outside of tests make the run fail too.
  return { passed: report.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}
