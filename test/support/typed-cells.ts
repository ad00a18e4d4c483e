/** Values of typed columns as the CSV would have them, so that they can be compared whatever the column's type. */
import type { AttributeValue } from '@parcelpost/shared/records.js';
import { formatCell } from '../../apps/worker/src/formats/csv/cell.js';
import type { SqliteCell } from './geopackage.js';

/** The text of a cell that was read. @param type of its column */
export function cellText(cell: SqliteCell, type: string | undefined): string {
  if (cell === null) return '';
  // A date that a format without dates has as the day's first moment.
  if (typeof cell === 'string') return type === 'TIMESTAMP' ? cell.replace(/T00:00:00$/, '') : cell;
  if ('blob' in cell) return cell.blob;
  if ('real' in cell) return `${cell.real}`;
  return type?.includes('BOOLEAN') ? (cell.integer === '1' ? 'true' : 'false') : cell.integer;
}

/** The text of a value that was given. */
export function valueText(value: AttributeValue | undefined): string {
  return formatCell(value);
}
