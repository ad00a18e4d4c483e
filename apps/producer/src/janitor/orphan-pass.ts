/** Clears orphans away in the background: one producer at a time, a page at a time, now and then. */
import type { Chores } from '@parcelpost/shared/db/services/chores.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { Metrics } from '@parcelpost/shared/metrics.js';
import type { Orphans } from './orphans.js';

/** Between the end of a pass and the next, whichever producer does it. */
const EVERY_MS = 6 * 3_600_000;
/** Between two pages: whoever exports comes first. */
const BREATH_MS = 20;

/**
 * One pass, unless another producer is at it or it has been done lately.
 * @param safeMs see {@link Orphans.find}
 * @param signal breaks it off after the page that is looked at: it has not been done then, and anybody may begin it anew
 * @returns how many objects were removed
 */
export async function orphanPass(
  {
    orphans,
    chores,
    metrics,
    log,
  }: { orphans: Orphans; chores: Chores; metrics: Pick<Metrics, 'removed'>; log: Logger },
  { safeMs, signal, everyMs = EVERY_MS }: { safeMs: number; signal: AbortSignal; everyMs?: number },
): Promise<number> {
  let removed = 0;
  const pass = async (goOn: () => Promise<boolean>) => {
    for await (const page of orphans.find(safeMs)) {
      const gone = await orphans.remove(page.orphans);
      const bytes = gone.reduce((sum, one) => sum + one.bytes, 0);
      metrics.removed('orphan', gone.length, bytes);
      if (gone.length > 0) log.info({ files: gone.length, bytes, first: gone[0]?.key }, 'orphans removed');
      removed += gone.length;
      signal.throwIfAborted();
      if (!(await goOn())) break;
      await new Promise((resume) => setTimeout(resume, BREATH_MS));
    }
  };
  try {
    await chores.alone('orphans', pass, { everyMs });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
  return removed;
}
