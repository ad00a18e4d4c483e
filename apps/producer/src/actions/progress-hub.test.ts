import { createLogger } from '@parcelpost/shared/log.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exportNow } from '../../../../test/support/export-now.js';
import { ProgressHub, type Update } from './progress-hub.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const log = createLogger('test', 'silent');
const rowsOf = (update: Update | undefined) => update?.now.rows ?? -1;

/** A hub that notes what it asked for; each look finds one record more. */
function noted() {
  const asked: string[][] = [];
  const look = async (ids: string[]) => {
    asked.push(ids);
    return new Map(ids.map((id) => [id, exportNow({ id, rows: asked.length })]));
  };
  let heard: ((id: string | undefined) => void) | undefined;
  let subscriptions = 0;
  const subscribe = (listener: (id: string | undefined) => void) => {
    heard = listener;
    subscriptions++;
    return async () => {
      heard = undefined;
      subscriptions--;
    };
  };
  const hub = new ProgressHub({ look, subscribe, log, pauseMs: 500, idleMs: 1000 });
  return { hub, asked, hear: (id: string | undefined) => heard?.(id), subscriptions: () => subscriptions };
}

it('asks for all that are watched in one query, and neither asks nor listens when nobody watches', async () => {
  const { hub, asked, subscriptions } = noted();
  await vi.advanceTimersByTimeAsync(5000);
  expect([asked.length, subscriptions(), vi.getTimerCount()]).toEqual([0, 0, 0]);

  const endings = ['a', 'a', 'b'].map((id) => hub.watch(id, () => {}));
  await vi.advanceTimersByTimeAsync(2500);
  expect(asked).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(subscriptions()).toBe(1);
  endings.pop()?.();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked.at(-1)).toEqual(['a']);
  for (const end of endings) end();
  expect([hub.size, subscriptions(), vi.getTimerCount()]).toEqual([0, 0, 0]);
});

it('a thousand viewers that come at once are one look, and what is known is told to the next at once', async () => {
  const { hub, asked } = noted();
  const seen: number[] = [];
  for (let viewer = 0; viewer < 1000; viewer++) hub.watch('a', (update) => seen.push(rowsOf(update)));
  await vi.advanceTimersByTimeAsync(10);
  expect(asked).toEqual([['a']]);
  expect(seen).toEqual(Array(1000).fill(1));
  const late = vi.fn();
  hub.watch('a', late);
  expect(late).toHaveBeenCalledOnce();
  expect(asked).toHaveLength(1);
});

it('looks soon at what it hears of, twice a second at most, and not at what nobody watches', async () => {
  const { hub, asked, hear } = noted();
  hub.watch('a', () => {});
  hub.watch('b', () => {});
  await vi.advanceTimersByTimeAsync(600);
  expect(asked).toHaveLength(1);
  hear('a');
  hear('nobody');
  await vi.advanceTimersByTimeAsync(1);
  expect(asked[1]).toEqual(['a']);
  // What is heard of meanwhile waits for the next look, and is in it; an engine may not say which it was.
  for (let news = 0; news < 1000; news++) {
    hear(news % 2 ? 'b' : undefined);
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(asked.slice(2, 4).map((ids) => ids.sort())).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(asked.length).toBeLessThanOrEqual(4);
});

it('looks at once at what has ended, whenever it looked last, and then pauses as ever', async () => {
  const { hub, asked, hear } = noted();
  hub.watch('a', () => {});
  hub.watch('b', () => {});
  await vi.advanceTimersByTimeAsync(100);
  hear('b');
  hub.hearEnd('a');
  hub.hearEnd('nobody');
  await vi.advanceTimersByTimeAsync(1);
  expect(asked.map((ids) => ids.sort())).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  hear('b');
  await vi.advanceTimersByTimeAsync(400);
  expect(asked).toHaveLength(2);
});

it('makes bytes once for all viewers, and gives the same ones where nothing has changed', async () => {
  let rows = 7;
  const look = async (ids: string[]) => new Map(ids.map((id) => [id, exportNow({ id, rows })]));
  const hub = new ProgressHub({ look, log, idleMs: 1000 });
  const make = vi.fn(({ rows: read }: { rows: number }) => `rows ${read}`);
  const got: (Buffer | undefined)[][] = [[], []];
  got.map((list) => hub.watch('a', (update) => list.push(update?.bytes('plain', make))));
  await vi.advanceTimersByTimeAsync(1500);
  rows = 8;
  await vi.advanceTimersByTimeAsync(1000);
  expect(make).toHaveBeenCalledTimes(3);
  const [one, two] = got;
  expect(one?.map(String)).toEqual(['rows 7', 'rows 7', 'rows 8']);
  expect(one?.[1]).toBe(one?.[0]);
  for (const index of [0, 1, 2]) expect(two?.[index]).toBe(one?.[index]);
});

it('does not tell a newcomer that it is over, of one that may have been tried again since', async () => {
  let state: 'failed' | 'running' = 'failed';
  const look = async (ids: string[]) => new Map(ids.map((id) => [id, exportNow({ id, state })]));
  const hub = new ProgressHub({ look, log });
  hub.watch('a', () => {});
  await vi.advanceTimersByTimeAsync(10);
  state = 'running';
  const heard: (string | undefined)[] = [];
  hub.watch('a', (update) => heard.push(update?.now.state));
  expect(heard).toEqual([]);
  await vi.advanceTimersByTimeAsync(600);
  expect(heard).toEqual(['running']);
});

it('says so when an export is no more', async () => {
  const hub = new ProgressHub({ look: async () => new Map(), log });
  const listener = vi.fn();
  hub.watch('a', listener);
  await vi.advanceTimersByTimeAsync(1);
  expect(listener).toHaveBeenCalledExactlyOnceWith(undefined);
});

it('does not ask again before it has an answer, and goes on after an error', async () => {
  const answers: (() => void)[] = [];
  const look = () =>
    new Promise<never>((_, reject) => void answers.push(() => reject(new Error('the database is away'))));
  const hub = new ProgressHub({ look, log, idleMs: 1000 });
  hub.watch('a', () => {});
  await vi.advanceTimersByTimeAsync(5000);
  expect(answers).toHaveLength(1);
  answers[0]?.();
  await vi.advanceTimersByTimeAsync(1000);
  expect(answers).toHaveLength(2);
});
