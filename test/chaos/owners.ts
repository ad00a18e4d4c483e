/** Whether what says whose the bundles are agrees with the outcomes. Pure. */
import type { BundleRecord, ExportRecord } from './evidence.js';
import type { Judged } from './judge.js';
import { ORGANIZATION } from './platform.js';

const withBundle = ({ outcome }: Pick<ExportRecord, 'outcome'>) => outcome === 'completed' || outcome === 'partial';

/** @param bundles those that are not removed */
export function judgeOwners(exports: readonly ExportRecord[], bundles: readonly BundleRecord[]): Judged {
  const broken: string[] = [];
  const rows = new Map(exports.map((row) => [row.id, row]));
  const decidedOn = new Map<string, number>();
  for (const { exportId, generation, ownerKind, ownerId, pinned } of bundles) {
    const row = rows.get(exportId);
    const name = `${row?.project} (${exportId}) generation ${generation}`;
    if (ownerKind !== 'project') {
      broken.push(`${name}: belongs to ${ownerKind} ${ownerId}, and is ${row?.outcome ?? 'open'}`);
      continue;
    }
    if (!pinned || ownerId !== `${ORGANIZATION}/${row?.project}`)
      broken.push(`${name}: ${pinned ? ownerId : 'is not pinned'}`);
    if (row?.generation !== generation) continue;
    if (!withBundle(row)) broken.push(`${name}: belongs to the project, and is ${row.outcome ?? 'open'}`);
    decidedOn.set(exportId, (decidedOn.get(exportId) ?? 0) + 1);
  }
  for (const row of exports) {
    const many = decidedOn.get(row.id) ?? 0;
    if (withBundle(row) && many !== 1) broken.push(`${row.project} (${row.id}): ${row.outcome}, with ${many} bundles`);
  }
  return { promise: 'a bundle belongs to its project exactly where that is the outcome', broken };
}
