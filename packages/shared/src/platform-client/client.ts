/**
 * The platform's REST API, read with the token of one project: ours, or another platform's in its place.
 *
 * Lists answer `{count, next, previous, results}`, by `limit`/`offset` or by keyset `cursor`. Every failure is an
 * {@link ExportError} whose message says what happened, to which path, after how many attempts, and what to do; codes are
 * `platform-unauthorized`, `-forbidden`, `-not-found`, `-refused`, `-redirect`, `-unavailable`, `-bad-answer`, and `foreign-link`.
 * The token travels in the Authorization header alone: no URL, message or log line holds it.
 */
import { Agent, type Dispatcher } from 'undici';
import { ExportError } from '../errors.js';
import type { Logger } from '../log.js';
import { ENTITY_PATHS, type Entity, type ProjectInfo, type RecordOf } from '../records.js';
import { badAnswer, failureError } from './failures.js';
import { parseExactly } from './json.js';
import { checkedNext, type ProjectAddress, projectAddress } from './links.js';
import { PageSize } from './page-size.js';
import { type CursorRange, cursorPages, type FetchedPage, offsetPages, type Page, type PageRange } from './paging.js';
import { readProject } from './project-shape.js';
import { type Backoff, DEFAULT_BACKOFF } from './retry.js';
import { readCount, readList, ShapeError } from './shapes.js';
import { type Answer, type Authorization, type Target, Transport } from './transport.js';

export type { Page, PageRange } from './paging.js';
export type { Authorization } from './transport.js';

/** The records of an answer that was read before, and kept. Throws {@link ShapeError} or SyntaxError for any other. */
export function readPage<E extends Entity>(entity: E, body: Uint8Array): RecordOf[E][] {
  return readList(entity, parseExactly(new TextDecoder('utf-8', { fatal: true }).decode(body))).records;
}

export interface PlatformClientOptions {
  /** Address of the platform, before `/api/v1/…`; it may have a path of its own. */
  apiUrl: string;
  /** Slugs. */
  organization: string;
  project: string;
  authorization: Authorization;
  /** Records per page at best. Default 500; halved, down to an eighth, while the platform is overloaded. */
  pageSize?: number | undefined;
  /** Longest time for one whole answer, in milliseconds. Default 30,000. */
  timeoutMs?: number | undefined;
  /** Further attempts after the first. Default 4. */
  retries?: number | undefined;
  backoff?: Partial<Backoff> | undefined;
  /** Requests of this client under way at once; more wait. Default 8. */
  maxConcurrency?: number | undefined;
  log: Logger;
  /** Ends every request of this client; they throw its reason. */
  signal?: AbortSignal | undefined;
  /** Keep-alive connections that several clients share; without it the client makes its own, and `close` ends them. */
  dispatcher?: Dispatcher | undefined;
}

/** Keep-alive connections that the clients of one process share: at most `connections` to each platform. */
export function createConnections(connections: number): Agent {
  return new Agent({ connections, keepAliveTimeout: 10_000 });
}

export class PlatformClient {
  readonly #address: ProjectAddress;
  readonly #transport: Transport;
  readonly #sizes = new Map<Entity, PageSize>();
  readonly #pageSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #own: Agent | undefined;

  /** Throws {@link ExportError} if the slugs or the token cannot be sent. Opens no connection yet. */
  constructor(options: PlatformClientOptions) {
    const maxConcurrency = options.maxConcurrency ?? 8;
    this.#address = projectAddress(options.apiUrl, options.organization, options.project);
    this.#pageSize = options.pageSize ?? 500;
    this.#signal = options.signal;
    this.#own = options.dispatcher ? undefined : createConnections(maxConcurrency);
    this.#transport = new Transport({
      origin: this.#address.origin,
      dispatcher: options.dispatcher ?? (this.#own as Agent),
      authorization: options.authorization,
      timeoutMs: options.timeoutMs ?? 30_000,
      attempts: (options.retries ?? 4) + 1,
      backoff: { ...DEFAULT_BACKOFF, ...options.backoff },
      maxConcurrency,
      log: options.log,
    });
  }

  /**
   * Asks for the project itself; with `shardSize`, also for the cursors at which shards of so many records begin, which
   * platforms other than ours do not answer; and with `snapshot`, for a consistent view (`new`), or in that of this id.
   * Throws ExportError `snapshot-gone` where that is not held open any more.
   */
  async project(
    options: { shardSize?: number | undefined; snapshot?: string | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<ProjectInfo> {
    const { shardSize, snapshot } = options;
    const query = new URLSearchParams();
    if (shardSize !== undefined) query.set('shard_size', String(shardSize));
    if (snapshot !== undefined) query.set('snapshot', snapshot);
    const path = this.#address.path;
    const target: Target = {
      path: query.size > 0 ? `${path}?${query}` : path,
      shown: path,
      inSnapshot: snapshot !== undefined && snapshot !== 'new',
    };
    const answer = await this.#transport.get(() => target, this.#joined(options.signal));
    return inShape(answer, () => readProject(answer.value));
  }

  /** Asks how many records a list has. */
  async count(entity: Entity, signal?: AbortSignal): Promise<number> {
    const path = this.#address.path + ENTITY_PATHS[entity];
    const answer = await this.#transport.get(() => ({ path: `${path}?limit=1`, shown: path }), this.#joined(signal));
    return inShape(answer, () => readCount(answer.value));
  }

  /**
   * Reads a range of a list, page by page, in the platform's order. By offset never more than `range.limit` records, and
   * fewer only where the list ends before; by cursor all that the range has by then. Offsets are asked for with `prefetch` pages (default 2) in flight; cursors chain, so that there
   * one page is fetched while the last is consumed. Memory is bounded by `prefetch + 1` pages. Ending the iteration early
   * ends the requests. Throws ExportError `snapshot-gone` where the range is of a view that is not held open any more.
   */
  pages<E extends Entity>(
    entity: E,
    range: PageRange,
    options: { signal?: AbortSignal | undefined; prefetch?: number | undefined } = {},
  ): AsyncGenerator<Page<E>, void, undefined> {
    const signal = this.#joined(options.signal);
    const size = this.#size(entity);
    const source = {
      size,
      atOffset: (offset: number, want: number, inner: AbortSignal) =>
        this.#page(entity, size, want, inner, (path, limit) => ({
          path: `${path}?limit=${limit}&offset=${offset}`,
          shown: `${path} (offset ${offset}, limit ${limit})`,
        })),
      atCursor: (from: CursorRange | URL, inner: AbortSignal) =>
        this.#page(entity, size, Number.POSITIVE_INFINITY, inner, (path, limit) => cursorTarget(from, path, limit)),
    };
    if ('cursor' in range) return cursorPages(source, range, signal);
    return offsetPages(source, range, signal, Math.max(1, options.prefetch ?? 2));
  }

  /** Ends the connections that this client made itself; those handed in stay. */
  async close(): Promise<void> {
    await this.#own?.destroy();
  }

  async #page<E extends Entity>(
    entity: E,
    size: PageSize,
    want: number,
    signal: AbortSignal,
    targetOf: (path: string, limit: number) => Target,
  ): Promise<FetchedPage<E>> {
    const path = this.#address.path + ENTITY_PATHS[entity];
    let asked = want;
    const target = () => {
      asked = Math.min(want, size.current);
      return targetOf(path, asked);
    };
    const answer = await this.#transport.get(target, signal, () => size.failed(asked));
    const { records, count, next } = inShape(answer, () => readList(entity, answer));
    const link = next === null ? null : checkedNext(next, path, this.#address);
    return { records, count, next: link, body: answer.body, asked, shown: answer.shown };
  }

  #size(entity: Entity): PageSize {
    let size = this.#sizes.get(entity);
    if (!size) {
      size = new PageSize(this.#pageSize);
      this.#sizes.set(entity, size);
    }
    return size;
  }

  #joined(signal: AbortSignal | undefined): AbortSignal {
    if (!signal) return this.#signal ?? new AbortController().signal;
    return this.#signal ? AbortSignal.any([this.#signal, signal]) : signal;
  }
}

function cursorTarget(from: CursorRange | URL, path: string, limit: number): Target {
  const shown = `${path} (by cursor, limit ${limit})`;
  if (!(from instanceof URL)) {
    const query = new URLSearchParams({ cursor: from.cursor, limit: String(limit) });
    if (from.until !== undefined) query.set('until', from.until);
    if (from.snapshot !== undefined) query.set('snapshot', from.snapshot);
    return { path: `${path}?${query}`, shown, inSnapshot: from.snapshot !== undefined };
  }
  const url = new URL(from);
  url.searchParams.set('limit', String(limit));
  return { path: url.pathname + url.search, shown, inSnapshot: url.searchParams.has('snapshot') };
}

/** Runs a reader of an answer's shape; what it finds wrong is the platform's permanent fault. */
function inShape<T>(answer: Answer, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw failureError(badAnswer(answer.shown, `is not of the promised shape: ${error.message}`, false), 1);
  }
}
