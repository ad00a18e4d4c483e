/** Counts and sizes as people read them, the same wherever they are shown. */
import { lazily } from './lazily.js';

const count = lazily(() => new Intl.NumberFormat('en-US'));
const threeDigits = lazily(() => new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 }));
const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** A count with its thousands set off: `12,345`. */
export function humanCount(n: number): string {
  return count().format(n);
}

/** A size in decimal units with three digits: `999 bytes`, `1.41 MB`. */
export function humanBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  let value = bytes / 1000;
  let unit = 0;
  // 999.5 and more would be written as 1,000 of this unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${threeDigits().format(value)} ${UNITS[unit]}`;
}
