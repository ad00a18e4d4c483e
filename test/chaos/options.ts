import { parseArgs } from 'node:util';

export interface ChaosOptions {
  engine: 'redis' | 'postgres';
  exports: number;
  killEveryMs: number;
  workers: number;
  rounds: number;
  seed: number;
  limitMs: number;
  disaster: 'lose-redis' | 'restart-postgres' | undefined;
  /** File for the results as JSON. */
  json: string | undefined;
}

export const USAGE = `npm run chaos -- [options]
  --engine redis|postgres   what carries the queues (default redis)
  --exports 300             exports asked for
  --kill-every 150          milliseconds between two kills of a worker, on average
  --workers 6               workers at work at once
  --rounds 1                so many times, each with a seed of its own
  --seed N                  what is asked for, and when whom to kill, is drawn from this (default: a new one)
  --lose-redis              in the middle Redis is killed and comes back empty
  --restart-postgres        in the middle PostgreSQL is broken off and started again
  --limit 600               seconds after which what is still open counts as left open
  --json FILE               leave the results there too
Ends with code 1 if a promise was broken.`;

/** Reads the command line. Throws an error that names the option that is wrong. */
export function readOptions(args: string[]): ChaosOptions {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: 'string', default: 'redis' },
      exports: { type: 'string', default: '300' },
      'kill-every': { type: 'string', default: '150' },
      workers: { type: 'string', default: '6' },
      rounds: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      limit: { type: 'string', default: '600' },
      'lose-redis': { type: 'boolean', default: false },
      'restart-postgres': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const { engine } = values;
  if (engine !== 'redis' && engine !== 'postgres') {
    throw new Error(`--engine knows redis and postgres, not "${engine}"`);
  }
  const lose = values['lose-redis'];
  const restart = values['restart-postgres'];
  if (lose && restart) throw new Error('--lose-redis and --restart-postgres are for two runs, not one');
  if (lose && engine !== 'redis') throw new Error('--lose-redis wants --engine redis');
  return {
    engine,
    exports: number('--exports', values.exports),
    killEveryMs: number('--kill-every', values['kill-every']),
    workers: number('--workers', values.workers),
    rounds: number('--rounds', values.rounds),
    seed: number('--seed', values.seed, 0),
    limitMs: 1000 * number('--limit', values.limit),
    disaster: lose ? 'lose-redis' : restart ? 'restart-postgres' : undefined,
    json: values.json,
  };
}

function number(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least) {
    throw new Error(`${option} wants a whole number from ${least} on, not "${text}"`);
  }
  return value;
}
