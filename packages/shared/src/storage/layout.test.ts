import { expect, test } from 'vitest';
import { bundleKey, exportPrefix, folderOfBundle, workKey } from '../../../../apps/worker/src/processors/keys.js';
import { uploadKey } from '../db/services/uploads.js';
import { placeOf } from './layout.js';

const ID = '0b9e1c7e-5b5d-4c55-9df6-6f3f6f0f9f01';
/** What a writer that was killed leaves beside the key. */
const PART = '.7d4b7c0e-12f1-4a53-8f43-06f9a9a5e0bb.part';
const row = { id: ID, organization: 'uploads', project: 'a b/c.d', generation: 3 };
const start = { exportId: ID, generation: 3, kind: 'map', step: 'parties', shard: 12, start: 2 } as const;

test('every key that workers and uploads make is told by itself, and so is what a killed writer leaves beside it', () => {
  for (const part of ['', PART]) {
    expect(placeOf(uploadKey(ID) + part)).toEqual({ kind: 'upload', id: ID });
    const work = placeOf(workKey(row, start, 'csv') + part);
    expect(work).toEqual({ kind: 'export', id: ID, part: 'work', folder: `${exportPrefix(row)}/work-3` });
    const bundle = bundleKey(row, 2);
    expect(placeOf(bundle + part)).toEqual({ kind: 'export', id: ID, part: 'bundle', folder: folderOfBundle(bundle) });
  }
});

test('what is of an export but of no part that is known, and what is nobody’s, is told as such', () => {
  expect(placeOf(`a/b/${ID}/notes/x`)).toMatchObject({ kind: 'export', part: 'other' });
  expect(placeOf(`a/b/${ID}/bundle-1`)).toMatchObject({ kind: 'export', part: 'other' });
  expect(placeOf(`a/b/${ID}/made-2/reduce-csv-0-1/parties.csv`)).toMatchObject({ kind: 'export', part: 'work' });
  expect(placeOf(`ops-doctor-${ID}/probe`)).toEqual({ kind: 'probe' });
  for (const key of ['backup.tar', 'a/b/c', `a/${ID}/b`, `a/b/${ID}`, 'uploads/x/file', `x/uploads/${ID}`]) {
    expect(placeOf(key), key).toEqual({ kind: 'unknown' });
  }
});
