import { describe, expect, test } from 'vitest';
import { shardSize, shardsByCursor, shardsByOffset } from './plan.js';

const expected = (shards: readonly { rowsExpected: number }[]) => shards.map(({ rowsExpected }) => rowsExpected);

describe('shards by cursor', () => {
  test('end where the next one begins, the last with the list, whatever their number of records', () => {
    const shards = shardsByCursor('parties', ['', 'b', 'c'], 25, 10);
    expect(shards.map(({ range }) => range)).toEqual([
      { cursor: '', until: 'b' },
      { cursor: 'b', until: 'c' },
      { cursor: 'c' },
    ]);
    expect(shards.map(({ entity, shard }) => [entity, shard])).toEqual([0, 1, 2].map((shard) => ['parties', shard]));
  });

  test.each([
    ['in the same moment', 25, [10, 10, 5]],
    ['when there were more', 42, [10, 10, 22]],
    ['when there were fewer', 14, [10, 4, 0]],
  ])('expect together what the platform counted, also %s', (_, count, rows) => {
    expect(expected(shardsByCursor('parties', ['', 'b', 'c'], count, 10))).toEqual(rows);
  });
});

test('shards by offset cover the count, and the last one reads on behind it', () => {
  const shards = shardsByOffset('parties', 25, 10);
  expect(shards.map(({ range }) => range)).toEqual([
    { offset: 0, limit: 10, last: false },
    { offset: 10, limit: 10, last: false },
    { offset: 20, limit: 5, last: true },
  ]);
  expect(expected(shards)).toEqual([10, 10, 5]);
  expect(shardsByOffset('parties', 0, 10)).toEqual([]);
});

test('shards grow where there would be more than two hundred of an entity', () => {
  expect(shardSize(1_000_000, 5000)).toBe(5000);
  expect(shardSize(2_000_001, 5000)).toBe(10_001);
});
