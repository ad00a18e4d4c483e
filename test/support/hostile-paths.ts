/** What hostile requests ask for: paths and methods. */
import type { HostileRequest, Hunted } from './hostile-requests.js';

/** A GET of a target, with the token that opens `base` unless another is given. */
export const asks = (
  hunted: Hunted,
  target: string,
  token = hunted.token,
): Omit<HostileRequest, 'name' | 'refusal'> => ({
  method: 'GET',
  target,
  headers: [['Authorization', `TmpToken ${token}`]],
});

/** Paths that lead elsewhere than they seem to, or that two readers would read differently, and those beside the one that is open. */
export function hostilePaths(hunted: Hunted): HostileRequest[] {
  const { base } = hunted;
  const projects = base.slice(0, -'london-2/'.length);
  const at = (refusal: string, targets: string[], more: Partial<HostileRequest> = {}) =>
    targets.flatMap((target) =>
      [target, `${target.replace(/\/$/, '')}/spatial/`].map((one) => ({
        name: `path ${one}`,
        refusal,
        ...asks(hunted, one),
        ...more,
      })),
    );
  return [
    ...at('path-dot-segment', [`${base}../london-20/`, `${base}./../london-20/`, `${projects}../projects/london-20/`]),
    ...at('path-empty-segment', [`/${base}`, `${base}/`, `${projects}/london-20/`, `${base}/../london-20/`]),
    ...at('path-encoded-dot', [
      ...['%2e%2e', '%2E%2E', '.%2e', '%2e.', '%2E', '%2e'].map((dots) => `${base}${dots}/london-20/`),
      `${projects}london-2%2e/`,
    ]),
    ...at('path-encoded-separator', [
      ...['..%2f', '..%2F', '%2e%2e%2f', '..%5c', '%2e%2e%5C'].map((up) => `${base}${up}london-20/`),
      `${projects}london-2%2f..%2flondon-20/`,
      `${projects}x%2f..%2flondon-2/`,
      `${projects}london-2%5c..%5clondon-20/`,
    ]),
    ...at('path-malformed', [
      // Encoded twice and thrice.
      ...['%252e%252e', '%25252e%25252e', '..%252f', '..%25252f', '..%255c'].map((up) => `${base}${up}/london-20/`),
      // Longer encodings of a dot and a slash than there should be (RFC 3629, section 10).
      ...['%c0%ae%c0%ae', '%C0%AE%C0%AE', '%e0%80%ae', '..%c0%af', '%f0%80%80%ae'].map(
        (up) => `${base}${up}/london-20/`,
      ),
      // What looks like dots, slashes and percent signs once it has been tidied.
      ...['%EF%BC%8E%EF%BC%8E', '%E2%80%A5', '..%EF%BC%8F', '%EF%BC%852e%EF%BC%852e', '..%EF%BC%BC'].map(
        (up) => `${base}${up}/london-20/`,
      ),
      ...['..%ef%bc%8f', '%uff0e%uff0e', '%u002e%u002e', '..\\', '..\\..\\', '..;', '.;.'].map(
        (up) => `${base}${up}/london-20/`,
      ),
      // Nothing, line ends, and other characters that cannot be seen.
      ...['%00', '%0a', '%0d%0a', '%09', '%7f', '%1b', '%C2%85', '%C2%9B'].map((end) => `${projects}london-20${end}/`),
      `${base}%00../london-20/`,
      `${base}..%00/london-20/`,
      `${projects}london-2%00london-20/`,
      // Encoded without need, and not where there is need.
      `${projects}london%2d20/`,
      `${projects}%6condon-20/`,
      `${projects}london-2;/../london-20/`,
      `${projects}london-20;x=1/`,
      `${projects}london-20,/`,
      `${projects}london-20%/`,
      `${projects}london-20%zz/`,
      `${projects}london-20%ff/`,
      `${projects}london-2@london-20/`,
      `${projects}{london-20}/`,
      `http://127.0.0.1${projects}london-20/`,
      `https://example.org${base}`,
    ]),
    ...at('path-not-permitted', [
      ...['london-20', 'london-2x', 'london-2-archive', 'london', 'london-', 'london-2-', 'open', 'x'].map(
        (slug) => `${projects}${slug}/`,
      ),
      // Case, dots and spaces behind, which some file systems and databases do not tell apart.
      ...[
        'London-2',
        'LONDON-2',
        'london-2.',
        'london-2..',
        'london-2%20',
        '%20london-2',
        'london-2~1',
        'london-2*',
        '*',
      ].map((slug) => `${projects}${slug}/`),
      base.replace('/organizations/cadasta/', '/organizations/Cadasta/'),
      base.replace('/organizations/cadasta/', '/organizations/us-census/'),
      // Look-alikes: Greek and Cyrillic o, a wide 2, other hyphens, a soft one, joiners, marks that reverse the writing.
      ...[
        'l%CE%BFndon-2',
        'l%D0%BEndon-2',
        'london-%EF%BC%92',
        'london%E2%80%902',
        'london%E2%88%922',
        'london-%C2%B2',
      ].map((slug) => `${projects}${slug}/`),
      ...['london-%C2%AD2', 'london-2%E2%80%8B', 'london-2%E2%80%8D', '%EF%BB%BFlondon-2', '%E2%80%AElondon-2'].map(
        (slug) => `${projects}${slug}/`,
      ),
      `${projects}london-2%CC%81/`,
    ]),
    // Nothing is there to be guarded.
    ...at(
      'path-not-permitted',
      [
        base.toUpperCase(),
        base.replace('/api/', '/API/'),
        base.replace('/v1/', '/v2/'),
        '/api/v1/organizations/cadasta/',
        '/api/v1/organizations/cadasta/projects/spatial/london-2/',
      ],
      { overHttp: 'not-found' },
    ),
    { name: 'path *', refusal: 'path-malformed', ...asks(hunted, '*') },
    { name: 'a fragment', refusal: 'path-malformed', ...asks(hunted, `${base.slice(0, -1)}0/#${base}`) },
    { name: 'the path in the query', refusal: 'path-not-permitted', ...asks(hunted, `${projects}london-20/?${base}`) },
    {
      name: 'a question mark that is encoded',
      refusal: 'path-not-permitted',
      ...asks(hunted, `${projects}london-20%3Fx/`),
    },
  ];
}

/** Methods that are not open, and headers that would have one stand for another. */
export function hostileMethods(hunted: Hunted): HostileRequest[] {
  const { base } = hunted;
  const plain = ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map((method) => ({
    ...asks(hunted, base),
    name: `method ${method}`,
    method,
    refusal: 'method-not-permitted',
  }));
  const unusual = [
    'TRACE',
    'PROPFIND',
    'SEARCH',
    'PURGE',
    'COPY',
    'MOVE',
    'LINK',
    'get',
    'Get',
    'GETX',
    'CONNECT',
    '__proto__',
  ];
  const overridden = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].flatMap((header) =>
    ['POST', 'DELETE', 'PUT'].map((method): HostileRequest => {
      const request = asks(hunted, base);
      return {
        ...request,
        name: `method ${method} with ${header}: GET`,
        method,
        headers: [...request.headers, [header, 'GET']],
        refusal: 'method-not-permitted',
      };
    }),
  );
  return [
    ...plain,
    ...overridden,
    ...unusual.map(
      (method): HostileRequest => ({
        ...asks(hunted, base),
        name: `method ${method}`,
        method,
        refusal: 'method-not-permitted',
        overHttp: null,
      }),
    ),
    {
      ...asks(hunted, `${base}?_method=GET`),
      name: 'POST with _method=GET',
      method: 'POST',
      refusal: 'method-not-permitted',
    },
  ];
}
