/**
 * `npm run check:large`: what is too large for the tests. Polygons for more than one shapefile, a bundle of more files than
 * a plain zip can count, and one larger than a plain zip can be; each through the code of the worker, and read by other
 * programs. Ends with code 1 if anything is not as it was written.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needTools, programTool } from '@parcelpost/infra/services/system-packages.js';
import { mib } from '../bench/table.js';
import { Measured } from './measured.js';
import { readOptions, USAGE } from './options.js';
import { checkShapefiles } from './shapefiles.js';
import { checkLargeFile, checkManyFiles } from './zips.js';

const say = (line: string) => process.stdout.write(`${line}\n`);
const PURPOSE = 'judge what was written';

async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  needTools(
    [
      programTool({ programs: ['ogrinfo'], purpose: PURPOSE, apt: 'gdal-bin', brew: 'gdal' }),
      ...['unzip', 'zipinfo'].map((program) =>
        programTool({ programs: [program], purpose: PURPOSE, apt: 'unzip', brew: 'unzip' }),
      ),
    ],
    say,
  );
  const parent = options.folder ?? tmpdir();
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'parcelpost-large-'));
  const measured = new Measured(say);
  const found: string[] = [];
  try {
    for (const check of [checkManyFiles, checkLargeFile, checkShapefiles])
      found.push(await check(folder, options, measured));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say(`\n${measured.table}\n\n${found.join('\n')}`);
  say(`Most memory of this process at any time: ${mib(process.resourceUsage().maxRSS / 1024)}`);
}

const args = process.argv.slice(2);
if (args.includes('--help')) {
  say(USAGE);
} else {
  try {
    await run(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
