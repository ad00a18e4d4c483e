import fc from 'fast-check';
import { expect, test } from 'vitest';
import { daysOf } from './values.js';

const DAY = 86_400_000;

/** As JavaScript's own calendar has it, which takes the 31st of a shorter month for the 1st of the next. */
function byDate(text: string): number | undefined {
  const moment = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(moment) || !new Date(moment).toISOString().startsWith(text) ? undefined : moment / DAY;
}

const two = (number: number) => `${number}`.padStart(2, '0');

test('every day of four centuries, and no other, has its number', () => {
  const texts: string[] = [];
  for (let year = 1800; year <= 2200; year++) {
    for (let month = 0; month <= 13; month++) {
      for (const day of [0, 1, 28, 29, 30, 31, 32]) texts.push(`${year}-${two(month)}-${two(day)}`);
    }
  }
  expect(texts.filter((text) => daysOf(text) !== byDate(text))).toEqual([]);
  expect(daysOf('1970-01-01')).toBe(0);
});

test('any year of four digits is counted as JavaScript counts it', () => {
  const parts = fc.tuple(
    fc.integer({ min: 0, max: 9999 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 31 }),
  );
  fc.assert(
    fc.property(parts, ([year, month, day]) => {
      const text = `${`${year}`.padStart(4, '0')}-${two(month)}-${two(day)}`;
      expect(daysOf(text)).toBe(byDate(text));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  '',
  '2024-2-29',
  '2024-02-29 ',
  ' 2024-02-29',
  '2024-02-29T00:00',
  '２024-02-29',
  '+024-02-29',
  '2024/02/29',
])('what is not written as a date is none: %j', (text) => {
  expect(daysOf(text)).toBeUndefined();
});
