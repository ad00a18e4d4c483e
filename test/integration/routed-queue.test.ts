/** Tasks of another service: run by a process without our code, in a queue of its own; their results come back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FollowUpInput } from '@parcelpost/shared/export-result.js';
import { collectJobId } from '@parcelpost/shared/queues/follow-up-job.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FollowUpHandler } from '../../apps/worker/src/follow-ups/types.js';
import { LostFollowUps } from '../../apps/worker/src/processors/lost-follow-ups.js';
import { type CanvasBench, openCanvasBench } from '../support/canvas-worker.js';
import { ENGINES } from '../support/engines.js';
import { until } from '../support/platform-stack.js';
import { ROOT } from '../support/root.js';

const FOREIGN = `${ROOT}test/support/foreign-worker.mjs`;
const call = (args: object, more: object = {}) => ({ task: 'gis.index', args, options: { attempts: 1 }, ...more });
const own = (name: string) => ({ task: 't.do', args: { name } });

describe.each(ENGINES)('a queue of another service on the %s engine', (engine) => {
  let bench: CanvasBench;
  let foreign: ChildProcess;
  let got: Map<string, FollowUpInput>;

  async function startForeign(): Promise<ChildProcess> {
    const { queueUrl, queuePrefix } = bench;
    const child = spawn(process.execPath, [FOREIGN, queueUrl, queuePrefix, 'gis'], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }
  /** A round of the reconciler's, which looks at whatever is on its way. */
  const lookAfter = () => new LostFollowUps(bench.deps, 0).round();

  beforeAll(async () => {
    bench = await openCanvasBench(engine, ['gis']);
    const handler: FollowUpHandler = async (input, args) => {
      got.set(String(args.name), input);
      return null;
    };
    await bench.work({ 't.do': handler });
    got = new Map();
    foreign = await startForeign();
  });
  afterEach(() => got.clear());
  afterAll(async () => {
    foreign?.kill('SIGKILL');
    await bench?.stop();
  });

  test('is handed all that it needs, and what it returns is passed on', async () => {
    const { exportId, id } = await bench.release([
      {
        chain: [
          call({ layer: 'parcels' }, { options: { attempts: 1, priority: 3 } }),
          call({ give: { indexed: 7 } }),
          own('then'),
        ],
      },
    ]);
    const rows = await bench.settled(exportId);
    const first = rows.get('onSuccess/0/chain/0');
    expect(first?.result).toEqual({
      name: 'gis.index',
      version: 1,
      followUpId: id('onSuccess/0/chain/0'),
      exportId,
      task: 'gis.index',
      args: { layer: 'parcels' },
      input: expect.objectContaining({ exportId, outcome: 'completed', rows: 12_345 }),
      options: { attempts: 1, priority: 3 },
      mac: expect.stringMatching(/^v1\./),
      replay: 0,
    });
    expect(first).toMatchObject({
      state: 'done',
      attempts: 1,
      startedAt: expect.any(Date),
      finishedAt: expect.any(Date),
    });
    expect(got.get('then')).toEqual({ kind: 'value', value: { indexed: 7 } });
  });

  test('is handed the reason of a failure, bare', async () => {
    const { exportId } = await bench.release([call({})], { hook: 'onFailure' });
    const result = (await bench.settled(exportId)).get('onFailure/0')?.result as { input: object };
    expect(result.input).toMatchObject({
      code: 'platform-unavailable',
      step: 'parties',
      shard: 3,
      attempts: 8,
      exportId,
      outcome: 'failed',
    });
  });

  test('tries again as often as was asked, and what it throws in the end is the fault', async () => {
    const { exportId, id } = await bench.release([
      call({ failFirst: 1, give: 'in the end' }, { options: { attempts: 2, backoff: 1 } }),
      call(
        { throw: 'no such layer\n    at secret.js' },
        { options: { attempts: 2, backoff: 1 }, onFailure: [own('sorry')] },
      ),
    ]);
    const rows = await bench.settled(exportId);
    expect(rows.get('onSuccess/0')).toMatchObject({ state: 'done', result: 'in the end', attempts: 2 });
    expect(got.get('sorry')).toMatchObject({
      kind: 'fault',
      fault: {
        code: 'task-failed',
        message: 'no such layer',
        step: 'gis.index',
        attempts: 2,
        followUpId: id('onSuccess/1'),
      },
    });
  });

  test('joins chords and groups with tasks of ours', async () => {
    const { exportId } = await bench.release([
      {
        chord: [call({ give: 1 }), own('between'), { group: [call({ give: 2 }), call({ give: 3 })] }],
        body: own('body'),
      },
    ]);
    await bench.settled(exportId);
    expect(got.get('body')).toEqual({ kind: 'value', value: [1, null, [2, 3]] });
  });

  test('may be killed half way: the next one takes over', async () => {
    const died = once(foreign, 'exit');
    const { exportId } = await bench.release([{ chain: [call({ die: true, give: 'alive' }), own('then')] }]);
    await died;
    foreign = await startForeign();
    await bench.settled(exportId);
    expect(got.get('then')).toEqual({ kind: 'value', value: 'alive' });
  });

  test('that never answers in time fails its task, and what it might still do is left aside', async () => {
    const { exportId, id } = await bench.release([
      call({ hang: true }, { options: { attempts: 1, timeout: 300 }, onFailure: [own('late')] }),
      // In the queue of a service that is not there, beyond its delay.
      call({ give: 1 }, { options: { attempts: 1, timeout: 100, delay: 3_600_000 } }),
    ]);
    const first = id('onSuccess/0');
    await until('time is up', async () => {
      await lookAfter();
      return (await bench.deps.followUps.get(first))?.state === 'failed';
    });
    await until('its onFailure was called', async () => got.has('late'));
    expect(got.get('late')).toMatchObject({
      kind: 'fault',
      fault: { code: 'timeout', message: expect.stringContaining('0.3 seconds') },
    });
    const waiting = await bench.deps.followUps.get(id('onSuccess/1'));
    expect(waiting?.state).toBe('entered');
    const given = (waiting?.dueAt?.getTime() ?? 0) - (waiting?.pendingAt?.getTime() ?? 0);
    expect(Math.abs(given - 3_600_100)).toBeLessThan(5000);
    expect((await bench.rows(exportId)).size).toBe(3);
    foreign.kill('SIGKILL');
    foreign = await startForeign();
  });

  test('ends its task though the job that waits for it was lost', async () => {
    foreign.kill('SIGSTOP');
    const { exportId, id } = await bench.release([{ chain: [call({ give: 'found' }), own('then')] }]);
    const job = { id: id('onSuccess/0/chain/0'), replays: 0 };
    await bench.queues.queue('meta').remove(collectJobId(job), { removeChildren: false });
    foreign.kill('SIGCONT');
    await until(
      'it has ended in its queue',
      async () => (await bench.queues.queue('gis').getJobState(job.id)) === 'completed',
    );
    await lookAfter();
    await bench.settled(exportId);
    expect(got.get('then')).toEqual({ kind: 'value', value: 'found' });
  });

  test('whose jobs were all lost gets them again; of one that somebody removed the task fails', async () => {
    foreign.kill('SIGSTOP');
    const { exportId, id } = await bench.release([call({ give: 'again' }), call({ give: 'never' })]);
    await bench.queues.queue('meta').remove(collectJobId({ id: id('onSuccess/0'), replays: 0 }));
    await bench.queues.queue('gis').remove(id('onSuccess/1'));
    await until('it is noted', async () => (await bench.deps.followUps.get(id('onSuccess/1')))?.state === 'failed');
    await lookAfter();
    foreign.kill('SIGCONT');
    const rows = await bench.settled(exportId);
    expect(rows.get('onSuccess/0')).toMatchObject({ state: 'done', result: 'again' });
    expect(rows.get('onSuccess/1')).toMatchObject({ state: 'failed', error: { code: 'task-removed' } });
  });
});
