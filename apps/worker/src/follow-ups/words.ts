/** Sizes, counts, times and foreign text in a form that people read. */

const count = new Intl.NumberFormat('en-US');
const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** A count with its thousands set off: `12,345`. */
export function humanCount(n: number): string {
  return count.format(n);
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
  return `${threeDigits.format(value)} ${UNITS[unit]}`;
}

/** An ISO 8601 time as `12 March 2026 at 14:05 UTC`. */
export function humanTime(iso: string): string {
  return `${time.format(new Date(iso))} UTC`;
}

/**
 * Foreign text as one line that cannot disturb what stands around it: control characters and line ends become spaces,
 * and the marks that turn the direction of what follows (Unicode bidirectional embeddings, overrides, isolates) go.
 */
export function singleLine(text: string): string {
  return text
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}
