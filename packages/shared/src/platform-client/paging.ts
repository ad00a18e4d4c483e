/** Reading a range of a list: many pages in flight where offsets allow it, one ahead where cursors chain them. */
import { setMaxListeners } from 'node:events';
import { ExportError } from '../errors.js';
import type { Entity, RecordOf } from '../records.js';
import type { PageSize } from './page-size.js';

/**
 * Which records to read. With an offset: `limit` records from there on, in the platform's order; it may be `Infinity`, to
 * the end of the list. With a cursor: the records behind it, the empty cursor being the list's start, up to those behind
 * the cursor `until`, or to the end of the list; however many there are by then.
 */
export type PageRange = { offset: number; limit: number } | CursorRange;

export interface CursorRange {
  cursor: string;
  until?: string | undefined;
  /** Id of the consistent view to read in; without it what is there at the moment of each page. */
  snapshot?: string | undefined;
}

/**
 * Records as they came in one answer, which may hold more behind them. `body` is the answer itself (readPage reads it
 * once more); `count` the whole list's at that moment, where told.
 */
export interface Page<E extends Entity> {
  records: RecordOf[E][];
  body: Buffer;
  count: number | null;
}

/** One answer to a request for up to `asked` records. `next` is checked: it stays in the project. */
export interface FetchedPage<E extends Entity> extends Page<E> {
  asked: number;
  next: URL | null;
  shown: string;
}

export interface PageSource<E extends Entity> {
  readonly size: PageSize;
  /** Gets up to `want` records from `offset`; the page size in force at each attempt may make it fewer. */
  atOffset(offset: number, want: number, signal: AbortSignal): Promise<FetchedPage<E>>;
  /** Gets the first page of a range, or the one to which a `next` link leads; a `next` link keeps to the range itself. */
  atCursor(from: CursorRange | URL, signal: AbortSignal): Promise<FetchedPage<E>>;
}

/** A signal of one generator's own requests, that follows `outer` until released. */
function follow(outer: AbortSignal): { controller: AbortController; release: () => void } {
  const controller = new AbortController();
  // Each request in flight listens; there may be more than the ten that Node warns at.
  setMaxListeners(0, controller.signal);
  const abort = () => controller.abort(outer.reason);
  if (outer.aborted) abort();
  else outer.addEventListener('abort', abort);
  return { controller, release: () => outer.removeEventListener('abort', abort) };
}

/** Starts something to be awaited later; that it fails before anybody awaits it must not count as unhandled. */
function ahead<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

interface Slot<E extends Entity> {
  pages: Page<E>[];
  /** The list ended in this slot. */
  ended: boolean;
}

/**
 * Reads `length` records from `offset`, in as many requests as it takes: a platform may answer fewer than asked for
 * (a maximum page size of its own), and the page size may shrink under way. What came decides where to go on.
 */
async function readSlot<E extends Entity>(
  source: PageSource<E>,
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<Slot<E>> {
  const pages: Page<E>[] = [];
  for (let got = 0; got < length; ) {
    const { records, body, count, next, asked, shown } = await source.atOffset(offset + got, length - got, signal);
    const answered = records.length;
    const behind = offset + got + answered;
    const more = next !== null || (count !== null && count > behind);
    source.size.answered(asked, answered, more);
    if (answered === 0) {
      if (count === null || count <= behind) return { pages, ended: true };
      throw new ExportError(
        'platform-bad-answer',
        `The platform's answer to GET ${shown} holds no records, though it counts ${count}. Ask for the export again; if it stays so, tell the platform's operators.`,
        false,
      );
    }
    if (answered > length - got) records.length = length - got;
    got += records.length;
    pages.push({ records, body, count });
    if (!more) return { pages, ended: true };
  }
  return { pages, ended: false };
}

/** Yields the pages of `[offset, offset + limit)` in order, with `prefetch` (1 or more) slots of a page in flight. */
export async function* offsetPages<E extends Entity>(
  source: PageSource<E>,
  range: { offset: number; limit: number },
  outer: AbortSignal,
  prefetch: number,
): AsyncGenerator<Page<E>, void, undefined> {
  const { controller, release } = follow(outer);
  const end = range.offset + range.limit;
  const inFlight: Promise<Slot<E>>[] = [];
  let next = range.offset;
  const fill = () => {
    while (inFlight.length < prefetch && next < end) {
      const length = Math.min(source.size.current, end - next);
      inFlight.push(ahead(readSlot(source, next, length, controller.signal)));
      next += length;
    }
  };
  try {
    fill();
    for (let slot = inFlight.shift(); slot !== undefined; slot = inFlight.shift()) {
      const { pages, ended } = await slot;
      if (!ended) fill();
      yield* pages;
      if (ended) return;
    }
  } finally {
    release();
    controller.abort();
  }
}

/** Yields the pages from a cursor on, following `next`, with one page fetched while the last is consumed. */
export async function* cursorPages<E extends Entity>(
  source: PageSource<E>,
  range: CursorRange,
  outer: AbortSignal,
): AsyncGenerator<Page<E>, void, undefined> {
  const { controller, release } = follow(outer);
  const get = (from: CursorRange | URL) => ahead(source.atCursor(from, controller.signal));
  try {
    let pending: Promise<FetchedPage<E>> | undefined = get(range);
    let last: string | undefined;
    while (pending) {
      const { records, body, count, next, asked, shown }: FetchedPage<E> = await pending;
      source.size.answered(asked, records.length, next !== null);
      if (next !== null && (records.length === 0 || next.href === last)) {
        throw new ExportError(
          'platform-bad-answer',
          `The platform's answer to GET ${shown} leads on without end: ${records.length === 0 ? 'no records, but a next link' : 'its next link is that of the page before'}. Tell the platform's operators.`,
          true,
        );
      }
      last = next?.href;
      pending = next !== null ? get(next) : undefined;
      if (records.length > 0) yield { records, body, count };
    }
  } finally {
    release();
    controller.abort();
  }
}
