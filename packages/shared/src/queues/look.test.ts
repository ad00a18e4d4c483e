import { describe, expect, it } from 'vitest';
import { doubtsOf } from './look.js';

/** What Redis says of itself, as far as it matters. */
const info = (changes: Record<string, string | number> = {}) =>
  Object.entries({
    redis_version: '7.0.15',
    used_memory: 1_000_000,
    maxmemory: 0,
    maxmemory_policy: 'noeviction',
    aof_enabled: 1,
    aof_last_write_status: 'ok',
    rdb_last_bgsave_status: 'ok',
    ...changes,
  })
    .map(([name, value]) => `${name}:${value}`)
    .concat('# Memory', '')
    .join('\r\n');

describe('doubts about a Redis', () => {
  it.each([
    ['is set as it should be', {}],
    ['has a limit that is far', { maxmemory: 2_000_000 }],
  ])('there are none where it %s', (_, changes) => {
    expect(doubtsOf(info(changes))).toEqual([]);
  });

  it('there are none where it says nothing', () => {
    expect(doubtsOf('')).toEqual([]);
  });

  it.each([
    ['evicts', { maxmemory_policy: 'volatile-lru' }, /volatile-lru/, true],
    ['is nearly full', { maxmemory: 1_050_000 }, /uses 95 % of the memory/, true],
    ['forgets at a restart', { aof_enabled: 0 }, /no append-only file/, false],
    ['cannot append', { aof_last_write_status: 'err' }, /could not write its append-only file/, true],
    ['cannot save', { rdb_last_bgsave_status: 'err' }, /could not write its snapshot/, true],
  ])('there is one where it %s', (_, changes, said, loses) => {
    const doubts = doubtsOf(info(changes));
    expect(doubts).toHaveLength(1);
    expect(doubts[0]?.what).toMatch(said);
    expect(doubts[0]?.loses).toBe(loses);
    expect(doubts[0]?.advice).not.toBe('');
  });
});
