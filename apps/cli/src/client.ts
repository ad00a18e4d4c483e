/** Requests to the service: with the token, within bounds of time, and again where that can help. */
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import { setTimeout as pause } from 'node:timers/promises';
import { pauseMs } from '@parcelpost/shared/platform-client/retry.js';
import { CliError, isTransient } from './errors.js';
import { EXIT } from './exit-codes.js';
import type { ExportView } from './export-view.js';
import { problemOf } from './problem.js';
import { silent, transportError } from './transport-errors.js';
import { CLI_VERSION } from './version.js';

const BACKOFF = { firstMs: 500, maxMs: 5000, maxRetryAfterMs: 60_000 };
/** Patience with a request on which nothing hangs yet; with one that goes on with something, see `LONG_MS`. */
const SHORT_MS = 15_000;
export const LONG_MS = 10 * 60_000;
/** An answer in which nothing comes for so long has broken off. Events have a heartbeat each 15 s. */
export const SILENCE_MS = 45_000;

export interface ClientOptions {
  /** Ends with a slash. */
  url: URL;
  token: string;
  /** Ends every request, and every pause; thrown as its reason. */
  signal: AbortSignal;
  /** In place of all defaults, in milliseconds. */
  patienceMs?: number | undefined;
  /** Longest wait for the beginning of an answer, in milliseconds. */
  answerMs?: number;
  /** Hears of each failure after which is tried again. */
  onTrouble?(error: CliError): void;
}

export interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  headers?: Record<string, string>;
  body?: unknown;
  /** Whether a repeat does no harm; default: yes, unless it is a POST. */
  repeatable?: boolean;
  /** How long is tried again. */
  patienceMs?: number | undefined;
  /** When it is to be over, whatever our patience, in milliseconds since 1970. */
  until?: number;
}

export class Client {
  readonly host: string;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.host = options.url.origin;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** What the person said of patience, else `defaultMs`. */
  patience(defaultMs: number): number {
    return this.#options.patienceMs ?? defaultMs;
  }

  /** An export as it is now. @throws {CliError} */
  export(id: string, call: Pick<Call, 'patienceMs' | 'until'> = {}): Promise<ExportView> {
    return this.json(`api/v1/exports/${id}`, call);
  }

  /** Calls and reads the JSON that is answered. @throws {CliError}, or what the signal was aborted with */
  async json<T>(path: string, call: Call = {}): Promise<T> {
    const { repeatable = call.method !== 'POST', until = Number.POSITIVE_INFINITY } = call;
    return this.persist(
      async () => {
        const response = await this.open(path, call);
        const pieces: Uint8Array[] = [];
        for await (const piece of this.chunks(response, () => left(SILENCE_MS, until))) pieces.push(piece);
        try {
          return JSON.parse(Buffer.concat(pieces).toString('utf8')) as T;
        } catch {
          throw new CliError(EXIT.unreachable, 'not-json', `${this.host} answered something else than JSON.`, {
            advice: ['Is there a Parcelpost service at --url?'],
          });
        }
      },
      repeatable ? left(this.patience(call.patienceMs ?? SHORT_MS), until) : 0,
    );
  }

  /**
   * Does something again while it fails of what may pass, for so long.
   * @throws {CliError} the last failure
   */
  async persist<T>(work: () => Promise<T>, patienceMs: number): Promise<T> {
    const until = Date.now() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isTransient(error)) throw error;
        await this.rest(attempt, error, until);
      }
    }
  }

  /** The pause after the `attempt`-th failure. @throws {CliError} that failure, where the pause would end after `until` */
  async rest(attempt: number, failure: CliError, until: number): Promise<void> {
    const { retryAfterMs } = failure.details;
    const ms = pauseMs(attempt, BACKOFF, retryAfterMs);
    // A service that wants more than our patience is told so rather than asked before its time.
    if (Date.now() + Math.max(ms, retryAfterMs ?? 0) > until) throw failure;
    this.#options.onTrouble?.(failure);
    await this.sleep(ms);
  }

  async sleep(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.signal }).catch((error: unknown) => {
      this.signal.throwIfAborted();
      throw error;
    });
  }

  /**
   * Sends one request, once. Redirects are not followed: the token is for this service alone.
   * @returns an answer of 200 to 299, its body unread
   * @throws {CliError} for any other answer, or none; what the signal was aborted with
   */
  async open(
    path: string,
    { method = 'GET', headers = {}, body, until = Number.POSITIVE_INFINITY }: Call = {},
  ): Promise<Response> {
    const { url, token, signal } = this.#options;
    const answerMs = left(this.#options.answerMs ?? 30_000, until);
    signal.throwIfAborted();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(silent(this.host, answerMs)), answerMs);
    try {
      const response = await fetch(new URL(path, url), {
        method,
        redirect: 'manual',
        signal: AbortSignal.any([signal, late.signal]),
        headers: {
          accept: 'application/json',
          'user-agent': `parcelpost-cli/${CLI_VERSION}`,
          ...headers,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          authorization: `Bearer ${token}`,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw await problemOf(response);
      return response;
    } catch (error) {
      signal.throwIfAborted();
      throw transportError(error, this.host);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * The body of an answer, piece by piece. Left early, the connection is closed.
   * @throws {CliError} transient, where it breaks off, or nothing comes for so many milliseconds
   */
  async *chunks(response: Response, silenceMs: () => number): AsyncGenerator<Uint8Array> {
    const reader = response.body?.getReader();
    if (!reader) return;
    try {
      for (;;) {
        const { done, value } = await this.#next(reader, silenceMs());
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  async #next(reader: ReadableStreamDefaultReader<Uint8Array>, silenceMs: number) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(silent(this.host, silenceMs)), silenceMs);
    });
    try {
      return await Promise.race([reader.read(), late]);
    } catch (error) {
      this.signal.throwIfAborted();
      throw transportError(error, this.host);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** So many milliseconds, or fewer where it is to be over before. */
export function left(ms: number, until: number): number {
  return Math.max(0, Math.min(ms, until - Date.now()));
}
