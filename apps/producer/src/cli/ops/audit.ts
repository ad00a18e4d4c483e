/** `ops audit`: who did what. */
import { AuditLog } from '@parcelpost/shared/db/services/audit-log.js';
import type { OpsContext } from './context.js';
import { oneLine, table } from './text.js';

/** Lists deeds, the newest first. */
export async function listDeeds(
  { db, print }: OpsContext,
  { exportId, limit, json }: { exportId: string | undefined; limit: number; json: boolean },
): Promise<number> {
  const found = await new AuditLog(db).recent({ exportId, limit: limit + 1 });
  const rows = found.slice(0, limit);
  if (json) {
    print(JSON.stringify(rows, null, 2));
    return 0;
  }
  if (rows.length === 0) print('Nothing was done that is noted.');
  else {
    const lines = rows.map((row) => [
      row.at.toISOString(),
      `${row.actorKind} ${oneLine(row.actorName, 60)}`,
      row.task,
      `${row.subjectKind} ${row.subjectId}`,
      row.generation === null ? '' : String(row.generation),
      oneLine(JSON.stringify(row.details), 200),
    ]);
    print(table(['at', 'who', 'did', 'to', 'try', 'details'], lines));
    if (found.length > limit) print(`There are more; ask for them by --limit (now ${limit}).`);
  }
  return 0;
}
