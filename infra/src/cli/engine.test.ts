import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { engineChoice, localRedis, namedQueue, runningRedis } from './engine.js';

const DATABASE = 'postgres://127.0.0.1:5432/parcelpost';
const POSTGRES = 'postgres://queues.example.org/queues';
const REDIS = 'redis://redis.example.org:6379';

describe('--engine', () => {
  test('is redis or postgres, or not given', () => {
    expect([engineChoice('redis'), engineChoice('postgres'), engineChoice(undefined)]).toEqual([
      'redis',
      'postgres',
      undefined,
    ]);
  });

  test.each(['', 'Redis', 'mysql'])('"%s" is refused, and the message names what there is', (text) => {
    expect(() => engineChoice(text)).toThrow(`--engine is redis or postgres, not "${text}"`);
  });

  test.each([
    [undefined, {}, DATABASE],
    [undefined, { QUEUE_URL: '', REDIS_URL: '' }, DATABASE],
    [undefined, { REDIS_URL: REDIS }, REDIS],
    [undefined, { QUEUE_URL: POSTGRES, REDIS_URL: REDIS }, POSTGRES],
    ['postgres', { REDIS_URL: REDIS }, DATABASE],
    ['postgres', { QUEUE_URL: POSTGRES, REDIS_URL: REDIS }, POSTGRES],
    ['redis', { QUEUE_URL: POSTGRES, REDIS_URL: REDIS }, REDIS],
    ['redis', { QUEUE_URL: 'rediss://other.example.org' }, 'rediss://other.example.org'],
    ['redis', { QUEUE_URL: POSTGRES }, undefined],
    ['redis', {}, undefined],
  ] as const)('%s with %j leads to %s', (engine, env, url) => {
    expect(namedQueue(engine, DATABASE, env)).toBe(url);
  });
});

describe('a Redis of our own', () => {
  const endings: (() => Promise<unknown>)[] = [];
  const context = { atEnd: (ending: () => Promise<unknown>) => endings.push(ending) };
  afterEach(async () => {
    for (const ending of endings.splice(0).reverse()) await ending();
  });

  async function onRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(url);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  test('is found by other commands as long as it runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parcelpost-engine-'));
    chmodSync(folder, 0o755);
    try {
      expect(runningRedis(folder)).toBeUndefined();
      const url = await localRedis(context, folder, () => {});
      expect(runningRedis(folder)).toBe(url);
      for (const ending of endings.splice(0).reverse()) await ending();
      expect(runningRedis(folder)).toBeUndefined();
    } finally {
      for (const ending of endings.splice(0).reverse()) await ending();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('keeps its data for the next start; a second one beside it has data of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parcelpost-engine-'));
    chmodSync(folder, 0o755);
    const said: string[] = [];
    const start = () => localRedis(context, folder, (line) => said.push(line));
    try {
      const first = await start();
      await onRedis(first, (redis) => redis.set('kept', '42'));
      const second = await start();
      expect(second).not.toBe(first);
      expect(await onRedis(second, (redis) => redis.get('kept'))).toBeNull();
      expect(said.at(-1)).toContain('beside another');
      for (const ending of endings.splice(0).reverse()) await ending();
      expect(existsSync(join(folder, 'holder.pid'))).toBe(false);
      expect(await onRedis(await start(), (redis) => redis.get('kept'))).toBe('42');
    } finally {
      for (const ending of endings.splice(0).reverse()) await ending();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
