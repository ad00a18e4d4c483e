import { TooManyExportsError } from '@parcelpost/shared/db/services/limits.js';
import { expect, test } from 'vitest';
import { problem } from '../problems.js';
import { PATIENCE_MS, pauseAfter } from './bulk-pause.js';

const HOUR_MS = 3_600_000;
const tooMany = (name: 'person-in-flight' | 'project-per-hour') =>
  new TooManyExportsError({ name, most: 1, current: 1, retryAt: new Date().toISOString() }, 40);

test('a platform that does not answer is asked again, ever more seldom', () => {
  const gone = problem('platform-unavailable', 'It answered 500.');
  expect(pauseAfter(gone, 0)).toEqual({ ms: 5000, all: false });
  expect(pauseAfter(gone, 60_000)).toEqual({ ms: 30_000, all: false });
  expect(pauseAfter(gone, 20 * HOUR_MS)).toEqual({ ms: 900_000, all: false });
  expect(pauseAfter(problem('not-ready', 'Not now.'), 0)).toEqual({ ms: 5000, all: false });
});

test('what says when to come again is taken at its word', () => {
  const busy = problem('idempotency-key-busy', 'Try again.', { headers: { 'retry-after': '1' } });
  expect(pauseAfter(busy, HOUR_MS)).toEqual({ ms: 1000, all: false });
  expect(pauseAfter(tooMany('person-in-flight'), 0)).toEqual({ ms: 40_000, all: true });
  expect(pauseAfter(tooMany('project-per-hour'), 0)).toEqual({ ms: 40_000, all: false });
});

test('after a day it is the answer, and what is wrong with an item is at once', () => {
  for (const error of [problem('platform-unavailable', 'It answered 500.'), tooMany('person-in-flight')]) {
    expect(pauseAfter(error, PATIENCE_MS)).toBeUndefined();
  }
  for (const type of ['export-not-found', 'idempotency-key-reused', 'internal-error', 'export-decided'] as const) {
    expect(pauseAfter(problem(type, 'No.'), 0)).toBeUndefined();
  }
  expect(pauseAfter(new Error('something'), 0)).toBeUndefined();
});
