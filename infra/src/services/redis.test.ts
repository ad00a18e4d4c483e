import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from './redis.js';

const running: RunningRedis[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function withClient<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

describe('the local Redis', () => {
  test('never evicts a key, listens on 127.0.0.1 alone and refuses whoever has no password', async () => {
    const server = await startRedis();
    running.push(server);
    await withClient(server.url, async (redis) => {
      expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
      expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
    });
    await withClient(`redis://127.0.0.1:${server.port}`, async (redis) => {
      await expect(redis.ping()).rejects.toThrow(/NOAUTH/);
    });
  });

  test('keeps its data in the folder it is given, over a stop and a start', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'parcelpost-redis-test-'));
    const first = await startRedis({ dataDir });
    running.push(first);
    await withClient(first.url, (redis) => redis.set('kept', '42'));
    await first.stop();
    const second = await startRedis({ dataDir });
    running.push(second);
    expect(await withClient(second.url, (redis) => redis.get('kept'))).toBe('42');
    await second.stop();
    rmSync(dataDir, { recursive: true });
  });

  test('leaves no folder and answers no more once it has stopped', async () => {
    const server = await startRedis();
    const folder = await withClient(server.url, async (redis) => (await redis.config('GET', 'dir')) as string[]);
    expect(readFileSync(join(folder[1] as string, 'redis.log'), 'utf8')).not.toBe('');
    await Promise.all([server.stop(), server.stop()]);
    expect(existsSync(folder[1] as string)).toBe(false);
    await withClient(server.url, async (redis) => {
      await expect(redis.ping()).rejects.toThrow();
    });
  });
});
