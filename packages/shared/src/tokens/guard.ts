/**
 * A guard for whatever serves the paths that scoped tokens open. It knows no framework and no database: keys, clock and
 * what is known of revoked tokens are given to it.
 */
import { presentedToken, type RawRequest } from './presented-token.js';
import { tokenProblem } from './problems.js';
import { authorize, type Judging, type ScopedClaims } from './scoped-token.js';

/** How a token that is right in itself stands: what it was minted for runs, has not begun, or has ended. */
export type TokenStanding = 'good' | 'not-begun' | 'ended';

export interface GuardOptions extends Judging {
  /**
   * Asked for each token that is right in itself; without it no token is ever revoked before its time. What it throws is
   * thrown on: nobody gets in where the answer is not known.
   */
  standing?: (claims: ScopedClaims) => TokenStanding | Promise<TokenStanding>;
}

/** Says whether a token opens a request; see {@link authorize}, which it is but for revoked tokens. */
export type Guard = (token: string | undefined, method: string, rawUrl: string) => Promise<ScopedClaims>;

/**
 * Makes a guard.
 * @returns a function that resolves with what the token says, or rejects: with a {ProblemError} 400, 401 or 403 whose type
 *   names the fault, among them 401 `token-revoked` and 401 `token-not-yet-valid`
 */
export function createGuard({ standing, ...judging }: GuardOptions): Guard {
  return async (token, method, rawUrl) => {
    const claims = authorize(token, method, rawUrl, judging);
    switch ((await standing?.(claims)) ?? 'good') {
      case 'good':
        return claims;
      case 'not-begun':
        throw tokenProblem('token-not-yet-valid', 'TmpToken');
      case 'ended':
        throw tokenProblem('token-revoked', 'TmpToken');
    }
  };
}

/** Has a guard judge a whole request: its method, its target, and the token that it presents. Rejects as the guard does. */
export async function guardRequest(guard: Guard, request: RawRequest): Promise<ScopedClaims> {
  return guard(presentedToken(request), request.method ?? '', request.url ?? '');
}
