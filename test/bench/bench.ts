/**
 * `npm run bench`: how long exports take, from the request to the last byte of the zip, and what memory they need.
 * Ends with an exit code other than 0 if any export did not complete.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { startServices } from './fleet.js';
import { readOptions, USAGE } from './options.js';
import { benchOwn, ownTable } from './own-bench.js';
import { benchPlatform, platformTable, whereTimeGoes } from './platform-bench.js';

const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(args: string[]): Promise<void> {
  const cores = availableParallelism();
  const options = readOptions(args, cores);
  say(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cores} cores, Node ${process.version}; ${options.workers} workers`,
  );
  const services = await startServices(say);
  let result: unknown;
  try {
    if (options.own.length > 0) {
      const runs = await benchOwn(services, options, say);
      say(`\n${ownTable(runs)}`);
      result = runs;
    } else {
      const cells = await benchPlatform(services, options, say);
      say(`\nFrom the request to the last byte of the zip, median of ${options.repeat}\n${platformTable(cells)}`);
      say(`\nWhere the time goes, in milliseconds\n${whereTimeGoes(cells)}`);
      result = cells;
    }
  } finally {
    await services.stop();
  }
  if (options.json) await writeFile(options.json, JSON.stringify(result, null, 2));
}

const args = process.argv.slice(2);
if (args.includes('--help')) {
  say(USAGE);
} else {
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
