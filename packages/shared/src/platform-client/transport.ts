/** One GET of the platform's API, tried as often as makes sense, with the token in a header and nowhere else. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { ExportError } from '../errors.js';
import type { Logger } from '../log.js';
import { retryAfterMs } from '../retry-after.js';
import {
  badAnswer,
  badStatus,
  connectionFailed,
  type Failure,
  failureError,
  snapshotGone,
  timedOut,
} from './failures.js';
import { type Parsed, parseExactly } from './json.js';
import { Limiter } from './limiter.js';
import { type Backoff, pauseMs } from './retry.js';

/** How a platform is told who asks: `Authorization: <scheme> <token>`. */
export interface Authorization {
  scheme: string;
  token: string;
}

/** What to ask for. `path` holds the query; `shown` is what messages and the log say instead. */
export interface Target {
  path: string;
  shown: string;
  /** Whether it is asked for in a snapshot, so that 410 says that this is gone. */
  inSnapshot?: boolean;
}

export interface TransportOptions {
  origin: string;
  dispatcher: Dispatcher;
  authorization: Authorization;
  /** Longest time for one whole answer, in milliseconds. */
  timeoutMs: number;
  /** Attempts at one request, 1 or more. */
  attempts: number;
  backoff: Backoff;
  /** Requests under way at once. */
  maxConcurrency: number;
  log: Logger;
}

export interface Answer extends Parsed {
  /** As it came. */
  body: Buffer;
  shown: string;
}

/** An answer longer than this cannot be a page of records, and would threaten the worker's memory. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const MAX_ERROR_BODY_BYTES = 64 * 1024;
const MAX_DETAIL_LENGTH = 200;

class AttemptFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.happened);
  }
}

export class Transport {
  readonly #options: TransportOptions;
  readonly #limiter: Limiter;
  readonly #headers: Record<string, string>;

  /** Throws {@link ExportError} `platform-unauthorized` if the token holds what no header can carry. */
  constructor(options: TransportOptions) {
    const { scheme, token } = options.authorization;
    if (!/^[\x21-\x7e]+$/.test(token) || !/^[\w-]+$/.test(scheme)) {
      const message =
        'The API token holds characters that a header cannot carry; ask for the export again with a valid token.';
      throw new ExportError('platform-unauthorized', message, true);
    }
    this.#options = options;
    this.#limiter = new Limiter(options.maxConcurrency);
    this.#headers = { authorization: `${scheme} ${token}`, accept: 'application/json', 'user-agent': 'parcelpost' };
  }

  /**
   * Gets and parses one answer. `target` is asked before each attempt, so that a page may become smaller; `overloaded`
   * hears of each time-out, 408 and 5xx before that.
   * Throws {@link ExportError} when there is no use in trying further, and the signal's reason once that is aborted.
   */
  async get(target: () => Target, signal: AbortSignal, overloaded: () => void = () => {}): Promise<Answer> {
    const { attempts, backoff, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const asked = target();
      try {
        return await this.#limiter.run(() => this.#attempt(asked, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AttemptFailed)) throw error;
        const { failure } = error;
        if (!failure.retry || attempt >= attempts) throw failureError(failure, attempt);
        if (failure.overload) overloaded();
        const waitMs = Math.round(pauseMs(attempt, backoff, failure.retryAfterMs));
        const { code, cause: err } = failure;
        log.warn({ request: asked.shown, attempt, attempts, waitMs, code, err }, failure.happened);
        await pause(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  async #attempt(asked: Target, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const { dispatcher, origin, timeoutMs } = this.#options;
    const controller = new AbortController();
    const abort = () => controller.abort();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      abort();
    }, timeoutMs);
    signal.addEventListener('abort', abort);
    try {
      const response = await dispatcher.request({
        origin,
        path: asked.path,
        method: 'GET',
        headers: this.#headers,
        signal: controller.signal,
        // Our timer covers the whole answer.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      if (response.statusCode !== 200) {
        if (response.statusCode === 410 && asked.inSnapshot) {
          await response.body.dump();
          throw new AttemptFailed(snapshotGone(asked.shown));
        }
        const wait = retryAfterMs(response.headers['retry-after'], Date.now());
        const detail = await this.#detail(response.body);
        throw new AttemptFailed(badStatus(asked.shown, response.statusCode, detail, wait));
      }
      const body = await readBody(response.body, MAX_BODY_BYTES);
      if (body === undefined) {
        throw new AttemptFailed(badAnswer(asked.shown, `is longer than ${MAX_BODY_BYTES} bytes`, false));
      }
      return { ...parse(body, asked, response.headers['content-type']), body, shown: asked.shown };
    } catch (error) {
      if (error instanceof AttemptFailed) throw error;
      if (late) throw new AttemptFailed(timedOut(asked.shown, timeoutMs));
      throw new AttemptFailed(connectionFailed(asked.shown, error));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** The platform's own words about an error (`detail` of RFC 9457 and of many frameworks), cleaned; else empty. */
  async #detail(body: Dispatcher.ResponseData['body']): Promise<string> {
    const bytes = await readBody(body, MAX_ERROR_BODY_BYTES).catch(() => undefined);
    if (bytes === undefined) return '';
    try {
      const { detail } = JSON.parse(bytes.toString('utf8')) as { detail?: unknown };
      if (typeof detail !== 'string' || detail.includes(this.#options.authorization.token)) return '';
      return detail
        .replace(/[\p{C}\s]+/gu, ' ')
        .trim()
        .slice(0, MAX_DETAIL_LENGTH);
    } catch {
      return '';
    }
  }
}

/** Reads a body whole; undefined (and the connection given up) once it is longer than `limit` bytes. */
async function readBody(body: Dispatcher.ResponseData['body'], limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(body: Buffer, asked: Target, contentType: string | string[] | undefined): Parsed {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (cause) {
    throw new AttemptFailed(badAnswer(asked.shown, 'is not UTF-8', true, cause));
  }
  try {
    return parseExactly(text);
  } catch {
    const type = typeof contentType === 'string' ? `${contentType.split(';')[0]}, ` : '';
    // The parser's own message may quote records; what was expected is enough for a reader.
    throw new AttemptFailed(badAnswer(asked.shown, `is not JSON (${type}${body.length} bytes)`, true));
  }
}
