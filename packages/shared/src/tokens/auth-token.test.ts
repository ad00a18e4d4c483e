import { expect, it } from 'vitest';
import { ProblemError } from '../errors.js';
import { mintAuthToken, verifyAuthToken } from './auth-token.js';
import { mintScopedToken } from './scoped-token.js';
import { secretKeys } from './token-keys.js';

const secret = 'one secret of more than thirty-two characters';
const other = 'other secret of more than thirty-two characters';
const now = new Date('2026-03-01T12:00:00Z');
const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);

function type(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemError) return `${error.status} ${error.type}`;
  }
  return 'not refused';
}

it('says which user calls, for a day or as long as asked', () => {
  const token = mintAuthToken('u1', [secret], undefined, now);
  expect(verifyAuthToken(token, [other, secret], later(23.9))).toEqual({ userId: 'u1', expiresAt: later(24) });
  expect(type(() => verifyAuthToken(token, [secret], later(24)))).toBe('401 token-expired');
  expect(verifyAuthToken(mintAuthToken('u1', [secret], 48, now), [secret], later(47)).userId).toBe('u1');
});

it('is not taken when another secret signed it', () => {
  expect(type(() => verifyAuthToken(mintAuthToken('u1', [secret]), [other]))).toBe('401 token-key-unknown');
});

it('a scoped token is not taken for it, even under the same secret', () => {
  const { token } = mintScopedToken({ userId: 'u1', paths: ['/a/'] }, secretKeys([secret]));
  expect(type(() => verifyAuthToken(token, [secret]))).toBe('401 token-audience');
});

it('what is no token at all is called malformed', () => {
  expect(type(() => verifyAuthToken('ana', [secret]))).toBe('401 token-malformed');
});
