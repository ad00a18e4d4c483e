import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { RemovalService } from '@parcelpost/shared/db/services/removals.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noteReading } from './note-reading.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

test('that a file is being read is said each minute, also after the database was away, and no more once it has been read', async () => {
  const noted: [string, number][] = [];
  const removals = {
    noteReading: async (id: string, forMs: number) => {
      noted.push([id, forMs]);
      if (noted.length === 1) throw new Error('away');
    },
  } as RemovalService;
  const stream = new PassThrough();
  noteReading(stream, 'f1', { removals, log: createLogger('test', 'silent') });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(noted).toEqual([]);
  await vi.advanceTimersByTimeAsync(121_000);
  // Each holds for longer than it takes until the next.
  expect(noted).toEqual(Array.from({ length: 3 }, () => ['f1', 180_000]));
  stream.destroy();
  await once(stream, 'close');
  expect(vi.getTimerCount()).toBe(0);
});
