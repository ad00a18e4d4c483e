/**
 * `npm run chaos`: exports are asked for while processes are killed at random moments, and in the end every promise about
 * outcomes and follow-ups is looked at. Ends with code 1 if one was broken.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { needTools, programTool } from '@parcelpost/infra/services/system-packages.js';
import { type ChaosOptions, readOptions, USAGE } from './options.js';
import { learning, type PackedWorker, packWorker } from './packed-worker.js';
import { held, table } from './report.js';
import { type RoundResult, runRound } from './round.js';
import { type Services, startServices } from './services.js';

const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(args: string[]): Promise<boolean> {
  const options = readOptions(args);
  needTools([programTool({ programs: ['unzip'], purpose: 'look into bundles', apt: 'unzip', brew: 'unzip' })], say);
  const services = await startServices(say);
  const results: RoundResult[] = [];
  try {
    const packed = await packWorker(services.folder);
    // One worker goes through all of it unharmed first: what it compiles makes the lives of the others shorter work.
    const calm = { ...options, exports: 12, workers: 1, killEveryMs: 0, disaster: undefined };
    results.push(await oneRound(services, learning(packed), calm, 0));
    for (let round = 0; round < options.rounds; round++) {
      if (!results.every(held)) break;
      const result = await oneRound(services, packed, options, options.seed + round);
      say(table(result));
      results.push(result);
    }
  } finally {
    await services.stop();
  }
  const good = results.every(held);
  if (options.json) await writeFile(options.json, JSON.stringify(results, asJson, 2));
  if (good) await rm(services.folder, { recursive: true, force: true });
  else say(`\nA promise was broken; logs and storage are in ${services.folder}`);
  return good;
}

async function oneRound(
  services: Services,
  packed: PackedWorker,
  options: ChaosOptions,
  seed: number,
): Promise<RoundResult> {
  const { engine, disaster } = options;
  const what = disaster === undefined ? '' : `, ${disaster} in the middle`;
  const kills = options.killEveryMs > 0 ? `a kill every ${options.killEveryMs} ms` : 'no kills';
  say(`\n${options.exports} exports on ${engine}, ${kills}${what}, seed ${seed}`);
  const databaseUrls = await services.createDatabase();
  const folder = join(services.folder, `seed-${seed}`);
  await mkdir(folder);
  const disasters = {
    'lose-redis': async () => {
      await services.redis.kill();
      await services.redis.start();
    },
    'restart-postgres': () => services.restartPostgres(),
  };
  return runRound(
    { ...options, seed },
    {
      databaseUrls,
      redisUrl: engine === 'redis' ? services.redis.url : undefined,
      queuePrefix: `chaos_${randomBytes(4).toString('hex')}`,
      folder,
      packed,
      disaster: disaster && disasters[disaster],
    },
  );
}

/** Counts that are kept in maps are objects in JSON. */
const asJson = (_key: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);

const args = process.argv.slice(2);
if (args.includes('--help')) {
  say(USAGE);
} else {
  // Ends by `exit`, so that nothing that was started stays.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  try {
    if (!(await run(args))) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
