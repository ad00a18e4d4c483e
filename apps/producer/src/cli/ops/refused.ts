/** `ops refused list`: jobs that workers found in a queue and would not run. */
import { reasonOf } from './check-rows.js';
import type { OpsContext } from './context.js';
import { age, oneLine, table } from './text.js';

export async function listRefused(
  { inspection, print }: OpsContext,
  { sinceSeconds, limit, json }: { sinceSeconds: number; limit: number; json: boolean },
): Promise<number> {
  const { rows, total } = await inspection.refused(sinceSeconds, limit);
  if (json) print(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) print(`No job was refused in the last ${Math.round(sinceSeconds / 3600)} h.`);
  else {
    const lines = rows.map((row) => [
      `${age(row.at)} ago`,
      row.queue,
      oneLine(row.jobId, 80),
      oneLine(row.task, 60),
      reasonOf(row.reason),
    ]);
    print(table(['when', 'queue', 'job', 'task', 'reason'], lines));
    if (total > rows.length) print(`${total - rows.length} more; ask for them by --limit (now ${limit}).`);
  }
  return 0;
}
