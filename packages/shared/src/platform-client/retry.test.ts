import { describe, expect, test } from 'vitest';
import { PageSize } from './page-size.js';
import { pauseMs } from './retry.js';

const backoff = { firstMs: 100, maxMs: 1000, maxRetryAfterMs: 60_000 };

test('a Retry-After is kept where it is longer than our own pause, up to a limit', () => {
  expect(pauseMs(1, backoff, 5000)).toBe(5000);
  expect(pauseMs(1, backoff, 3_600_000)).toBe(60_000);
  expect(pauseMs(1, backoff, 0)).toBeGreaterThanOrEqual(50);
});

test('pauses double up to their limit, half of each left to chance', () => {
  const longest = [1, 2, 3, 4, 5, 9].map((attempt) => pauseMs(attempt, backoff, undefined, () => 1));
  expect(longest).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(pauseMs(3, backoff, undefined, () => 0)).toBe(200);
});

describe('the page size', () => {
  test('is halved by each failure down to an eighth, once for all that were in flight together', () => {
    const size = new PageSize(500);
    size.failed(500);
    size.failed(500);
    size.failed(500);
    expect(size.current).toBe(250);
    for (let times = 0; times < 5; times++) size.failed(size.current);
    expect(size.current).toBe(62);
    expect(new PageSize(1).current).toBe(1);
  });

  test('grows back slowly, never past what was asked for', () => {
    const size = new PageSize(100);
    size.failed(100);
    for (let times = 0; times < 7; times++) size.answered(50, 50, true);
    expect(size.current).toBe(50);
    size.answered(50, 50, true);
    expect(size.current).toBe(100);
    for (let times = 0; times < 50; times++) size.answered(100, 100, true);
    expect(size.current).toBe(100);
  });

  test("learns the platform's maximum from two equally short answers, not from one, nor from a list's end", () => {
    const size = new PageSize(500);
    size.answered(500, 7, false);
    size.answered(500, 7, false);
    size.answered(500, 499, true);
    expect(size.current).toBe(500);
    size.answered(500, 100, true);
    size.answered(500, 100, true);
    expect(size.current).toBe(100);
    for (let times = 0; times < 50; times++) size.answered(100, 100, true);
    expect(size.current).toBe(100);
  });
});
