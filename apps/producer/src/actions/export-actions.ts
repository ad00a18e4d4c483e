/** What people do to exports, built from what the server is given. */
import { nextExportPatienceMs } from '@parcelpost/shared/signatures/prepared.js';
import { defaultsOf } from '@parcelpost/shared/signatures/registry.js';
import { NEXT_EXPORT_TASK } from '@parcelpost/shared/signatures/signature.js';
import type { Dependencies } from '../dependencies.js';
import { ChangeExport } from './change-export.js';
import { ExportRights } from './export-rights.js';
import { KeepFiles } from './keep-files.js';
import { PrepareNextExports } from './prepare-next-exports.js';
import type { ReadExports } from './read-exports.js';
import { RenewExport } from './renew-export.js';
import { RequestExport } from './request-export.js';
import { RightsTasks } from './rights-tasks.js';

export function exportActions(
  dependencies: Dependencies,
  read: ReadExports,
): { request: RequestExport; change: ChangeExport; keep: KeepFiles; renew: RenewExport } {
  const { config, tasks } = dependencies;
  const rights = new ExportRights(config);
  const patience = nextExportPatienceMs({ deadlineMinutes: config.EXPORT_DEADLINE_MINUTES });
  const triesOf = (task: string) => ({
    ...defaultsOf(task),
    routed: tasks.isRouted(task),
    patience: task === NEXT_EXPORT_TASK ? patience : 0,
  });
  const next = new PrepareNextExports({ config, rights, triesOf });
  const permits = new RightsTasks({ rights, next, read });
  const request = new RequestExport(dependencies, rights, next, permits);
  return {
    request,
    renew: new RenewExport(dependencies, read, request),
    change: new ChangeExport(dependencies, read, rights, next, permits),
    keep: new KeepFiles(dependencies, read, permits),
  };
}
