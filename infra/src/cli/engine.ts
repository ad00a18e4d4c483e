/** Which engine carries the queues of a local installation: `--engine redis|postgres`, else what the environment names. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf, type RunningRedis, startRedis } from '../services/redis.js';
import { livePidIn, withStartLock } from '../services/start-lock.js';
import type { CommandContext } from './command.js';

const ENGINES = ['redis', 'postgres'] as const;
export type EngineChoice = (typeof ENGINES)[number];

/** The option of commands that start queues, for `parseArgs`. */
export const ENGINE_OPTION = { engine: { type: 'string' } } as const;

/** Reads the value of `--engine`; undefined where it was not given. Throws an error that names what there is. */
export function engineChoice(text: string | undefined): EngineChoice | undefined {
  if (text === undefined) return undefined;
  const engine = ENGINES.find((one) => one === text);
  if (!engine) throw new Error(`--engine is ${ENGINES.join(' or ')}, not "${text}"`);
  return engine;
}

/**
 * The queues' address: of the engine that was chosen, else as `QUEUE_URL` or `REDIS_URL` say, else the database. What the
 * environment names is used where it is of the chosen engine.
 * @returns undefined where Redis was chosen and the environment names none
 */
export function namedQueue(
  engine: EngineChoice | undefined,
  databaseUrl: string,
  env: { QUEUE_URL?: string | undefined; REDIS_URL?: string | undefined },
): string | undefined {
  const named = [env.QUEUE_URL, env.REDIS_URL].filter((url): url is string => Boolean(url));
  if (engine === undefined) return named[0] ?? databaseUrl;
  const ofEngine = named.find((url) => /^rediss?:/.test(url) === (engine === 'redis'));
  return ofEngine ?? (engine === 'postgres' ? databaseUrl : undefined);
}

/**
 * Starts a Redis that ends with the command and keeps its data in `<folder>`, so that work in hand outlasts a restart. A
 * second one beside it keeps nothing: what it loses is entered again from the database.
 * @returns its address
 */
export async function localRedis(
  context: Pick<CommandContext, 'atEnd'>,
  folder: string,
  log: (line: string) => void,
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const holder = join(folder, 'holder.pid');
  return withStartLock(join(folder, 'start.lock'), async () => {
    const taken = livePidIn(holder) !== undefined;
    if (!taken) writeFileSync(holder, String(process.pid));
    let server: RunningRedis;
    try {
      server = await startRedis(taken ? { log } : { dataDir: folder, log });
    } catch (error) {
      if (!taken) rmSync(holder, { force: true });
      throw error;
    }
    context.atEnd(async () => {
      await server.stop();
      if (!taken) rmSync(holder, { force: true });
    });
    log(taken ? 'Redis has started, beside another whose folder it leaves alone' : 'Redis has started');
    return server.url;
  });
}

/** Address of the Redis that {@link localRedis} started in this folder and that still runs; undefined where none does. */
export function runningRedis(folder: string): string | undefined {
  return livePidIn(join(folder, 'holder.pid')) === undefined ? undefined : addressOf(folder);
}
