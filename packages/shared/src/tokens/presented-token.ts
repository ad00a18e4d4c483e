/** Finds the scoped token of a request: in its header, or else in its query. */
import { tokenProblem } from './problems.js';
import { splitTarget } from './raw-path.js';

/** What of a request is looked at, as it came over the wire. Node's `IncomingMessage` is one. */
export interface RawRequest {
  method?: string | undefined;
  /** The request's target, with its query. */
  url?: string | undefined;
  /** Names and values in turn, repeated ones included. */
  rawHeaders: readonly string[];
}

/**
 * The token that a request presents: that of `Authorization: TmpToken …`; only where there is no Authorization header at all,
 * that of the parameter `TOKEN`. Nothing else of a request can carry one, and a header that is wrong is not made up for by
 * the query.
 * @returns undefined where there is none, or the header is of another scheme
 * @throws {ProblemError} 400 `token-ambiguous` for several Authorization headers, or several TOKENs
 */
export function presentedToken({ url = '', rawHeaders }: RawRequest): string | undefined {
  const headers = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization');
  // It would drop a question mark at the beginning, and see a TOKEN where others do not.
  const parameters = new URLSearchParams(`&${splitTarget(url).query}`).getAll('TOKEN');
  if (headers.length > 1 || parameters.length > 1) throw tokenProblem('token-ambiguous', 'TmpToken');
  const [header] = headers;
  return header === undefined ? parameters[0] : /^TmpToken +(\S+)$/i.exec(header.trim())?.[1];
}
