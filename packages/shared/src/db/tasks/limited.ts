/** Has the tasks that begin an export look at the limits: what would pass one is vetoed, and leaves nothing. */
import type { Hooks } from '../../tasks/hooks.js';
import type { LimitService } from '../services/limits.js';
import type { ExportTasks } from './export-tasks.js';

/**
 * Attaches the limits. Requests that join an export, or repeat one by their key, begin none and are not counted; one that is
 * tried again counts among those in flight.
 */
export function limitTasks(hooks: Hooks, exports: ExportTasks, limits: LimitService): void {
  hooks.after(exports.record.taskName, async ({ kind, exportId }, { trx }) => {
    if (kind === 'created') await limits.check(trx, exportId, true);
  });
  hooks.after(exports.startNext.taskName, async ({ exportId, started }, { trx }) => {
    if (started) await limits.check(trx, exportId, true);
  });
  hooks.after(exports.retry.taskName, (_, { trx, input }) => limits.check(trx, input.id, false));
}
