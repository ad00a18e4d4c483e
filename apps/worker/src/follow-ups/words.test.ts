import { expect, it } from 'vitest';
import { humanTime, singleLine } from './words.js';

it('times are written the same wherever the worker runs', () => {
  expect(humanTime('2026-03-12T23:05:09.000+09:00')).toBe('12 March 2026 at 14:05 UTC');
});

it('foreign text becomes one line, without marks that turn the text around it', () => {
  expect(singleLine(' a\r\nBcc: b\u0000c\u2028d ')).toBe('a Bcc: b c d');
  expect(singleLine('zip\u202Egpj.exe\u2066')).toBe('zipgpj.exe');
  expect(singleLine('مشروع لندن')).toBe('مشروع لندن');
});
