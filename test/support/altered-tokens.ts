/** Good tokens that somebody has altered, and tokens with claims that none of this service has. */
import { randomUUID, sign } from 'node:crypto';
import { secretKeys, type TokenKey } from '@parcelpost/shared/tokens/token-keys.js';
import { encode, forge, goodClaims, guardKeys, type KeyPairs, SIGNERS } from './forge.js';
import type { HostileToken } from './hostile-tokens.js';

/** A good token, changed after it was signed, or cut up. */
export function alteredTokens({
  base,
  userId,
  token,
  rsa,
  ec,
  secret,
}: KeyPairs & { base: string; userId: string; token: string }): HostileToken[] {
  const [head = '', body = '', signature = ''] = token.split('.');
  const said = JSON.parse(Buffer.from(body, 'base64url').toString());
  const [, ecKey] = guardKeys({ rsa, ec, secret }) as [TokenKey, TokenKey];
  const changed: [string, object][] = [
    ['another user', { sub: randomUUID() }],
    ['another path', { endpoints: { GET: [base.replace('london-2/', 'london-20/')] } }],
    ['more methods', { endpoints: { GET: [base], POST: [base] } }],
    ['a later end', { exp: said.exp + 86_400 }],
    ['another id', { jti: randomUUID() }],
    ['another recipient', { recipient: 'someone' }],
    ['one claim more', { admin: true }],
  ];
  const zero = (text: string) => `${text}.${Buffer.alloc(64).toString('base64url')}`;
  const es = `${encode({ alg: 'ES256', kid: ecKey.kid })}.${encode(goodClaims({ base, userId }))}`;
  const der = sign('sha256', Buffer.from(es), ec).toString('base64url');
  const flipped = (at: number) => {
    const bytes = Buffer.from(signature, 'base64url');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return `${head}.${body}.${bytes.toString('base64url')}`;
  };
  const list: [string, string, string][] = [
    ...changed.map(([name, claims]): [string, string, string] => [
      `signed, then ${name}`,
      'token-signature',
      `${head}.${encode({ ...said, ...claims })}.${signature}`,
    ]),
    [
      'its claims in another spelling',
      'token-signature',
      `${head}.${encode(JSON.stringify(said, null, 1))}.${signature}`,
    ],
    [
      'its header in another spelling',
      'token-signature',
      `${encode(`${Buffer.from(head, 'base64url')} `)}.${body}.${signature}`,
    ],
    ['the first bit of the signature', 'token-signature', flipped(0)],
    ['the last bit of the signature', 'token-signature', flipped(Buffer.from(signature, 'base64url').length - 1)],
    ['half of the signature', 'token-signature', `${head}.${body}.${signature.slice(0, 40)}`],
    ['the signature twice', 'token-signature', `${head}.${body}.${signature}${signature}`],
    ['no signature', 'token-signature', `${head}.${body}.`],
    ['a signature of nothing but zeros (ES256)', 'token-signature', zero(es)],
    ['an ES256 signature in DER', 'token-signature', `${es}.${der}`],
    ['an empty ES256 signature', 'token-signature', `${es}.`],
    ['no header', 'token-malformed', `.${body}.${signature}`],
    ['no claims', 'token-malformed', `${head}..${signature}`],
    ['two parts', 'token-malformed', `${head}.${body}`],
    ['four parts', 'token-malformed', `${token}.${signature}`],
    ['five parts, as an encrypted one', 'token-malformed', `${token}.${head}.${body}`],
    ['parts in another order', 'token-malformed', `${body}.${head}.${signature}`],
    ['dots alone', 'token-malformed', '..'],
    ['padding', 'token-malformed', `${head}==.${body}.${signature}`],
    ['letters of the other base64', 'token-malformed', `${head}.${body}.${signature.slice(1)}+/`],
    ['one more character', 'token-malformed', `${token}!`],
    ['the token twice', 'token-malformed', `${token}${token}`],
    [
      'the JSON serialization',
      'token-malformed',
      `{"payload":"${body}","protected":"${head}","signature":"${signature}"}`,
    ],
    ['a header that is no JSON', 'token-malformed', `${encode('{')}.${body}.${signature}`],
    ['a header that is a list', 'token-malformed', `${encode([])}.${body}.${signature}`],
    ['a header that is null', 'token-malformed', `${encode(null)}.${body}.${signature}`],
    ['a word', 'token-malformed', 'nonsense'],
    ['the word undefined', 'token-malformed', 'undefined'],
  ];
  return list.map(([name, refusal, altered]) => ({ name, refusal, token: altered }));
}

/** Claims that no token of this service has, under its own signature: as of another service with the same secret, or by a fault. */
export function otherClaims({ base, userId, secret }: KeyPairs & { base: string; userId: string }): HostileToken[] {
  const good = goodClaims({ base, userId });
  const now = good.iat;
  const cases: [string, unknown, string][] = [
    ...[now - 1, now - 86_400, 0, -1].map((exp): [string, object, string] => [
      `exp ${exp - now} s from now`,
      { exp },
      'token-expired',
    ]),
    ...[undefined, null, 'never', `${now + 60}`, true, [now + 60]].map((exp): [string, object, string] => [
      `exp ${JSON.stringify(exp)}`,
      { exp },
      'token-malformed',
    ]),
    ...[120, 3600, 86_400].flatMap((ahead): [string, object, string][] => [
      [`nbf ${ahead} s ahead`, { nbf: now + ahead }, 'token-not-yet-valid'],
      [`iat ${ahead} s ahead`, { iat: now + ahead, exp: now + ahead + 60 }, 'token-not-yet-valid'],
    ]),
    ['nbf in words', { nbf: 'soon' }, 'token-malformed'],
    ['iat in words', { iat: 'now' }, 'token-malformed'],
    ...[
      undefined,
      'parcelpost',
      'Export-Service',
      '',
      null,
      ['export-service'],
      ['export-service', 'x'],
      { a: 'export-service' },
    ].map((aud): [string, object, string] => [`aud ${JSON.stringify(aud)}`, { aud }, 'token-audience']),
    ...[undefined, 'someone', 'Parcelpost', '', null, ['parcelpost']].map((iss): [string, object, string] => [
      `iss ${JSON.stringify(iss)}`,
      { iss },
      'token-issuer',
    ]),
    ...[undefined, '', 1, null, [userId]].map((sub): [string, object, string] => [
      `sub ${JSON.stringify(sub)}`,
      { sub },
      'token-malformed',
    ]),
    ...[undefined, '', 1, null].map((jti): [string, object, string] => [
      `jti ${JSON.stringify(jti)}`,
      { jti },
      'token-malformed',
    ]),
    ...[undefined, null, base, [base], { GET: base }, { GET: null }, { GET: { 0: base } }, { GET: [1] }].map(
      (endpoints): [string, object, string] => [
        `endpoints ${JSON.stringify(endpoints)}`,
        { endpoints },
        'token-malformed',
      ],
    ),
    ...[{}, { get: [base] }, { POST: [base] }, { '*': [base] }, { 'GET ': [base] }].map(
      (endpoints): [string, object, string] => [
        `endpoints ${JSON.stringify(endpoints)}`,
        { endpoints },
        'method-not-permitted',
      ],
    ),
    ...[
      '',
      '/',
      '*',
      '/*',
      '.*',
      '/api/*',
      base.slice(1),
      `${base}*`,
      `${base}..`,
      `${base}../`,
      `${base}?`,
      `${base}#`,
      `/${base}`,
      base.replace('london-2', 'london-%32'),
      base.replace('london-2', '*'),
      base.replace('london-2', ''),
      `http://127.0.0.1${base}`,
      base.toUpperCase(),
      `${base}spatial/`,
    ].map((path): [string, object, string] => [
      `the path ${JSON.stringify(path)}`,
      { endpoints: { GET: [path] } },
      'path-not-permitted',
    ]),
    ['no paths', { endpoints: { GET: [] } }, 'path-not-permitted'],
  ];
  const header = { alg: 'HS256', typ: 'JWT', kid: secretKeys([secret])[0]?.kid };
  const signed = (claims: unknown) => forge(header, claims, (text) => SIGNERS.HS256(text, secret));
  const whole: [string, unknown, string][] = [
    ['a list', [good], 'token-issuer'],
    ['a text', '"text"', 'token-issuer'],
    ['null', null, 'token-signature'],
    ['a number', 1, 'token-issuer'],
    ['no JSON', '{', 'token-signature'],
    ['an end beyond all numbers', JSON.stringify(good).replace(`"exp":${good.exp}`, '"exp":1e999'), 'token-malformed'],
  ];
  return [
    ...cases.map(([name, claims, refusal]) => ({ name, refusal, token: signed({ ...good, ...(claims as object) }) })),
    ...whole.map(([name, claims, refusal]) => ({ name: `claims that are ${name}`, refusal, token: signed(claims) })),
  ];
}
