import { LANGUAGE_TAGS } from '@parcelpost/shared/languages.js';
import { expect, it } from 'vitest';
import { fill, speech } from './intl.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

it.each([
  [0, 'now'],
  [59, '59 seconds ago'],
  [60, '1 minute ago'],
  [3599, '59 minutes ago'],
  [7200, '2 hours ago'],
  [86_400, 'yesterday'],
  [8 * 86_400, 'last week'],
  [400 * 86_400, 'last year'],
  [-90, 'in 1 minute'],
])('%d seconds before now is %s', (seconds, text) => {
  expect(speech('en').relative(before(seconds), NOW)).toBe(text);
});

it('writes numbers, sizes and plurals as the language has them', () => {
  const forms = { one: '{count} archivo', many: '{count} de archivos', other: '{count} archivos' };
  expect([1, 2, 12_345, 1_000_000].map((n) => speech('es').plural(n, forms))).toEqual([
    '1 archivo',
    '2 archivos',
    '12.345 archivos',
    '1.000.000 de archivos',
  ]);
  expect([0, 1, 999, 1000, 1_412_345, 999_500].map((n) => speech('en').bytes(n))).toEqual([
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1 kB',
    '1.41 MB',
    '1 MB',
  ]);
  expect([1, 61_000, 3_600_001].map((ms) => speech('en').duration(ms))).toEqual(['1 second', '2 minutes', '2 hours']);
});

it('every language has words of its own for the same moment', () => {
  const texts = LANGUAGE_TAGS.map((tag) => speech(tag).relative(before(180), NOW));
  expect(new Set(texts).size).toBe(LANGUAGE_TAGS.length);
});

it('fills in what is there, and leaves the rest as it stands', () => {
  expect(fill('{a} and {b} and {constructor}', { a: 1 })).toBe('1 and {b} and {constructor}');
});
