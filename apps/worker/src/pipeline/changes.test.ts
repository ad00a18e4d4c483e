import { describe, expect, test } from 'vitest';
import { changeWarnings, type ShardRead, widened } from './changes.js';
import { shardsByCursor, shardsByOffset } from './plan.js';

const read = (...each: [rows: number, count: number | null][]): ShardRead[] =>
  each.map(([rows, count], shard) => ({ entity: 'parties', shard, rows, counts: widened(null, count) }));

describe('by cursor', () => {
  const shards = shardsByCursor('parties', ['', 'b', 'c'], 25, 10);

  test('nothing is said where as many came as were counted, whatever was added or removed behind the readers', () => {
    expect(changeWarnings(shards, read([9, 25], [11, 25], [5, 25]))).toEqual([]);
    expect(changeWarnings(shards, read([10, 25], [10, 26], [5, 27]))).toEqual([]);
  });

  test('another number is told, and that what was there all the time is there once', () => {
    const [warning, ...more] = changeWarnings(shards, read([9, 24], [10, 24], [5, 24]));
    expect(more).toEqual([]);
    expect(warning).toMatchObject({ code: 'count-changed', count: 1, ids: [] });
    expect(warning?.message).toMatch(
      /^the platform counted 25 parties when the export was planned, but gave 24: .*each of them once$/,
    );
  });

  test('an entity that was empty when it was planned is told of when it is not any more', () => {
    const [warning] = changeWarnings(shardsByCursor('parties', [''], 0, 10), read([1, 1]));
    expect(warning?.message).toContain('counted 0 parties when the export was planned, but gave 1:');
  });
});

describe('by offset', () => {
  const shards = shardsByOffset('parties', 2000, 1000);

  test('nothing is said where number and counts are as planned, or are not told', () => {
    expect(changeWarnings(shards, read([1000, 2000], [1000, 2000]))).toEqual([]);
    expect(changeWarnings(shards, read([1000, null], [1000, null]))).toEqual([]);
  });

  test('another number, or another count in one shard, is told, and that records may be missing or twice', () => {
    for (const [reads, count, says] of [
      [read([1000, 1990], [990, 1990]), 10, 'but gave 1,990: '],
      [read([1000, 2000], [1000, 1999]), 1, 'and 1,999 later: '],
    ] as const) {
      const [warning, ...more] = changeWarnings(shards, reads);
      expect(more).toEqual([]);
      expect(warning).toMatchObject({ code: 'count-changed', count, ids: [] });
      expect(warning?.message).toContain(`counted 2,000 parties when the export was planned, ${says}`);
      expect(warning?.message).toMatch(/missing here; what came twice is here once\. .*ask for the export again/);
    }
  });
});

test('each entity is judged by itself', () => {
  const shards = [...shardsByOffset('locations', 1, 10), ...shardsByCursor('parties', [''], 3, 10)];
  const reads = [{ entity: 'locations', shard: 0, rows: 2, counts: { least: 2, most: 2 } }, ...read([3, 3])];
  expect(changeWarnings(shards, reads).map(({ message }) => message)).toEqual([
    expect.stringContaining('counted 1 location when the export was planned, but gave 2:'),
  ]);
});

test('of the counts of many pages the smallest and the largest are kept', () => {
  expect([7, null, 5, 9, 7].reduce(widened, null as ReturnType<typeof widened>)).toEqual({ least: 5, most: 9 });
  expect(widened(null, null)).toBeNull();
  const shards = shardsByOffset('parties', 7, 10);
  for (const counts of [
    { least: 5, most: 7 },
    { least: 7, most: 9 },
  ]) {
    expect(changeWarnings(shards, [{ entity: 'parties', shard: 0, rows: 7, counts }])).toHaveLength(1);
  }
});

describe('where a shard was not read', () => {
  test.each([
    ['cursor', shardsByCursor('parties', ['', 'b', 'c'], 25, 10)],
    ['offset', shardsByOffset('parties', 25, 10)],
  ])('by %s, its records are no change', (_, shards) => {
    const [first, , last] = read([10, 25], [10, 25], [5, 25]) as [ShardRead, ShardRead, ShardRead];
    expect(changeWarnings(shards, [first, last])).toEqual([]);
    expect(changeWarnings(shards, [])).toEqual([]);
  });

  test('a change in the others is told as theirs', () => {
    const [first, , last] = read([9, 24], [10, 24], [5, 24]) as [ShardRead, ShardRead, ShardRead];
    const [warning] = changeWarnings(shardsByCursor('parties', ['', 'b', 'c'], 25, 10), [first, last]);
    expect(warning).toMatchObject({ count: 1 });
    expect(warning?.message).toMatch(
      /^the platform counted 15 parties in the parts that could be read when the export was planned, but gave 14:/,
    );
  });
});
