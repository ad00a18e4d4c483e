import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BUILT_IN_PIPELINE } from '../pipeline/pipeline.js';
import type { Plan } from '../pipeline/plan.js';
import { mapRecords } from './map-records.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'map-records-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('ids are noted also where their check is there already: by them it is seen that a record came twice', async () => {
  const storage = new FileStorage(folder);
  const at = (place: string) => async (name: string) => {
    const key = `${place}/${name}`;
    return Object.assign(await storage.create(key), { key });
  };
  const reused = { steps: { references: { outputs: ['ids'], notices: [] }, shapefiles: { outputs: [], notices: [] } } };
  const { fragments } = await mapRecords({
    pipeline: BUILT_IN_PIPELINE,
    row: { options: { formats: ['csv', 'shapefiles'], csv: {} } } as unknown as ExportRow,
    plan: { schemas: {}, reused } as unknown as Plan,
    entity: 'locations',
    open: at('work'),
    openKept: at('made'),
    batches: (async function* () {
      yield [{ id: 'l1', type: 'PA', area: null, geometry: null, attributes: {} }];
    })(),
  });
  // And nobody takes what they left: the check of the whole is somebody else’s.
  expect(fragments.map(({ step, key }) => [step, key.split('/')[0]])).toEqual([
    ['locations', 'work'],
    ['references', 'work'],
  ]);
});
