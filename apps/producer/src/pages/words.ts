/** Words for states, times and progress, as pages show them. */
import type { ExportProgress } from '@parcelpost/shared/db/services/exports.js';
import { humanCount } from '@parcelpost/shared/words.js';
import { type Html, html } from './html.js';

const STATES: Record<ExportProgress['state'], string> = {
  waiting: 'Waiting',
  running: 'Running',
  completed: 'Completed',
  partial: 'Completed in part',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Expired',
};

export function stateWord(state: ExportProgress['state']): Html {
  return html`<span class="state ${state}">${STATES[state]}</span>`;
}

/** A moment, in UTC, to the minute. */
export function moment(date: Date | null): Html | string {
  if (!date) return '—';
  const text = date.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 10)} ${text.slice(11, 16)} UTC</time>`;
}

/** How far an export is, in records. */
export function rowsWord({ rows, rowsExpected }: Pick<ExportProgress, 'rows' | 'rowsExpected'>): string {
  const read = humanCount(rows);
  return rowsExpected === null ? `${read} records` : `${read} of ${humanCount(rowsExpected)} records`;
}
