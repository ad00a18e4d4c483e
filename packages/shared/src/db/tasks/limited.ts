/** Has the tasks that begin an export look at the limits: what would pass one is vetoed, and leaves nothing. */
import type { Hooks } from '../../tasks/hooks.js';
import type { LimitService } from '../services/limits.js';
import type { ProjectQuota } from '../services/project-quota.js';
import type { ExportTasks } from './export-tasks.js';

/**
 * Attaches the limits. Requests that join an export, or repeat one by their key, begin none and are not counted; one that is
 * tried again counts among those in flight.
 */
export function limitTasks(hooks: Hooks, exports: ExportTasks, limits: LimitService): void {
  hooks.after(exports.record.taskName, async ({ kind, exportId }, { trx }) => {
    if (kind === 'created') await limits.check(trx, exportId, true);
  });
  hooks.after(exports.renew.taskName, async ({ kind, exportId }, { trx }) => {
    if (kind === 'created') await limits.check(trx, exportId, true);
  });
  hooks.after(exports.startNext.taskName, async ({ exportId, started }, { trx }) => {
    if (started) await limits.check(trx, exportId, true);
  });
  hooks.after(exports.retry.taskName, (_, { trx, input }) => limits.check(trx, input.id, false));
}

/** Has the same tasks look at the quota of their project; after the limits, whose locks come first. */
export function quotaTasks(hooks: Hooks, exports: ExportTasks, quota: ProjectQuota): void {
  hooks.after(exports.record.taskName, async ({ kind, exportId }, { trx }) => {
    if (kind === 'created') await quota.checkExport(trx, exportId);
  });
  hooks.after(exports.renew.taskName, async ({ kind, exportId }, { trx }) => {
    if (kind === 'created') await quota.checkExport(trx, exportId);
  });
  hooks.after(exports.startNext.taskName, async ({ exportId, started }, { trx }) => {
    if (started) await quota.checkExport(trx, exportId);
  });
  hooks.after(exports.retry.taskName, (_, { trx, input }) => quota.checkExport(trx, input.id));
}
