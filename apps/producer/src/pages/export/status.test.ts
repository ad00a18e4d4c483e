import { LANGUAGE_TAGS } from '@parcelpost/shared/languages.js';
import { describe, expect, it } from 'vitest';
import { exportNow } from '../../../../../test/support/export-now.js';
import { statusOf } from './status.js';

const map = {
  kind: 'map',
  step: 'parties',
  rows: 2500,
  rowsExpected: 10_000,
  jobsDone: 1,
  jobs: 4,
  shards: 'draw',
} as const;

describe('an export in words and figures', () => {
  it('that waits: for its turn with its place, for the queue, for a worker', () => {
    const waiting = { state: 'waiting', phase: 'waiting', startedAt: null } as const;
    const turn = statusOf(exportNow({ ...waiting, waitsFor: 'turn', placeInQueue: 1234 }), 'en');
    expect(turn).toMatchObject({ doing: 'waiting-turn', placeInQueue: 1234, progress: { percent: 0 } });
    expect(turn.words.time).toContain('Place 1,234 in the queue.');
    expect(statusOf(exportNow({ ...waiting, waitsFor: 'turn', placeInQueue: 1 }), 'en').words.time).toContain('next');
    const queue = statusOf(exportNow({ ...waiting, waitsFor: 'queue', queueAway: true }), 'en');
    expect(queue.words.explanation).toContain('will start when the queue is back');
    expect(queue.words.notice).toContain('does not answer');
    expect(statusOf(exportNow({ ...waiting, waitsFor: 'worker' }), 'en').words.title).toBe('About to begin');
  });

  it('that never waits for ever: its latest end is told for as long as it is open', () => {
    for (const state of ['waiting', 'running'] as const) {
      expect(statusOf(exportNow({ state }), 'en').words.time).toContain('It comes to an end by Mar 1, 2026, 1:00');
    }
    expect(statusOf(exportNow({ state: 'failed' }), 'en')).toMatchObject({ deadlineAt: null, words: { time: '' } });
  });

  it('that is read: percent, records, time left, and each step with its parts', () => {
    const speed = { lately: { rows: 1250, seconds: 30 }, overall: { rows: 2500, seconds: 60 } };
    const status = statusOf(exportNow({ rows: 2500, rowsExpected: 10_000, steps: [map], speed }), 'en');
    expect(status.words).toMatchObject({
      title: 'Reading the records',
      progress: '21% done · 2,500 of 10,000 records',
      time: expect.stringMatching(/^About 3 minutes left until everything is read\. It comes to an end by/),
    });
    expect(status.secondsLeft).toEqual({ from: 180, to: 180 });
    expect(status.steps).toMatchObject([
      {
        name: 'Read parties',
        words: {
          parts: '1 of 4 parts',
          doing: '1 done, 1 running, 1 to be tried again, and 1 waiting',
          records: '2,500 of 10,000 records',
        },
      },
    ]);
  });

  it('that is written: percent goes on from the reading to the files, and is a hundred only at the end', () => {
    const reduce = (jobsDone: number) => ({ ...map, kind: 'reduce' as const, step: 'parties.csv', jobsDone });
    const writing = (done: number, phase: 'writing' | 'bundling') =>
      statusOf(exportNow({ phase, rows: 9, rowsExpected: 9, steps: [reduce(done)] }), 'en').progress.percent;
    expect([writing(0, 'writing'), writing(2, 'writing'), writing(4, 'bundling')]).toEqual([85, 91, 97]);
    expect(statusOf(exportNow({ state: 'completed', phase: 'decided' }), 'en').progress.percent).toBe(100);
    expect(statusOf(exportNow({ state: 'failed', phase: 'decided' }), 'en').progress.percent).toBeNull();
  });

  it('that failed: what happened and what to do in plain words, by its code, beside what the operator reads', () => {
    const error = { code: 'platform-unavailable', message: 'GET /x: 503.', step: 'parties', shard: 0, attempts: 8 };
    const { words, error: told } = statusOf(exportNow({ state: 'failed', phase: 'decided', error }), 'en');
    expect(words).toMatchObject({ title: 'Failed', next: 'Try again.' });
    expect(told).toMatchObject({ code: 'platform-unavailable', message: 'GET /x: 503.' });
    expect(told?.what).toContain('did not answer');
    expect(told?.todo).toContain('Try again in a while');
    const unknown = statusOf(exportNow({ state: 'failed', error: { ...error, code: '__proto__' } }), 'en');
    expect(unknown.error?.what).toContain('no words for');
  });

  it('has another version whenever the page shows more than other figures', () => {
    const version = (changes: Parameters<typeof exportNow>[0]) => statusOf(exportNow(changes), 'en').version;
    const same = version({ rows: 1, speed: null });
    expect(version({ rows: 999, jobsDone: 1 })).toBe(same);
    const others = [
      version({ generation: 2 }),
      version({ phase: 'writing' }),
      version({ cancelling: true }),
      version({ queueAway: true }),
      version({ steps: [map] }),
      version({ state: 'completed' }),
      version({ state: 'completed', followUps: { open: 1, ended: 0 } }),
      version({ state: 'completed', followUps: { open: 0, ended: 1 } }),
    ];
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
  });

  it.each(LANGUAGE_TAGS)('in the language %s nothing is left unfilled', (language) => {
    const speed = { lately: { rows: 300, seconds: 30 }, overall: { rows: 2500, seconds: 60 } };
    const error = { code: 'deadline', message: 'm', step: null, shard: null, attempts: 1 };
    const states = [
      { rows: 2500, rowsExpected: 10_000, steps: [map], speed },
      { rows: 1, rowsExpected: null, steps: [{ ...map, rowsExpected: null }] },
      { state: 'waiting', waitsFor: 'turn', placeInQueue: 2 },
      { state: 'waiting', waitsFor: 'queue', queueAway: true },
      { state: 'failed', error },
    ] as const;
    for (const changes of states) {
      const text = JSON.stringify(statusOf(exportNow(changes as Parameters<typeof exportNow>[0]), language));
      expect(text).not.toMatch(/\{\w+\}/);
      expect(text).not.toContain('undefined');
    }
  });
});
