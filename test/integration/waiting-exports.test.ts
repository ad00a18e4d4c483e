/** An export that waits for its turn: what is seen of it, and that it comes to its end whatever happens meanwhile. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { API_TOKEN, type PlatformStack, startPlatformStack } from '../support/platform-stack.js';

const LONGEST_MS = 90_000;

describe.concurrent.each(ENGINES)(
  'an export that waits for its turn, on the %s engine',
  { timeout: LONGEST_MS },
  (engine) => {
    let stack: PlatformStack;
    let first: string;
    const row = (id: string) => stack.database.db('exports').where({ id });

    beforeAll(async () => {
      const one = { EXPORTS_IN_FLIGHT: '1' };
      const workerEnv = { ...one, WORKER_LOCK_SECONDS: '1' };
      stack = await startPlatformStack({ parcels: 2 }, { engine, producerEnv: one, workerEnv });
      // One is under way, and stays so.
      await stack.platform.configure({ faults: [{ match: '/projects/first/.*offset=0', break: 'hold' }] });
      ({ id: first } = await stack.ask('first'));
      await stack.platform.waitForRequests('/projects/first/.*offset=0', 3);
    });
    afterAll(() => stack?.stop());

    test.sequential('is shown with its place', async () => {
      const { id: second } = await stack.ask('second');
      const { id: third } = await stack.ask('third');
      const shown = async (id: string) => {
        const { state, phase, placeInQueue } = await stack.api.export(id);
        return { state, phase, placeInQueue };
      };
      // Places are as of a second ago.
      await expect.poll(() => shown(third), { timeout: 20_000 }).toMatchObject({ placeInQueue: 2 });
      expect(await shown(third)).toEqual({ state: 'waiting', phase: 'waiting', placeInQueue: 2 });
      expect(await shown(second)).toEqual({ state: 'waiting', phase: 'waiting', placeInQueue: 1 });
      expect(await shown(first)).toMatchObject({ state: 'running', placeInQueue: null });
      expect(await stack.queues.queue('meta').getJobState(`${second}-1-merge`)).toBe('unknown');
    });

    test.sequential('can be cancelled, and its onFailure is called though nothing was let in', async () => {
      const { id } = await stack.ask('unwanted');
      expect((await stack.api.fetch(`/api/v1/exports/${id}`, { method: 'DELETE' })).status).toBe(202);
      const { state, followUps } = await stack.settled(id);
      expect(state).toBe('cancelled');
      expect(followUps).toMatchObject([{ hook: 'onFailure', state: 'done' }]);
    });

    test.sequential('fails when its time is over, and says that it never had its turn', async () => {
      const { id } = await stack.ask('late');
      await row(id).update({ deadline_at: new Date(Date.now() - 1000) });
      const { state, error, followUps } = await stack.settled(id);
      expect({ state, code: error?.code }).toEqual({ state: 'failed', code: 'deadline' });
      expect(error?.message).toMatch(/waited for its turn/);
      expect(followUps).toMatchObject([{ hook: 'onFailure', state: 'done' }]);
    });

    test.sequential('is let in when the one before it is decided, also if the worker that decided dies at once', async () => {
      const waiting: string[] = await stack.database
        .db('exports')
        .whereNotNull('waiting_since')
        .whereNull('outcome')
        .pluck('id');
      expect(waiting).toHaveLength(2);
      const once = { CRASH_AT: 'merge.decided', CRASH_ONCE: join(stack.storageDir, '..', 'crashed') };
      const doomed = await stack.startWorker(once);
      await stack.workers[0]?.kill('SIGKILL');
      await stack.platform.release();
      expect(await doomed.exited).toMatchObject({ signal: 'SIGKILL' });
      expect(await row(first).first('outcome')).toEqual({ outcome: 'completed' });
      const open = () => stack.database.db('exports').whereNull('outcome').whereNull('waiting_since').count();
      expect(Number((await open())[0]?.count)).toBeLessThanOrEqual(1);
      await stack.startWorker();
      for (const id of [first, ...waiting]) expect((await stack.settled(id)).state).toBe('completed');
    });

    test.sequential('is let in again after a retry, in its turn', async () => {
      const [{ id }] = await stack.database.db('exports').where({ outcome: 'cancelled' }).select('id');
      const again = await stack.api.fetch(`/api/v1/exports/${id}/retry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiToken: API_TOKEN }),
      });
      expect(again.status).toBe(202);
      const { state, generation } = await stack.settled(id);
      expect({ state, generation }).toEqual({ state: 'completed', generation: 2 });
    });
  },
);
