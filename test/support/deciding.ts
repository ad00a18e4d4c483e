/** What a worker decides with, on a test's database. */
import type { Database } from '@parcelpost/shared/db/database.js';
import { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FinishedParts } from '@parcelpost/shared/db/services/finished-parts.js';
import { auditedDecision } from '@parcelpost/shared/db/tasks/audit.js';
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import type { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import { OutcomeTasks } from '../../apps/worker/src/outcome/outcome-tasks.js';
import { SIGNATURE_SECRETS } from './canvas.js';
import { testWrites } from './writes.js';

export function deciding(db: Database): { runner: TaskRunner; outcome: OutcomeTasks; writes: Writes } {
  const writes = testWrites(db, { deferred: { secrets: SIGNATURE_SECRETS, relay: async () => {} } });
  const outcome = new OutcomeTasks({
    exports: new ExportService(db),
    jobs: new ExportJobService(db),
    files: writes.files,
    finished: new FinishedParts(db),
  });
  auditedDecision(outcome.decide.taskName)(writes.runner.hooks);
  return { runner: writes.runner, outcome, writes };
}
