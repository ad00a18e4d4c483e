import { createLogger } from '@parcelpost/shared/log.js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startHousekeeping } from './housekeeping.js';

const log = createLogger('test', 'silent');

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('each clearing is done again and again, also beside one that fails; none after the end', async () => {
  const clear = vi.fn(async () => 1);
  const fails = vi.fn(async () => {
    throw new Error('not now');
  });
  const stop = startHousekeeping({ fails, clear }, { everyMs: 1000, log });
  await vi.advanceTimersByTimeAsync(3500);
  expect([clear.mock.calls.length, fails.mock.calls.length]).toEqual([3, 3]);
  await stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(clear).toHaveBeenCalledTimes(3);
});

test('a round that takes long is not joined by another, and is waited for at the end', async () => {
  let go = () => {};
  const slow = vi.fn(
    () =>
      new Promise<number>((done) => {
        go = () => done(0);
      }),
  );
  const stop = startHousekeeping({ slow }, { everyMs: 1000, log });
  await vi.advanceTimersByTimeAsync(5000);
  expect(slow).toHaveBeenCalledTimes(1);
  const stopped = vi.fn();
  const end = stop().then(stopped);
  await vi.advanceTimersByTimeAsync(5000);
  expect(stopped).not.toHaveBeenCalled();
  go();
  await end;
});
