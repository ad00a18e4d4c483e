import { expect, it } from 'vitest';
import { humanBytes, humanCount, humanTime, singleLine } from './words.js';

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

it('counts and times are written the same wherever the worker runs', () => {
  expect(humanCount(1_234_567)).toBe('1,234,567');
  expect(humanTime('2026-03-12T23:05:09.000+09:00')).toBe('12 March 2026 at 14:05 UTC');
});

it('foreign text becomes one line, without marks that turn the text around it', () => {
  expect(singleLine(' a\r\nBcc: b\u0000c\u2028d ')).toBe('a Bcc: b c d');
  expect(singleLine('zip\u202Egpj.exe\u2066')).toBe('zipgpj.exe');
  expect(singleLine('مشروع لندن')).toBe('مشروع لندن');
});
