import { expect, it } from 'vitest';
import { exportNow, LOOKED_AT } from '../../../../../test/support/export-now.js';
import { timeLeft } from './time-left.js';

const ago = (seconds: number) => new Date(LOOKED_AT.getTime() - seconds * 1000);
const speed = (lately: [rows: number, seconds: number], overall: [rows: number, seconds: number]) => ({
  lately: { rows: lately[0], seconds: lately[1] },
  overall: { rows: overall[0], seconds: overall[1] },
});
const reading = (changes: Parameters<typeof exportNow>[0]) =>
  timeLeft(exportNow({ rows: 20_000, rowsExpected: 100_000, ...changes }));

it('says nothing before it can be known: no speed, no count, the first seconds, no longer running', () => {
  const unknown = { range: null, late: false };
  expect(reading({})).toEqual(unknown);
  expect(reading({ rowsExpected: null, speed: speed([900, 30], [900, 60]) })).toEqual(unknown);
  expect(reading({ speed: speed([900, 4], [900, 4]) })).toEqual(unknown);
  expect(reading({ state: 'completed', speed: speed([900, 30], [900, 60]) })).toEqual(unknown);
  expect(reading({ cancelling: true, speed: speed([900, 30], [900, 60]) })).toEqual(unknown);
});

it('counts with the pace of late and the pace since the beginning, and gives both ends', () => {
  // 80,000 are left: 400 a second of late, 200 a second overall.
  expect(reading({ speed: speed([12_000, 30], [20_000, 100]) })).toEqual({
    range: { from: 200, to: 400 },
    late: false,
  });
});

it('says that it takes longer than expected instead of promising: when far slower than before, or silent', () => {
  expect(reading({ speed: speed([300, 30], [20_000, 100]) }).late).toBe(true);
  expect(reading({ speed: speed([0, 30], [20_000, 100]) })).toEqual({ range: null, late: true });
  expect(reading({ speed: speed([0, 8], [20_000, 8]) })).toEqual({ range: null, late: false });
});

it('a worker that does not begin, a count that does not come, and files that take longer than reading are late', () => {
  const waiting = { state: 'waiting', phase: 'waiting', waitsFor: 'worker' } as const;
  expect(timeLeft(exportNow({ ...waiting, enteredAt: ago(20) })).late).toBe(false);
  expect(timeLeft(exportNow({ ...waiting, enteredAt: ago(61) })).late).toBe(true);
  // Its turn may be long in coming; nobody is late for that.
  expect(timeLeft(exportNow({ ...waiting, waitsFor: 'turn', enteredAt: null })).late).toBe(false);
  expect(timeLeft(exportNow({ phase: 'planning', startedAt: ago(61) })).late).toBe(true);
  const writing = (seconds: number) =>
    timeLeft(exportNow({ phase: 'writing', written: { seconds, readSeconds: 100 } }));
  expect(writing(110).late).toBe(false);
  expect(writing(121).late).toBe(true);
});

it('while the queue is away nothing is said: that is told by itself', () => {
  expect(reading({ queueAway: true, speed: speed([0, 30], [20_000, 100]) })).toEqual({ range: null, late: false });
});
