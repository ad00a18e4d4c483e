/**
 * Another service: a plain BullMQ worker that knows nothing of Parcelpost but its queue. Run as a process of its own:
 *
 *     node foreign-worker.mjs <QUEUE_URL> <QUEUE_PREFIX> <queue>
 *
 * The arguments of a task say what it does: `give` a value (or, without it, what the job holds), `throw` an error with this
 * text, `failFirst` so many tries, `hang` for ever, `die` by SIGKILL the first time that it is begun.
 */
import { createPostgresBackend, Worker } from 'bullmq';

const [, , url, prefix, queue] = process.argv;
const tables = url.startsWith('postgres');

const worker = new Worker(
  queue,
  async ({ name, data, attemptsMade, attemptsStarted }) => {
    const { args } = data;
    if (args.hang) await new Promise(() => {});
    if (args.die && attemptsStarted === 1) process.kill(process.pid, 'SIGKILL');
    if (args.throw !== undefined || attemptsMade < (args.failFirst ?? 0)) throw new Error(args.throw ?? 'not yet');
    return 'give' in args ? args.give : { name, ...data };
  },
  {
    ...(tables
      ? { connection: { connectionString: url, schema: prefix } }
      : { connection: { url, maxRetriesPerRequest: null }, prefix: `{${prefix}}` }),
    concurrency: 4,
    lockDuration: 1000,
    stalledInterval: 1000,
    maxStalledCount: 10,
  },
  ...(tables ? [createPostgresBackend] : []),
);
worker.on('error', () => {});
await worker.waitUntilReady();
console.log('ready');
process.once('SIGTERM', async () => {
  await worker.close();
  process.exit(0);
});
