import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.js';

const now = Date.parse('2030-01-01T00:00:00Z');

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Tue, 01 Jan 2030 00:00:30 GMT', 30_000],
  ['Mon, 31 Dec 2029 23:59:00 GMT', 0],
  [['7', '9'], 7000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('a Retry-After of %j is read as %s ms', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});
