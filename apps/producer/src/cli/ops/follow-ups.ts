/** `ops follow-ups …`: what became of them, and another run for one that failed. */
import { type OpsContext, PROGRAM, RefusedError } from './context.js';
import { age, oneLine, table } from './text.js';

const STATES = ['waiting', 'pending', 'entered', 'active', 'done', 'failed', 'skipped'];

/** Whether `follow-ups list --state` takes this. */
export const isFollowUpState = (state: string): boolean => STATES.includes(state);
export const FOLLOW_UP_STATES = STATES.join(', ');

export async function listFollowUps(
  { inspection, print }: OpsContext,
  options: { exportId: string | undefined; state: string | undefined; limit: number; json: boolean },
): Promise<number> {
  const { exportId, state, limit, json } = options;
  const found = await inspection.followUps({ exportId, state, limit: limit + 1 });
  const rows = found.slice(0, limit);
  if (json) {
    print(JSON.stringify(rows, null, 2));
    return 0;
  }
  if (rows.length === 0) print('No such follow-up.');
  else {
    const lines = rows.map((row) => [
      row.id,
      row.task,
      row.place,
      row.state,
      String(row.attempts),
      `${age(row.finishedAt ?? row.since)} ago`,
      row.error ? oneLine(`${row.error.code}: ${row.error.message}`, 100) : '',
    ]);
    print(table(['follow-up', 'task', 'place', 'state', 'tries', 'since', 'error'], lines));
    if (found.length > limit) print(`There are more; ask for them by --limit (now ${limit}).`);
  }
  return 0;
}

/** Everything of one follow-up. Its arguments only if asked for: addresses and webhooks' secrets may be among them. */
export async function showFollowUp(
  { inspection, print }: OpsContext,
  { id, args, json }: { id: string; args: boolean; json: boolean },
): Promise<number> {
  const row = await inspection.followUp(id, args);
  if (!row) throw noSuchFollowUp(id);
  if (json) {
    print(JSON.stringify(row, null, 2));
    return 0;
  }
  const time = (at: Date | null) => (at === null ? undefined : `${at.toISOString()} (${age(at)} ago)`);
  const fields: [string, string | undefined][] = [
    ['follow-up', row.id],
    ['export', `${row.exportId}, try ${row.generation}`],
    ['place', `${row.place} (${row.role}${row.parentId ? ` of ${row.parentId}` : ''})`],
    ['task', row.kind === 'task' ? row.task : `none: a ${row.kind}, which joins others`],
    ['state', row.state],
    ['tries', `${row.attempts}${row.replays > 0 ? `, replayed ${row.replays} times` : ''}`],
    ['options', JSON.stringify(row.options)],
    ['turn came', row.state === 'waiting' ? undefined : time(row.since)],
    ['entered', time(row.enteredAt)],
    ['started', time(row.startedAt)],
    ['due', row.dueAt?.toISOString()],
    ['ended', time(row.finishedAt)],
    ['error', row.error ? `${row.error.code}: ${oneLine(row.error.message, 500)}` : undefined],
    ['result', row.result === null ? undefined : oneLine(JSON.stringify(row.result), 500)],
    ['args', args ? JSON.stringify(row.args, null, 2) : 'not shown; ask for them by --args'],
  ];
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields) if (value !== undefined) print(`${name.padEnd(width)}  ${value}`);
  if (row.state === 'failed' && row.kind === 'task') print(`\nTo run it once more: ${PROGRAM} follow-ups replay ${id}`);
  return 0;
}

export const noSuchFollowUp = (id: string) =>
  new RefusedError(`There is no follow-up ${id}. What there is: ${PROGRAM} follow-ups list`);
