/** Answers that are no success, read as problem documents (RFC 9457), and what they are for the exit code. */
import type { FieldError } from '@parcelpost/shared/errors.js';
import { isObject } from '@parcelpost/shared/is-object.js';
import { retryAfterMs } from '@parcelpost/shared/retry-after.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

/** An answer that says more than this has gone wrong otherwise. */
const MOST_TEXT = 64 * 1024;

/** Answers after which the same request may succeed by itself. */
const TRANSIENT_STATUS = new Set([429, 502, 503, 504]);
const TRANSIENT_TYPES = new Set(['idempotency-key-busy']);

/** What to do, in the words of this program, for some problem types. */
const ADVICE: Record<string, string[]> = {
  'export-unfinished': ['Watch it: parcelpost status <id> --wait'],
  'export-without-file': ['Why: parcelpost status <id>. Once more: parcelpost retry <id>'],
  'export-expired': ['Ask for a new one: parcelpost export <organization/project> …'],
  'export-not-found': ['parcelpost list tells the ids of yours.'],
};

/** Reads an answer that is no success. Its body is consumed. */
export async function problemOf(response: Response, now = Date.now()): Promise<CliError> {
  const { status } = response;
  const location = response.headers.get('location');
  if (status >= 300 && status < 400) {
    await response.body?.cancel();
    return new CliError(EXIT.usage, 'redirected', `The service answers that it is elsewhere (${status}).`, {
      status,
      ...(location !== null && { advice: [`If you trust ${originOf(location)}, give that as --url`] }),
    });
  }
  const text = (await response.text()).slice(0, MOST_TEXT);
  const document = problemDocument(response.headers.get('content-type') ?? '', text);
  const type = document?.type.split('/').at(-1) || `http-${status}`;
  const again = retryAfterMs(response.headers.get('retry-after') ?? undefined, now);
  const message = document
    ? `${document.title}. ${document.detail}`
    : `The service answered ${status} ${response.statusText}, and not in its own words.`;
  return new CliError(exitOf(status), type, message, {
    status,
    transient: TRANSIENT_STATUS.has(status) || TRANSIENT_TYPES.has(type),
    retryAfterMs: again,
    fields: document?.errors ?? [],
    advice: [
      ...(ADVICE[type] ?? []),
      ...(status === 401 ? ['Have a new token made: npm run -s token -- <user>'] : []),
      ...(document ? [] : ['Is there a Parcelpost service at --url, or a proxy before it that does not pass this on?']),
    ],
  });
}

function exitOf(status: number): number {
  if (status === 401 || status === 403) return EXIT.notAllowed;
  if (status === 404 || status === 409 || status === 410) return EXIT.notThere;
  if (status === 429 || status >= 500) return EXIT.unreachable;
  return EXIT.usage;
}

function problemDocument(
  contentType: string,
  text: string,
): { type: string; title: string; detail: string; errors: FieldError[] } | undefined {
  if (!/^application\/problem\+json/i.test(contentType)) return undefined;
  try {
    const content: unknown = JSON.parse(text);
    if (!isObject(content)) return undefined;
    const { type, title, detail, errors } = content;
    if (typeof type !== 'string' || typeof title !== 'string' || typeof detail !== 'string') return undefined;
    const isField = (field: unknown): field is FieldError =>
      isObject(field) && typeof field.pointer === 'string' && typeof field.detail === 'string';
    return { type, title, detail, errors: Array.isArray(errors) ? errors.filter(isField) : [] };
  } catch {
    return undefined;
  }
}

function originOf(location: string): string {
  try {
    return new URL(location).origin;
  } catch {
    return 'that place';
  }
}
