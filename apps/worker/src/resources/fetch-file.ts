/**
 * Fetches files that records name by their URLs. A record's author chooses the URL, so that it is held against a list of
 * hosts, and against the addresses of inner networks, at every redirect; the project's token goes to the platform alone.
 */
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ExportError } from '@parcelpost/shared/errors.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { Authorization } from '@parcelpost/shared/platform-client/client.js';
import { type Backoff, DEFAULT_BACKOFF, pauseMs } from '@parcelpost/shared/platform-client/retry.js';
import { retryAfterMs } from '@parcelpost/shared/retry-after.js';
import { Agent, type Dispatcher } from 'undici';
import { PrivateAddressError, publicConnector, type Resolve } from '../follow-ups/public-connector.js';
import type { FileLimits, FileSource, FileTarget } from '../pipeline/file-source.js';
import type { AllowedHosts } from './hosts.js';

/** Connections that all exports of a process share; make it once. */
export interface FileConnections {
  /** To the platform, wherever that is. */
  platform: Dispatcher;
  /** To all others: public addresses alone, unless private ones are allowed. */
  others: Agent;
}

export interface ConnectionOptions {
  platform: Dispatcher;
  allowPrivate: boolean;
  /** Time to connect, in milliseconds. */
  timeoutMs: number;
  lookup?: Resolve;
}

/** Makes the connections. None is opened before the first file. */
export function fileConnections({ platform, allowPrivate, timeoutMs, lookup }: ConnectionOptions): FileConnections {
  const connect = publicConnector({ allowPrivate, timeoutMs, ...(lookup && { lookup }) });
  return { platform, others: new Agent({ connect, maxHeaderSize: 16 * 1024 }) };
}

export interface FileFetcherOptions {
  /** Address of the platform: relative URLs are below it, and it is an allowed host. */
  platformUrl: string;
  authorization: Authorization;
  hosts: AllowedHosts;
  limits: FileLimits;
  connections: FileConnections;
  /** Longest wait for an answer to begin, and then for each further piece of it, in milliseconds. */
  timeoutMs: number;
  /** Attempts at one file, 1 or more. Default 5. */
  attempts?: number;
  backoff?: Partial<Backoff>;
  log: Logger;
  signal: AbortSignal;
}

/** Redirects of one file that are followed. */
const MOST_REDIRECTS = 5;
const MAX_ATTEMPTS = 5;

/** One attempt's failure. */
class AttemptFailed extends Error {
  constructor(
    readonly error: ExportError,
    readonly retryAfterMs?: number,
  ) {
    super(error.message);
  }
}

export class FileFetcher implements FileSource {
  readonly limits: FileLimits;
  readonly #options: FileFetcherOptions;
  readonly #base: URL;
  readonly #backoff: Backoff;

  constructor(options: FileFetcherOptions) {
    this.limits = options.limits;
    this.#options = options;
    this.#base = new URL(options.platformUrl);
    this.#backoff = { ...DEFAULT_BACKOFF, ...options.backoff };
  }

  /**
   * Fetches a file, tried as often as makes sense.
   * @param url absolute, or relative to the platform's address
   * @param open makes a target for each attempt; that of an attempt that failed is aborted
   * @returns the target that has the whole file; what it throws itself is thrown on, without a further attempt
   * @throws ExportError `resource-url`, `-host`, `-address`, `-not-found`, `-refused`, `-redirect` (permanent), `-unavailable`;
   *   the message names the host, but neither path nor query, which may be a secret. The signal's reason once it is aborted
   */
  async fetch<T extends FileTarget>(url: string, open: () => Promise<T>): Promise<T> {
    const { signal, log } = this.#options;
    const start = this.#allowed(url, this.#base);
    const attempts = this.#options.attempts ?? MAX_ATTEMPTS;
    for (let attempt = 1; ; attempt++) {
      const target = await open();
      try {
        await this.#attempt(start, target);
        return target;
      } catch (error) {
        await target.abort();
        signal.throwIfAborted();
        if (!(error instanceof AttemptFailed)) throw error;
        if (error.error.permanent || attempt >= attempts) throw error.error;
        const waitMs = Math.round(pauseMs(attempt, this.#backoff, error.retryAfterMs));
        log.warn({ host: start.host, attempt, attempts, waitMs, err: error.error }, 'a file could not be fetched');
        await pause(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  async #attempt(start: URL, target: FileTarget): Promise<void> {
    let url = start;
    for (let hop = 0; ; hop++) {
      const response = await this.#request(url);
      const { statusCode, headers } = response;
      if (statusCode === 200) return this.#receive(url, response, target);
      response.body.on('error', () => {});
      response.body.destroy();
      const location = headers.location;
      if (statusCode < 300 || statusCode >= 400 || statusCode === 304 || typeof location !== 'string') {
        throw badStatus(url, statusCode, headers);
      }
      if (hop === MOST_REDIRECTS) {
        throw failed('resource-redirect', `${start.host} leads on and on (more than ${MOST_REDIRECTS} redirects).`);
      }
      url = this.#allowed(location, url);
    }
  }

  /** The address, if it may be asked. */
  #allowed(url: string, base: URL): URL {
    const { hosts } = this.#options;
    const target = URL.canParse(url, base.href) ? new URL(url, base) : undefined;
    if (!target || !/^https?:$/.test(target.protocol)) {
      throw new ExportError('resource-url', 'its address is no URL that begins with http: or https:.', true);
    }
    if (target.username !== '' || target.password !== '') {
      throw new ExportError('resource-url', `its address at ${target.host} bears a user name or password.`, true);
    }
    if (target.origin !== this.#base.origin && !hosts.allows(target)) {
      const message = `it is at ${target.host}, from which files are not fetched; the operator may allow that host (RESOURCE_HOSTS).`;
      throw new ExportError('resource-host', message, true);
    }
    return target;
  }

  async #request(url: URL): Promise<Dispatcher.ResponseData> {
    const { authorization, connections, timeoutMs, signal } = this.#options;
    const own = url.origin === this.#base.origin;
    signal.throwIfAborted();
    try {
      return await (own ? connections.platform : connections.others).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        headers: {
          'accept-encoding': 'identity',
          'user-agent': 'parcelpost',
          ...(own && { authorization: `${authorization.scheme} ${authorization.token}` }),
        },
        signal,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
    } catch (error) {
      throw unreachable(url, error);
    }
  }

  async #receive(url: URL, { body, headers }: Dispatcher.ResponseData, target: FileTarget): Promise<void> {
    const chunks = decoded(url, body, headers['content-encoding'])[Symbol.asyncIterator]();
    try {
      for (;;) {
        let next: IteratorResult<Uint8Array>;
        try {
          next = await chunks.next();
        } catch (error) {
          throw unreachable(url, error);
        }
        if (next.done) return;
        await target.write(next.value);
      }
    } finally {
      body.on('error', () => {});
      body.destroy();
    }
  }
}

/** Some stores keep files packed and give them out so, whatever was asked for. */
function decoded(url: URL, body: Readable, encoding: string | string[] | undefined): AsyncIterable<Uint8Array> {
  switch (`${encoding ?? 'identity'}`.toLowerCase()) {
    case '':
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      return piped(body, createGunzip());
    case 'deflate':
      return piped(body, createInflate());
    case 'br':
      return piped(body, createBrotliDecompress());
    default:
      body.on('error', () => {});
      body.destroy();
      throw failed('resource-refused', `${url.host} answered in an encoding that was not asked for.`);
  }
}

function piped(body: Readable, through: NodeJS.ReadWriteStream & Readable): AsyncIterable<Uint8Array> {
  body.on('error', (error) => through.destroy(error));
  return body.pipe(through);
}

function failed(code: string, message: string, cause?: unknown): AttemptFailed {
  return new AttemptFailed(new ExportError(code, message, true, { cause }));
}

function badStatus(url: URL, status: number, headers: Dispatcher.ResponseData['headers']): AttemptFailed {
  const answered = `${url.host} answered ${status}`;
  if (status === 404 || status === 410) return failed('resource-not-found', `${answered}: it is not there any more.`);
  if (status === 408 || status === 429 || status >= 500) {
    const error = new ExportError('resource-unavailable', `${answered}. Try the export again later.`, false);
    return new AttemptFailed(error, retryAfterMs(headers['retry-after'], Date.now()));
  }
  return failed('resource-refused', `${answered}.`);
}

function unreachable(url: URL, cause: unknown): AttemptFailed {
  if (cause instanceof AttemptFailed) return cause;
  if (cause instanceof PrivateAddressError) {
    const message = `it is at ${url.host}, an address on a private network; the operator may allow these (RESOURCE_ALLOW_PRIVATE).`;
    return failed('resource-address', message, cause);
  }
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'connection lost';
  const message = `${url.host} could not be reached, or broke off (${code}). Try the export again later.`;
  return new AttemptFailed(new ExportError('resource-unavailable', message, false, { cause }));
}
