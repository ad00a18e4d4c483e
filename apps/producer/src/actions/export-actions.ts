/** What people do to exports, built from what the server is given. */
import { ExportRequests } from '@parcelpost/shared/db/services/export-requests.js';
import { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import { defaultsOf } from '@parcelpost/shared/signatures/registry.js';
import type { Dependencies } from '../dependencies.js';
import { ChangeExport } from './change-export.js';
import { ExportRights } from './export-rights.js';
import { PrepareNextExports } from './prepare-next-exports.js';
import type { ReadExports } from './read-exports.js';
import { RequestExport } from './request-export.js';

export function exportActions(
  dependencies: Dependencies,
  read: ReadExports,
): { request: RequestExport; change: ChangeExport } {
  const { config, db, tasks } = dependencies;
  const rights = new ExportRights(config, new ProjectService(db));
  const requests = new ExportRequests(db);
  const triesOf = (task: string) => ({ ...defaultsOf(task), routed: tasks.isRouted(task) });
  const next = new PrepareNextExports({ config, rights, triesOf });
  return {
    request: new RequestExport(dependencies, rights, next, requests),
    change: new ChangeExport(dependencies, read, requests, rights, next),
  };
}
