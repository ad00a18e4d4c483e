/** That parts which exports take of each other are whole: on the disk before they count, and nobody’s once one is not. */
import { createHash } from 'node:crypto';
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { FinishedParts, type NewPart } from '@parcelpost/shared/db/services/finished-parts.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { objectsOf } from '../pipeline/parts.js';
import type { Plan } from '../pipeline/plan.js';
import type { OutputFile } from '../pipeline/step.js';
import type { WorkerDeps } from './deps.js';
import type { ReduceResult } from './reduce.js';

/** Objects of storage waited for together. */
const SYNCS = 16;

/**
 * Waits until what is to be kept is on the disk: whoever takes it looks at no more than its length.
 * @returns the parts; none where the disk refuses, so that nobody takes what may not be whole
 */
export async function onDisk(
  { storage, log }: Pick<WorkerDeps, 'storage' | 'log'>,
  row: ExportRow,
  parts: readonly NewPart[],
): Promise<readonly NewPart[]> {
  const keys = [...new Set(parts.flatMap((part) => objectsOf(part).map(({ key }) => key)))];
  try {
    for (let at = 0; at < keys.length; at += SYNCS) {
      await Promise.all(keys.slice(at, at + SYNCS).map((key) => storage.sync(key)));
    }
    return parts;
  } catch (error) {
    log.warn(
      { err: error, exportId: row.id },
      'what was made could not be put on the disk; nothing is kept for others',
    );
    return [];
  }
}

/**
 * Looks for what made a bundle damaged among the files that were taken of other exports, byte by byte, and has nobody take those any
 * more: every later export makes them anew.
 * @param jobs all work of the export
 * @returns whether there were such: then no other start of this merge can help, since what it takes is settled
 */
export async function disownDamaged(
  { db, storage, log }: Pick<WorkerDeps, 'db' | 'storage' | 'log'>,
  row: ExportRow,
  { keys = {} }: Plan,
  jobs: readonly ExportJobRow[],
): Promise<boolean> {
  const damaged = new Set<string>();
  for (const { kind, step, result } of jobs) {
    const { from, files } = (kind === 'reduce' ? (result ?? {}) : {}) as Partial<ReduceResult>;
    if (from === undefined) continue;
    for (const file of files ?? []) if (!(await isWhole(storage, file))) damaged.add(step.slice(0, step.indexOf('.')));
  }
  if (damaged.size === 0) return false;
  const steps = [...damaged];
  await new FinishedParts(db).disown(steps.flatMap((step) => keys[step] ?? []));
  log.warn({ exportId: row.id, steps }, 'finished parts of an earlier export are damaged; nobody takes them any more');
  return true;
}

async function isWhole(storage: Storage, { key, sha256 }: OutputFile): Promise<boolean> {
  const sum = createHash('sha256');
  try {
    for await (const chunk of storage.read(key)) sum.update(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  return sum.digest('hex') === sha256;
}
