import { expect, it } from 'vitest';
import { isStorable, storableText } from './storable-text.js';

it('takes out what PostgreSQL refuses, and leaves whole characters alone', () => {
  expect(storableText('a\0b', 10)).toBe('a\ufffdb');
  expect(storableText('\ud83d\ude00 \ud83d x \ude00', 20)).toBe('\ud83d\ude00 \ufffd x \ufffd');
});

it('cuts no character in two', () => {
  expect(storableText('ab\ud83d\ude00', 3)).toBe('ab\ufffd');
  expect(storableText('abc', 3)).toBe('abc');
});

it('knows what is refused, however often it is asked', () => {
  const texts = ['a\0b', '\ud83d', 'a \ude00', '\ud83d\ude00', ''];
  for (let time = 0; time < 3; time += 1) expect(texts.map(isStorable)).toEqual([false, false, false, true, true]);
});
