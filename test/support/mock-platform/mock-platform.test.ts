import { PlatformClient } from '@parcelpost/shared/platform-client/client.js';
import type { Entity } from '@parcelpost/shared/records.js';
import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { Dataset } from './dataset.js';
import { startMockPlatform } from './platform.js';
import type { Fault, MockPlatform, Settings } from './settings.js';
import { spawnMockPlatform } from './spawn.js';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function started(start: typeof startMockPlatform, settings: Partial<Settings>): Promise<MockPlatform> {
  const platform = await start(settings);
  endings.push(() => platform.close());
  return platform;
}

function clientOf(platform: MockPlatform, project = 'any', token = 'a-token'): PlatformClient {
  const client = new PlatformClient({
    apiUrl: platform.url,
    organization: 'any',
    project,
    authorization: { scheme: 'TmpToken', token },
    pageSize: 40,
    retries: 1,
    timeoutMs: 2000,
    backoff: { firstMs: 1 },
    log: pino({ level: 'silent' }),
  });
  endings.push(() => client.close());
  return client;
}

async function ids(client: PlatformClient, entity: Entity, limit: number): Promise<string[]> {
  const all: string[] = [];
  for await (const { records } of client.pages(entity, { offset: 0, limit }, { prefetch: 3 })) {
    all.push(...(records as { id: string }[]).map(({ id }) => id));
  }
  return all;
}

describe.each([
  ['in this process', startMockPlatform],
  ['in a process of its own', spawnMockPlatform],
])('a mock platform %s', (_where, start) => {
  test('serves every list of every project whole, by limit and offset', async () => {
    const platform = await started(start, { parcels: 90, projects: { 'any/small': 3 }, geometries: 'every' });
    const client = clientOf(platform);
    for (const entity of ['locations', 'parties', 'relationships'] as const) {
      expect(await client.count(entity)).toBe(90);
      expect(await ids(client, entity, 90)).toEqual(
        Array.from({ length: 90 }, (_, index) => Dataset.id(entity, index)),
      );
      expect(await clientOf(platform, 'small').count(entity)).toBe(3);
    }
    expect(await client.count('resources')).toBe(0);
    expect((await client.project()).counts).toBeUndefined();
  });

  test('accepts any token, or one alone', async () => {
    const platform = await started(start, {});
    await clientOf(platform, 'p', 'whatever').count('parties');
    await platform.configure({ token: 'the-one' });
    await clientOf(platform, 'p', 'the-one').count('parties');
    await expect(clientOf(platform, 'p', 'another').count('parties')).rejects.toMatchObject({
      code: 'platform-unauthorized',
    });
  });

  test.each<[string, Omit<Fault, 'match'>, string | null]>([
    ['a status, once', { status: 500, times: 1 }, null],
    ['a status, for good', { status: 403 }, 'platform-forbidden'],
    ['an answer that is not JSON', { break: 'not-json' }, 'platform-bad-answer'],
    ['another shape', { break: 'wrong-shape' }, 'platform-bad-answer'],
    ['a truncated answer', { break: 'truncated' }, 'platform-unavailable'],
    ['a reset', { break: 'reset' }, 'platform-unavailable'],
    ['a next link to elsewhere', { break: 'foreign-next' }, 'foreign-link'],
  ])('goes wrong with %s, on the request it was told', async (_what, fault, code) => {
    const platform = await started(start, { parcels: 100, faults: [{ match: 'parties/.*offset=40', ...fault }] });
    expect(await ids(clientOf(platform), 'relationships', 100)).toHaveLength(100);
    const reading = ids(clientOf(platform), 'parties', 100);
    if (code === null) expect(await reading).toHaveLength(100);
    else await expect(reading).rejects.toMatchObject({ code });
  });

  test('holds requests until they are released, and says when they have come', async () => {
    const platform = await started(start, { parcels: 100, faults: [{ match: 'offset=40', break: 'hold' }] });
    let done = false;
    const reading = ids(clientOf(platform), 'parties', 100).finally(() => {
      done = true;
    });
    await platform.waitForRequests('parties/.*offset=40', 1);
    expect(done).toBe(false);
    await platform.release();
    expect(await reading).toHaveLength(100);
    expect((await platform.requests()).filter((request) => request.includes('parties'))).toHaveLength(3);
    await platform.forget();
    expect(await platform.requests()).toEqual([]);
  });

  test('waits before each answer, and keeps to a maximum page of its own', async () => {
    const platform = await started(start, { parcels: 30, latencyMs: 30, maxLimit: 12 });
    const since = performance.now();
    expect(await ids(clientOf(platform), 'parties', 30)).toHaveLength(30);
    expect(performance.now() - since).toBeGreaterThanOrEqual(3 * 29);
  });
});
