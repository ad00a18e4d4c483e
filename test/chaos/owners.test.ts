/** The judge of owners finds each way in which owner and outcome may disagree, and finds nothing where they agree. */
import { expect, test } from 'vitest';
import type { BundleRecord, ExportRecord } from './evidence.js';
import { judgeOwners } from './owners.js';

const row = (changes: Partial<ExportRecord> = {}): ExportRecord => ({
  id: 'e1',
  project: 'plain-1',
  generation: 2,
  outcome: 'completed',
  error: null,
  missing: 0,
  token: false,
  partsKept: false,
  ...changes,
});
const bundle = (changes: Partial<BundleRecord> = {}): BundleRecord => ({
  exportId: 'e1',
  generation: 2,
  storageKey: 'k',
  bytes: 1,
  sha256: '00',
  ownerKind: 'project',
  ownerId: 'chaos/plain-1',
  pinned: true,
  ...changes,
});

test.each<[string, ExportRecord, BundleRecord[]]>([
  ['a completed export with its bundle', row(), [bundle()]],
  [
    'a partial one, beside what an earlier try left',
    row({ outcome: 'partial' }),
    [bundle(), bundle({ generation: 1 })],
  ],
  ['a failed one after a partial one', row({ outcome: 'failed' }), [bundle({ generation: 1 })]],
  ['a cancelled one without any', row({ outcome: 'cancelled' }), []],
])('%s is well', (_, one, bundles) => {
  expect(judgeOwners([one], bundles).broken).toEqual([]);
});

test.each<[string, ExportRecord, BundleRecord[]]>([
  ['a completed export without a bundle', row(), []],
  ['with that of an earlier try alone', row(), [bundle({ generation: 1 })]],
  ['with two', row(), [bundle(), bundle()]],
  ['whose bundle is who asked’s', row(), [bundle({ ownerKind: 'user', ownerId: 'ana', pinned: false })]],
  ['beside one that lost and was not removed', row(), [bundle(), bundle({ ownerKind: 'user', ownerId: 'ana' })]],
  ['whose bundle is not pinned', row(), [bundle({ pinned: false })]],
  ['whose bundle is another project’s', row(), [bundle({ ownerId: 'chaos/plain-2' })]],
  ['a failed export whose bundle is the project’s', row({ outcome: 'failed' }), [bundle()]],
  ['an open one', row({ outcome: null }), [bundle()]],
])('%s is found', (_, one, bundles) => {
  expect(judgeOwners([one], bundles).broken.length).toBeGreaterThan(0);
});
