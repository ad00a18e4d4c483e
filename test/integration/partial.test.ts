/** Exports whose request takes a part for the whole: what could be read is delivered, and what is missing is named. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

/** Four shards of four pages for each of three lists. */
const PARCELS = 80;
const SIZES = { SHARD_RECORDS: '20', PAGE_SIZE: '5' };

describe.concurrent.each(ENGINES)('a part for the whole on the %s engine', (engine) => {
  let stack: PlatformStack;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parcelpost-partial-'));
    stack = await startPlatformStack({ parcels: PARCELS }, { engine, workerEnv: SIZES });
  });
  afterEach(async () => {
    await stack.platform.configure({ faults: [] });
    await stack.platform.release();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await stack?.stop();
  });

  const ask = (project: string, body: object = {}) =>
    stack.ask(project, { outputType: 'shp', formats: undefined, allowPartial: true, ...body });
  const refused = (...requests: string[]) =>
    stack.platform.configure({ faults: requests.map((match) => ({ match, status: 403 })) });

  /** The files of a bundle, as `unzip` has them. */
  async function unpacked(id: string): Promise<(name: string) => string> {
    const zip = join(folder, `${id}.zip`);
    await stack.api.download(id, zip);
    execFileSync('unzip', ['-q', zip, '-d', join(folder, id)]);
    return (name) => readFileSync(join(folder, id, name), 'utf8');
  }
  const ids = (csv: string) => (parse(csv, { columns: true, bom: true }) as { id: string }[]).map(({ id }) => id);
  const flat = (text: string) => text.replace(/\s+/g, ' ');
  const result = async (id: string) => (await stack.database.db('exports').where({ id }).first('result')).result;

  test.sequential('a shard that cannot be read is left out of every file and named; onSuccess is released, once', async () => {
    await refused('/lacking/spatial/.*offset=25$', '/lacking/parties/.*offset=60$');
    const { id } = await ask('lacking');
    const { state, error, warnings, followUps } = await stack.settled(id);
    expect({ state, error }).toEqual({ state: 'partial', error: null });
    const missing = (step: string, shard: number, path: string) => ({
      code: 'platform-forbidden',
      message: expect.stringContaining(path),
      step,
      shard,
      attempts: 1,
      rowsExpected: 20,
    });
    const parts = [missing('locations', 1, 'spatial/'), missing('parties', 3, 'parties/')];
    expect(await result(id)).toMatchObject({ outcome: 'partial', missing: parts, rows: 3 * PARCELS - 40 });
    expect(warnings).toEqual([
      '20 relationships name a party that is not among the parties here',
      '20 relationships name a location that is not among the locations here',
      expect.stringMatching(/^20 of 80 locations are missing: .*spatial/),
      expect.stringMatching(/^20 of 80 parties are missing: .*parties/),
    ]);
    expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done', attempts: 1 }]);
    expect(stack.hooks.calls(id)).toMatchObject([
      { path: '/success', body: { data: { outcome: 'partial', missing: parts } } },
    ]);

    const file = await unpacked(id);
    const read = ids(file('relationships.csv'));
    expect(read).toHaveLength(PARCELS);
    const parties = ids(file('parties.csv'));
    expect(parties).toHaveLength(PARCELS - 20);
    const locations = ids(file('locations.csv'));
    expect(locations).toHaveLength(PARCELS - 20);
    const whole = await stack.settled((await stack.ask('whole', { outputType: 'shp', formats: undefined })).id);
    const all = await unpacked(whole.id);
    expect(locations).toEqual(ids(all('locations.csv')).filter((_, index) => index < 20 || index >= 40));
    expect(parties).toEqual(ids(all('parties.csv')).slice(0, 60));

    const readme = flat(file('README.txt'));
    expect(readme).toContain('THIS EXPORT IS NOT WHOLE. Missing: 20 of 80 locations; 20 of 80 parties.');
    expect(readme).toContain('* Records 21 to 40 of locations are missing: ');
    expect(readme).toContain('* Records 61 to 80 of parties are missing: ');
    expect(flat(file('shp_readme.txt'))).toContain('Not all locations of the project are here');
    const manifest = JSON.parse(file('manifest.json'));
    expect(manifest.missing).toEqual(parts);
    expect(manifest.warnings).toMatchObject([
      { code: 'party-absent', count: 20 },
      { code: 'location-absent', count: 20 },
      { code: 'records-missing', count: 20 },
      { code: 'records-missing', count: 20 },
    ]);
    expect(JSON.parse(all('manifest.json'))).toMatchObject({ missing: [], warnings: [] });
    expect(await result(whole.id)).toMatchObject({ outcome: 'completed', missing: [] });
  });

  test.sequential('a file that cannot be made is missing, the others are there', async () => {
    // A fragment is lost between its map and its reduce.
    const page = '/projects/no-file/relationships/.*offset=0$';
    await stack.platform.configure({ faults: [{ match: page, break: 'hold' }] });
    const { id } = await ask('no-file');
    const fragment = await until('parties are read', async () =>
      stack.stored(id).find((path) => /\/map-parties-2-1\/[^/]*csv$/.test(path)),
    );
    await until('the row says so', async () => {
      const maps = await stack.jobs.all(id, 1, 'map');
      return maps.some(({ step, shard, state }) => step === 'parties' && shard === 2 && state === 'done');
    });
    rmSync(join(stack.storageDir, fragment));
    await stack.platform.release();
    const { state, files, warnings } = await stack.settled(id);
    expect(state).toBe('partial');
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['relationships.csv', 'locations.csv', 'polygons.shp']),
    );
    expect(files.map(({ name }) => name)).not.toContain('parties.csv');
    expect((await result(id)).missing).toEqual([
      {
        code: 'internal',
        message: expect.any(String),
        step: 'parties.csv',
        shard: null,
        attempts: 3,
        rowsExpected: null,
      },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/^parties\.csv is missing: /)]);
    const file = await unpacked(id);
    expect(flat(file('README.txt'))).toContain('THIS EXPORT IS NOT WHOLE. Missing: parties.csv.');
  });

  test.sequential.each([
    ['the plan', 'no-plan', ['/no-plan/parties/.*limit=1$'], 'plan'],
    ['every shard', 'no-shard', ['/no-shard/.*offset='], 'locations'],
  ])('%s failing is a failure: there is nothing to deliver', async (_what, project, requests, step) => {
    await refused(...requests);
    const { id } = await ask(project);
    const { state, error, bundle, followUps } = await stack.settled(id);
    expect({ state, bundle, error }).toMatchObject({
      state: 'failed',
      bundle: null,
      error: { code: 'platform-forbidden', step },
    });
    expect(followUps).toMatchObject([{ hook: 'onFailure', state: 'done' }]);
    expect(stack.hooks.calls(id)).toMatchObject([{ path: '/failure' }]);
  });

  test.sequential('a request that does not say so gets all or nothing', async () => {
    await refused('/all-or-nothing/parties/.*offset=20$');
    const { id } = await ask('all-or-nothing', { allowPartial: false });
    expect(await stack.settled(id)).toMatchObject({
      state: 'failed',
      bundle: null,
      error: { step: 'parties', shard: 1 },
    });
  });

  test.sequential('what is not whole can be cancelled like any other', async () => {
    await stack.platform.configure({
      faults: [
        { match: '/partly-cancelled/spatial/.*offset=0$', status: 403 },
        { match: '/partly-cancelled/.*offset=', break: 'hold' },
      ],
    });
    const { id } = await ask('partly-cancelled');
    await until('a shard has failed', async () =>
      (await stack.jobs.all(id, 1, 'map')).some(({ state }) => state === 'failed'),
    );
    expect(await stack.database.db('exports').where({ id }).first('abort')).toEqual({ abort: null });
    await stack.api.fetch(`/api/v1/exports/${id}`, { method: 'DELETE' });
    expect((await stack.settled(id)).state).toBe('cancelled');
  });
});
