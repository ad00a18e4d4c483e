import { describe, expect, test } from 'vitest';
import { median } from './measure.js';
import { readOptions } from './options.js';
import { cpuSeconds, peakMib } from './process-usage.js';
import { table } from './table.js';

describe('options of the bench', () => {
  test('say what is measured when nothing is given', () => {
    expect(readOptions([], 2)).toEqual({
      sizes: [100, 1000, 10_000, 50_000],
      latencies: [0, 20],
      engines: ['redis', 'postgres'],
      repeat: 3,
      workers: 2,
      concurrency: undefined,
      own: [],
      profile: undefined,
      json: undefined,
    });
  });

  test.each([
    [['--sizes', '10,x'], '--sizes'],
    [['--sizes', ''], '--sizes'],
    [['--latency=-1'], '--latency'],
    [['--engine', 'mysql'], '--engine'],
    [['--repeat', '1,2'], '--repeat'],
    [['--own', '0'], '--own'],
    [['--unknown'], '--unknown'],
  ])('that are wrong are named: %s', (args, option) => {
    expect(() => readOptions(args, 2)).toThrow(option);
  });
});

test('the median is the middle, or between the two', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('tables line up', () => {
  expect(
    table(
      ['name', 'n'],
      [
        ['a', '1'],
        ['long name', '200'],
      ],
    ),
  ).toBe(['name         n', '---------  ---', 'a            1', 'long name  200'].join('\n'));
});

test('memory and processor time of a process are told on Linux, and elsewhere not made up', async () => {
  const [peak, used] = await Promise.all([peakMib(process.pid), cpuSeconds([process.pid])]);
  if (process.platform === 'linux') {
    expect(peak).toBeGreaterThan(10);
    expect(used).toBeGreaterThan(0);
  } else {
    expect([peak, used]).toEqual([undefined, undefined]);
  }
  expect(await peakMib(0)).toBeUndefined();
});
