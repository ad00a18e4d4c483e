import { describe, expect, it } from 'vitest';
import { age, counted, oneLine, table } from './text.js';

const NOW = new Date('2026-03-05T12:00:00Z');
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

describe('ages', () => {
  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7199, '120 min'],
    [7200, '2 h'],
    [172_799, '48 h'],
    [172_800, '2 d'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(age(before(seconds), NOW)).toBe(text);
  });
});

describe('a text of somebody else', () => {
  it('is shown in one line, without characters that a terminal acts on', () => {
    expect(oneLine('red \u001b[31m and\u0007 more\nsecond')).toBe('red  [31m and  more');
  });

  it('is cut where it is long', () => {
    expect(oneLine('x'.repeat(200), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});

it('one is not many', () => {
  expect([counted(1, 'try', 'tries'), counted(0, 'export'), counted(2, 'try', 'tries')]).toEqual([
    '1 try',
    '0 exports',
    '2 tries',
  ]);
});

it('columns of a table stand in line, and no line ends in blanks', () => {
  expect(
    table(
      ['id', 'state', 'error'],
      [
        ['a', 'failed', 'x'],
        ['long', 'ok', ''],
      ],
    ),
  ).toBe('id    state   error\na     failed  x\nlong  ok');
});
