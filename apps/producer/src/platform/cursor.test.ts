import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.js';

it.each([0, 1, 12, 123, 4_294_967_296, 999_999_999_999_999n, 999_999_999_999_999_999n])(
  'position %s comes back from its cursor',
  (position) => {
    expect(decodeCursor(encodeCursor(position))).toBe(String(position));
  },
);

it('the empty cursor stands before the first record', () => {
  expect(decodeCursor('')).toBe('0');
});

it.each([
  '1',
  'abc',
  'MQ==',
  'LTE',
  'MDE',
  'MQMQMQMQMQMQMQMQMQMQMQMQMQ',
  encodeCursor(10n ** 18n),
  'MSBv',
  'MR',
  ' MQ',
  "MQ' or 1",
])('%j is no cursor', (cursor) => {
  expect(decodeCursor(cursor)).toBeUndefined();
});
