/** Server-sent events (WHATWG HTML, section 9.2) of exports: `progress` when something changed, `end` once there is no more to come. */
import type { FastifyReply } from 'fastify';
import type { ExportNow } from '../actions/look-at-exports.js';
import type { ProgressHub, Update } from '../actions/progress-hub.js';
import { problem } from '../problems.js';

/** Comments keep proxies from taking a quiet stream for a dead one, and show which streams nobody reads. */
const HEARTBEAT_MS = 15_000;
/** Heartbeats after which a reader that takes nothing any more is given up. */
const UNREAD_HEARTBEATS = 4;
/** Milliseconds after which a reader whose stream broke comes back; spread, so that a thousand do not come at once. */
const BACK_MS: Span = { least: 1000, most: 4000 };
/**
 * Milliseconds after which a stream ends though there is more to come, spread. Rights are looked at when one is opened, so
 * nobody hears of an export for longer than this after signing out, or after losing the right to see it.
 */
const LIFE_MS: Span = { least: 5 * 60_000, most: 10 * 60_000 };
const BEAT = Buffer.from(': \n\n');

interface Span {
  least: number;
  most: number;
}

/** How many streams a process keeps open, and how many of them for one person. */
export interface StreamLimits {
  most: number;
  perPerson: number;
}

/** What a stream tells. */
export interface StreamKind {
  /** Names it: streams of one kind get the very same bytes. */
  name: string;
  /** What of an export is told; JSON. */
  data: (now: ExportNow) => unknown;
  /** Whether there is no more to come. */
  isOver: (now: ExportNow) => boolean;
}

interface Stream {
  end(): void;
  beat(): void;
}

export class EventStreams {
  readonly #open = new Set<Stream>();
  readonly #ofPerson = new Map<string, number>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    readonly hub: ProgressHub,
    readonly limits: StreamLimits,
    readonly heartbeatMs = HEARTBEAT_MS,
    readonly lifeMs = LIFE_MS,
  ) {}

  /** Streams that are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Answers a request with the events of an export, until there is no more to come, the reader leaves, or some minutes are
   * over: whoever is still interested comes back, and has to be let in again.
   * @throws {ProblemError} 503 `too-many-streams`
   */
  open(id: string, person: string, kind: StreamKind, reply: FastifyReply): void {
    // Who has left while the request was looked into has no stream.
    if (reply.raw.destroyed) return void reply.hijack();
    this.#admit(person);
    const headers = Object.fromEntries(
      Object.entries(reply.getHeaders()).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    reply.hijack();
    const { raw } = reply;
    raw.socket?.setKeepAlive(true, this.heartbeatMs);
    raw.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Nginx buffers answers unless told not to.
      'x-accel-buffering': 'no',
    });
    raw.write(`retry: ${within(BACK_MS)}\n: the events of one export\n\n`);

    let last: Buffer | undefined;
    let newest: Update | undefined;
    let unread = 0;
    const until = Date.now() + within(this.lifeMs);
    let left = false;
    const tell = () => {
      // A reader that does not keep up gets the newest state once it does.
      if (!newest || raw.writableNeedDrain) return;
      const over = kind.isOver(newest.now);
      const bytes = newest.bytes(kind.name, (now) => frame(over ? 'end' : 'progress', kind.data(now)));
      if (bytes !== last) raw.write(bytes);
      last = bytes;
      if (over) stream.end();
    };
    const leave = () => {
      if (left) return;
      left = true;
      unwatch?.();
      this.#forget(stream, person);
    };
    const stream: Stream = {
      end: () => {
        leave();
        raw.end();
      },
      beat: () => {
        if (Date.now() >= until) return stream.end();
        if (!raw.writableNeedDrain) {
          unread = 0;
          raw.write(BEAT);
          return;
        }
        unread += 1;
        if (unread >= UNREAD_HEARTBEATS) raw.destroy();
      },
    };
    this.#open.add(stream);
    this.#heartbeat ??= setInterval(() => this.#beat(), this.heartbeatMs);
    raw.on('close', leave);
    raw.on('error', leave);
    raw.on('drain', tell);
    let unwatch: (() => void) | undefined;
    unwatch = this.hub.watch(id, (update) => {
      if (!update) return stream.end();
      newest = update;
      tell();
    });
    // It may have been over with the first that was told.
    if (left) unwatch();
  }

  /** Ends every stream, as when the process stops; readers come back by themselves. */
  endAll(): void {
    for (const stream of [...this.#open]) stream.end();
  }

  #admit(person: string): void {
    const own = this.#ofPerson.get(person) ?? 0;
    if (this.#open.size >= this.limits.most || own >= this.limits.perPerson) {
      const whose = own >= this.limits.perPerson ? `You have ${own} event streams open` : 'Too many watch exports here';
      throw problem('too-many-streams', `${whose}. Close one, or ask for the state of the export now and then.`, {
        headers: { 'retry-after': '10' },
      });
    }
    this.#ofPerson.set(person, own + 1);
  }

  #forget(stream: Stream, person: string): void {
    this.#open.delete(stream);
    const own = (this.#ofPerson.get(person) ?? 1) - 1;
    if (own > 0) this.#ofPerson.set(person, own);
    else this.#ofPerson.delete(person);
    if (this.#open.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  #beat(): void {
    for (const stream of [...this.#open]) stream.beat();
  }
}

/** Whether an export has its outcome. */
export function isDecided({ state }: Pick<ExportNow, 'state'>): boolean {
  return state !== 'waiting' && state !== 'running';
}

/** What the API's streams tell, of which the outcome is the end. */
export const API_STREAM: StreamKind = {
  name: 'api',
  data: ({ id, state, phase, rows, rowsExpected, jobsDone, jobs, error, placeInQueue, waitsFor }) => ({
    id,
    state,
    phase,
    rows,
    rowsExpected,
    jobsDone,
    jobs,
    error,
    placeInQueue,
    waitsFor,
  }),
  isOver: isDecided,
};

/** Somewhere in a span, so that not all are at the same place. */
function within({ least, most }: Span): number {
  return Math.round(least + Math.random() * (most - least));
}

function frame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
