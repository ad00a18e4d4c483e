/** The rules of canvases, each tried with real rows, queues and workers. */
import type { FollowUpInput, JsonValue } from '@parcelpost/shared/export-result.js';
import { RESULT_BYTES } from '@parcelpost/shared/signatures/signature.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PermanentFollowUpError } from '../../apps/worker/src/follow-ups/errors.js';
import type { FollowUpHandler } from '../../apps/worker/src/follow-ups/types.js';
import { type CanvasBench, openCanvasBench } from '../support/canvas-worker.js';
import { ENGINES } from '../support/engines.js';
import { until } from '../support/platform-stack.js';

interface Run {
  id: string;
  name: string;
  input: FollowUpInput;
}

/** A call of the test's task; `name` says which one in what was run, and is its result unless `give` is another. */
const call = (name: string, args: Record<string, JsonValue> = {}, more: object = {}) => ({
  task: 't.do',
  args: { name, ...args },
  options: { attempts: 1, backoff: 1 },
  ...more,
});
const fault = (place: string, id: string) => ({
  code: 'test',
  message: 'it failed',
  step: 't.do',
  shard: null,
  place,
  followUpId: id,
});

describe.each(ENGINES)('canvases on the %s engine', (engine) => {
  let bench: CanvasBench;
  let runs: Run[] = [];
  /** Calls with `meet: n` wait here until n of them are in hand at once. */
  let met: (() => void)[] = [];
  let worker: { stop(): Promise<void> } | undefined;

  const handler: FollowUpHandler = async (input, args, { followUpId, attempt, signal }) => {
    runs.push({ id: followUpId, name: String(args.name), input });
    if (args.meet !== undefined) {
      await new Promise<void>((go) => {
        met.push(go);
        if (met.length === args.meet) for (const each of met.splice(0)) each();
      });
    }
    if (args.hang) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    if (args.fail === true || (typeof args.fail === 'number' && attempt <= args.fail)) {
      throw new PermanentFollowUpError('test', 'it failed');
    }
    if (args.nul) return 'a\0b';
    return args.big ? 'x'.repeat(args.big as number) : ((args.give ?? args.name) as JsonValue);
  };
  const work = async (concurrency?: number) => {
    worker = await bench.work({ 't.do': handler }, concurrency);
  };
  const names = () => runs.map(({ name }) => name);
  const inputOf = (name: string) => runs.find((run) => run.name === name)?.input;
  const value = (what: JsonValue): FollowUpInput => ({ kind: 'value', value: what });

  beforeAll(async () => {
    bench = await openCanvasBench(engine);
  });
  afterEach(async () => {
    await worker?.stop();
    runs = [];
    met = [];
  });
  afterAll(() => bench?.stop());

  test('a chain passes each result on, and has the last one’s', async () => {
    await work();
    const { exportId } = await bench.release([
      { chain: [call('one', { give: { n: 1 } }), call('two', { give: [2] }), call('three')] },
    ]);
    const rows = await bench.settled(exportId);
    expect(names()).toEqual(['one', 'two', 'three']);
    expect(inputOf('one')).toMatchObject({ kind: 'success', result: { exportId } });
    expect(inputOf('two')).toEqual(value({ n: 1 }));
    expect(inputOf('three')).toEqual(value([2]));
    expect(rows.get('onSuccess/0')).toMatchObject({ kind: 'chain', state: 'done', result: 'three', error: null });
    for (const row of rows.values()) {
      expect(row.startedAt?.getTime()).toBeLessThanOrEqual(row.finishedAt?.getTime() ?? 0);
    }
  });

  test('an immutable call gets nothing of what came before; what comes after it gets its result', async () => {
    await work();
    const { exportId } = await bench.release([
      call('root', {}, { immutable: true }),
      { chain: [call('one'), call('two', {}, { immutable: true }), call('three')] },
    ]);
    await bench.settled(exportId);
    expect([inputOf('root'), inputOf('two')]).toEqual([{ kind: 'none' }, { kind: 'none' }]);
    expect(inputOf('three')).toEqual(value('two'));
  });

  test('a group’s members run at the same time, all with the group’s input; its result is theirs in order', async () => {
    await work();
    const members = ['a', 'b', 'c'].map((name) => call(name, { meet: 3 }));
    const { exportId } = await bench.release([{ chain: [call('first'), { group: members }, call('then')] }]);
    const rows = await bench.settled(exportId);
    for (const name of ['a', 'b', 'c']) expect(inputOf(name)).toEqual(value('first'));
    expect(inputOf('then')).toEqual(value(['a', 'b', 'c']));
    expect(rows.get('onSuccess/0/chain/1')).toMatchObject({ kind: 'group', state: 'done', result: ['a', 'b', 'c'] });
  });

  test('a chord’s body is called once, with the list, however many members end at the same moment in however many workers', async () => {
    const [second, third] = [await bench.work({ 't.do': handler }, 10), await bench.work({ 't.do': handler }, 10)];
    await work(10);
    const members = Array.from({ length: 24 }, (_, n) => call(`m${n}`, { meet: 24, give: n }));
    const { exportId } = await bench.release([{ chord: members, body: call('body') }]);
    const rows = await bench.settled(exportId);
    await Promise.all([second.stop(), third.stop()]);
    expect(names().filter((name) => name === 'body')).toHaveLength(1);
    expect(inputOf('body')).toEqual(value(members.map((_, n) => n)));
    expect(rows.get('onSuccess/0')).toMatchObject({ kind: 'chord', state: 'done', result: 'body' });
    expect(runs).toHaveLength(25);
  });

  test('a chord nested in a chain, and a chain nested in a chord, are steps and members like any other', async () => {
    await work();
    const { exportId } = await bench.release([
      {
        chain: [
          call('first'),
          {
            chord: [{ chain: [call('a1'), call('a2')] }, { group: [call('b1'), call('b2')] }, call('c')],
            body: { chain: [call('d1'), call('d2')] },
          },
          call('last'),
        ],
      },
    ]);
    await bench.settled(exportId);
    for (const name of ['a1', 'b1', 'b2', 'c']) expect(inputOf(name)).toEqual(value('first'));
    expect(inputOf('a2')).toEqual(value('a1'));
    expect(inputOf('d1')).toEqual(value(['a2', ['b1', 'b2'], 'c']));
    expect(inputOf('last')).toEqual(value('d2'));
    expect(runs).toHaveLength(9);
  });

  test('a failed member: its onFailure and the chord’s get the fault, the others go on, the body is skipped, the outcome stays', async () => {
    await work();
    const { exportId, id } = await bench.release([
      {
        chord: [
          call('good'),
          call('bad', { fail: true }, { onFailure: [call('member’s')], onSuccess: [call('not called')] }),
          { chain: [call('x1'), call('x2')] },
        ],
        body: call('body', {}, { onSuccess: [call('not called either')] }),
        onFailure: [call('chord’s')],
        onSuccess: [call('nor this')],
      },
    ]);
    const rows = await bench.settled(exportId);
    const bad = 'onSuccess/0/chord/1';
    const expected = { kind: 'fault', fault: { ...fault(bad, id(bad)), attempts: 1, finishedAt: expect.any(String) } };
    expect(inputOf('member’s')).toEqual(expected);
    expect(inputOf('chord’s')).toEqual(expected);
    expect(names().sort()).toEqual(['bad', 'chord’s', 'good', 'member’s', 'x1', 'x2']);
    expect(rows.get('onSuccess/0')).toMatchObject({ state: 'failed', error: { code: 'test', place: bad } });
    expect(rows.get('onSuccess/0/body')).toMatchObject({ state: 'skipped' });
    expect((await bench.deps.exports.get(exportId))?.outcome).toBe('completed');
  });

  test('a failed step ends its chain with all below the rest; a callback’s failure changes nothing above it', async () => {
    await work();
    const { exportId } = await bench.release([
      {
        chain: [
          call('one', {}, { onSuccess: [call('broken', { fail: true })] }),
          call('two', { fail: true }),
          { group: [call('three')] },
        ],
      },
    ]);
    const rows = await bench.settled(exportId);
    expect(names().sort()).toEqual(['broken', 'one', 'two']);
    expect([...rows.values()].map(({ place, state }) => `${place} ${state}`)).toEqual([
      'onSuccess/0 failed',
      'onSuccess/0/chain/0 done',
      'onSuccess/0/chain/0/onSuccess/0 failed',
      'onSuccess/0/chain/1 failed',
      'onSuccess/0/chain/2 skipped',
      'onSuccess/0/chain/2/group/0 skipped',
    ]);
  });

  test('an export’s onFailure gets code, message, step, shard and attempts', async () => {
    await work();
    const { exportId } = await bench.release([call('sorry')], { hook: 'onFailure' });
    await bench.settled(exportId);
    expect(inputOf('sorry')).toMatchObject({
      kind: 'failure',
      report: {
        exportId,
        failure: { code: 'platform-unavailable', message: expect.any(String), step: 'parties', shard: 3, attempts: 8 },
      },
    });
  });

  test('both lists are called in their order, the export’s as a task’s own', async () => {
    await work(1);
    const many = (prefix: string) => Array.from({ length: 12 }, (_, n) => call(`${prefix}${n}`));
    const first = await bench.release([...many('s'), call('end', {}, { onSuccess: many('t') })]);
    await bench.settled(first.exportId);
    const second = await bench.release([call('bad', { fail: true }, { onFailure: many('f') })], { hook: 'onFailure' });
    await bench.settled(second.exportId);
    const order = (prefix: string) => many(prefix).map(({ args }) => args.name);
    expect(names()).toEqual([...order('s'), 'end', ...order('t'), 'bad', ...order('f')]);
  });

  test('a canvas of 100 signatures comes to its end, every call once', async () => {
    await work(8);
    const branch = (n: number) => ({
      chain: [call(`a${n}`), { group: [call(`b${n}`), call(`c${n}`)] }, call(`d${n}`)],
    });
    // 16 branches of six nodes, the chord, its body and two callbacks.
    const canvas = {
      chord: Array.from({ length: 16 }, (_, n) => branch(n)),
      body: call('body', {}, { onSuccess: [call('then')] }),
      onSuccess: [call('last')],
    };
    const { exportId } = await bench.release([canvas]);
    const rows = await bench.settled(exportId);
    expect(rows.size).toBe(100);
    expect(new Set([...rows.values()].map(({ state }) => state))).toEqual(new Set(['done']));
    expect(runs).toHaveLength(67);
    expect(new Set(names()).size).toBe(67);
    expect(inputOf('body')).toEqual(value(Array.from({ length: 16 }, (_, n) => `d${n}`)));
  });

  test('a task that takes longer than its timeout fails with that code, and its worker is free', async () => {
    await work(1);
    const slow = call('slow', { hang: true }, { options: { attempts: 1, timeout: 150 }, onFailure: [call('late')] });
    const { exportId, id } = await bench.release([slow]);
    await bench.settled(exportId);
    expect(inputOf('late')).toMatchObject({ kind: 'fault', fault: { code: 'timeout', followUpId: id('onSuccess/0') } });
  });

  test('a result that is too large, or that cannot be stored, fails its follow-up', async () => {
    await work();
    const { exportId } = await bench.release([
      call('large', { big: RESULT_BYTES }),
      call('just', { big: RESULT_BYTES - 2 }),
      call('odd', { nul: true }),
    ]);
    const rows = await bench.settled(exportId);
    expect([...rows.values()].map(({ state, error }) => error?.code ?? state)).toEqual([
      'result-too-large',
      'done',
      'result-unfit',
    ]);
  });

  test('results of members that are too large together fail what joins them; those that fit go on', async () => {
    await work();
    const members = (n: number) => Array.from({ length: n }, (_, m) => call(`m${m}`, { big: 30 * 1024 }));
    const { exportId, id } = await bench.release([
      { chain: [{ group: members(9) }, call('never')], onFailure: [call('told')] },
      { chord: members(8), body: call('body') },
    ]);
    const rows = await bench.settled(exportId);
    const place = 'onSuccess/0/chain/0';
    const own = {
      code: 'result-too-large',
      message: expect.stringMatching(/276.* bytes .* 262144 /),
      step: 'canvas.group',
      shard: null,
      attempts: 0,
      followUpId: id(place),
      place,
      finishedAt: expect.any(String),
    };
    expect(rows.get(place)).toMatchObject({ state: 'failed', error: own });
    expect(rows.get('onSuccess/0')).toMatchObject({ state: 'failed', error: own });
    expect(inputOf('told')).toEqual({ kind: 'fault', fault: own });
    expect(inputOf('body')).toMatchObject({ value: { length: 8 } });
    expect(rows.get('onSuccess/1')).toMatchObject({ state: 'done', result: 'body' });
    expect(names()).not.toContain('never');
  });

  test('a relay takes no more at once than it can enter in time, and in the end all', async () => {
    const { relay, outbox } = bench.deps;
    const quiet = relay.run;
    relay.run = async () => {};
    const list = Array.from({ length: 40 }, (_, n) => ({ ...call(`${n}`), task: 'large.of' }));
    const { exportId } = await bench.release(list);
    relay.run = quiet;
    const input = JSON.stringify({ kind: 'value', value: 'x'.repeat(250_000) });
    await bench.database.db('outbox').where({ export_id: exportId }).update({ input });
    const taken: number[] = [];
    for (let more = true; more; )
      ({ more } = await outbox.takePending(50, async (rows) => void taken.push(rows.length)));
    expect(taken).toEqual([17, 17, 6]);
  });

  test('a task that a worker does not know waits for one that does', async () => {
    await work();
    const { exportId, id } = await bench.release([{ task: 't.new', options: { attempts: 2, backoff: 1 } }]);
    const task = id('onSuccess/0');
    await until('it was tried', async () => {
      const row = await bench.deps.followUps.get(task);
      return row?.state === 'entered' && row.error?.code === 'unknown-task';
    });
    await worker?.stop();
    const job = await until('it waits', async () => {
      const found = await bench.queues.queue('t').getJob(task);
      return (await found?.isDelayed()) && found;
    });
    worker = await bench.work({ 't.new': async () => 'known' });
    await job.promote();
    const rows = await bench.settled(exportId);
    expect(rows.get('onSuccess/0')).toMatchObject({ state: 'done', result: 'known', attempts: 2 });
  });

  test('a task that no worker knows fails with its last try, and says so', async () => {
    await work();
    const { exportId } = await bench.release([
      { task: 't.unheard-of', options: { attempts: 1 }, onFailure: [call('told')] },
    ]);
    await bench.settled(exportId);
    expect(inputOf('told')).toMatchObject({
      kind: 'fault',
      fault: { code: 'unknown-task', message: expect.stringContaining('t.unheard-of') },
    });
  });

  describe('a replay', () => {
    test('of a failed member goes on with chain and chord as if it had not failed, and leaves the outcome alone', async () => {
      await work();
      let broken = true;
      const repaired: FollowUpHandler = async (input, args, context) =>
        handler(input, args.name === 'bad' ? { ...args, fail: broken } : args, context);
      await worker?.stop();
      worker = await bench.work({ 't.do': repaired });
      const { exportId, id } = await bench.release([
        {
          chord: [
            call('good'),
            { chain: [call('first'), call('bad', {}, { onFailure: [call('sorry')] }), call('rest')] },
          ],
          body: call('body'),
          onFailure: [call('chord’s sorry')],
          onSuccess: [call('proud')],
        },
      ]);
      await bench.settled(exportId);
      const before = await bench.deps.exports.get(exportId);
      broken = false;
      const bad = id('onSuccess/0/chord/1/chain/1');
      await bench.deps.writes.replay(bad);
      await bench.deps.relay.run();
      const rows = await bench.settled(exportId);
      expect(names().sort()).toEqual([
        'bad',
        'bad',
        'body',
        'chord’s sorry',
        'first',
        'good',
        'proud',
        'rest',
        'sorry',
      ]);
      expect(runs.filter(({ name }) => name === 'bad').map((run) => run.input)).toEqual([
        value('first'),
        value('first'),
      ]);
      expect(inputOf('body')).toEqual(value(['good', 'rest']));
      expect(rows.get('onSuccess/0')).toMatchObject({ state: 'done', result: 'body', error: null });
      expect(rows.get('onSuccess/0/chord/1/chain/1')).toMatchObject({
        state: 'done',
        replays: 1,
        attempts: 1,
        error: null,
      });
      expect(await bench.deps.exports.get(exportId)).toEqual(before);
    });

    test('is refused of what is not there, joins others, has not failed, or whose export was asked for again', async () => {
      await work();
      const { exportId, id } = await bench.release([call('bad', { fail: true }), { group: [call('good')] }]);
      await bench.settled(exportId);
      const { writes } = bench.deps;
      const refused = (reason: string) => expect.objectContaining({ name: 'ReplayRefusedError', reason });
      await expect(writes.replay('nonsense')).rejects.toEqual(refused('not-found'));
      await expect(writes.replay(exportId)).rejects.toEqual(refused('not-found'));
      await expect(writes.replay(id('onSuccess/1'))).rejects.toEqual(refused('not-a-task'));
      await expect(writes.replay(id('onSuccess/1/group/0'))).rejects.toEqual(refused('not-failed'));
      const exports = () => bench.database.db('exports').where({ id: exportId });
      await exports().update({ outcome: null, decided_at: null });
      await expect(writes.replay(id('onSuccess/0'))).rejects.toEqual(refused('export-open'));
      await exports().update({ outcome: 'completed', decided_at: new Date(), generation: 2 });
      await expect(writes.replay(id('onSuccess/0'))).rejects.toEqual(refused('superseded'));
      expect(runs).toHaveLength(2);
    });

    test('makes the job of the time before a no-op', async () => {
      const { exportId, id } = await bench.release([call('bad', { fail: true })]);
      const key = { id: id('onSuccess/0'), replay: 0 };
      await bench.deps.writes.settle(key, { error: { code: 'test', message: 'it failed' } });
      await bench.deps.writes.replay(key.id);
      // The first job is still in the queue, and the relay has not been by.
      await work();
      await bench.queues.queue('t').getJobCounts();
      await bench.deps.relay.run();
      await bench.settled(exportId);
      expect(runs).toHaveLength(1);
      expect(await bench.deps.writes.settle(key, { result: 'late' })).toEqual({ settled: false, started: 0 });
    });
  });

  test('the entries of a list are entered in their order, however many relays there are', async () => {
    const list = (n: number) => Array.from({ length: 70 }, (_, i) => ({ ...call(`${n}-${i}`), task: 'order.of' }));
    const { relay } = bench.deps;
    // Committed without a relay: as by deciders that died.
    const quiet = relay.run;
    relay.run = async () => {};
    const exportIds: string[] = [];
    for (let n = 0; n < 4; n++) exportIds.push((await bench.release(list(n))).exportId);
    relay.run = quiet;
    await Promise.all(Array.from({ length: 6 }, () => bench.newRelay().run()));
    const jobs = await bench.queues.queue('order').getJobs(['waiting'], 0, -1, true);
    expect(jobs).toHaveLength(280);
    for (let n = 0; n < 4; n++) {
      const entered = jobs
        .map(({ data }) => String((data as { args: { name: string } }).args.name))
        .filter((name) => name.startsWith(`${n}-`));
      expect(entered).toEqual(list(n).map(({ args }) => args.name));
    }
    expect(await bench.database.db('outbox').whereIn('export_id', exportIds).whereNot({ state: 'entered' })).toEqual(
      [],
    );
  });
});
