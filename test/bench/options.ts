import { parseArgs } from 'node:util';

export type BenchEngine = 'redis' | 'postgres';

export interface BenchOptions {
  /** Parcels of each measured project; as many parties and relationships each. */
  sizes: number[];
  /** Milliseconds that the platform waits before each answer. */
  latencies: number[];
  engines: BenchEngine[];
  /** Exports of each kind; the median is reported. */
  repeat: number;
  /** Worker processes. */
  workers: number;
  /** Jobs that a worker does at once; undefined leaves it to the worker. */
  concurrency: number | undefined;
  /** Sizes to seed in our own platform and export from there, instead of the mock platform. */
  own: number[];
  /** Folder for CPU profiles of producer and workers. */
  profile: string | undefined;
  /** File for the results as JSON. */
  json: string | undefined;
}

export const USAGE = `npm run bench -- [options]
  --sizes 100,1000,10000,50000   parcels of each project (as many parties and relationships)
  --latency 0,20                 milliseconds before each answer of the platform
  --engine redis,postgres        what carries the queues
  --repeat 3                     exports of each kind, of which the median counts
  --workers N                    worker processes (default: one for each core)
  --concurrency N                jobs at once in each worker
  --own 100000,1000000           export from our own platform instead, seeded with so many parcels
  --profile DIR                  leave CPU profiles of producer and workers there
  --json FILE                    leave the results there too`;

/** Reads the command line. Throws an error that names the option that is wrong. */
export function readOptions(args: string[], cores: number): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      sizes: { type: 'string', default: '100,1000,10000,50000' },
      latency: { type: 'string', default: '0,20' },
      engine: { type: 'string', default: 'redis,postgres' },
      repeat: { type: 'string', default: '3' },
      workers: { type: 'string', default: String(cores) },
      concurrency: { type: 'string' },
      own: { type: 'string', default: '' },
      profile: { type: 'string' },
      json: { type: 'string' },
    },
  });
  return {
    sizes: numbers('--sizes', values.sizes, 1),
    latencies: numbers('--latency', values.latency, 0),
    engines: values.engine.split(',').map(engine),
    repeat: one('--repeat', values.repeat),
    workers: one('--workers', values.workers),
    concurrency: values.concurrency === undefined ? undefined : one('--concurrency', values.concurrency),
    own: values.own === '' ? [] : numbers('--own', values.own, 1),
    profile: values.profile,
    json: values.json,
  };
}

function numbers(option: string, text: string, least: number): number[] {
  return text.split(',').map((part) => {
    const number = Number(part);
    if (!Number.isInteger(number) || number < least || part.trim() === '') {
      throw new Error(`${option} wants whole numbers from ${least} on, with commas between, not "${text}"`);
    }
    return number;
  });
}

function one(option: string, text: string): number {
  const [number, ...more] = numbers(option, text, 1);
  if (number === undefined || more.length > 0) throw new Error(`${option} wants one number, not "${text}"`);
  return number;
}

function engine(text: string): BenchEngine {
  if (text === 'redis' || text === 'postgres') return text;
  throw new Error(`--engine knows redis and postgres, not "${text}"`);
}
