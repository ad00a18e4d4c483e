import { expect, it } from 'vitest';
import { csrfHolds, csrfToken } from './csrf.js';

const OLD = 'an old secret with more than 32 characters';
const NEW = 'a new secret with more than 32 characters';

it('a token is good for its cookie alone, and says nothing of it', () => {
  const token = csrfToken([NEW], 'cookie');
  expect(csrfHolds([NEW], 'cookie', token)).toBe(true);
  expect(csrfHolds([NEW], 'another', token)).toBe(false);
  expect(token).not.toContain('cookie');
});

it('stays good while secrets rotate, until the old one is taken away', () => {
  const token = csrfToken([OLD], 'cookie');
  expect(csrfHolds([NEW, OLD], 'cookie', token)).toBe(true);
  expect(csrfHolds([NEW], 'cookie', token)).toBe(false);
});

it.each([undefined, '', 'x', ['a'], {}, 1, csrfToken([NEW], 'cookie').slice(0, -1), `${csrfToken([NEW], 'cookie')}A`])(
  '%j is no token',
  (token) => {
    expect(csrfHolds([NEW], 'cookie', token)).toBe(false);
  },
);
