import { expect, it } from 'vitest';
import { humanBytes, humanCount } from './words.js';

it.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1 kB'],
  [1_412_345, '1.41 MB'],
  [999_499, '999 kB'],
  [999_500, '1 MB'],
  [2_147_483_648, '2.15 GB'],
  [5e15, '5,000 TB'],
])('%d bytes are written as %s', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

it('counts are written the same whatever the machine speaks', () => {
  expect(humanCount(1_234_567)).toBe('1,234,567');
});
