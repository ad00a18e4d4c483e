import { expect, it } from 'vitest';
import { humanDuration, parseDuration } from './duration.js';

it.each([
  ['90', 90_000],
  ['90s', 90_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['200ms', 200],
  ['0', 0],
])('reads %s', (text, ms) => {
  expect(parseDuration(text, '--timeout')).toBe(ms);
});

it.each(['', 'soon', '-1s', '1w', '25d', 'Infinity', '1e3'])('refuses %j, naming the option', (text) => {
  expect(() => parseDuration(text, '--timeout')).toThrow(/^--timeout takes/);
});

it('says a span in two units at most', () => {
  expect([0, 45_400, 60_000, 200_000, 7_500_000, 7_200_000].map(humanDuration)).toEqual([
    '0 s',
    '45 s',
    '1 min',
    '3 min 20 s',
    '2 h 5 min',
    '2 h',
  ]);
});
