/** What can be wrong with a token: one problem type for each, so that whoever is refused knows what to do. */
import { ProblemError } from '../errors.js';

interface TokenProblem {
  status: number;
  title: string;
  /** What happened and what to do: the detail of the answer. */
  detail: string;
}

/** Every refusal of a token, by problem type. Those of a path as such are in raw-path.ts. */
export const TOKEN_PROBLEMS = {
  'token-missing': {
    status: 401,
    title: 'A token is needed',
    detail: 'This request carries no token. Send one in the Authorization header.',
  },
  'token-malformed': {
    status: 401,
    title: 'The token cannot be read',
    detail: 'What was sent is not a token of this kind. Send it whole, as it was given out.',
  },
  'token-algorithm': {
    status: 401,
    title: 'The token is signed by an algorithm that is not accepted',
    detail: 'A token is signed by the algorithm of the key that it names, and no other. Ask for a new token.',
  },
  'token-key-unknown': {
    status: 401,
    title: 'The token is signed with a key that is not known here',
    detail: 'The key that this token names is not, or no longer, in use here. Ask for a new token.',
  },
  'token-signature': {
    status: 401,
    title: "The token's signature does not match",
    detail: 'The token was changed, or signed with another key than it should be. Ask for a new token.',
  },
  'token-expired': {
    status: 401,
    title: 'The token has expired',
    detail: 'The life of this token is over. Ask for a new one.',
  },
  'token-not-yet-valid': {
    status: 401,
    title: 'The token is not valid yet',
    detail:
      'The life of this token has not begun: it bears a later time, or the export it is for has not started. Try later, ' +
      'and compare the clocks of both machines.',
  },
  'token-revoked': {
    status: 401,
    title: 'The token has been revoked',
    detail: 'The export that this token was for has come to its end, and the token with it. Ask for a new export.',
  },
  'token-ambiguous': {
    status: 400,
    title: 'The request carries more than one token',
    detail:
      'A request has one Authorization header or one TOKEN in its query; this one has several, which two readers could ' +
      'take differently. Send one token.',
  },
  'token-audience': {
    status: 401,
    title: 'The token is meant for another service',
    detail: 'The audience of this token is not this service. Ask for a token that names it.',
  },
  'token-issuer': {
    status: 401,
    title: 'The token was issued by another service',
    detail: 'The issuer of this token is not known here. Ask for a token of this service.',
  },
  'user-unknown': {
    status: 401,
    title: "The token's user is not known here",
    detail: 'The user of this token is not, or no longer, among the users. Ask an administrator for access.',
  },
  'method-not-permitted': {
    status: 403,
    title: 'The token does not permit this method',
    detail: 'This token opens its paths to other methods than this one. Ask for a token that permits it.',
  },
  'path-not-permitted': {
    status: 403,
    title: 'The token does not permit this path',
    detail: 'This token opens other paths than this one. Ask for a token that permits it.',
  },
} satisfies Record<string, TokenProblem>;

export type TokenProblemType = keyof typeof TOKEN_PROBLEMS;

/**
 * The refusal of one request; a 401 carries the challenge (RFC 9110, section 11.6.1) for the scheme that is wanted.
 * Never says anything of the token itself.
 */
export function tokenProblem(type: TokenProblemType, scheme: 'TmpToken' | 'Bearer', cause?: unknown): ProblemError {
  const { status, title, detail } = TOKEN_PROBLEMS[type];
  const challenge = `${scheme} realm="parcelpost"${type === 'token-missing' ? '' : ', error="invalid_token"'}`;
  return new ProblemError(status, type, title, detail, {
    headers: status === 401 ? { 'www-authenticate': challenge } : {},
    cause,
  });
}
