import type { ExportProgress } from '@parcelpost/shared/db/services/exports.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProgressHub } from './progress-hub.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const progress = (id: string, rows: number): ExportProgress => ({
  id,
  state: 'running',
  phase: 'reading',
  rows,
  rowsExpected: null,
  jobsDone: 0,
  jobs: 1,
  error: null,
});
const log = createLogger('test', 'silent');

it('asks once an interval for all that are watched, and not at all when nobody watches', async () => {
  const asked: string[][] = [];
  const hub = new ProgressHub(
    async (ids) => {
      asked.push(ids);
      return new Map(ids.map((id) => [id, progress(id, asked.length)]));
    },
    log,
    250,
  );
  await vi.advanceTimersByTimeAsync(2000);
  expect([asked.length, vi.getTimerCount()]).toEqual([0, 0]);

  const seen: number[] = [];
  const endA = hub.watch('a', (now) => seen.push(now?.rows ?? -1));
  const endA2 = hub.watch('a', () => {});
  const endB = hub.watch('b', () => {});
  await vi.advanceTimersByTimeAsync(500);
  expect(asked).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(seen).toEqual([1, 2]);

  endA();
  endB();
  await vi.advanceTimersByTimeAsync(250);
  expect(asked.at(-1)).toEqual(['a']);
  expect(seen).toEqual([1, 2]);
  endA2();
  expect([hub.size, vi.getTimerCount()]).toEqual([0, 0]);
});

it('says so when an export is no more', async () => {
  const hub = new ProgressHub(async () => new Map(), log, 250);
  const listener = vi.fn();
  const end = hub.watch('a', listener);
  await vi.advanceTimersByTimeAsync(250);
  expect(listener).toHaveBeenCalledWith(undefined);
  end();
});

it('does not ask again before it has an answer, and goes on after an error', async () => {
  let answer: (() => void) | undefined;
  let looks = 0;
  const hub = new ProgressHub(
    () => {
      looks++;
      return new Promise((_, reject) => {
        answer = () => reject(new Error('the database is away'));
      });
    },
    log,
    250,
  );
  const end = hub.watch('a', () => {});
  await vi.advanceTimersByTimeAsync(1000);
  expect(looks).toBe(1);
  answer?.();
  await vi.advanceTimersByTimeAsync(250);
  expect(looks).toBe(2);
  end();
});

it('looks at once at a watched export that was decided, and not at one that nobody watches', async () => {
  const asked: string[][] = [];
  const hub = new ProgressHub(
    async (ids) => {
      asked.push(ids);
      return new Map(ids.map((id) => [id, progress(id, 7)]));
    },
    log,
    250,
  );
  const listener = vi.fn();
  const end = hub.watch('a', listener);
  await hub.hear('a');
  await hub.hear('b');
  expect(asked).toEqual([['a']]);
  expect(listener).toHaveBeenCalledExactlyOnceWith(progress('a', 7));
  end();
});
