import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import { expect, test } from 'vitest';
import { failureBelow } from './merge.js';

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
  ...changes,
});
const plan = job('plan', 'plan');
const map = job('map', 'parties', { shard: 2 });
const reduce = job('reduce', 'parties.csv');

test('work that is all there is no failure', () => {
  expect(failureBelow([job('merge', 'merge', { state: 'active' }), plan, map, reduce])).toBeUndefined();
});

test.each([
  ['the plan', [job('plan', 'plan', { state: 'waiting' })], { step: 'plan', shard: null }],
  ['a shard, by its entity', [plan, { ...map, state: 'waiting' as const }], { step: 'parties', shard: 2 }],
  ['a file, by its output', [plan, map, { ...reduce, state: 'active' as const }], { step: 'parties.csv', shard: null }],
  ['files that the plan never got to', [plan, map], { step: 'plan', shard: null }],
])('the failure names what is undone: %s', (_what, jobs, place) => {
  expect(failureBelow(jobs)).toMatchObject({ code: 'incomplete', ...place });
});

test('the reason that a piece of work left is the failure', () => {
  const error = { code: 'test', message: 'it failed', step: 'shapefiles.polygons', shard: null, attempts: 3 };
  expect(failureBelow([plan, map, job('reduce', 'shapefiles.polygons', { state: 'failed', error })])).toEqual(error);
});
