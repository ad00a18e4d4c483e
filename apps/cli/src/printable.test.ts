import { describe, expect, it } from 'vitest';
import { printable, safeFileName, shellWord } from './printable.js';

it('leaves nothing in a text with which it could move the cursor, change colours, or turn its direction', () => {
  expect(printable('a\u001b[31mb\u009b2J\u0007c\u202ed\r\nउदाहरण')).toBe('a\ufffd[31mb\ufffd2J\ufffdc\ufffdd उदाहरण');
});

it('quotes a word so that a shell reads it as it is', () => {
  expect(['--out', '/tmp/a.zip', "it's; rm -rf ~", ''].map(shellWord)).toEqual([
    '--out',
    '/tmp/a.zip',
    "'it'\\''s; rm -rf ~'",
    "''",
  ]);
});

describe('the name of a file that a service proposes', () => {
  it.each([
    ['2026-03-01_ลอนดอน_shp.zip', '2026-03-01_ลอนดอน_shp.zip'],
    ['../../.ssh/authorized_keys', 'authorized_keys'],
    ['..\\..\\evil.zip', 'evil.zip'],
    ['.bashrc', 'bashrc'],
    ['a\u0000b\n.zip', 'ab.zip'],
    ['CON:x|y?.zip', 'CON_x_y_.zip'],
    ['..', 'fallback.zip'],
    ['', 'fallback.zip'],
    ['x'.repeat(300), 'fallback.zip'],
  ])('%j is kept as %j', (proposed, kept) => {
    expect(safeFileName(proposed, 'fallback.zip')).toBe(kept);
  });
});
