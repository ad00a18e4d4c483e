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

/** Why a path is not canonical, or undefined if it is. See {@link pathSegments}. */
export function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'it does not begin with a slash';
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
 * `- _ . ~ ! ' ( ) *` is percent-encoded as UTF-8 in upper case, in which nothing is encoded that need not be, and which
 * holds no `.` or `..`, no slash, backslash, percent sign or control character, encoded or not.
 * @throws {ProblemError} 400 `path-malformed` for any other path
 */
export function pathSegments(path: string): string[] {
  const fault = pathFault(path);
  if (fault) {
    throw new ProblemError(
      400,
      'path-malformed',
      'The path is malformed',
      `The path of this request is refused because ${fault}. Ask again for the path in its plain form.`,
    );
  }
  return path.split('/').filter((segment) => segment !== '');
}

function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'it has an empty segment (//)';
  if (segment.includes('\\')) return 'it has a backslash';
  let plain: string;
  try {
    plain = decodeURIComponent(segment);
  } catch {
    return 'its percent-encoding is broken';
  }
  if (plain === '.' || plain === '..') return 'it has a dot segment (. or ..)';
  if (/[/\\]/.test(plain)) return 'it has an encoded slash or backslash';
  if (plain.includes('%')) return 'it has a percent sign that was encoded (double encoding)';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(plain)) return 'it has a control character';
  if (encodeURIComponent(plain) !== segment)
    return 'a character is encoded that should be plain, or plain that should be encoded';
  return undefined;
}
