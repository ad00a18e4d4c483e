/** Cancelling an export while workers are at it, or before, or too late: running work stops, and onFailure is released once. */
import { execFileSync } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { EXPORT_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

/** Shards of forty pages: whoever reads one to its end after it was cancelled, shows. */
const SIZES = { SHARD_RECORDS: '200', PAGE_SIZE: '5' };
const PAGES = 3 * (800 / 5);

describe.concurrent.each(ENGINES)('cancelling on the %s engine', (engine) => {
  let stack: PlatformStack;
  beforeAll(async () => {
    stack = await startPlatformStack(
      { parcels: 20, projects: { 'faraway/flowing': 800, 'faraway/hog': 800 } },
      { engine, workers: 2, workerEnv: { ...SIZES, WORKER_CONCURRENCY: '4', FETCH_TIMEOUT_SECONDS: '60' } },
    );
  });
  afterEach(async () => {
    await stack.platform.configure({ faults: [] });
    await stack.platform.release();
    await stack.platform.forget();
  });
  afterAll(() => stack?.stop());

  const cancel = async (id: string) => (await stack.api.fetch(`/api/v1/exports/${id}`, { method: 'DELETE' })).status;
  const row = (id: string) => stack.database.db('exports').where({ id });
  const pagesOf = async (project: string) =>
    (await stack.platform.requests()).filter((request) => request.includes(`/${project}/`) && /offset=/.test(request));
  const maps = (id: string) => stack.jobs.all(id, 1, 'map');
  const bundles = (id: string) =>
    existsSync(stack.storageDir) ? stack.stored(id).filter((path) => path.includes('/bundle-')) : [];

  /** Waits until the export is cancelled, and checks what was released. */
  async function expectCancelled(id: string) {
    const { state, bundle, error, followUps } = await stack.settled(id);
    expect({ state, bundle, error }).toMatchObject({
      state: 'cancelled',
      bundle: null,
      error: { code: 'cancelled', message: expect.stringMatching(/^Cancelled by /), step: null, shard: null },
    });
    expect(followUps).toMatchObject([{ hook: 'onFailure', state: 'done', attempts: 1 }]);
    expect(stack.hooks.calls(id)).toMatchObject([
      {
        path: '/failure',
        id: followUps[0]?.id,
        body: { data: { outcome: 'cancelled', failure: { code: 'cancelled' } } },
      },
    ]);
    expect(bundles(id)).toEqual([]);
    const { sealed_token } = await row(id).first('sealed_token');
    expect(sealed_token).toBeNull();
  }

  /** Waits until none of the export's jobs is left in the queue. */
  const drained = (id: string) =>
    until('its jobs have had their turn', async () => {
      const queue = stack.queues.queue(EXPORT_QUEUE);
      const left = await queue.getJobs(['waiting', 'active', 'delayed', 'waiting-children', 'prioritized']);
      return left.every((job) => (job?.data as { exportId: string } | undefined)?.exportId !== id);
    });

  test.sequential('shards that wait for a page on two workers ask for no further one', async () => {
    const page = '/projects/flowing/.*offset=';
    await stack.platform.configure({ faults: [{ match: page, break: 'hold' }] });
    const { id } = await stack.ask('flowing');
    // Each of four shards on each of two workers asks for three pages at once.
    await stack.platform.waitForRequests(page, 24);
    expect((await maps(id)).filter(({ state }) => state === 'active')).toHaveLength(8);
    const before = await pagesOf('flowing');
    expect(await cancel(id)).toBe(202);
    // Nothing is let go: whoever waits for the platform would wait a minute.
    await expectCancelled(id);
    await drained(id);
    await stack.platform.release();
    expect(await pagesOf('flowing')).toEqual(before);
    for (const { state } of await maps(id)) expect(['aborted', 'waiting']).toContain(state);
  });

  test.sequential('shards in the middle of their pages stop within a page’s time', async () => {
    const page = '/projects/flowing/.*offset=';
    await stack.platform.configure({ faults: [{ match: page, delayMs: 300 }] });
    const { id } = await stack.ask('flowing');
    await stack.platform.waitForRequests(page, 24);
    expect(await cancel(id)).toBe(202);
    const at = (await pagesOf('flowing')).length;
    await until('nobody is at it', async () => (await maps(id)).every(({ state }) => state !== 'active'));
    const stopped = (await pagesOf('flowing')).length;
    await expectCancelled(id);
    await drained(id);
    expect((await pagesOf('flowing')).length).toBe(stopped);
    expect(stopped - at).toBeLessThan(PAGES / 3);
  });

  test.sequential('an export that waits behind others is cancelled at once, and its jobs find nothing to do', async () => {
    const page = '/projects/hog/.*offset=';
    await stack.platform.configure({ faults: [{ match: page, break: 'hold' }] });
    const hog = await stack.ask('hog');
    await until('every slot is taken', async () => {
      return (await maps(hog.id)).filter(({ state }) => state === 'active').length === 8;
    });
    const { id } = await stack.ask('behind');
    expect(await cancel(id)).toBe(202);
    await expectCancelled(id);
    expect((await stack.api.export(hog.id)).outcome).toBeNull();
    expect(await cancel(hog.id)).toBe(202);
    await expectCancelled(hog.id);
    await drained(id);
    // The producer asked whether there is such a project; nobody else asked for anything.
    const asked = (await stack.platform.requests()).filter((request) => request.includes('/behind/'));
    expect(asked).toEqual([expect.stringMatching(/\/behind\/$/)]);
    expect(await stack.jobs.all(id, 1)).toEqual([]);
  });

  describe('while it is bundled', () => {
    // Each merge waits for us before it notes that it has begun.
    beforeAll(async () => {
      await stack.database.db.raw(`
        create function wait_for_test() returns trigger language plpgsql as $$
        begin perform pg_advisory_xact_lock(4711); return new; end $$;
        create trigger held before insert on export_jobs for each row
          when (new.kind = 'merge') execute function wait_for_test();`);
    });
    afterAll(() => stack.database.db.raw('drop trigger held on export_jobs; drop function wait_for_test'));

    /** Runs `meanwhile` while an export's merge has begun, with all of its files made. */
    async function beforeMerge(project: string, meanwhile: (id: string) => Promise<void>): Promise<string> {
      const lock = await stack.database.db.transaction();
      try {
        await lock.raw('select pg_advisory_xact_lock(4711)');
        const { id } = await stack.ask(project);
        await until('the merge begins', async () => {
          const { rows } = await stack.database.db.raw(
            `select 1 from pg_stat_activity where datname = current_database()
             and wait_event = 'advisory' and query like '%export_jobs%'`,
          );
          return rows.length > 0;
        });
        await meanwhile(id);
        return id;
      } finally {
        await lock.rollback();
      }
    }

    test.sequential('the bundle is given up', async () => {
      let pipe = '';
      const id = await beforeMerge('bundled', async (id) => {
        // A file whose reading does not come to an end.
        pipe = join(stack.storageDir, stack.stored(id).find((path) => /\/reduce-.*\/parties\.csv$/.test(path)) ?? '');
        await rm(pipe);
        execFileSync('mkfifo', [pipe]);
      });
      try {
        await until('it bundles', () => row(id).where({ phase: 'bundling' }).first());
        await until('the bundle is begun', async () => bundles(id).length > 0);
        expect(await cancel(id)).toBe(202);
        await until('it is decided', () => row(id).where({ outcome: 'cancelled' }).first());
      } finally {
        // Lets go whoever reads it.
        await (await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)).close();
      }
      await expectCancelled(id);
    });

    test.sequential('a bundle that is whole already is not delivered any more', async () => {
      const id = await beforeMerge('whole', async (id) => {
        // The merge has read the row by now, or will not read it before it begins to bundle.
        expect(await cancel(id)).toBe(202);
      });
      await expectCancelled(id);
    });
  });

  test.sequential('after the decision it changes nothing', async () => {
    const { id } = await stack.ask('done');
    const { state, followUps } = await stack.settled(id);
    expect(state).toBe('completed');
    expect(await cancel(id)).toBe(409);
    const reason = { code: 'cancelled', message: 'Too late.', step: null, shard: null, attempts: 1 };
    expect(await new ExportService(stack.database.db).raiseAbort(id, 1, reason)).toBe(false);
    expect(await stack.settled(id)).toMatchObject({ state: 'completed', error: null, followUps });
    expect(stack.hooks.calls(id)).toMatchObject([{ path: '/success' }]);
  });
});
