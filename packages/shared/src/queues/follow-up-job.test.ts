import { describe, expect, it } from 'vitest';
import { delayLeft } from './follow-up-job.js';

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const call = (options: { delay?: number }, pendingAgo: number | null, replays = 0) => ({
  options,
  pendingAt: pendingAgo === null ? null : new Date(NOW - pendingAgo),
  replays,
});

describe('the delay of a follow-up', () => {
  it('counts from its turn, however late it is entered, or entered again', () => {
    expect(delayLeft(call({ delay: 3 * HOUR }, 0), NOW)).toBe(3 * HOUR);
    expect(delayLeft(call({ delay: 3 * HOUR }, HOUR), NOW)).toBe(2 * HOUR);
    expect(delayLeft(call({ delay: 3 * HOUR }, 4 * HOUR), NOW)).toBe(0);
    expect(delayLeft(call({}, HOUR), NOW)).toBe(0);
  });

  it('is never more than was asked for, though the clock of the database be ahead', () => {
    expect(delayLeft(call({ delay: HOUR }, -HOUR), NOW)).toBe(HOUR);
    expect(delayLeft(call({ delay: HOUR }, null), NOW)).toBe(HOUR);
  });

  it('is none once an operator has called it again', () => {
    expect(delayLeft(call({ delay: 3 * HOUR }, HOUR, 1), NOW)).toBe(0);
  });
});
