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
      create function do_meanwhile() returns trigger language plpgsql as $$
      declare change text;
      begin
        for change in select statement from meanwhile loop execute change; end loop;
        delete from meanwhile;
        return null;
      end $$;
      create trigger meanwhile after insert on export_jobs
        for each row when (new.kind = 'map' and new.step = 'parties' and new.shard = 0) execute function do_meanwhile();`);
  });
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
  ])('each record is in the export once, in its order, where %s', async (title, changes, left) => {
    await arrange(...changes);
    const bundle = await exported(title.slice(0, 40).replaceAll(/\W/g, '-'));
    const ids = await present();
    expect(ids).toHaveLength(left);
    expect(idsIn(bundle, 'parties.csv')).toEqual(ids);
    const message = expect.stringContaining(`counted 60 parties when the export was planned, but gave ${left}`);
    expect(warningsOf(bundle)).toEqual([{ code: 'count-changed', message, count: Math.abs(left - RECORDS), ids: [] }]);
    expect(flat(bundle.text('README.txt'))).toContain(`* ${warningsOf(bundle)[0]?.message}.`);
    expect(bundle.state.warnings).toEqual([warningsOf(bundle)[0]?.message]);
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
        new RegExp(`counted 60 ${table} when the export was planned, but gave ${left}:.*missing.*twice.*again`),
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

  test('a project that nobody changes is exported without a warning', async () => {
    expect(warningsOf(await exported('still'))).toEqual([]);
  });
});

/** The positions from `first` to `last`, ten apart, as SQL. */
function series(first: number, last: number): string {
  return `select generate_series(${first}, ${last}, 10)`;
}
