import { expect, it } from 'vitest';
import { pauseAfter } from './pauses.js';

const HOUR = 3_600_000;

it('a pause doubles with each try, a quarter more or less, up to twelve hours', () => {
  expect([1, 2, 3].map((attempt) => pauseAfter(1000, attempt, 0.5))).toEqual([1000, 2000, 4000]);
  expect([0, 1].map((chance) => pauseAfter(1000, 3, chance))).toEqual([3000, 5000]);
  expect([0, 0.5, 1].map((chance) => pauseAfter(10 * HOUR, 1, chance) / HOUR)).toEqual([7.5, 10, 12]);
  expect(pauseAfter(1000, 50, 0)).toBe(12 * HOUR);
  expect(pauseAfter(0, 5, 1)).toBe(0);
});
