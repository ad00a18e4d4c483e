/** Requests of somebody who wants in: what a guard of scoped tokens must refuse, and in which words. */
import type { KeyPairs } from './forge.js';
import { asks, hostileMethods, hostilePaths } from './hostile-paths.js';
import { hostileTokens } from './hostile-tokens.js';

/** A request as it goes over the wire. */
export interface HostileRequest {
  name: string;
  method: string;
  target: string;
  /** Names and values; repeated names are repeated headers. */
  headers: [name: string, value: string][];
  body?: string;
  /** The problem type that it is refused with. */
  refusal: string;
  /** What it is refused with over HTTP, where no guard gets to see it; null: in whatever words. */
  overHttp?: string | null;
}

/** What hostile requests are made for: a token that opens `base` to GET, whose user may see every project beside it. */
export interface Hunted extends KeyPairs {
  /** `/api/v1/organizations/<org>/projects/london-2/`; `london-20` and `open` stand beside it. */
  base: string;
  userId: string;
  /** A token that opens `base`. */
  token: string;
  /** Tokens that are right in themselves and whose time was over, or had not come, by the state of their exports. */
  ended: [name: string, token: string][];
  notBegun: string;
}

/** Every one of them. */
export function hostileRequests(hunted: Hunted): HostileRequest[] {
  return [
    ...hostilePaths(hunted),
    ...hostileMethods(hunted),
    ...presentations(hunted),
    ...tokens(hunted),
    ...reuse(hunted),
  ];
}

/** Ways to present a token that no reader should take, or that two readers would take differently. */
function presentations(hunted: Hunted): HostileRequest[] {
  const { base, token } = hunted;
  const neighbour = base.replace('london-2/', 'london-20/');
  const good = `TmpToken ${token}`;
  const one = (
    name: string,
    refusal: string,
    headers: HostileRequest['headers'],
    target = base,
    more: Partial<HostileRequest> = {},
  ): HostileRequest => ({ name, method: 'GET', target, headers, refusal, ...more });
  const form = 'application/x-www-form-urlencoded';
  return [
    one('no token', 'token-missing', []),
    one('two headers, both good', 'token-ambiguous', [
      ['Authorization', good],
      ['Authorization', good],
    ]),
    one('two headers, the first good', 'token-ambiguous', [
      ['Authorization', good],
      ['Authorization', 'TmpToken x'],
    ]),
    one('two headers, the last good', 'token-ambiguous', [
      ['Authorization', 'TmpToken x'],
      ['authorization', good],
    ]),
    one('two headers of different case', 'token-ambiguous', [
      ['AUTHORIZATION', good],
      ['authorization', good],
    ]),
    one('a good header beside Basic', 'token-ambiguous', [
      ['Authorization', 'Basic YTpi'],
      ['Authorization', good],
    ]),
    one('two tokens in one header', 'token-missing', [['Authorization', `${good}, ${good}`]]),
    one('a token and a word', 'token-missing', [['Authorization', `${good} x`]]),
    one('a token without its scheme', 'token-missing', [['Authorization', token]]),
    ...['Bearer', 'Token', 'JWT', 'TmpTokenX', 'XTmpToken', 'Basic', 'Tmp Token'].map((scheme) =>
      one(`the scheme ${scheme}`, 'token-missing', [['Authorization', `${scheme} ${token}`]]),
    ),
    one('a scheme without token', 'token-missing', [['Authorization', 'TmpToken ']]),
    one('a token in quotes', 'token-malformed', [['Authorization', `TmpToken "${token}"`]]),
    one('token=', 'token-malformed', [['Authorization', `TmpToken token=${token}`]]),
    one(
      'a wrong header and a good TOKEN',
      'token-malformed',
      [['Authorization', 'TmpToken nonsense']],
      `${base}?TOKEN=${token}`,
    ),
    one('an empty header and a good TOKEN', 'token-missing', [['Authorization', '']], `${base}?TOKEN=${token}`),
    one('Bearer and a good TOKEN', 'token-missing', [['Authorization', `Bearer ${token}`]], `${base}?TOKEN=${token}`),
    one('Basic and a good TOKEN', 'token-missing', [['Authorization', 'Basic YTpi']], `${base}?TOKEN=${token}`),
    one('two TOKENs, both good', 'token-ambiguous', [], `${base}?TOKEN=${token}&TOKEN=${token}`),
    one('two TOKENs, the first good', 'token-ambiguous', [], `${base}?TOKEN=${token}&TOKEN=x`),
    one('two TOKENs, the last good', 'token-ambiguous', [], `${base}?TOKEN=&TOKEN=${token}`),
    one('two TOKENs, one by an encoded name', 'token-ambiguous', [], `${base}?TOKEN=${token}&%54OKEN=${token}`),
    one('a good header and two TOKENs', 'token-ambiguous', [['Authorization', good]], `${base}?TOKEN=x&TOKEN=y`),
    ...['token', 'Token', 'TOKEN[]', 'TOKEN[0]', 'TOKEN.', 'xTOKEN', 'access_token', 'authorization', ' TOKEN'].map(
      (name) => one(`the parameter ${name}`, 'token-missing', [], `${base}?${encodeURIComponent(name)}=${token}`),
    ),
    one('an empty TOKEN', 'token-missing', [], `${base}?TOKEN=`),
    one('TOKEN behind a semicolon', 'token-missing', [], `${base}?limit=1;TOKEN=${token}`),
    one('TOKEN behind a second question mark', 'token-missing', [], `${base}??TOKEN=${token}`),
    one('TOKEN behind an encoded ampersand', 'token-missing', [], `${base}?limit=1%26TOKEN=${token}`),
    one('TOKEN with its scheme', 'token-malformed', [], `${base}?TOKEN=TmpToken%20${token}`),
    one('TOKEN and a null byte', 'token-malformed', [], `${base}?TOKEN=${token}%00`),
    one('TOKEN and a line end', 'token-malformed', [], `${base}?TOKEN=${token}%0d%0a`),
    one('TOKEN for a neighbour', 'path-not-permitted', [], `${neighbour}?TOKEN=${token}`),
    one('TOKEN by another method', 'method-not-permitted', [], `${base}?TOKEN=${token}`, { method: 'DELETE' }),
    ...[
      'X-Authorization',
      'Proxy-Authorization',
      'X-Token',
      'TmpToken',
      'TOKEN',
      'Authorization2',
      'X-Forwarded-Authorization',
    ].map((name) => one(`the header ${name}`, 'token-missing', [[name, good]])),
    one('a cookie', 'token-missing', [
      ['Cookie', `TOKEN=${token}; parcelpost_session=${token}; Authorization=${token}`],
    ]),
    one('a body', 'token-missing', [['Content-Type', form]], base, { body: `TOKEN=${token}` }),
    one('a body by POST', 'token-missing', [['Content-Type', form]], base, { method: 'POST', body: `TOKEN=${token}` }),
    ...[
      'X-Original-URL',
      'X-Rewrite-URL',
      'X-Forwarded-Path',
      'X-Forwarded-Prefix',
      'X-Forwarded-Uri',
      'Content-Location',
    ].map((header) =>
      one(
        `a neighbour with ${header}`,
        'path-not-permitted',
        [
          ['Authorization', good],
          [header, base],
        ],
        neighbour,
      ),
    ),
  ];
}

function tokens(hunted: Hunted): HostileRequest[] {
  return hostileTokens(hunted).map(({ name, token, refusal }) => ({
    ...asks(hunted, hunted.base, token),
    name: `token: ${name}`,
    refusal,
  }));
}

function reuse(hunted: Hunted): HostileRequest[] {
  const again = hunted.ended.flatMap(([name, token]): HostileRequest[] => [
    { ...asks(hunted, hunted.base, token), name: `reuse: ${name}`, refusal: 'token-revoked' },
    {
      ...asks(hunted, `${hunted.base}parties/?limit=1`, token),
      name: `reuse for a list: ${name}`,
      refusal: 'token-revoked',
    },
    {
      name: `reuse by TOKEN: ${name}`,
      method: 'GET',
      target: `${hunted.base}?TOKEN=${token}`,
      headers: [],
      refusal: 'token-revoked',
    },
  ]);
  const early = {
    ...asks(hunted, hunted.base, hunted.notBegun),
    name: 'before its export',
    refusal: 'token-not-yet-valid',
  };
  return [...again, early];
}
