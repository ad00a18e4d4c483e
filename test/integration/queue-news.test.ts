/** Hearing of jobs: whoever listens is told of them, on both engines, and no more once that is ended. */
import { makeQueues } from '@parcelpost/infra/database/migrate-all.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { openQueues } from '@parcelpost/shared/queues/queues.js';
import { describe, test } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';

const log = createLogger('test', 'silent');
const SOON = { timeout: 20_000, interval: 50 };

describe.concurrent.each(ENGINES)('jobs on the %s engine', (engine) => {
  test('are heard of when they begin and end, whoever runs them, until nobody listens', async ({ expect: its }) => {
    const database = await createTestDatabase();
    const prefix = uniquePrefix();
    await makeQueues(queueUrlFor(engine, database.url), prefix);
    // As the producer is connected, which may not do everything.
    const queues = openQueues(queueUrlFor(engine, database.urls.producer), { prefix, log });
    const heard: (string | undefined)[] = [];
    const end = queues.listen(['news'], (id) => heard.push(id));
    const worker = queues.work('news', async () => 'done', { concurrency: 1, lockMs: 30_000 });
    let jobs = 0;
    await its
      .poll(async () => {
        jobs += 1;
        await queues.queue('news').add('any', {}, { jobId: `job-${jobs}` });
        return heard.length;
      }, SOON)
      .toBeGreaterThan(0);
    // PostgreSQL does not say which.
    if (engine === 'redis') its(heard[0]).toMatch(/^job-\d+$/);
    await end();
    const before = heard.length;
    await queues.queue('news').add('any', {}, { jobId: 'unheard' });
    await its.poll(async () => (await queues.queue('news').getJob('unheard'))?.finishedOn, SOON).toBeDefined();
    its(heard.slice(before)).toEqual([]);
    await worker.close();
    await queues.close();
    await database.drop();
  });
});
