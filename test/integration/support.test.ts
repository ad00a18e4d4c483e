import { createLogger } from '@parcelpost/shared/log.js';
import { migrateQueues, openQueues } from '@parcelpost/shared/queues/queues.js';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';

describe('what tests stand on', () => {
  test('gives every test file a migrated database of its own', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await one.db('organizations').insert({ slug: 'o', name: 'O' });
    expect(await two.db('organizations')).toEqual([]);
    await Promise.all([one.drop(), two.drop()]);
  });

  test.each(ENGINES)('gives each caller a place of its own in the %s engine', async (engine) => {
    const database = await createTestDatabase();
    const url = queueUrlFor(engine, database.url);
    const places = await Promise.all(
      [uniquePrefix(), uniquePrefix()].map(async (prefix) => {
        await migrateQueues(url, prefix);
        return openQueues(url, { prefix, log: createLogger('test', 'silent') });
      }),
    );
    const [one, two] = places.map((queues) => queues.queue('support'));
    await one?.add('job', {});
    expect(await one?.getWaitingCount()).toBe(1);
    expect(await two?.getWaitingCount()).toBe(0);
    await Promise.all(places.map((queues) => queues.close()));
    await database.drop();
  });
});
