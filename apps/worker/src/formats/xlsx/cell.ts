/** From a record's value to one cell of a sheet (ECMA-376 part 1, 18.3.1.4). */
import { type AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';
import { formatCell } from '../csv/cell.js';
import { xmlElement } from './text.js';

/** Indexes into the formats of styles.xml. */
export const STYLES = { plain: 0, header: 1, quoted: 2 } as const;

/** Whole numbers from here on lose digits when they are shown or edited: a spreadsheet keeps 15. */
const MAX_WHOLE = 1e15;
/** And from here on JSON says them with an exponent: quantities, no one's numbers, and few of their digits count. */
const MIN_QUANTITY = 1e21;
/** Smallest and largest numbers that Excel can hold. */
const MIN_SIZE = 2.2250738585072014e-308;
const MAX_SIZE = 9.99999999999999e307;

/** What a spreadsheet would run, if somebody edits the cell: these get its text prefix. */
const FORMULA_LIKE = /^[=+\-@\t\r]/;

/** The value of a cell: a number, a truth value, or text; nothing where there is no cell. */
export type CellValue = number | boolean | string | undefined;

/**
 * What a cell holds of a value. Numbers stay numbers where a spreadsheet keeps all of their digits; whole numbers of 16
 * digits and more, {@link ExactNumber}s, and what is past Excel's range become text. A list joins its items with `, `;
 * objects, and lists within lists, are JSON. Null, empty text and numbers that are not finite make no cell.
 */
export function cellValue(value: AttributeValue | undefined): CellValue {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) return undefined;
      return isExactInSheet(value) ? value : `${value}`;
    case 'string':
      return value === '' ? undefined : value;
    case 'object':
      if (value === null) return undefined;
      return value instanceof ExactNumber ? value.text : formatCell(value) || undefined;
    default:
      return undefined;
  }
}

function isExactInSheet(value: number): boolean {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < MIN_QUANTITY) return size < MAX_WHOLE;
  return size >= MIN_SIZE && size <= MAX_SIZE;
}

/**
 * A cell's XML behind its reference: attributes, content and end tag. Text stands in the cell itself and is of a type of
 * its own (`inlineStr`), so that it never is a formula, and no table of strings has to be held until the last sheet is written.
 */
export function cellXml(value: Exclude<CellValue, undefined>): string {
  if (typeof value === 'number') return `><v>${value}</v></c>`;
  if (typeof value === 'boolean') return ` t="b"><v>${value ? 1 : 0}</v></c>`;
  const style = FORMULA_LIKE.test(value) ? ` s="${STYLES.quoted}"` : '';
  return `${style} t="inlineStr"><is>${xmlElement(value)}</is></c>`;
}

/** A cell of the header row, as {@link cellXml}. */
export function headerXml(name: string): string {
  return ` s="${STYLES.header}" t="inlineStr"><is>${xmlElement(name)}</is></c>`;
}

/** Letters of a column, counted from 0: `A`, `Z`, `AA`, `XFD`. */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest >= 0; rest = Math.floor(rest / 26) - 1) {
    letters = String.fromCharCode(0x41 + (rest % 26)) + letters;
  }
  return letters;
}
