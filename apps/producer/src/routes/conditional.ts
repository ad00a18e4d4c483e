/** Conditional and range requests, decided from headers alone (RFC 9110, sections 13 and 14). */
import type { IncomingHttpHeaders } from 'node:http';

/** What tells one version of a file from another. `etag` is strong, with its quotes. */
export interface Validators {
  etag: string;
  modified: Date;
}

/** Bytes of a file, both ends included. */
export interface ByteRange {
  start: number;
  end: number;
}

const wholeSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

/** Whether the reader has this version already, so that 304 answers. `If-None-Match` wins over `If-Modified-Since`. */
export function isUnchanged(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const match = headers['if-none-match'];
  if (match !== undefined) {
    // Weak comparison: a W/ before the tag does not matter here.
    return match.trim() === '*' || match.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  }
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && wholeSeconds(modified) <= since / 1000;
}

/**
 * The one range to answer, `unsatisfiable` (416), or undefined for the whole file: no range was asked, it is of another
 * unit or malformed, there are several, or `If-Range` names another version.
 */
export function chooseRange(
  headers: IncomingHttpHeaders,
  { etag, modified }: Validators,
  bytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const asked = headers.range;
  if (asked === undefined) return undefined;
  const version = headers['if-range'];
  if (typeof version === 'string') {
    const same = version.includes('"') ? version === etag : Date.parse(version) / 1000 === wholeSeconds(modified);
    if (!same) return undefined;
  }
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(asked) ?? [];
  if (first === '') {
    // The last so many bytes; all of them, if the file is shorter than that.
    if (last === '') return undefined;
    const suffix = Math.min(Number(last), bytes);
    return suffix === 0 ? 'unsatisfiable' : { start: bytes - suffix, end: bytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Number(last);
  if (last !== '' && end < start) return undefined;
  return start >= bytes ? 'unsatisfiable' : { start, end: Math.min(end, bytes - 1) };
}
