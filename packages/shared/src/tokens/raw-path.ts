/**
 * Paths of requests, judged as they stand on the wire. Nothing is decoded, resolved or normalised before the judgement:
 * whatever two readers could understand differently is refused, so that the guard and the router see the same path.
 */
import { ProblemError } from '../errors.js';

/**
 * Splits a raw request target into its path and its query, without touching either.
 * @param rawUrl what stands on the request line, `/a/b?c=d`
 */
export function splitTarget(rawUrl: string): { path: string; query: string } {
  const at = rawUrl.indexOf('?');
  return at < 0 ? { path: rawUrl, query: '' } : { path: rawUrl.slice(0, at), query: rawUrl.slice(at + 1) };
}

/** Every refusal of a path, by problem type: all of status 400. `about` says when it is answered, and what to do. */
export const PATH_PROBLEMS = {
  'path-dot-segment': {
    title: 'The path has a dot segment',
    about: 'The path has a segment that is . or .., which leads elsewhere than it seems to. Ask for the path in full.',
  },
  'path-empty-segment': {
    title: 'The path has an empty segment',
    about: 'The path has two slashes in a row, which some readers take for one. Ask for the path with single slashes.',
  },
  'path-encoded-dot': {
    title: 'The path has an encoded dot',
    about:
      'The path has a dot as %2e, which some readers take for a dot segment. Write dots plainly, and no . or .. segment.',
  },
  'path-encoded-separator': {
    title: 'The path has an encoded separator',
    about:
      'The path has a slash as %2f or a backslash as %5c, which some readers take for a separator. No name here has one.',
  },
  'path-malformed': {
    title: 'The path is malformed',
    about:
      'The path holds something that two readers could understand differently: a backslash, a percent sign or a control ' +
      'character inside a name, a broken or needless percent-encoding. Ask for the path in its plain form.',
  },
} as const;

/** What is wrong with a path; `because` completes "refused because …". */
export interface PathFault {
  type: keyof typeof PATH_PROBLEMS;
  because: string;
}

/** Why a path is not canonical, or undefined if it is. See {@link pathSegments}. */
export function pathFault(path: string): PathFault | undefined {
  if (!path.startsWith('/')) return malformed('it does not begin with a slash');
  if (path === '/') return undefined;
  const segments = path.slice(1, path.endsWith('/') ? -1 : undefined).split('/');
  for (const segment of segments) {
    const fault = segmentFault(segment);
    if (fault) return fault;
  }
  return undefined;
}

/**
 * The segments of a canonical path; one trailing slash adds none.
 *
 * Canonical is a path of non-empty segments (RFC 3986, section 3.3) in which everything but letters, digits and
 * `- _ . ~ ! ' ( ) *` is percent-encoded as UTF-8 in upper case, in which nothing is encoded that need not be, and of
 * which none is `.` or `..` or holds a slash, backslash, percent sign or control character, encoded or not, nor does so in
 * its NFKC form.
 * @throws {ProblemError} 400, by one of {@link PATH_PROBLEMS}, for any other path; it is refused, never repaired
 */
export function pathSegments(path: string): string[] {
  const fault = pathFault(path);
  if (fault) {
    throw new ProblemError(
      400,
      fault.type,
      PATH_PROBLEMS[fault.type].title,
      `The path of this request is refused because ${fault.because}. Ask again for the path in its plain form.`,
    );
  }
  return path.split('/').filter((segment) => segment !== '');
}

function segmentFault(segment: string): PathFault | undefined {
  if (segment === '') return { type: 'path-empty-segment', because: 'it has an empty segment (//)' };
  if (segment === '.' || segment === '..') {
    return { type: 'path-dot-segment', because: 'it has a dot segment (. or ..)' };
  }
  if (segment.includes('\\')) return malformed('it has a backslash');
  let plain: string;
  try {
    plain = decodeURIComponent(segment);
  } catch {
    return malformed('its percent-encoding is broken');
  }
  if (/%(2f|5c)/i.test(segment)) {
    return { type: 'path-encoded-separator', because: 'it has an encoded slash (%2f) or backslash (%5c)' };
  }
  if (/%2e/i.test(segment)) return { type: 'path-encoded-dot', because: 'it has an encoded dot (%2e)' };
  if (plain.includes('%')) return malformed('it has a percent sign that was encoded (double encoding)');
  if (CONTROL.test(plain)) return malformed('it has a control character');
  if (looksLikeSyntax(plain))
    return malformed('to some readers it looks like a dot segment, a separator, a percent sign or a control character');
  if (encodeURIComponent(plain) !== segment) {
    return malformed('a character is encoded that should be plain, or plain that should be encoded');
  }
  return undefined;
}

/** Unicode's general category Cc: C0, delete, and C1. */
const CONTROL = /\p{Cc}/u;

/**
 * Whether Unicode's compatibility forms (NFKC), by which some readers tidy names, make of a name what is refused as such: `．．`,
 * `／`, `％`. No character of today becomes a control character by it; a later Unicode's would be refused.
 */
function looksLikeSyntax(plain: string): boolean {
  const tidied = plain.normalize('NFKC');
  return tidied === '.' || tidied === '..' || /[/\\%]/.test(tidied) || CONTROL.test(tidied);
}

const malformed = (because: string): PathFault => ({ type: 'path-malformed', because });
