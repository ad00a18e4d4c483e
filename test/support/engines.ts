import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

/** Both engines of the queues; a promise about queues is tested on each, by `describe.each(ENGINES)`. */
export const ENGINES = ['redis', 'postgres'] as const;
export type TestEngine = (typeof ENGINES)[number];

/** `QUEUE_URL` for an engine: the run's Redis, or the caller's own database. */
export function queueUrlFor(engine: TestEngine, databaseUrl: string): string {
  return engine === 'redis' ? inject('redisUrl') : databaseUrl;
}

/** A `QUEUE_PREFIX` that nobody else has. */
export function uniquePrefix(): string {
  return `${inject('runId')}_${randomBytes(6).toString('hex')}`;
}
