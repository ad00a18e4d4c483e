import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { expect, test } from 'vitest';
import { BUILT_IN_PIPELINE } from '../pipeline/pipeline.js';
import type { Plan } from '../pipeline/plan.js';
import { partsToKeep } from './reuse.js';

const row = { options: { outputType: 'custom', formats: ['csv'], csv: {} } } as unknown as ExportRow;
const jobs = ['relationships', 'parties', 'locations'].map((step) => ({
  kind: 'reduce',
  step: `${step}.csv`,
  state: 'done',
  rows: 0,
  bytes: 0,
  result: { files: [], warnings: [] },
  reusedFrom: null,
})) as unknown as ExportJobRow[];
const kept = (plan: Partial<Plan>) =>
  partsToKeep({ pipeline: BUILT_IN_PIPELINE }, row, { keys: { parties: 'k' }, shards: [], ...plan } as Plan, jobs);

test('lists that were counted as empty are kept for others only where the version is of the same moment as the count', () => {
  expect(kept({ snapshot: 's' })).toMatchObject([{ key: 'k', step: 'parties' }]);
  expect(kept({})).toEqual([]);
});
