/** Whoever can write to a queue, or to a row, cannot make a worker run what the producer has not signed and the canvas not released. */
import { randomUUID } from 'node:crypto';
import { RefusedJobs } from '@parcelpost/shared/db/services/refused-jobs.js';
import { type FollowUpJobData, followUpJobData } from '@parcelpost/shared/queues/follow-up-job.js';
import { signatureMac } from '@parcelpost/shared/signatures/mac.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FollowUpHandler } from '../../apps/worker/src/follow-ups/types.js';
import { SIGNATURE_SECRETS } from '../support/canvas.js';
import { type CanvasBench, openCanvasBench } from '../support/canvas-worker.js';
import { ENGINES } from '../support/engines.js';
import { until } from '../support/platform-stack.js';

const HELD = { delay: 3_600_000, attempts: 5 };
const call = (name: string) => ({ task: 't.do', args: { name }, options: HELD });

describe.each(ENGINES)('a job on the %s engine is refused', (engine) => {
  let bench: CanvasBench;
  let ran: string[] = [];

  beforeAll(async () => {
    bench = await openCanvasBench(engine, ['gis']);
    const handler: FollowUpHandler = async (_input, args) => {
      ran.push(String(args.name));
      return null;
    };
    await bench.work({ 't.do': handler, 't.other': handler, 'u.do': handler });
  });
  beforeEach(() => {
    ran = [];
    bench.deps.metrics.signaturesRefused.reset();
  });
  afterAll(() => bench?.stop());

  /** A follow-up that is released and waits for its time, and the data of its job. */
  async function released(task = 't.do'): Promise<{ exportId: string; id: string; data: FollowUpJobData }> {
    const { exportId, id: idOf } = await bench.release([{ ...call('held'), task }]);
    const id = idOf('onSuccess/0');
    const row = await bench.deps.followUps.get(id);
    if (!row) throw new Error('not released');
    return { exportId, id, data: followUpJobData(row) };
  }

  /** Puts a job into a queue, and waits until it is recorded as refused and has failed at once. */
  async function refused(queue: string, name: string, data: unknown, jobId: string, reason: string): Promise<void> {
    await bench.queues.queue(queue).add(name, data, { jobId, attempts: 5 });
    await until(`${jobId} is refused`, async () => (await bench.queues.queue(queue).getJobState(jobId)) === 'failed');
    const records = await bench.deps.refusedJobs.recent(1);
    expect(records).toMatchObject([{ queue, jobId, task: name, reason }]);
    const { values } = await bench.deps.metrics.signaturesRefused.get();
    expect(values).toMatchObject([{ value: 1, labels: { queue, reason } }]);
    expect(ran).toEqual([]);
  }
  const forged = () => randomUUID();
  /** Makes the job of a released follow-up anew, as somebody who can write to the queue would. */
  const replaced = async (id: string) => void (await bench.queues.queue('t').remove(id));

  test('whose follow-up was never written', async () => {
    const { data } = await released();
    const id = forged();
    await refused('t', 't.do', { ...data, followUpId: id }, id, 'unknown');
  });

  test('that has no sound data', async () => {
    await refused('t', 't.do', null, forged(), 'malformed');
    bench.deps.metrics.signaturesRefused.reset();
    await refused('t', 't.do', { followUpId: "'; drop table exports", replay: 0, args: {} }, forged(), 'malformed');
    bench.deps.metrics.signaturesRefused.reset();
    await refused('meta', 'constructor', {}, forged(), 'malformed');
  });

  test('whose task was altered', async () => {
    const { id, data } = await released();
    await replaced(id);
    await refused('t', 't.other', { ...data, task: 't.other' }, id, 'altered');
  });

  test('whose arguments were altered', async () => {
    const { id, data } = await released();
    await replaced(id);
    await refused('t', 't.do', { ...data, args: { name: 'mine' } }, id, 'altered');
  });

  test('whose code is another export’s', async () => {
    const [{ id, data }, other] = [await released(), await released()];
    expect(data.mac).not.toBe(other.data.mac);
    await replaced(id);
    await refused('t', 't.do', { ...data, mac: other.data.mac }, id, 'altered');
  });

  test('that is a second one of a follow-up, or lies in another queue, or would be a replay', async () => {
    const { id, data } = await released();
    await refused('t', 't.do', data, forged(), 'wrong-job');
    bench.deps.metrics.signaturesRefused.reset();
    await refused('u', 't.do', data, id, 'wrong-job');
    bench.deps.metrics.signaturesRefused.reset();
    await refused('t', 't.do', { ...data, replay: 1 }, `${id}-r1`, 'wrong-job');
  });

  test('whose follow-up’s turn has not come', async () => {
    const { id: idOf } = await bench.release([{ chain: [call('first'), call('second')] }]);
    const id = idOf('onSuccess/0/chain/1');
    const row = await bench.deps.followUps.get(id);
    await refused('t', 't.do', row && followUpJobData(row), id, 'not-released');
  });

  test('that would take over a result which no other service has been asked for', async () => {
    const { id, data } = await released();
    const { args, input, options, ...about } = data;
    await refused('meta', 'collect', { ...about, of: id }, `${id}-collect`, 'not-routed');
    bench.deps.metrics.signaturesRefused.reset();
    const routed = await released('gis.index');
    await bench.queues.queue('meta').remove(`${routed.id}-collect`, { removeChildren: false });
    const { args: _args, input: _input, options: _options, ...aboutRouted } = routed.data;
    // The other service has not ended it.
    await refused('meta', 'collect', { ...aboutRouted, of: routed.id }, `${routed.id}-collect`, 'wrong-job');
    expect(await bench.deps.followUps.get(routed.id)).toMatchObject({ state: 'entered' });
  });

  test.each([
    ['arguments', { args: JSON.stringify({ name: 'mine' }) }],
    ['options', { options: JSON.stringify({ delay: 1 }) }],
    ['immutability', { immutable: true }],
    ['code', { mac: null }],
  ])(
    'when the %s of its row were altered in the database; its follow-up fails, and what comes after it is called',
    async (_, change) => {
      const { exportId, id: idOf } = await bench.release([
        { ...call('altered'), onFailure: [{ task: 't.do', args: { name: 'told' } }] },
      ]);
      const id = idOf('onSuccess/0');
      await replaced(id);
      await bench.database
        .db('outbox')
        .where({ id })
        .update({ ...change, state: 'pending', entered_at: null });
      await bench.deps.relay.run();
      await bench.queues
        .queue('t')
        .getJob(id)
        .then((job) => job?.promote())
        .catch(() => {});
      await bench.settled(exportId);
      expect(ran).toEqual(['told']);
      expect(await bench.deps.followUps.get(id)).toMatchObject({ state: 'failed', error: { code: 'refused' } });
      expect((await bench.deps.refusedJobs.recent(1))[0]).toMatchObject({ queue: 't', jobId: id, reason: 'bad-code' });
      const { values } = await bench.deps.metrics.signaturesRefused.get();
      expect(values).toMatchObject([{ value: 1, labels: { queue: 't', reason: 'bad-code' } }]);
    },
  );

  test('when nobody knows the key of its code by its last try; before that another worker may', async () => {
    const { exportId, id: idOf } = await bench.release([call('rotated')]);
    const id = idOf('onSuccess/0');
    const row = await bench.deps.followUps.get(id);
    if (!row) throw new Error('not released');
    const later = signatureMac({ ...row, place: 'onSuccess/0' }, [`another ${SIGNATURE_SECRETS[0]}`]);
    const queue = bench.queues.queue('t');
    const again = async (mac: string | null) => {
      await queue.remove(id);
      await bench.database.db('outbox').where({ id }).update({ mac });
      const backoff = { type: 'follow-up' };
      await queue.add('t.do', followUpJobData({ ...row, mac }), { jobId: id, attempts: 2, backoff });
    };
    await again(later);
    await until('it is put off', async () => (await queue.getJobState(id)) === 'delayed');
    expect(await bench.deps.followUps.get(id)).toMatchObject({ state: 'entered', error: null });
    await (await queue.getJob(id))?.promote();
    await bench.settled(exportId);
    expect(await bench.deps.followUps.get(id)).toMatchObject({ state: 'failed', error: { code: 'refused' } });
    expect((await bench.deps.refusedJobs.recent(1))[0]).toMatchObject({ jobId: id, reason: 'bad-code' });
    expect(ran).toEqual([]);
  });

  test('and the follow-up that it is about is run all the same, once by its own job', async () => {
    const { exportId, id, data } = await released();
    const other = forged();
    await refused('t', 't.do', data, other, 'wrong-job');
    await (await bench.queues.queue('t').getJob(id))?.promote();
    await bench.settled(exportId);
    expect(ran).toEqual(['held']);
  });

  test('once for each queue, job and reason it is recorded, and no more than 10,000 are kept', async () => {
    const job = { queue: 'q', jobId: 'j\0', task: 'x'.repeat(500), followUpId: null, reason: 'unknown' } as const;
    const { refusedJobs } = bench.deps;
    await refusedJobs.record(job);
    await refusedJobs.record(job);
    await refusedJobs.record({ ...job, reason: 'altered' });
    const recent = (await refusedJobs.recent(20)).filter(({ queue }) => queue === 'q');
    expect(recent).toMatchObject([
      { jobId: 'j\ufffd', task: 'x'.repeat(200), reason: 'altered' },
      { jobId: 'j\ufffd', reason: 'unknown' },
    ]);
    await bench.database.db.raw(`select setval(pg_get_serial_sequence('refused_jobs', 'id'), 20000)`);
    await refusedJobs.record({ ...job, jobId: 'later' });
    // Workers may delete nothing; the producer does it now and then.
    await expect(refusedJobs.trim()).rejects.toThrow('permission denied');
    expect(await new RefusedJobs(bench.database.as('producer')).trim()).toBeGreaterThanOrEqual(2);
    expect(await refusedJobs.recent(20)).toHaveLength(1);
  });
});
