import { describe, expect, it } from 'vitest';
import { createGuard, type TokenStanding } from './guard.js';
import { mintScopedToken } from './scoped-token.js';
import { TokenStandings } from './standings.js';
import { secretKeys } from './token-keys.js';

/** A source of answers that counts its questions, on a clock that is moved by hand. */
function source(standing: TokenStanding | undefined = 'good') {
  const state = { standing, questions: [] as string[], ms: 0, fails: false };
  const find = async (jti: string) => {
    state.questions.push(jti);
    if (state.fails) throw new Error('the database is away');
    return state.standing === undefined ? undefined : { exportId: `export of ${jti}`, standing: state.standing };
  };
  return { state, standings: new TokenStandings(find, { believedMs: 3000, most: 3, now: () => state.ms }) };
}

it('a token is asked for once in an interval, however often it is used, and at once', async () => {
  const { state, standings } = source();
  await Promise.all(Array.from({ length: 50 }, () => standings.of('a')));
  state.ms = 2999;
  expect(await standings.of('a')).toBe('good');
  expect(state.questions).toEqual(['a']);
  state.ms = 3000;
  state.standing = 'ended';
  expect(await standings.of('a')).toBe('ended');
  expect(state.questions).toEqual(['a', 'a']);
});

it('news of a decision ends what was believed of that export’s tokens, and of no other’s', async () => {
  const { state, standings } = source();
  await standings.of('a');
  await standings.of('b');
  state.standing = 'ended';
  standings.forget('export of a');
  expect([await standings.of('a'), await standings.of('b')]).toEqual(['ended', 'good']);
  expect(state.questions).toEqual(['a', 'b', 'a']);
});

it('an answer that was on its way when the news came is not believed', async () => {
  let answer: (standing: TokenStanding) => void = () => {};
  const standings = new TokenStandings(
    () => new Promise((resolve) => (answer = (standing) => resolve({ exportId: 'e', standing }))),
  );
  const first = standings.of('a');
  const late = answer;
  standings.forget('e');
  late('good');
  expect(await first).toBe('good');
  const second = standings.of('a');
  answer('ended');
  expect(await second).toBe('ended');
});

it('what cannot be answered lets nobody in, and is asked again by the next', async () => {
  const { state, standings } = source();
  state.fails = true;
  await expect(standings.of('a')).rejects.toThrow('away');
  state.fails = false;
  expect(await standings.of('a')).toBe('good');
});

it('a bounded number of tokens is remembered', async () => {
  const { state, standings } = source();
  for (const jti of ['a', 'b', 'c', 'd', 'e']) await standings.of(jti);
  expect(standings.size).toBe(3);
  await standings.of('e');
  await standings.of('a');
  expect(state.questions).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
});

it('a token of which nothing is known is judged by itself', async () => {
  expect(await source(undefined).standings.of('a')).toBe('good');
});

describe('a guard', () => {
  const keys = secretKeys(['a secret of more than thirty-two characters']);
  const { token, claims } = mintScopedToken({ userId: 'u1', paths: ['/a/'] }, keys);

  it.each([
    ['good', undefined],
    ['ended', 'token-revoked'],
    ['not-begun', 'token-not-yet-valid'],
  ] as const)('of a token that is %s answers %s, whether it knows at once or has to ask', async (standing, type) => {
    for (const tell of [() => standing, async () => standing]) {
      const asked = createGuard({ keys, standing: tell })(token, 'GET', '/a/b');
      if (type === undefined) expect(await asked).toEqual(claims);
      else await expect(asked).rejects.toMatchObject({ status: 401, type });
    }
  });

  it('asks of no token that is wrong in itself', async () => {
    const guard = createGuard({
      keys,
      standing: () => {
        throw new Error('asked');
      },
    });
    await expect(guard('nonsense', 'GET', '/a/')).rejects.toMatchObject({ type: 'token-malformed' });
    await expect(guard(token, 'GET', '/b/')).rejects.toMatchObject({ type: 'path-not-permitted' });
    await expect(guard(token, 'GET', '/a/')).rejects.toThrow('asked');
  });

  it('judges by the clock that it is given', async () => {
    const at = (seconds: number) => createGuard({ keys, now: () => new Date(seconds * 1000) })(token, 'GET', '/a/');
    const { iat = 0, exp } = claims;
    expect((await at(exp - 1)).sub).toBe('u1');
    await expect(at(exp)).rejects.toMatchObject({ type: 'token-expired' });
    expect((await at(iat - 60)).sub).toBe('u1');
    await expect(at(iat - 61)).rejects.toMatchObject({ type: 'token-not-yet-valid' });
  });
});
