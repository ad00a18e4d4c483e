/** Trying an export again: what is done is taken over, what is not is done, and what was kept for that goes in time. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportState } from '@parcelpost/infra/services/api-client.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { API_TOKEN, type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

/** Four shards of four pages for each of three lists. */
const PARCELS = 80;
const SIZES = { SHARD_RECORDS: '20', PAGE_SIZE: '5' };
const SHARDS = 12;
/** The pages of the parties' third shard, which is the one that goes wrong. */
const BROKEN = [40, 45, 50, 55];
const ALL_PAGES = SHARDS * BROKEN.length;

describe.concurrent.each(ENGINES)('another try on the %s engine', (engine) => {
  let stack: PlatformStack;
  beforeAll(async () => {
    stack = await startPlatformStack(
      { parcels: PARCELS },
      { engine, workerEnv: { ...SIZES, WORKER_CONCURRENCY: '8' } },
    );
  });
  afterEach(async () => {
    await stack.platform.configure({ faults: [] });
    await stack.platform.release();
    await stack.platform.forget();
  });
  afterAll(() => stack?.stop());

  const row = (id: string) => stack.database.db('exports').where({ id });
  const maps = (id: string, generation: number) => stack.jobs.all(id, generation, 'map');
  const brokenPage = (project: string) => `/projects/${project}/parties/.*offset=40$`;
  const work = (id: string) => stack.stored(id).filter((path) => path.includes('/work-'));
  const bundles = (id: string) => stack.stored(id).filter((path) => path.includes('/bundle-'));

  async function retry(id: string): Promise<void> {
    const answer = await stack.api.fetch(`/api/v1/exports/${id}/retry`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiToken: API_TOKEN }),
    });
    expect(answer.status, await answer.text()).toBe(202);
  }

  /** Path and query of each page that was asked for, sorted, and without what stands before the list. */
  const pages = async (project: string) =>
    (await stack.platform.requests())
      .filter((request) => request.includes(`/${project}/`) && /offset=/.test(request))
      .map((request) => request.split(`/${project}/`)[1] ?? '')
      .sort();
  const onlyBroken = BROKEN.map((offset) => expect.stringMatching(`^parties/\\?.*offset=${offset}$`));

  /** What is in a bundle, by name; of files that name the export, its project or the time only the rows. */
  const contents = ({ files }: ExportState) =>
    Object.fromEntries(
      files.map(({ name, rows, sha256 }) => [name, /README|readme|manifest/.test(name) ? rows : [rows, sha256]]),
    );
  let calm: Promise<ReturnType<typeof contents>> | undefined;
  /** The same of an export that nothing disturbed. */
  const undisturbed = () => {
    calm ??= (async () =>
      contents(await stack.settled((await stack.ask('calm', { outputType: 'shp', formats: undefined })).id)))();
    return calm;
  };

  /** An export of which all shards are done but one, whose first page waits for us; then that page is refused. */
  async function askAndBreak(project: string, body: object = {}): Promise<string> {
    await stack.platform.configure({ faults: [{ match: brokenPage(project), break: 'hold', status: 403 }] });
    const { id } = await stack.ask(project, { outputType: 'shp', formats: undefined, ...body });
    await until('all others are done', async () => {
      return (await maps(id, 1)).filter(({ state }) => state === 'done').length === SHARDS - 1;
    });
    await stack.platform.release();
    await stack.settled(id);
    await stack.platform.forget();
    return id;
  }

  test.sequential('fetches only the one shard of many that had failed, and the bundle is as if it had not', async () => {
    const id = await askAndBreak('one-failed');
    expect(await stack.api.export(id)).toMatchObject({ state: 'failed', error: { step: 'parties', shard: 2 } });
    expect(stack.hooks.calls(id).map(({ path }) => path)).toEqual(['/failure']);

    await retry(id);
    const again = await stack.settled(id);
    expect({ state: again.state, error: again.error }).toEqual({ state: 'completed', error: null });
    expect(await pages('one-failed')).toEqual(onlyBroken);
    expect(contents(again)).toEqual(await undisturbed());
    expect(again.warnings).toEqual([]);
    expect(again.result).toMatchObject({ takenOver: { parts: 11, of: 12, since: expect.stringMatching(/^\d{4}-/) } });
    const taken = await maps(id, 2);
    expect(taken.map(({ step, shard, reusedFrom }) => (reusedFrom === 1 ? '' : `${step} ${shard}`)).join('')).toBe(
      'parties 2',
    );
    expect(stack.hooks.calls(id).map(({ path }) => path)).toEqual(['/failure', '/success']);
    // Nothing is kept of either try but the bundle.
    await until('nothing but the bundle is left', async () => stack.stored(id).length === 1);
    await until('it is noted', () => row(id).whereNull('parts_until').first());
  });

  test.sequential('counts what was taken over as done', async () => {
    const id = await askAndBreak('progress');
    await stack.platform.configure({ faults: [{ match: brokenPage('progress'), break: 'hold' }] });
    await retry(id);
    await stack.platform.waitForRequests(brokenPage('progress'), 1);
    expect(await stack.api.export(id)).toMatchObject({
      state: 'running',
      phase: 'reading',
      outcome: null,
      error: null,
      progress: { rows: 3 * PARCELS - 20, rowsExpected: 3 * PARCELS, jobsDone: SHARDS - 1 },
    });
    await stack.platform.release();
    expect((await stack.settled(id)).state).toBe('completed');
  });

  test.sequential('of a partial export brings the rest, and its bundle takes the place of the partial one', async () => {
    const id = await askAndBreak('partly', { allowPartial: true });
    expect(await stack.api.export(id)).toMatchObject({
      state: 'partial',
      warnings: [
        expect.stringMatching(/^20 relationships name a party that is not/),
        expect.stringContaining('20 of 80 parties'),
      ],
    });
    const [partial] = bundles(id);
    expect(bundles(id)).toEqual([partial]);

    await retry(id);
    const again = await stack.settled(id);
    expect({ state: again.state, warnings: again.warnings }).toEqual({ state: 'completed', warnings: [] });
    expect(await pages('partly')).toEqual(onlyBroken);
    expect(contents(again)).toEqual(await undisturbed());
    expect(stack.hooks.calls(id).map(({ path }) => path)).toEqual(['/success', '/success']);
    await until('nothing but the new bundle is left', async () => stack.stored(id).length === 1);
    expect(bundles(id)).not.toContain(partial);
    const removed = await stack.database.db('files').where({ export_id: id }).orderBy('generation').pluck('removed_at');
    expect(removed.map((at: Date | null) => at !== null)).toEqual([true, false]);
  });

  test.sequential('of a cancelled export goes on where that was, also over a try that came to nothing', async () => {
    await stack.platform.configure({ faults: [{ match: brokenPage('given-up'), break: 'hold' }] });
    const { id } = await stack.ask('given-up', { outputType: 'shp', formats: undefined });
    await until('all others are done', async () => {
      return (await maps(id, 1)).filter(({ state }) => state === 'done').length === SHARDS - 1;
    });
    expect((await stack.api.fetch(`/api/v1/exports/${id}`, { method: 'DELETE' })).status).toBe(202);
    expect((await stack.settled(id)).state).toBe('cancelled');

    // The second try fails before it has planned, the third with the same shard.
    await stack.platform.configure({ faults: [{ match: '/given-up/parties/.*limit=1$', status: 403 }] });
    await retry(id);
    expect(await stack.settled(id)).toMatchObject({ state: 'failed', error: { step: 'plan' } });
    await stack.platform.configure({ faults: [{ match: brokenPage('given-up'), status: 403 }] });
    await retry(id);
    expect(await stack.settled(id)).toMatchObject({ state: 'failed', error: { step: 'parties', shard: 2 } });
    await stack.platform.configure({ faults: [] });
    await stack.platform.forget();
    await retry(id);
    const again = await stack.settled(id);
    expect(again.state).toBe('completed');
    expect(await pages('given-up')).toEqual(onlyBroken);
    expect(contents(again)).toEqual(await undisturbed());
    expect(new Set((await maps(id, 4)).map(({ reusedFrom }) => reusedFrom))).toEqual(new Set([1, null]));
    await until('nothing but the bundle is left', async () => stack.stored(id).length === 1);
  });

  test.sequential('takes over files as well, where all that they are made of is', async () => {
    // The merge is refused its place in storage once all is made.
    const { db } = stack.database;
    await db.raw(`
      create function refuse_for_test() returns trigger language plpgsql as $$
      begin raise exception 'refused by the test'; end $$;
      create trigger refused before update on exports for each row
        when (new.project = 'all-made' and new.phase = 'bundling') execute function refuse_for_test();`);
    const { id } = await stack.ask('all-made', { outputType: 'shp', formats: undefined });
    await until('all is made', async () => {
      const reduces = await stack.jobs.all(id, 1, 'reduce');
      return reduces.length > 3 && reduces.every(({ state }) => state === 'done');
    });
    expect((await stack.api.fetch(`/api/v1/exports/${id}`, { method: 'DELETE' })).status).toBe(202);
    await until('it is decided', async () => (await stack.api.export(id)).outcome !== null);
    await db.raw('drop trigger refused on exports');
    await stack.settled(id);
    await stack.platform.forget();

    await retry(id);
    const again = await stack.settled(id);
    expect(again.state).toBe('completed');
    expect(await pages('all-made')).toEqual([]);
    expect(contents(again)).toEqual(await undisturbed());
    for (const job of await stack.jobs.all(id, 2)) {
      if (job.kind === 'map' || job.kind === 'reduce')
        expect(job).toMatchObject({ reusedFrom: 1, starts: 0, attempts: 0 });
    }
  });

  test.sequential('reads all anew where the project is not what it was', async () => {
    const id = await askAndBreak('changed');
    await stack.platform.configure({ projects: { 'faraway/changed': PARCELS + 1 } });
    await retry(id);
    const again = await stack.settled(id);
    expect({ state: again.state, warnings: again.warnings }).toEqual({ state: 'completed', warnings: [] });
    expect(again.files.find(({ name }) => name === 'parties.csv')?.rows).toBe(PARCELS + 1);
    expect((await pages('changed')).length).toBeGreaterThan(ALL_PAGES);
    for (const { reusedFrom } of await maps(id, 2)) expect(reusedFrom).toBeNull();
  });

  test.sequential('reads again what storage has not any more, or not whole, and what another version wrote', async () => {
    const id = await askAndBreak('lost-parts');
    const [lost] = work(id).filter((path) => path.includes('/map-relationships-1-'));
    rmSync(join(stack.storageDir, lost ?? ''));
    const map = (step: string, shard: number) =>
      stack.database.db('export_jobs').where({ export_id: id, generation: 1, kind: 'map', step, shard });
    await map('relationships', 2).update({
      result: stack.database.db.raw(`jsonb_set(result, '{fragments,0,bytes}', '1')`),
    });
    await map('relationships', 3).update({
      result: stack.database.db.raw(`jsonb_set(result, '{software}', '"0.0.0"')`),
    });
    await retry(id);
    const again = await stack.settled(id);
    expect(again.state).toBe('completed');
    expect(contents(again)).toEqual(await undisturbed());
    const anew = (await maps(id, 2)).filter(({ reusedFrom }) => reusedFrom === null);
    expect(anew.map(({ step, shard }) => `${step} ${shard}`)).toEqual([
      'parties 2',
      'relationships 1',
      'relationships 2',
      'relationships 3',
    ]);
  });

  test.sequential('reads all anew when the time for it is over, and nothing is in storage until then', async () => {
    const id = await askAndBreak('too-late');
    expect(work(id).length).toBeGreaterThanOrEqual(SHARDS - 1);
    const { parts_until } = await row(id).first('parts_until');
    expect(parts_until.getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    await row(id).update({ parts_until: new Date(Date.now() - 1000) });
    await until('it is noted', () => row(id).whereNull('parts_until').first());
    expect(stack.stored(id)).toEqual([]);
    await retry(id);
    expect((await stack.settled(id)).state).toBe('completed');
    expect((await pages('too-late')).length).toBe(ALL_PAGES);
  });

  test.sequential('a partial bundle stays when the parts that it was made of go', async () => {
    const id = await askAndBreak('partial-kept', { allowPartial: true });
    expect(work(id).length).toBeGreaterThan(0);
    await row(id).update({ parts_until: new Date(Date.now() - 1000) });
    await until('it is noted', () => row(id).whereNull('parts_until').first());
    expect(stack.stored(id)).toEqual(bundles(id));
    expect((await stack.api.fetch(`/api/v1/exports/${id}/download`)).status).toBe(200);
  });

  test.sequential('a partial bundle is not lost to a try that fails', async () => {
    const project = 'partial-then-failed';
    const id = await askAndBreak(project, { allowPartial: true });
    const [bundle] = bundles(id);
    await stack.platform.configure({ faults: [{ match: `/projects/${project}/parties/.*limit=1$`, status: 403 }] });
    await retry(id);
    expect(await stack.settled(id)).toMatchObject({ state: 'failed', generation: 2, bundle: { generation: 1 } });
    // Nor to whoever clears away after that one.
    await row(id).update({ parts_until: new Date(Date.now() - 1000) });
    await until('it is noted', () => row(id).whereNull('parts_until').first());
    expect(stack.stored(id)).toEqual([bundle]);
    expect((await stack.api.fetch(`/api/v1/exports/${id}/download`)).status).toBe(200);
  });
});
