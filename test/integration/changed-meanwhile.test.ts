/** Projects that are changed between the moment an export is planned and the moment its records are read. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bundle, exportBundle } from '../support/bundle.js';
import { API_TOKEN, type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import { type Stack, startStack } from '../support/stack.js';

const SIZES = { SHARD_RECORDS: '10', PAGE_SIZE: '4' };
const RECORDS = 60;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-changed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const idsIn = (bundle: Bundle, table: string) =>
  (parse(bundle.text(table), { columns: true, bom: true }) as { id: string }[]).map(({ id }) => id);
const consistent = (bundle: Bundle) => JSON.parse(bundle.text('manifest.json')).export.consistent as boolean;
const warningsOf = (bundle: Bundle) =>
  JSON.parse(bundle.text('manifest.json')).warnings as { code: string; message: string; count: number }[];
/** A text of a bundle as one line, so that a sentence in it can be looked for. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

describe('on our own platform', () => {
  let stack: Stack;
  const projectId = randomUUID();
  const db = () => stack.database.db;

  beforeAll(async () => {
    stack = await startStack({ engine: 'redis', workerEnv: SIZES });
    const organization = await db()('organizations').where({ slug: 'cadasta' }).first('id');
    const project = { id: projectId, organization_id: organization.id, slug: 'changing', name: 'Changing' };
    await db()('projects').insert(project);
    // Nothing but the plan has run once its shards are noted, and none of them runs before this is committed.
    await db().raw(`
      create table meanwhile (statement text not null);
      create function do_meanwhile() returns trigger language plpgsql security definer as $$
      declare change text;
      begin
        for change in select statement from meanwhile loop execute change; end loop;
        delete from meanwhile;
        return null;
      end $$;
      create trigger meanwhile after insert on export_jobs
        for each row when (new.kind = 'map' and new.step = 'parties' and new.shard = 0) execute function do_meanwhile();
      create function none_is_free() returns trigger language plpgsql as 'begin return null; end';
      create trigger none_is_free before insert on snapshots for each row execute function none_is_free();`);
  });
  const snapshots = (free: boolean) =>
    db().raw(`alter table snapshots ${free ? 'disable' : 'enable'} trigger none_is_free`);

  afterAll(() => stack?.stop());

  const inserted = (positions: string) =>
    `insert into parties (project_id, id, position, name, type) overriding system value
     select '${projectId}', 'p' || n, n, 'Party ' || n, 'IN' from ${positions} n`;
  const removed = (positions: string) =>
    `delete from parties where project_id = '${projectId}' and position in (${positions})`;

  /** Sixty parties at the positions 10, 20, …, and then `changes`, once the next export is planned. */
  async function arrange(...changes: string[]) {
    await db()('parties').where({ project_id: projectId }).delete();
    await db().raw(inserted(`generate_series(10, ${RECORDS * 10}, 10)`));
    for (const statement of changes) await db()('meanwhile').insert({ statement });
  }

  async function exported(name: string): Promise<Bundle> {
    const ana = await stack.as('ana');
    const bundle = await exportBundle(ana, 'cadasta/changing', { formats: ['csv'] }, join(folder, name));
    expect(await db()('meanwhile')).toEqual([]);
    return bundle;
  }
  const present = async (): Promise<string[]> =>
    (await db()('parties').where({ project_id: projectId }).orderBy('position').select('id')).map(({ id }) => id);

  test.each([
    ['records are removed from the middle of a shard', [removed('20, 30, 250, 260, 270')], 55],
    ['the record at which a shard begins, and the one before it, are removed', [removed('100, 110, 300, 310')], 56],
    [
      'all records of a shard are removed, and the whole of the last',
      [removed(series(210, 300)), removed(series(510, 600))],
      40,
    ],
    ['records of lower positions are committed late', [inserted('unnest(array[5, 15, 99, 101, 105, 399])')], 66],
    ['records are added behind the last', [inserted('generate_series(1000, 1022)')], 83],
    [
      'records are removed, committed late and added',
      [removed(series(10, 70)), removed('510'), inserted('unnest(array[55, 205, 395, 700, 701])')],
      57,
    ],
  ])('without a snapshot each record is in the export once, in its order, where %s', async (title, changes, left) => {
    await arrange(...changes);
    const bundle = await exported(title.slice(0, 40).replaceAll(/\W/g, '-'));
    const ids = await present();
    expect(ids).toHaveLength(left);
    expect(idsIn(bundle, 'parties.csv')).toEqual(ids);
    const message = expect.stringContaining(`counted 60 parties when the export was planned, but gave ${left}`);
    expect(warningsOf(bundle)).toEqual([{ code: 'count-changed', message, count: Math.abs(left - RECORDS), ids: [] }]);
    expect(flat(bundle.text('README.txt'))).toContain(`* ${warningsOf(bundle)[0]?.message}.`);
    expect(bundle.state.warnings).toEqual([warningsOf(bundle)[0]?.message]);
    expect(consistent(bundle)).toBe(false);
  });

  test('in a snapshot nothing that is changed after the plan is in the export, nor is it told of', async () => {
    await snapshots(true);
    try {
      await arrange(removed('20, 30, 100'), inserted('unnest(array[5, 305, 1000])'));
      const before = await present();
      const bundle = await exported('snapshot');
      expect(before).toHaveLength(RECORDS);
      expect(await present()).not.toEqual(before);
      expect(idsIn(bundle, 'parties.csv')).toEqual(before);
      expect(warningsOf(bundle)).toEqual([]);
      expect(consistent(bundle)).toBe(true);
      expect(flat(bundle.text('README.txt'))).toContain('all as it was at one moment');
      await until('it is released', async () => (await db()('snapshots').select('id')).length === 0);
    } finally {
      await snapshots(false);
    }
  });

  test('a snapshot that is lost under way fails nothing: the export goes on without it, and says so', async () => {
    await snapshots(true);
    try {
      // A reader may go on for a second that has looked at it before.
      await arrange(removed('20, 30, 100'), 'delete from snapshots', 'select pg_sleep(1.5)');
      const bundle = await exported('lost');
      expect(idsIn(bundle, 'parties.csv')).toEqual(await present());
      const warnings = warningsOf(bundle);
      expect(warnings.map(({ code }) => code)).toEqual(['count-changed', 'snapshot-lost']);
      expect(warnings[1]?.message).toMatch(
        /that view of the project was lost: (\d+) of \1 parts were read as it was later/,
      );
      expect(consistent(bundle)).toBe(false);
      expect(flat(bundle.text('README.txt'))).toContain(`* ${warnings[1]?.message}.`);
    } finally {
      await snapshots(false);
    }
  });

  test('a project that nobody changes is exported without a warning', async () => {
    await arrange();
    const bundle = await exported('calm');
    expect(idsIn(bundle, 'parties.csv')).toEqual(await present());
    expect(warningsOf(bundle)).toEqual([]);
  });
});

describe('on a platform that is read by offset', () => {
  let stack: PlatformStack;
  beforeAll(async () => {
    stack = await startPlatformStack({ parcels: RECORDS }, { engine: 'postgres', workerEnv: SIZES });
  });
  afterEach(() => stack.platform.release());
  afterAll(() => stack?.stop());

  const become = (project: string, parcels: number) =>
    stack.platform.configure({ projects: { [`faraway/${project}`]: parcels } });
  const exported = (project: string) =>
    exportBundle(stack.api, `faraway/${project}`, { formats: ['csv'], apiToken: API_TOKEN }, join(folder, project));

  test.each([
    ['shrinks', 45],
    ['grows', 71],
  ])('a list that %s is told of in the bundle, with both counts', async (project, left) => {
    const pages = `/projects/${project}/.*offset=`;
    await stack.platform.configure({ faults: [{ match: pages, break: 'hold' }] });
    const exporting = exported(project);
    await stack.platform.waitForRequests(pages, 1);
    await become(project, left);
    await stack.platform.release();
    const bundle = await exporting;
    for (const table of ['parties', 'locations', 'relationships']) {
      expect(idsIn(bundle, `${table}.csv`)).toHaveLength(left);
      const message = expect.stringMatching(
        new RegExp(
          `counted 60 ${table} when the export was planned, but gave ${left}:.*missing here; what came twice is here once.*again`,
        ),
      );
      expect(warningsOf(bundle)).toContainEqual({
        code: 'count-changed',
        message,
        count: Math.abs(left - 60),
        ids: [],
      });
    }
    expect(warningsOf(bundle)).toHaveLength(3);
    for (const { message } of warningsOf(bundle)) expect(flat(bundle.text('README.txt'))).toContain(`* ${message}.`);
  });

  test('so is one of which as many records came as were counted, but which had another count meanwhile', async () => {
    const first = '/projects/shifts/parties/.*offset=0$';
    await stack.platform.configure({ faults: [{ match: first, break: 'hold' }] });
    const exporting = exported('shifts');
    await until('only that shard is left', async () => {
      const [row] = await stack.database.db('exports').where({ project: 'shifts' }).select('id');
      const maps = row ? await stack.jobs.all(row.id, 1, 'map') : [];
      return maps.length > 0 && maps.filter(({ state }) => state !== 'done').length === 1;
    });
    await become('shifts', 59);
    await stack.platform.release();
    const bundle = await exporting;
    expect(idsIn(bundle, 'parties.csv')).toHaveLength(60);
    expect(warningsOf(bundle)).toEqual([
      {
        code: 'count-changed',
        message: expect.stringContaining('counted 60 parties when the export was planned, and 59 later:'),
        count: 1,
        ids: [],
      },
    ]);
  });

  test('ids that come twice, in one shard and the next, are in every file once, and told of', async () => {
    const lists = '/projects/repeats/(parties|spatial)/';
    await stack.platform.configure({
      faults: [
        { match: `${lists}.*offset=(2|3)\\d$`, shift: 3 },
        { match: `${lists}.*offset=44$`, shift: 2 },
      ],
    });
    const formats = ['csv', 'geojson', 'gpkg', 'shapefiles', 'xlsx'];
    const request = { formats, apiToken: API_TOKEN };
    const bundle = await exportBundle(stack.api, 'faraway/repeats', request, join(folder, 'repeats'));
    for (const [table, first] of [
      ['parties', 'p'],
      ['locations', 'l'],
    ] as const) {
      const ids = idsIn(bundle, `${table}.csv`);
      expect(new Set(ids).size).toBe(ids.length);
      const warning = warningsOf(bundle).find(({ code, message }) => code === 'id-repeated' && message.includes(table));
      expect(warning, first).toMatchObject({ count: 60 - ids.length });
      expect(warning?.message).toMatch(/more than once: each id is in the files once, as it came first$/);
      expect(flat(bundle.text('README.txt'))).toContain(`* ${warning?.message} (id `);
      expect(warningsOf(bundle).map(({ message }) => message)).toContainEqual(
        expect.stringContaining(`counted 60 ${table} when the export was planned, but gave ${ids.length}:`),
      );
    }
    const manifest = JSON.parse(bundle.text('manifest.json'));
    const rows = (name: string) => manifest.files.find((file: { name: string }) => file.name === name)?.rows;
    const [parties, locations] = ['parties', 'locations'].map((table) => idsIn(bundle, `${table}.csv`).length);
    expect([rows('parties.json'), rows('locations.geojson')]).toEqual([parties, locations]);
    expect(rows('polygons.shp')).toBe(locations);
    expect(rows('repeats.gpkg')).toBe(60 + (parties ?? 0) + (locations ?? 0));
    // Of what did not come, the relationships tell.
    const absent = warningsOf(bundle).filter(({ code }) => code.endsWith('-absent'));
    expect(absent.map(({ code, count }) => [code, count])).toEqual([
      ['party-absent', 60 - (parties ?? 0)],
      ['location-absent', 60 - (locations ?? 0)],
    ]);
  });

  test('relationships whose party did not come are counted, and the first of them named', async () => {
    const pages = '/projects/dangling/parties/.*offset=';
    await stack.platform.configure({ faults: [{ match: pages, break: 'hold' }] });
    const exporting = exported('dangling');
    await until('the relationships are read', async () => {
      const [row] = await stack.database.db('exports').where({ project: 'dangling' }).select('id');
      const maps = row ? await stack.jobs.all(row.id, 1, 'map') : [];
      return maps.length > 0 && maps.every(({ step, state }) => step !== 'relationships' || state === 'done');
    });
    await become('dangling', 45);
    await stack.platform.release();
    const bundle = await exporting;
    const relationships = idsIn(bundle, 'relationships.csv');
    expect(warningsOf(bundle)).toContainEqual({
      code: 'party-absent',
      message: '15 relationships name a party that is not among the parties here',
      count: 15,
      ids: relationships.slice(45, 55),
    });
  });

  test('a project that nobody changes is exported without a warning', async () => {
    expect(warningsOf(await exported('still'))).toEqual([]);
  });
});

/** The positions from `first` to `last`, ten apart, as SQL. */
function series(first: number, last: number): string {
  return `select generate_series(${first}, ${last}, 10)`;
}
