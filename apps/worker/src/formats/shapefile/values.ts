/** What a dBase table can hold of an attribute, and what must be known of all values of a column before the first is written. */
import type { AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';
import { formatCell } from '../csv/cell.js';
import { noTally, type Tally } from '../tally.js';
import { classify, KINDS, type Kind } from '../typed/values.js';

/** What the values of one column come to; plain JSON. */
export interface FieldFigures {
  /** Bits of {@link KINDS}. */
  kinds: number;
  /** Bytes of the longest text, cut to a field's. */
  bytes: number;
  /** Most characters of a number before its decimal point, the sign among them, and behind it. */
  whole: number;
  decimals: number;
  /** Records whose text was cut. */
  cut: Tally;
}

export const noFigures = (): FieldFigures => ({ kinds: 0, bytes: 0, whole: 1, decimals: 0, cut: noTally() });

/** Digits of a whole number that every reader keeps: past these some take it for a real number. */
const LONGEST_INTEGER = 18;

/**
 * The kind of a value and its text, which is that of a CSV; undefined where there is none. Numbers that no numeric field
 * holds with every digit are texts, and so are dates that no calendar has.
 */
export function fieldValue(value: AttributeValue | undefined): { kind: Kind; text: string } | undefined {
  const held = classify(value);
  if (!held) return undefined;
  if (held.kind === KINDS.long) {
    const { text } = value as ExactNumber;
    return { kind: text.length > LONGEST_INTEGER ? KINDS.text : KINDS.long, text };
  }
  // dBase counts years from 1.
  if (held.kind === KINDS.date && (held.value as string).startsWith('0000')) {
    return { kind: KINDS.text, text: held.value as string };
  }
  return { kind: held.kind, text: typeof held.value === 'string' ? held.value : formatCell(value) };
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/i;

/** A number's text without an exponent; undefined where that would be longer than any field. */
export function withoutExponent(text: string): string | undefined {
  const [, sign = '', head = '', tail = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  const shift = Number(exponent);
  if (shift === 0) return text;
  if (Math.abs(shift) > 30) return undefined;
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${head}${tail}`;
  const digits = tail.padEnd(shift, '0');
  const behind = digits.slice(shift);
  return `${sign}${head}${digits.slice(0, shift)}${behind === '' ? '' : `.${behind}`}`;
}

/** Takes a number into the figures of its column. */
export function measureNumber(figures: FieldFigures, text: string): void {
  const plain = withoutExponent(text);
  if (plain === undefined) {
    figures.whole = TOO_LONG;
    return;
  }
  const point = plain.indexOf('.');
  const whole = point < 0 ? plain.length : point;
  const decimals = point < 0 ? 0 : plain.length - point - 1;
  if (whole > figures.whole) figures.whole = whole;
  if (decimals > figures.decimals) figures.decimals = decimals;
}

/** For numbers that can be written with an exponent only. */
const TOO_LONG = 99;

/** Figures of the same column of several fragments. */
export function mergeFigures(into: FieldFigures, more: FieldFigures): void {
  into.kinds |= more.kinds;
  into.bytes = Math.max(into.bytes, more.bytes);
  into.whole = Math.max(into.whole, more.whole);
  into.decimals = Math.max(into.decimals, more.decimals);
}
