import { expect, it } from 'vitest';
import { PostponedError } from './errors.js';

it('what is postponed is begun again before its patience is over, however long the pause that it was told', () => {
  const turn = new Date('2026-01-01T00:00:00Z');
  const after = (ms: number) => new PostponedError('full', 'Full.', 600, 1000).pauseFrom(turn, turn.getTime() + ms);
  expect([0, 400, 401, 999, 1000, 1001].map(after)).toEqual([600, 600, 599, 1, 0, undefined]);
});
