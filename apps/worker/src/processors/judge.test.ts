import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import { describe, expect, test } from 'vitest';
import { BUILT_IN_PIPELINE } from '../pipeline/pipeline.js';
import { judge } from './judge.js';

const job = (kind: ExportJobRow['kind'], step: string, changes: Partial<ExportJobRow> = {}): ExportJobRow => ({
  exportId: 'e',
  generation: 1,
  kind,
  step,
  shard: 0,
  state: 'done',
  attempts: 1,
  starts: 1,
  rows: 0,
  rowsExpected: null,
  bytes: 0,
  startedAt: null,
  finishedAt: null,
  error: null,
  result: null,
  reusedFrom: null,
  ...changes,
});
const ALL: ExportOptions = {
  outputType: 'custom',
  formats: ['csv'],
  csv: { bom: false, escapeFormulas: true },
  allowPartial: false,
};
const PART = { ...ALL, allowPartial: true };
const ERROR = { code: 'test', message: 'it failed', step: 'parties', shard: 1, attempts: 3 };

const plan = job('plan', 'plan');
const map = (shard: number, changes: Partial<ExportJobRow> = {}) =>
  job('map', 'parties', {
    shard,
    rows: 10,
    rowsExpected: 10,
    result: { fragments: [], notices: [], counts: null, repeated: { count: 0, ids: [] }, software: '1' },
    ...changes,
  });
const reduce = (name: string, changes: Partial<ExportJobRow> = {}) =>
  job('reduce', name, { result: { files: [{ name }], warnings: [], software: '1' }, ...changes });
const FILES = ['relationships.csv', 'parties.csv', 'locations.csv'];
const reduces = FILES.map((name) => reduce(name));
const lost = map(1, { state: 'failed', error: ERROR, result: null, rows: 0 });

test('work that is all there is bundled, its files in the order of the bundle', () => {
  for (const options of [ALL, PART]) {
    const judged = judge(BUILT_IN_PIPELINE, options, [
      plan,
      job('merge', 'merge', { state: 'active' }),
      map(0),
      map(1),
      ...reduces.toReversed(),
    ]);
    if ('failure' in judged) throw new Error(judged.failure.message);
    expect(judged.maps).toHaveLength(2);
    expect(judged.reduced.flatMap(({ files }) => files.map(({ name }) => name))).toEqual(FILES);
    expect(judged.missing).toEqual([]);
  }
});

test('an export of nothing but shapefiles, of a project that has none, is all there without a file', () => {
  const judged = judge(BUILT_IN_PIPELINE, { ...ALL, formats: ['shapefiles'] }, [
    plan,
    job('map', 'locations', { result: { fragments: [] } }),
  ]);
  expect(judged).toMatchObject({ reduced: [], missing: [] });
});

describe('where all is wanted', () => {
  test.each([
    ['the plan', [job('plan', 'plan', { state: 'waiting' })], { step: 'plan', shard: null }],
    ['a shard, by its entity', [plan, map(0), map(1, { state: 'waiting' })], { step: 'parties', shard: 1 }],
    [
      'a file, by its output',
      [plan, map(0), ...reduces.slice(1), reduce('relationships.csv', { state: 'active' })],
      { step: 'relationships.csv', shard: null },
    ],
    ['files that the plan never got to', [plan, map(0)], { step: 'relationships.csv', shard: null }],
  ])('the failure names what is undone: %s', (_what, jobs, place) => {
    expect(judge(BUILT_IN_PIPELINE, ALL, jobs)).toMatchObject({ failure: { code: 'incomplete', ...place } });
  });

  test('the reason that a piece of work left is the failure', () => {
    expect(judge(BUILT_IN_PIPELINE, ALL, [plan, map(0), lost])).toEqual({ failure: ERROR });
    const error = { ...ERROR, step: 'parties.csv', shard: null };
    expect(judge(BUILT_IN_PIPELINE, ALL, [plan, map(0), reduce('parties.csv', { state: 'failed', error })])).toEqual({
      failure: error,
    });
  });
});

describe('where a part is taken for the whole', () => {
  test('failed shards and files are missing, with their reasons and what they should have had', () => {
    const error = { ...ERROR, step: 'parties.csv', shard: null };
    const jobs = [plan, map(0), lost, reduce('parties.csv', { state: 'failed', error }), reduces[0], reduces[2]];
    const judged = judge(BUILT_IN_PIPELINE, PART, jobs as ExportJobRow[]);
    if ('failure' in judged) throw new Error(judged.failure.message);
    expect(judged.maps.map(({ shard }) => shard)).toEqual([0]);
    expect(judged.reduced).toHaveLength(2);
    expect(judged.missing).toEqual([
      { ...ERROR, rowsExpected: 10 },
      { ...error, rowsExpected: null },
    ]);
  });

  test('what never came to its end is missing as well', () => {
    const judged = judge(BUILT_IN_PIPELINE, PART, [
      plan,
      map(0),
      map(1, { state: 'active', result: null, rows: 4 }),
      ...reduces,
    ]);
    expect(judged).toMatchObject({ missing: [{ code: 'incomplete', step: 'parties', shard: 1, rowsExpected: 10 }] });
  });

  test.each([
    ['the plan failed', [job('plan', 'plan', { state: 'failed', error: ERROR })]],
    ['no shard was read', [plan, lost]],
    ['those that were read had no records', [plan, lost, map(0, { rows: 0, rowsExpected: 0 }), ...reduces]],
    ['no file was made', [plan, map(0), ...FILES.map((name) => reduce(name, { state: 'failed', error: ERROR }))]],
  ])('nothing at all is a failure, with the first reason: %s', (_why, jobs) => {
    expect(judge(BUILT_IN_PIPELINE, PART, jobs)).toEqual({ failure: ERROR });
  });

  test('a shard is no loss where no records were expected anywhere', () => {
    const empty = { rows: 0, rowsExpected: 0 };
    const judged = judge(BUILT_IN_PIPELINE, PART, [plan, map(0, empty), { ...lost, ...empty }, ...reduces]);
    expect(judged).toMatchObject({ missing: [{ rowsExpected: 0 }] });
  });
});
