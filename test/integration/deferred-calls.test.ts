/**
 * What an action defers until after its commit is a row of the outbox, as durable as what the action did: entered, checked, run
 * and replayed like a follow-up, and no part of any canvas.
 */
import { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import { OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import type { DeferredCall } from '@parcelpost/shared/db/tasks/outbox-keeper.js';
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import { verifySignature } from '@parcelpost/shared/signatures/mac.js';
import { defer } from '@parcelpost/shared/tasks/actions.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SIGNATURE_SECRETS } from '../support/canvas.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ENGINES } from '../support/engines.js';
import { plantExport } from '../support/planted.js';
import { API_TOKEN, type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import { TESTER, testWrites } from '../support/writes.js';

describe('a deferred call', () => {
  let database: TestDatabase;
  let writes: Writes;
  let relayed = 0;
  beforeAll(async () => {
    database = await createTestDatabase();
    const relay = async () => {
      relayed += 1;
    };
    // A worker's own rights are enough.
    writes = testWrites(database.as('worker'), { deferred: { secrets: SIGNATURE_SECRETS, relay } });
  });
  afterAll(() => database?.drop());

  const rows = (exportId: string) =>
    database.db('outbox').where({ export_id: exportId, hook: 'deferred' }).orderBy('position');
  const call = (exportId: string, message: string): DeferredCall => ({
    exportId,
    generation: 1,
    task: 'log.info',
    args: { message },
  });

  test('is there once its action is committed, signed, in its order, and then it is relayed', async () => {
    const exportId = await plantExport(database.db);
    const before = relayed;
    await writes.actions.run(TESTER, async () => {
      for (const message of ['one', 'two']) defer.afterCommit(call(exportId, message));
      expect(await rows(exportId)).toEqual([]);
    });
    expect(await rows(exportId)).toMatchObject([
      { place: 'deferred/0', state: 'pending', task: 'log.info', args: { message: 'one' }, input: { kind: 'none' } },
      { place: 'deferred/1', state: 'pending', args: { message: 'two' } },
    ]);
    expect(relayed).toBe(before + 1);
    const [first] = await rows(exportId);
    const row = await new FollowUps(database.as('worker')).get(first.id);
    if (!row) throw new Error('the worker does not find it');
    expect(verifySignature(row, SIGNATURE_SECRETS)).toBe(true);
    expect(verifySignature({ ...row, args: { message: 'altered' } }, SIGNATURE_SECRETS)).toBe(false);
    expect(verifySignature({ ...row, place: 'onSuccess/0' }, SIGNATURE_SECRETS)).toBe(false);
  });

  test('of an action that fails there is none, and nothing is relayed', async () => {
    const exportId = await plantExport(database.db);
    const before = relayed;
    const failing = writes.actions.run(TESTER, async () => {
      defer.afterCommit(call(exportId, 'never'));
      throw new Error('it fails');
    });
    await expect(failing).rejects.toThrow('it fails');
    expect([await rows(exportId), relayed]).toEqual([[], before]);
  });

  test('finds a place of its own, however many actions defer at once', async () => {
    const exportId = await plantExport(database.db);
    const messages = Array.from({ length: 12 }, (_, index) => `call ${index}`);
    await Promise.all(
      messages.map((message) => writes.actions.run(TESTER, async () => defer.afterCommit(call(exportId, message)))),
    );
    const planted = await rows(exportId);
    expect(planted.map(({ place }) => place)).toEqual(messages.map((_, index) => `deferred/${index}`));
    expect(planted.map(({ args }) => args.message).sort()).toEqual([...messages].sort());
  });

  test('ends, fails and is called again by itself, whatever becomes of its export; people do not see it', async () => {
    const exportId = await plantExport(database.db);
    await writes.actions.run(TESTER, async () => {
      for (const message of ['bad', 'good']) defer.afterCommit(call(exportId, message));
    });
    const [bad, good] = (await rows(exportId)).map(({ id }) => id);
    const before = await database.db('exports').where({ id: exportId }).first();
    const error = { code: 'test', message: 'it failed' };
    expect(await writes.settle({ id: bad, replay: 0 }, { error })).toEqual({ settled: true, started: 0 });
    expect(await rows(exportId)).toMatchObject([{ state: 'failed' }, { state: 'pending' }]);
    await writes.replay(bad);
    expect(await rows(exportId)).toMatchObject([{ state: 'pending', replays: 1 }, { state: 'pending' }]);
    await writes.settle({ id: bad, replay: 1 }, { result: 'well' });
    await writes.settle({ id: good, replay: 0 }, { result: null });
    expect(await rows(exportId)).toMatchObject([{ state: 'done', result: 'well' }, { state: 'done' }]);
    expect(await database.db('exports').where({ id: exportId }).first()).toEqual(before);
    expect(await new OutboxService(database.db).followUps(exportId)).toEqual([]);
  });
});

describe.concurrent.each(ENGINES)('a worker that dies right after an action, on the %s engine', (engine) => {
  let stack: PlatformStack;
  beforeAll(async () => {
    const workerEnv = { WORKER_LOCK_SECONDS: '1', PAGE_SIZE: '5', SHARD_RECORDS: '5' };
    // What a dead worker leaves stays until another one brings it on.
    const producerEnv = { SWEEP_SECONDS: '3600' };
    stack = await startPlatformStack({ parcels: 10 }, { engine, workers: 1, workerEnv, producerEnv });
  });
  afterAll(() => stack?.stop());

  test('has lost nothing of what that deferred: a bundle that was replaced is removed, once', async () => {
    const { db } = stack.database;
    const bundles = (id: string) => stack.stored(id).filter((path) => path.includes('/bundle-'));
    const deferred = (id: string) => db('outbox').where({ export_id: id, hook: 'deferred' });
    await stack.platform.configure({ faults: [{ match: '/again/parties/.*offset=5$', status: 403 }] });
    const { id } = await stack.ask('again', { allowPartial: true });
    expect(await stack.settled(id)).toMatchObject({ outcome: 'partial' });
    const [partial] = bundles(id);
    await stack.workers[0]?.kill();

    await stack.platform.configure({ faults: [] });
    const retry = { method: 'POST', body: JSON.stringify({ apiToken: API_TOKEN }) };
    const headers = { 'content-type': 'application/json' };
    expect(await stack.api.fetch(`/api/v1/exports/${id}/retry`, { ...retry, headers })).toMatchObject({ status: 202 });
    const dying = await stack.startWorker({ CRASH_AT: 'deferred.committed' });
    expect(await dying.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await stack.api.export(id)).toMatchObject({ outcome: 'completed' });
    expect(await deferred(id)).toMatchObject([{ place: 'deferred/0', state: 'pending', generation: 2 }]);
    expect(bundles(id)).toContain(partial);

    const file = () => db('files').where({ export_id: id, generation: 1 });
    await file().update({ read_until: new Date(Date.now() + 3_600_000) });
    await stack.startWorker();
    await until('it was called', async () => (await deferred(id).first('state')).state === 'done');
    expect(await deferred(id)).toMatchObject([{ task: 'export.remove-replaced', result: { removed: 1 }, error: null }]);
    // Who had begun to download it reads it to its end.
    expect(await file().first('removed_at', 'cleared_at')).toEqual({ removed_at: expect.any(Date), cleared_at: null });
    expect(bundles(id)).toContain(partial);
    await file().update({ read_until: null });
    await until('its bytes are gone', async () => !bundles(id).includes(`${partial}`));
    expect(bundles(id)).toHaveLength(1);
    const { followUps } = await stack.settled(id);
    expect(followUps.map(({ hook, state }) => [hook, state])).toEqual([
      ['onSuccess', 'done'],
      ['onSuccess', 'done'],
    ]);
    const noted = db('audit_log').where({ export_id: id }).orderBy('id').select('task', 'generation', 'actor_kind');
    expect((await noted).map(({ task, generation, actor_kind }) => `${actor_kind} ${task} ${generation}`)).toEqual([
      'user exports.record 1',
      'worker exports.decide 1',
      'user exports.retry 2',
      'worker exports.decide 2',
      'worker files.note-removed 1',
    ]);
  });
});
