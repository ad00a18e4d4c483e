import { describe, expect, it } from 'vitest';
import { downloadStage, exportStage, percent, renderBar } from './bar.js';

const reading = exportStage({
  id: 'x',
  state: 'running',
  phase: 'reading',
  rows: 1234,
  rowsExpected: 5000,
  jobsDone: 1,
  jobs: 9,
});

describe('a bar', () => {
  it.each([
    [100, 'reading [#########-------------------------------] 24 %  1,234 of 5,000 records'],
    [60, 'reading [####----------------] 24 %  1,234 of 5,000 records'],
    [40, 'reading 24 %  1,234 of 5,000 records'],
    [30, 'reading [###-----------] 24 %'],
    [14, 'reading 24 %'],
    [7, '24 %'],
    [1, '24 %'],
  ])('of a terminal of %i columns', (columns, line) => {
    expect(renderBar(reading, columns, false)).toBe(line);
  });

  it('is never as wide as the terminal, which would wrap it', () => {
    for (let columns = 8; columns < 160; columns++) {
      for (let rows = 0; rows <= 5000; rows += 500) {
        const stage = exportStage({
          id: 'x',
          state: 'running',
          phase: 'reading',
          rows,
          rowsExpected: 5000,
          jobsDone: 0,
          jobs: 0,
        });
        expect(renderBar(stage, columns, false).length).toBeLessThan(columns);
      }
    }
  });

  it('has colours only where they are wanted, and they take no room', () => {
    const coloured = renderBar(reading, 60, true);
    expect(coloured).toContain('\u001b[32m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what colours are made of
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderBar(reading, 60, false));
  });

  it('of what has no known length turns a wheel', () => {
    const waiting = exportStage({
      id: 'x',
      state: 'waiting',
      phase: 'waiting',
      rows: 0,
      rowsExpected: null,
      jobsDone: 0,
      jobs: 0,
      placeInQueue: 1200,
    });
    expect([0, 1, 4].map((tick) => renderBar(waiting, 80, false, tick))).toEqual([
      'waiting |  place 1,200 in the queue',
      'waiting /  place 1,200 in the queue',
      'waiting |  place 1,200 in the queue',
    ]);
  });
});

it('says 100 % only when all is there', () => {
  expect([0, 0.999_9, 1].map(percent)).toEqual([0, 99, 100]);
  const stage = exportStage({
    id: 'x',
    state: 'running',
    phase: 'reading',
    rows: 12,
    rowsExpected: 10,
    jobsDone: 0,
    jobs: 0,
  });
  expect(stage.fraction).toBe(1);
  expect(
    exportStage({ id: 'x', state: 'running', phase: 'writing', rows: 0, rowsExpected: 0, jobsDone: 0, jobs: 0 })
      .fraction,
  ).toBe(0);
});

it('tells how long a download will take only once that can be known', () => {
  expect(downloadStage(0, 3_000_000, undefined).figures).toBe('0 bytes of 3 MB');
  expect(downloadStage(1_000_000, 3_000_000, 10_000).figures).toBe('1 MB of 3 MB, 3 min 20 s left');
});
