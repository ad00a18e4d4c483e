/** Which types columns have, and how values come to be of them. The names are those of a GeoPackage (OGC 12-128r18, table 1). */
import { type AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';
import { formatCell } from '../csv/cell.js';

/** What a column holds: integers (bigint where a double could not), reals, texts, and the lack of one. */
export type StoredValue = string | number | bigint | boolean | null;

/** Kinds of values, as bits, so that those that a column has met are one number. */
export const KINDS = { boolean: 1, integer: 2, long: 4, real: 8, date: 16, text: 32 } as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS];

export type ColumnType = 'BOOLEAN' | 'INTEGER' | 'REAL' | 'DATE' | 'TEXT';

const INT64 = 2n ** 63n;
const WHOLE = /^-?\d{1,20}$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_LENGTH = 10;
const ZERO = 0x30;

/**
 * What a value is, and what a column of its own kind would hold of it; undefined where there is none. Whole numbers are
 * exact up to 64 bits; numbers with more digits than any column can hold are texts, and so are lists (joined by `, `), and
 * objects and lists within lists (JSON).
 */
export function classify(value: AttributeValue | undefined): { kind: Kind; value: StoredValue } | undefined {
  switch (typeof value) {
    case 'boolean':
      return { kind: KINDS.boolean, value };
    case 'number':
      if (!Number.isFinite(value)) return undefined;
      return { kind: Number.isSafeInteger(value) ? KINDS.integer : KINDS.real, value: value === 0 ? 0 : value };
    case 'string':
      return { kind: daysOf(value) !== undefined ? KINDS.date : KINDS.text, value };
    case 'object':
      if (value === null) return undefined;
      if (!(value instanceof ExactNumber)) return { kind: KINDS.text, value: formatCell(value) };
      return isLong(value.text)
        ? { kind: KINDS.long, value: BigInt(value.text) }
        : { kind: KINDS.text, value: value.text };
    default:
      return undefined;
  }
}

function isLong(token: string): boolean {
  if (!WHOLE.test(token)) return false;
  const number = BigInt(token);
  return number >= -INT64 && number < INT64;
}

/** Days since 1970-01-01 of a text such as `2024-02-29`; undefined where the (proleptic Gregorian) calendar has no such day. */
export function daysOf(text: string): number | undefined {
  if (text.length !== DATE_LENGTH || !DATE.test(text)) return undefined;
  const digit = (place: number) => text.charCodeAt(place) - ZERO;
  const year = 1000 * digit(0) + 100 * digit(1) + 10 * digit(2) + digit(3);
  const month = 10 * digit(5) + digit(6);
  const day = 10 * digit(8) + digit(9);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(month, year)) return undefined;
  // Years that begin in March, so that a leap day is the last of its year; by groups of 400, which are all alike.
  const from = month > 2 ? year : year - 1;
  const group = Math.floor(from / 400);
  const within = from - 400 * group;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const ofGroup = 365 * within + Math.floor(within / 4) - Math.floor(within / 100) + ofYear;
  return 146_097 * group + ofGroup - 719_468;
}

function daysIn(month: number, year: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/**
 * The type of a column that holds all of what it met without a loss; TEXT where that is nothing, or of several kinds.
 * @param kinds bits of {@link KINDS}
 * @param asked the form's word for the type of the answer: only where it says `date` are texts dates
 */
export function columnType(kinds: number, asked: string): ColumnType {
  const only = (...allowed: Kind[]) => kinds !== 0 && (kinds & ~allowed.reduce((all, kind) => all | kind, 0)) === 0;
  if (only(KINDS.boolean)) return 'BOOLEAN';
  if (only(KINDS.integer, KINDS.long)) return asked === 'decimal' && !(kinds & KINDS.long) ? 'REAL' : 'INTEGER';
  if (only(KINDS.integer, KINDS.real)) return 'REAL';
  if (only(KINDS.date) && asked === 'date') return 'DATE';
  return 'TEXT';
}

/** What a column of this type holds of a value. */
export function valueFor(type: ColumnType, value: StoredValue): StoredValue {
  if (type !== 'TEXT' || typeof value === 'string' || value === null) return value;
  return `${value}`;
}
