/** Exports in words, for people at a terminal. */
import { humanBytes, humanCount } from '@parcelpost/shared/words.js';
import { percent, waitingFor } from './bar.js';
import type { ExportView } from './export-view.js';
import { printable } from './printable.js';

/** A moment, in UTC and to the second: 2026-03-01 09:05:00Z. */
export function moment(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** What an export is, in lines. */
export function describe(view: ExportView): string[] {
  const { bundle, error, missing, warnings, followUps = [] } = view;
  const rows: [string, string][] = [
    ['export', `${view.id}${view.generation > 1 ? `, try ${view.generation}` : ''}`],
    ['project', `${view.organization}/${view.project} (${view.projectName})`],
    ['formats', view.formats.join(', ')],
    ['asked by', `${view.requestedBy.name}, ${moment(view.requestedAt)}`],
    ['state', stateText(view)],
  ];
  if (error) rows.push(['reason', error.message]);
  if (bundle) {
    const until =
      bundle.expiresAt === null
        ? 'kept until it is unpinned'
        : `${bundle.expiresAt === null ? 'kept without an end' : `until ${moment(bundle.expiresAt)}`}`;
    rows.push(['bundle', `${bundle.name}, ${humanBytes(bundle.bytes)}, ${until}`]);
    rows.push(['sha256', bundle.sha256]);
  }
  if (view.result?.unchanged !== undefined) {
    rows.push(['unchanged', view.result.unchanged ? 'yes: the same, byte by byte' : 'no']);
  }
  for (const file of view.files) {
    rows.push([
      'file',
      `${file.name}, ${file.rows === null ? '' : `${humanCount(file.rows)} records, `}${humanBytes(file.bytes)}`,
    ]);
  }
  for (const part of missing) rows.push(['missing', `${part.file ?? part.step ?? 'a part'}: ${part.message}`]);
  for (const warning of warnings) rows.push(['warning', warning]);
  for (const { place, kind, task, state, error: fault } of followUps) {
    if (kind === 'task')
      rows.push(['follow-up', `${task} (${place}): ${state}${fault?.message ? `, ${fault.message}` : ''}`]);
  }
  rows.push(['page', view.links.page]);
  return rows.map(([name, text]) => `${name.padEnd(10)} ${printable(text)}`);
}

function stateText(view: ExportView): string {
  const { state, phase, progress, finishedAt, cancelling } = view;
  if (cancelling) return 'being cancelled';
  if (state === 'waiting') return [state, waitingFor(view)].filter((text) => text !== '').join(', ');
  if (state !== 'running') return `${state}${finishedAt ? `, ${moment(finishedAt)}` : ''}`;
  const { rows, rowsExpected } = progress;
  const share = rowsExpected ? ` of ${humanCount(rowsExpected)} (${percent(Math.min(1, rows / rowsExpected))} %)` : '';
  return `${phase}, ${humanCount(rows)}${share} records`;
}

/** A table of exports, the heads of its columns first. */
export function exportTable(views: readonly ExportView[]): string[] {
  const rows = [
    ['ID', 'STATE', 'PROJECT', 'ASKED', 'SIZE', 'BY'],
    ...views.map((view) => [
      view.id,
      view.state,
      `${view.organization}/${view.project}`,
      moment(view.requestedAt),
      view.bundle ? humanBytes(view.bundle.bytes) : '-',
      printable(view.requestedBy.name),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
