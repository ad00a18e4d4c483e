import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProblemError } from '../errors.js';
import { authorize, mintScopedToken } from './scoped-token.js';
import { secretKeys } from './token-keys.js';

const keys = secretKeys(['a secret of more than thirty-two characters']);

/** What a path comes to for the most obliging reader: decoded as often as it can be, tidied, its dots resolved. */
function normalized(path: string): string[] {
  let text = path.replace(/[?#].*$/s, '');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/(%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1');
      }
    });
    text = text.normalize('NFKC').replaceAll('\\', '/');
  }
  const segments: string[] = [];
  for (const segment of text.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments;
}

const startsWith = (segments: string[], begin: string[]) => begin.every((segment, i) => segment === segments[i]);

const name = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('a', 'b', 'ab', 'london-2', 'london-20', 'v1.2', '...', 'a.b', 'é', 'e\u0301', '名'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }) },
);
/** Ways in which a path is written by somebody who wants another one to be read. */
const trick = fc.constantFrom(
  ...[
    '..',
    '.',
    '',
    '%2e%2e',
    '%2E.',
    '..%2f',
    '%2f',
    '%5c..',
    '\\',
    '..\\',
    '%252e%252e',
    '%00',
    '..%00',
    '%c0%ae',
    ';',
    '..;',
  ],
  ...[
    '．．',
    '‥',
    '／',
    '%EF%BC%8F',
    '%EF%BC%8E%EF%BC%8E',
    '%E2%80%A5',
    '%25',
    '％2e％2e',
    '?',
    '#',
    '%3F',
    ' ',
    '%20',
    '%zz',
    '%',
    '*',
  ],
);
const encoded = name.map((text) => {
  try {
    return encodeURIComponent(text);
  } catch {
    return 'x'; // half of a character
  }
});
const granted = fc
  .array(encoded, { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}/`)
  .filter((path) => {
    try {
      mintScopedToken({ userId: 'u', paths: [path] }, keys);
      return true;
    } catch {
      return false;
    }
  });

/** A path that begins like the granted one, goes astray somewhere, and goes on. */
const asked = (path: string) => {
  const segments = path.split('/').filter((segment) => segment !== '');
  const pieces = fc.array(fc.oneof(trick, trick, encoded, fc.constantFrom(...segments)), { maxLength: 6 });
  const kept = fc.integer({ min: 0, max: segments.length });
  const joint = fc.constantFrom('/', '/', '/', '', '//', '\\', '%2f');
  return fc
    .tuple(fc.constantFrom('/', '/', '', '//'), kept, pieces, joint, fc.constantFrom('', '/', '//', '?x', '/?y=/../'))
    .map(
      ([first, keep, rest, by, last]) => `${first}${segments.slice(0, keep).join('/')}${by}${rest.join('/')}${last}`,
    );
};

function admits(path: string, target: string): boolean {
  const { token } = mintScopedToken({ userId: 'u', paths: [path] }, keys);
  try {
    authorize(token, 'GET', target, { keys });
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}

it('a token for a path never admits one whose normalized segments do not start with the path’s', () => {
  let admitted = 0;
  let astray = 0;
  fc.assert(
    fc.property(
      granted.chain((path) => fc.tuple(fc.constant(path), asked(path))),
      ([path, target]) => {
        const within = startsWith(normalized(target), normalized(path));
        if (!within) astray += 1;
        if (!admits(path, target)) return;
        admitted += 1;
        expect(within, `${path} admits ${target}`).toBe(true);
      },
    ),
    { numRuns: 3_000 },
  );
  // Neither side of it is empty.
  expect(admitted).toBeGreaterThan(30);
  expect(astray).toBeGreaterThan(300);
});

it('it admits its own path and every canonical one below it', () => {
  fc.assert(
    fc.property(granted, fc.array(encoded, { maxLength: 3 }), fc.boolean(), (path, below, slash) => {
      const target = `${path}${below.join('/')}${slash && below.length > 0 ? '/' : ''}`;
      fc.pre(below.every((segment) => canonical(`/${segment}`)));
      expect(admits(path, target), target).toBe(true);
    }),
    { numRuns: 300 },
  );
});

/** Whether a path is refused for itself, before a token is looked at. */
function canonical(path: string): boolean {
  try {
    authorize(undefined, 'GET', path, { keys });
  } catch (error) {
    return (error as ProblemError).type === 'token-missing';
  }
  return false;
}
