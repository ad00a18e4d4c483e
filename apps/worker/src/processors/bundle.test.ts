/** The merge re-opens what it has bundled before anything is decided. */

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { NewPart } from '@parcelpost/shared/db/services/finished-parts.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noteSyncs } from '../../../../test/support/synced.js';
import { BUILT_IN_PIPELINE } from '../pipeline/pipeline.js';
import type { Plan } from '../pipeline/plan.js';
import { bundle } from './bundle.js';
import type { WorkerDeps } from './deps.js';
import type { ReduceResult } from './reduce.js';

const PARTIES = 'id,name,type\r\np1,Ana,IN\r\np2,Ben,IN\r\n';
const ROW = {
  id: 'e1',
  generation: 1,
  organization: 'makers',
  project: 'made',
  requester: { id: 'u1', name: 'Ana', email: '', language: 'en' },
  requestedAt: new Date('2026-01-02T03:04:05Z'),
  options: {
    outputType: 'custom',
    formats: ['csv'],
    csv: { bom: false, escapeFormulas: true },
    allowPartial: false,
  },
} as unknown as ExportRow;

let folder: string;
let storage: FileStorage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-bundle-'));
  storage = new FileStorage(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Bundles one file of a reduce that wrote `written`, where storage now has `stored`. */
async function bundled(written: string, stored: string, rows = 2, kept: Partial<Plan> = {}) {
  await storage.put('work/parties.csv', stored);
  const plan: Plan = {
    project: { name: 'Made', organizationName: 'Makers', country: '', description: '' },
    schemas: {},
    shards: [],
    ...kept,
  };
  const deps = {
    storage,
    log: createLogger('test', 'silent'),
    plans: { get: async () => plan },
    pipeline: BUILT_IN_PIPELINE,
    settings: { softwareVersion: '0', zipLevel: 1, ttlMs: 1000, publicUrl: 'http://localhost' },
  } as unknown as WorkerDeps;
  const file = {
    name: 'parties.csv',
    key: 'work/parties.csv',
    rows,
    bytes: Buffer.byteLength(written),
    sha256: createHash('sha256').update(written).digest('hex'),
  };
  const reduced = [{ files: [file], warnings: [], software: '0' } satisfies ReduceResult];
  const steps = ['relationships', 'parties', 'locations'];
  const jobs = steps.map((step) => ({
    kind: 'reduce',
    step: `${step}.csv`,
    state: 'done',
    rows: 0,
    bytes: 0,
    result: step === 'parties' ? reduced[0] : { files: [], warnings: [] },
    reusedFrom: null,
  })) as unknown as ExportJobRow[];
  return bundle(deps, ROW, { maps: [], reduced, missing: [] }, jobs, 1, new AbortController().signal);
}

const left = () => existsSync(join(folder, 'makers/made/e1/bundle-1-1/bundle.zip'));

test('what is as it was written is bundled', async () => {
  const { result } = await bundled(PARTIES, PARTIES);
  expect(result).toMatchObject({ outcome: 'completed', files: [{ name: 'parties.csv', rows: 2 }, {}, {}] });
  expect(left()).toBe(true);
});

test('a bundle is on the disk before anything is decided, and nothing else is waited for', async () => {
  const syncs = await noteSyncs();
  try {
    await bundled(PARTIES, PARTIES);
  } finally {
    syncs.stop();
  }
  expect(await syncs.of(join(folder, 'makers/made/e1/bundle-1-1/bundle.zip'))).toBe(true);
  expect(await syncs.of(join(folder, 'makers/made/e1/bundle-1-1'))).toBe(true);
  expect(syncs.kinds.filter((kind) => kind === 'file')).toHaveLength(1);
});

test('what is kept for others is on the disk too', async () => {
  const syncs = await noteSyncs();
  let parts: readonly NewPart[];
  try {
    ({ parts } = await bundled(PARTIES, PARTIES, 2, { snapshot: 's', keys: { parties: 'key' } }));
  } finally {
    syncs.stop();
  }
  expect(parts).toMatchObject([{ key: 'key', step: 'parties' }]);
  expect(await syncs.of(join(folder, 'work/parties.csv'))).toBe(true);
});

test('where the disk refuses it, nothing is kept for others, and the bundle is made all the same', async () => {
  const sync = storage.sync.bind(storage);
  storage.sync = (key) => (key.endsWith('.csv') ? Promise.reject(new Error('EIO')) : sync(key));
  const { parts, result } = await bundled(PARTIES, PARTIES, 2, { snapshot: 's', keys: { parties: 'key' } });
  expect([parts, result.outcome]).toEqual([[], 'completed']);
});

test('a byte that changed in storage after it was written fails the merge, and no bundle is left', async () => {
  await expect(bundled(PARTIES, PARTIES.replace('Ana', 'Eva'))).rejects.toMatchObject({
    code: 'bundle-damaged',
    permanent: false,
    message: expect.stringMatching(/parties\.csv: its SHA-256 is/),
  });
  expect(left()).toBe(false);
});

test('so does a file with other records than its reduce counted, or one that is no table', async () => {
  await expect(bundled(PARTIES, PARTIES, 3)).rejects.toThrow(
    /parties\.csv: it has 2 records where the manifest says 3/,
  );
  const torn = PARTIES.replace('p1,Ana,IN', 'p1,Ana');
  await expect(bundled(torn, torn)).rejects.toThrow(/parties\.csv: row 2 has 2 cells where the header has 3/);
  expect(left()).toBe(false);
});

test('ids that are there twice do not: they are the platform’s, and no other try mends them', async () => {
  const twice = PARTIES.replace('p2', 'p1');
  expect((await bundled(twice, twice)).result.outcome).toBe('completed');
});
