/** Brings an export to its outcome, and clears away what that leaves without use. */
import type { ExportRow, Outcome } from '@parcelpost/shared/db/services/exports.js';
import { KeptPartsService } from '@parcelpost/shared/db/services/kept-parts.js';
import { type Decision, decide } from '../outcome/decide.js';
import type { WorkerDeps } from './deps.js';
import { besideBundles, besideFinished, folderOfBundle, lostBundles } from './keys.js';

/** Decides, and clears away. Whoever comes second takes back what it brought, and changes nothing. */
export async function conclude(deps: WorkerDeps, row: ExportRow, decision: Decision): Promise<void> {
  const outcome = await decide(deps, row, decision);
  // Somebody else decided, or it was told to stop at the last moment: a bundle that lost that race is nobody's.
  if ('file' in decision && !hasBundle(outcome)) {
    await deps.storage.removePrefix(folderOfBundle(decision.file.storageKey));
    await deps.writes.noteRemoved([decision.file.id], 'undecided');
  }
  if (outcome) await clearAway(deps, row, outcome);
}

/**
 * Removes what a decided export does not need. The parts that it was to be made of stay where there is no whole bundle:
 * another try takes them over, or they go when their time is over. Finished ones that were kept for other exports are for those rounds
 * alone, which hold the row and look at its time: somebody may be reading them. A later round does what this one cannot. Never throws.
 */
export async function clearAway(deps: WorkerDeps, row: ExportRow, outcome: Outcome): Promise<void> {
  const { db, files, storage, log } = deps;
  const kept = new KeptPartsService(db);
  try {
    const parts = await kept.of(row.id, row.generation);
    if (!parts) return;
    const keeps = outcome === 'completed' && parts.finished;
    const prefixes = keeps
      ? besideFinished(parts)
      : outcome === 'completed'
        ? besideBundles(parts)
        : lostBundles(parts);
    for (const prefix of prefixes) await storage.removePrefix(prefix);
    await files.noteLostRemoved(row.id, row.generation);
    if (outcome === 'completed' && !keeps) await kept.noteCleared(row.id, row.generation);
  } catch (error) {
    log.warn({ err: error, exportId: row.id }, 'what was in the making could not be cleared away');
  }
}

const hasBundle = (outcome: Outcome | undefined) => outcome === 'completed' || outcome === 'partial';

/**
 * Puts the bundles of earlier generations out of reach: that of a later try is the one that is downloaded. Who is at one reads it
 * to its end: its bytes go like those of all others (`expired-files.ts`). The decision defers it (`export.remove-replaced`).
 * @returns how many there were
 */
export async function removeReplaced(
  { files, writes }: Pick<WorkerDeps, 'files' | 'writes'>,
  exportId: string,
  generation: number,
): Promise<number> {
  const ids = await files.ofEarlier(exportId, generation);
  await writes.noteRemoved(ids, 'replaced');
  return ids.length;
}
