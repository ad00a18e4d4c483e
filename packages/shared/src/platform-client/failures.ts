/** What can go wrong with one request to the platform, in words for the person who asked for the export. */
import { ExportError } from '../errors.js';

/** One attempt that failed. `happened` completes "<happened>, <n> attempts."; it and `advice` carry no secret. */
export interface Failure {
  code: string;
  happened: string;
  advice: string;
  /** Whether another attempt may help at once. */
  retry: boolean;
  /** Whether trying the whole shard again later cannot help either. */
  permanent: boolean;
  /** The platform was too slow or broke: a smaller page may pass. */
  overload: boolean;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** The error that an export fails with after `attempts` attempts (1 or more). */
export function failureError(failure: Failure, attempts: number): ExportError {
  const tries = attempts === 1 ? '' : `, after ${attempts} attempts`;
  return new ExportError(
    failure.code,
    `${failure.happened}${tries}. ${failure.advice}`,
    failure.permanent,
    failure.cause === undefined ? undefined : { cause: failure.cause },
  );
}

const UNAVAILABLE = {
  code: 'platform-unavailable',
  advice: "Ask for the export again later; if it stays so, tell the platform's operators.",
  retry: true,
  permanent: false,
};

/** No whole answer within the time allowed. */
export function timedOut(asked: string, timeoutMs: number): Failure {
  const happened = `The platform did not answer GET ${asked} within ${timeoutMs / 1000} s`;
  return { ...UNAVAILABLE, happened, overload: true };
}

/**
 * The connection failed, or ended in the middle of an answer. Only the error's code is told (`ECONNREFUSED`): its message
 * names inner addresses, which are for the log alone.
 */
export function connectionFailed(asked: string, cause: unknown): Failure {
  const { code } = cause as { code?: unknown };
  const reason = typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'no reason given';
  const happened = `The connection to the platform failed at GET ${asked} (${reason})`;
  return { ...UNAVAILABLE, happened, overload: false, cause };
}

/** The body is no JSON, or too long to be a page. */
export function badAnswer(asked: string, what: string, retry: boolean, cause?: unknown): Failure {
  return {
    code: 'platform-bad-answer',
    happened: `The platform's answer to GET ${asked} ${what}`,
    advice:
      "The platform does not answer as its API promises; tell its operators, or check that PLATFORM_API_URL is the API's address.",
    retry,
    permanent: true,
    overload: false,
    cause,
  };
}

/** The consistent view that was to be read in is not held open any more. Read afresh, or without. */
export const SNAPSHOT_GONE = 'snapshot-gone';

export function snapshotGone(asked: string): Failure {
  return {
    code: SNAPSHOT_GONE,
    happened: `The platform answered to GET ${asked} that the snapshot to read in is gone`,
    advice: 'Ask for the export again.',
    retry: false,
    permanent: false,
    overload: false,
  };
}

/** What a status that is not 200 means. `detail` is the platform's own explanation, already cleaned, or empty. */
export function badStatus(asked: string, status: number, detail: string, retryAfterMs: number | undefined): Failure {
  const happened = `The platform answered ${status} to GET ${asked}${detail && ` (${detail})`}`;
  const refused = { happened, retry: false, permanent: true, overload: false };
  if (status === 401) {
    return {
      ...refused,
      code: 'platform-unauthorized',
      advice: 'The token is wrong or has expired; ask for the export again with a valid one.',
    };
  }
  if (status === 403) {
    return {
      ...refused,
      code: 'platform-forbidden',
      advice: 'The token does not open this; ask for the export as somebody who may download the project.',
    };
  }
  if (status === 404 || status === 410) {
    return {
      ...refused,
      code: 'platform-not-found',
      advice:
        "The project may have been renamed or removed; check its name, and that PLATFORM_API_URL is the API's address.",
    };
  }
  if (status === 408 || status === 429 || status >= 500) {
    return { ...UNAVAILABLE, happened, overload: status !== 429, retryAfterMs };
  }
  if (status >= 300 && status < 400) {
    return {
      ...refused,
      code: 'platform-redirect',
      advice:
        "Redirects are not followed with the project's token; set PLATFORM_API_URL to the address where the platform answers itself.",
    };
  }
  return { ...refused, code: 'platform-refused', advice: 'The platform refuses this request; tell its operators.' };
}
