import { EventEmitter } from 'node:events';
import { createLogger } from '@parcelpost/shared/log.js';
import type { FastifyReply } from 'fastify';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exportNow } from '../../../../test/support/export-now.js';
import { ProgressHub } from '../actions/progress-hub.js';
import { API_STREAM, EventStreams } from './event-stream.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const BEAT_MS = 15_000;

/** A reader's end of an answer: takes what is written, unless it is told to take nothing. */
class Reader extends EventEmitter {
  readonly got: string[] = [];
  writableNeedDrain = false;
  destroyed = false;
  ended = false;
  readonly socket = { setKeepAlive: () => {} };
  writeHead() {}
  write(bytes: Buffer | string) {
    this.got.push(String(bytes));
  }
  end() {
    this.ended = true;
    this.emit('close');
  }
  destroy() {
    this.destroyed = true;
    this.emit('close');
  }
  /** The events it got, by name and records. */
  events() {
    return this.got.flatMap((text) => {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/m.exec(text) ?? [];
      return event === undefined ? [] : [`${event} ${JSON.parse(`${data}`).rows}`];
    });
  }
}

function streamed(limits = { most: 10, perPerson: 10 }) {
  const state = { now: exportNow({ rows: 1 }) };
  const hub = new ProgressHub({
    look: async (ids) => new Map(ids.map((id) => [id, { ...state.now, id }])),
    log: createLogger('test', 'silent'),
  });
  const streams = new EventStreams(hub, limits, BEAT_MS);
  const open = (raw = new Reader()) => {
    const reply = { raw, getHeaders: () => ({}), hijack: () => {} } as unknown as FastifyReply;
    streams.open('a', 'ana', API_STREAM, reply);
    return raw;
  };
  return { state, hub, streams, open };
}

it('a reader that does not keep up gets the newest state once it does, and nothing in between', async () => {
  const { state, open } = streamed();
  const reader = open();
  await vi.advanceTimersByTimeAsync(100);
  reader.writableNeedDrain = true;
  for (const rows of [2, 3, 4]) {
    state.now = exportNow({ rows });
    await vi.advanceTimersByTimeAsync(1000);
  }
  reader.writableNeedDrain = false;
  reader.emit('drain');
  expect(reader.events()).toEqual(['progress 1', 'progress 4']);
});

it('one that takes nothing any more is dropped after a minute, and nobody looks for it', async () => {
  const { hub, streams, open } = streamed();
  const [dead, living] = [open(), open()];
  await vi.advanceTimersByTimeAsync(100);
  dead.writableNeedDrain = true;
  await vi.advanceTimersByTimeAsync(3 * BEAT_MS);
  expect(dead.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(BEAT_MS);
  expect([dead.destroyed, living.destroyed, streams.size]).toEqual([true, false, 1]);
  expect(living.got.filter((text) => text.startsWith(':')).length).toBeGreaterThanOrEqual(4);
  living.destroy();
  expect([streams.size, hub.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
});

it('a stream ends after some minutes, so that whoever comes back is looked at again, and not all at once', async () => {
  const { hub, streams, open } = streamed({ most: 100, perPerson: 100 });
  const readers = Array.from({ length: 50 }, () => open());
  await vi.advanceTimersByTimeAsync(5 * 60_000 - BEAT_MS);
  expect(streams.size).toBe(50);
  await vi.advanceTimersByTimeAsync(2.5 * 60_000);
  expect(streams.size).toBeGreaterThan(0);
  expect(streams.size).toBeLessThan(50);
  await vi.advanceTimersByTimeAsync(2.5 * 60_000 + 2 * BEAT_MS);
  expect([streams.size, hub.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
  expect(readers.every(({ ended }) => ended)).toBe(true);
});

it('who has left before the answer has no stream', () => {
  const { hub, streams, open } = streamed();
  const gone = new Reader();
  gone.destroyed = true;
  open(gone);
  expect([streams.size, hub.size, gone.got]).toEqual([0, 0, []]);
});

it('the end is told once, also to one that comes after it, and leaves nothing behind', async () => {
  const { state, hub, streams, open } = streamed();
  const early = open();
  await vi.advanceTimersByTimeAsync(100);
  state.now = exportNow({ rows: 9, state: 'completed', phase: 'decided' });
  await vi.advanceTimersByTimeAsync(1500);
  const late = open();
  await vi.advanceTimersByTimeAsync(1500);
  expect([early.events(), late.events()]).toEqual([['progress 1', 'end 9'], ['end 9']]);
  expect([early.ended, late.ended, streams.size, hub.size, vi.getTimerCount()]).toEqual([true, true, 0, 0, 0]);
});
