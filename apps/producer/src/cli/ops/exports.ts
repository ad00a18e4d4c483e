/** `ops exports …`: what is there, and an end to one. */
import type { ExportLine } from '@parcelpost/shared/db/services/inspection.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { type OpsContext, PROGRAM, RefusedError } from './context.js';
import { age, counted, oneLine, table } from './text.js';

const STATES = ['open', 'completed', 'partial', 'failed', 'cancelled'];

/** Whether `exports list --state` takes this. */
export const isExportState = (state: string): boolean => STATES.includes(state);
export const EXPORT_STATES = STATES.join(', ');

const stateOf = ({ outcome, phase, abort }: ExportLine) =>
  outcome ?? (abort === null ? phase : `${phase}, to end as ${abort}`);

export async function listExports(
  { inspection, print }: OpsContext,
  { state, limit, json }: { state: string | undefined; limit: number; json: boolean },
): Promise<number> {
  const found = await inspection.exports({ state, limit: limit + 1 });
  const rows = found.slice(0, limit);
  if (json) {
    print(JSON.stringify(rows, null, 2));
    return 0;
  }
  if (rows.length === 0) print('No such export.');
  else {
    const lines = rows.map((row) => [
      row.id,
      `${row.organization}/${row.project}`,
      stateOf(row),
      `${age(row.requestedAt)} ago`,
      row.requester,
    ]);
    print(table(['export', 'project', 'state', 'requested', 'by'], lines));
    if (found.length > limit) print(`There are more; ask for them by --limit (now ${limit}).`);
  }
  return 0;
}

export async function showExport(
  { inspection, print, config }: OpsContext,
  { id, json }: { id: string; json: boolean },
): Promise<number> {
  const [row, work, followUps] = await Promise.all([
    inspection.export(id),
    inspection.work(id),
    inspection.followUps({ exportId: id, limit: 1000 }),
  ]);
  if (!row) throw noSuchExport(id);
  if (json) {
    print(JSON.stringify({ ...row, work, followUps }, null, 2));
    return 0;
  }
  print(`${row.id}  ${row.organization}/${row.project}: ${stateOf(row)}`);
  print(
    [
      `asked for by ${row.requester} ${age(row.requestedAt)} ago`,
      ...(row.generation > 1 ? [`try ${row.generation}`] : []),
      row.decidedAt ? `decided ${age(row.decidedAt)} ago` : `deadline ${row.deadlineAt.toISOString()}`,
    ].join(', '),
  );
  if (row.error) print(`${row.error.code}: ${oneLine(row.error.message, 500)}`);
  if (work.length > 0) {
    print(`work: ${work.map(({ kind, state, count }) => `${counted(count, kind)} ${state}`).join(', ')}`);
  }
  if (followUps.length > 0) {
    const lines = followUps.map((one) => [one.id, one.place, one.task, one.state, one.error?.code ?? '']);
    print(`\n${table(['follow-up', 'place', 'task', 'state', 'error'], lines)}`);
  }
  print(`\n${exportPageUrl(config.PUBLIC_URL, id)}`);
  return 0;
}

/** Raises the abort flag; running work stops at its next page, and a worker decides. */
export async function cancelExport({ writes, inspection, print }: OpsContext, id: string): Promise<number> {
  const row = await inspection.export(id);
  if (!row) throw noSuchExport(id);
  const message = 'Cancelled by the operator.';
  const reason = { code: 'cancelled', message, step: null, shard: null, attempts: 1 };
  const raised = await writes.runner.runSingle(writes.exports.cancel(writes.actor, { id, reason }));
  const { outcome, abort } = (await inspection.export(id)) ?? row;
  // One that this call cancelled may have been decided by now.
  if (outcome && !raised) throw new RefusedError(`Export ${id} is ${outcome} already; its outcome stays.`);
  print(
    row.abort === null
      ? `Export ${id} is being cancelled: what runs stops at its next page, then its onFailure follow-ups start.`
      : `Export ${id} is to end already (${abort}); it was left as it is.`,
  );
  return 0;
}

/** A retry needs the rights of a person, whose token reads the platform: an operator has none. */
export function refuseRetry(id: string): never {
  throw new RefusedError(
    `A retry reads the platform with the rights of a person, and there is none here. Who asked for the export, or an administrator of its project, can do it:\n` +
      `  the export's page, button "Try again"; or POST /api/v1/exports/${id}/retry with their token (npm run token -- <user> makes one)`,
  );
}

const noSuchExport = (id: string) =>
  new RefusedError(`There is no export ${id}. What there is: ${PROGRAM} exports list`);
