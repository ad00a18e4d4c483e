/** `npm run bench:formats`: rates and memory of every step of the pipeline, beside other programs that write the same. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { benchFormats } from './bench-formats.js';
import { readFormatsOptions, USAGE } from './options.js';
import { formatsTable, growthTable, LEGEND, promisedRates } from './report.js';

const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(args: string[]): Promise<void> {
  const options = readFormatsOptions(args);
  say(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`);
  const runs = await benchFormats(options, say);
  say(`\n${formatsTable(runs)}\n\n${LEGEND}`);
  const growth = growthTable(runs);
  if (growth) say(`\n${growth}`);
  const promised = promisedRates(runs);
  if (promised.length > 0) say(`\n${promised.join('\n')}`);
  if (options.json) await writeFile(options.json, JSON.stringify(runs, null, 2));
}

const args = process.argv.slice(2);
if (args.includes('--help')) say(USAGE);
else {
  // Ends by `exit`, so that nothing that was started stays.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  try {
    await run(args);
  } catch (error) {
    process.stderr.write(
      `The bench failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
