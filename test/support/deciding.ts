/** What a worker decides with, on a test's database. */
import type { Database } from '@parcelpost/shared/db/database.js';
import { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { OwnershipService } from '@parcelpost/shared/db/services/ownership.js';
import { FileTasks } from '@parcelpost/shared/files/transfer.js';
import type { Logger } from '@parcelpost/shared/log.js';
import { Actions } from '@parcelpost/shared/tasks/actions.js';
import { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import { OutcomeTasks } from '../../apps/worker/src/outcome/outcome-tasks.js';

export function deciding(db: Database, log: Logger): { runner: TaskRunner; outcome: OutcomeTasks } {
  const runner = new TaskRunner({ actions: new Actions({ db, log }), log });
  const files = new FileTasks({ ownership: new OwnershipService(), runner });
  return {
    runner,
    outcome: new OutcomeTasks({ exports: new ExportService(db), jobs: new ExportJobService(db), files }),
  };
}
