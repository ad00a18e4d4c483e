/** Words for states, sizes and times, as pages show them. */
import type { ExportProgress } from '@parcelpost/shared/db/services/exports.js';
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

const digits = new Intl.NumberFormat('en');

export const number = (value: number): string => digits.format(value);

/** Bytes in decimal units, as file managers show them. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A moment, in UTC, to the minute. */
export function moment(date: Date | null): Html | string {
  if (!date) return '—';
  const text = date.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 10)} ${text.slice(11, 16)} UTC</time>`;
}

/** How far an export is, in records. */
export function rowsWord({ rows, rowsExpected }: Pick<ExportProgress, 'rows' | 'rowsExpected'>): string {
  return rowsExpected === null ? `${number(rows)} records` : `${number(rows)} of ${number(rowsExpected)} records`;
}
