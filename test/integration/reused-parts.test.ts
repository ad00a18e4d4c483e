/** Exports of the same data: what is finished is taken, what is not is made, and the bundle is as if all had been made anew. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportState } from '@parcelpost/infra/services/api-client.js';
import { FinishedParts } from '@parcelpost/shared/db/services/finished-parts.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/platform-stack.js';
import { type Stack, startStack } from '../support/stack.js';

const PROJECT = 'cadasta/london-2';
const HOUR = 3_600_000;

let stack: Stack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reused-parts-'));
  stack = await startStack({ engine: 'postgres', workerEnv: { SHARD_RECORDS: '200', WORKER_CONCURRENCY: '8' } });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});
// Each test begins without anything that another one has left.
beforeEach(() => forget());

const db = () => stack.database.db;
const forget = () => db()('finished_parts').delete();

async function exported(body: object, user = 'ana'): Promise<ExportState & { id: string }> {
  const api = await stack.as(user);
  const { id } = await api.requestExport(PROJECT, body);
  const state = await api.waitForOutcome(id);
  expect({ state: state.state, error: state.error }).toEqual({ state: 'completed', error: null });
  return { ...state, id };
}
/** The lists that an export has read. */
const lists = async ({ id }: { id: string }) =>
  db()('export_jobs').where({ export_id: id, kind: 'map' }).distinct('step').orderBy('step').pluck<string[]>('step');
const sha = ({ bundle }: ExportState) => bundle?.sha256;
const reused = ({ result }: ExportState) => (result as { reused?: { steps: string[] } }).reused?.steps ?? [];
const project = () => db()('projects').where({ slug: 'london-2' }).first('id');
const stored = ({ id }: { id: string }) =>
  readdirSync(stack.storageDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(stack.storageDir.length + 1))
    .filter((path) => path.includes(id));

const ALL = { formats: ['csv', 'geojson', 'gpkg', 'shapefiles', 'xlsx'] };
const CSV_STEPS = ['relationships', 'parties', 'locations', 'references'];

describe('V2, V3: a step whose results are there has no work', () => {
  test('the same request reads nothing and makes nothing, and its bundle is the same to the byte', async () => {
    const first = await exported(ALL);
    expect(await lists(first)).toEqual(['locations', 'parties', 'relationships']);
    expect(reused(first)).toEqual([]);
    const second = await exported(ALL);
    expect(await lists(second)).toEqual([]);
    expect(sha(second)).toBe(sha(first));
    expect(second.warnings).toEqual(first.warnings);
    expect(second.files).toEqual(first.files);
    expect(second.result).toMatchObject({
      rows: (first.result as { rows: number }).rows,
      steps: (first.result as { steps: object }).steps,
      reused: { steps: expect.arrayContaining(['parties', 'shapefiles', 'typed-tables', 'references']) },
    });
    // And a third one, which takes what the second had taken.
    const third = await exported(ALL, 'ben');
    expect([await lists(third), sha(third)]).toEqual([[], sha(first)]);
  });

  test('what is asked for beside it is made, and only the lists are read that this needs', async () => {
    await exported({ formats: ['csv'] });
    const more = await exported({ formats: ['csv', 'shapefiles'] });
    expect(reused(more)).toEqual(CSV_STEPS);
    expect(await lists(more)).toEqual(['locations']);
    await forget();
    expect(sha(await exported({ formats: ['csv', 'shapefiles'] }))).toBe(sha(more));
  });

  test('in a bundle of everything they have the folders that they have there', async () => {
    // Files of resources are fetched from elsewhere, and are not what this is about.
    await db()('resources').delete();
    await exported({ outputType: 'shp' });
    const all = await exported({ outputType: 'all' });
    expect(reused(all)).toEqual(expect.arrayContaining(['relationships', 'shapefiles']));
    expect(all.files.map(({ name }) => name)).toEqual(expect.arrayContaining(['shp/parties.csv', 'shp/polygons.shp']));
    await forget();
    const anew = await exported({ outputType: 'all' });
    expect([reused(anew), sha(anew)]).toEqual([[], sha(all)]);
  });
});

describe('a part is taken only where it fits', () => {
  test('other options that bear on it make it anew, others do not', async () => {
    await exported({ formats: ['csv', 'geojson'] });
    const semicolons = await exported({ formats: ['csv', 'geojson'], csv: { delimiter: ';' } });
    expect(reused(semicolons)).toEqual(['relationships-json', 'parties-json', 'locations-json', 'references']);
    const french = await exported({ formats: ['csv', 'geojson'], language: 'fr', allowPartial: true });
    expect([await lists(french), reused(french).length]).toEqual([[], 7]);
  });

  test('V6: what another version of a step has made is made anew, and takes its place', async () => {
    await exported({ formats: ['csv'] });
    await db()('finished_parts').where({ step: 'parties' }).update({ version: 'older' });
    const second = await exported({ formats: ['csv'] });
    expect(reused(second)).toEqual(['relationships', 'locations', 'references']);
    expect(await lists(second)).toEqual(['parties']);
    expect(await db()('finished_parts').pluck('version')).not.toContain('older');
    expect(await lists(await exported({ formats: ['csv'] }))).toEqual([]);
  });

  test('what is not in storage any more is made anew', async () => {
    const first = await exported({ formats: ['csv'] });
    const lost = stored(first).find((path) => /\/made-.*\/locations.csv$/.test(path));
    rmSync(join(stack.storageDir, lost ?? ''));
    const second = await exported({ formats: ['csv'] });
    expect([await lists(second), sha(second)]).toEqual([['locations'], sha(first)]);
  });

  test('what has its length in storage but other bytes costs one try, and is made anew by the next', async () => {
    const first = await exported({ formats: ['csv'] });
    const damaged = join(stack.storageDir, stored(first).find((path) => /\/made-.*\/parties.csv$/.test(path)) ?? '');
    const bytes = readFileSync(damaged);
    bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
    writeFileSync(damaged, bytes);
    const api = await stack.as('ana');
    const { id } = await api.requestExport(PROJECT, { formats: ['csv'] });
    expect(await api.waitForOutcome(id)).toMatchObject({ state: 'failed', error: { code: 'bundle-damaged' } });
    expect((await api.fetch(`/api/v1/exports/${id}/retry`, { method: 'POST' })).status).toBe(202);
    const again = await api.waitForOutcome(id);
    expect([again.state, sha(again)]).toEqual(['completed', sha(first)]);
    // And others take what that has made.
    expect(await lists(await exported({ formats: ['csv'] }))).toEqual([]);
  });

  test.each([
    [
      'records are changed and added',
      ['parties'],
      `update parties set name = name || '!' where project_id = :id and id = (select min(id) from parties where project_id = :id);
       insert into parties (project_id, id, name, type) values (:id, 'one-more', 'One more', 'IN')`,
    ],
    [
      'a record is removed',
      ['relationships'],
      'delete from tenure_relationships where project_id = :id and id = (select max(id) from tenure_relationships where project_id = :id)',
    ],
  ])('where %s only that list is read, and the bundle is as if all had been made anew', async (_, changed, sql) => {
    const { id } = await project();
    const body = { formats: ['csv', 'shapefiles'] };
    const first = await exported(body);
    for (const statement of sql.split(';')) await db().raw(statement, { id });
    const second = await exported(body);
    expect(await lists(second)).toEqual(changed);
    expect(reused(second)).toEqual(
      ['relationships', 'parties', 'locations', 'shapefiles'].filter((step) => !changed.includes(step)),
    );
    await forget();
    const anew = await exported(body);
    expect(reused(anew)).toEqual([]);
    expect(sha(anew)).toBe(sha(second));
    expect(sha(anew)).not.toBe(sha(first));
  });

  test('nobody gets by it what they may not export', async () => {
    await exported({ formats: ['csv'] });
    const eve = await stack.as('eve');
    const answer = await eve.fetch(`/api/v1/organizations/cadasta/projects/london-2/exports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ formats: ['csv'] }),
    });
    expect([403, 404]).toContain(answer.status);
  });
});

describe('what is kept for others', () => {
  test('is finished files and nothing else, and goes when its time is over; the rows go with it', async () => {
    const first = await exported({ formats: ['csv'] });
    await until('the fragments are gone', async () => !stored(first).some((path) => path.includes('/work-')));
    expect(
      stored(first)
        .filter((path) => path.includes('/made-'))
        .map((path) => path.split('/').at(-1))
        .sort(),
    ).toEqual(expect.arrayContaining(['locations.csv', 'parties.csv', 'references', 'relationships.csv']));
    await db()('exports')
      .where({ id: first.id })
      .update({ parts_until: new Date(Date.now() - 1000) });
    await until('nothing but the bundle is left', async () => stored(first).length === 1);
    const parts = new FinishedParts(db());
    await until('it is noted', () => db()('exports').where({ id: first.id }).whereNull('parts_until').first());
    expect(await parts.removeCleared(1000)).toBeGreaterThan(0);
    expect(await lists(await exported({ formats: ['csv'] }))).toEqual(['locations', 'parties', 'relationships']);
  });

  test('stays for an export that is about to use it, however soon its time would be over', async () => {
    const first = await exported({ formats: ['csv'] });
    await db()('exports')
      .where({ id: first.id })
      .update({ parts_until: new Date(Date.now() + 30_000) });
    await exported({ formats: ['csv'] });
    const { parts_until } = await db()('exports').where({ id: first.id }).first('parts_until');
    expect(parts_until.getTime()).toBeGreaterThan(Date.now() + 5 * HOUR);
  });

  test('is not to be had while it is being removed', async () => {
    const first = await exported({ formats: ['csv'] });
    const parts = new FinishedParts(db());
    await db().transaction(async (trx) => {
      await trx('exports').where({ id: first.id }).forUpdate().first('id');
      expect(await parts.hold([first.id], new Date(Date.now() + HOUR))).toEqual(new Set());
    });
    expect(await parts.hold([first.id], new Date(Date.now() + HOUR))).toEqual(new Set([first.id]));
  });
});

describe('the version of a list', () => {
  const versions = async () => {
    const { id } = await project();
    const rows = await db()('project_counts').where({ project_id: id }).select('entity', 'version');
    return Object.fromEntries(rows.map(({ entity, version }) => [entity, version]));
  };
  const changed = async (change: () => Promise<unknown>) => {
    const before = await versions();
    await change();
    const after = await versions();
    return Object.keys(after).filter((list) => after[list] !== before[list]);
  };

  test('is another one after every change of its records, and no other list’s', async () => {
    const { id } = await project();
    const of = (table: string) => db()(table).where({ project_id: id });
    expect(await changed(async () => {})).toEqual([]);
    expect(await changed(() => of('spatial_units').limit(1).update({ type: 'MI' }))).toEqual(['locations']);
    expect(await changed(() => of('parties').update({ type: 'IN' }))).toEqual(['parties']);
    const resource = {
      project_id: id,
      id: 'r-new',
      name: 'n',
      file: 'https://x.test/f',
      original_file: 'f',
      mime_type: 'text/plain',
    };
    expect(await changed(() => db()('resources').insert(resource))).toEqual(['resources']);
    const link = { project_id: id, resource_id: 'r-new', target_type: 'party', target_id: 'p' };
    expect(await changed(() => db()('resource_links').insert(link))).toEqual(['resources']);
    expect(await changed(() => of('resources').where({ id: 'r-new' }).delete())).toEqual(['resources']);
  });

  test('is another one in both projects where a record moves from one to the other, and so is the count', async () => {
    const from = (await project()).id;
    const { organization_id } = await db()('projects').where({ id: from }).first('organization_id');
    const rest = { organization_id, slug: 'moved-to', name: 'n', access: 'private', country: 'GB' };
    const [{ id: to }] = await db()('projects').insert(rest).returning('id');
    const counts = (entity: string, project_id: string) => db()('project_counts').where({ project_id, entity }).first();
    const rows = async (table: string, project_id: string) =>
      Number((await db()(table).where({ project_id }).count('* as n'))[0]?.n);
    for (const [table, list, record] of [
      ['spatial_units', 'locations', { id: 'moves', type: 'PA' }],
      ['parties', 'parties', { id: 'moves', type: 'IN', name: 'n' }],
    ] as const) {
      const moved = db()(table).where({ id: 'moves' });
      await db()(table).insert({ ...record, project_id: from });
      expect(await changed(() => moved.clone().update({ project_id: to }))).toEqual([list]);
      for (const id of [from, to]) expect(Number((await counts(list, id)).n)).toBe(await rows(table, id));
      const { version } = await counts(list, to);
      await moved.clone().update({ project_id: from });
      expect(Number((await counts(list, to)).n)).toBe(0);
      expect((await counts(list, to)).version).not.toBe(version);
      await moved.clone().delete();
    }
    await db()('projects').where({ id: to }).delete();
  });

  test('stays where a change is rolled back, and is seen with the change, not before', async () => {
    const { id } = await project();
    const update = (trx: ReturnType<typeof db>) => trx('parties').where({ project_id: id }).update({ type: 'CO' });
    expect(
      await changed(async () => {
        await db()
          .transaction(async (trx) => {
            await update(trx);
            throw new Error('no');
          })
          .catch(() => {});
      }),
    ).toEqual([]);
    const trx = await db().transaction();
    expect(await changed(() => update(trx))).toEqual([]);
    expect(await changed(() => trx.commit())).toEqual(['parties']);
  });
});

test('the files of a bundle that was put together of parts are whole', async () => {
  await exported({ formats: ['csv', 'xlsx'] });
  const { id } = await exported({ formats: ['csv', 'xlsx'] });
  const zip = join(folder, 'whole.zip');
  await (await stack.as('ana')).download(id, zip);
  expect(execFileSync('unzip', ['-tq', zip], { encoding: 'utf8' })).toContain('No errors');
});

describe('where a worker is killed', () => {
  test.each([
    ['merge.bundled', 0],
    ['merge.decided', CSV_STEPS.length + 3],
  ])('at %s no half part is to be had', async (point, noted) => {
    await Promise.all(stack.workers.map((worker) => worker.kill()));
    const once = join(folder, point);
    const dying = await stack.startWorker({ CRASH_AT: point, CRASH_ONCE: once, WORKER_LOCK_SECONDS: '1' });
    const api = await stack.as('ana');
    const { id } = await api.requestExport(PROJECT, { formats: ['csv'] });
    await dying.exited;
    const parts = await db()('finished_parts').where({ export_id: id });
    expect(parts).toHaveLength(noted);
    const lying = stored({ id });
    for (const { content } of parts) {
      const { outputs = [], fragments = [] } = content;
      const objects = [
        ...outputs.flatMap(({ reduced }: { reduced: { files: object[] } }) => reduced.files),
        ...fragments,
      ];
      for (const { key } of objects as { key: string }[]) expect(lying).toContain(key);
    }
    await stack.startWorker({ WORKER_LOCK_SECONDS: '1' });
    expect((await api.waitForOutcome(id)).state).toBe('completed');
    expect(await lists(await exported({ formats: ['csv'] }))).toEqual([]);
  });
});
