/** Server-sent events (WHATWG HTML, section 9.2) of exports: `progress` when something changed, `end` once it is decided. */
import type { ServerResponse } from 'node:http';
import type { ExportProgress } from '@parcelpost/shared/db/services/exports.js';
import type { FastifyReply } from 'fastify';
import type { ProgressHub } from '../actions/progress-hub.js';

/** Comments keep proxies from taking a quiet stream for a dead one. */
const HEARTBEAT_MS = 15_000;

export class EventStreams {
  readonly #open = new Set<() => void>();

  constructor(
    readonly hub: ProgressHub,
    readonly heartbeatMs = HEARTBEAT_MS,
  ) {}

  /** Answers a request with the events of an export, until that is decided or the reader leaves. */
  open(id: string, reply: FastifyReply): void {
    const headers = Object.fromEntries(
      Object.entries(reply.getHeaders()).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Nginx buffers answers unless told not to.
      'x-accel-buffering': 'no',
    });
    raw.write(': the events of one export\n\n');

    let last = '';
    const unwatch = this.hub.watch(id, (progress) => {
      // A reader that does not keep up gets the newest state once it does.
      if (raw.writableNeedDrain) return;
      if (!progress) return end();
      const data = JSON.stringify(eventData(progress));
      if (data === last) return;
      last = data;
      if (isDecided(progress)) {
        writeEvent(raw, 'end', data);
        end();
      } else {
        writeEvent(raw, 'progress', data);
      }
    });
    // The state as it is now, without waiting for the next look.
    void this.hub.hear(id);
    const heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(': \n\n'), this.heartbeatMs);
    const leave = () => {
      unwatch();
      clearInterval(heartbeat);
      this.#open.delete(end);
    };
    const end = () => {
      leave();
      raw.end();
    };
    this.#open.add(end);
    raw.on('close', leave);
    raw.on('error', leave);
  }

  /** Ends every stream, as when the process stops; readers come back by themselves. */
  endAll(): void {
    for (const end of [...this.#open]) end();
  }
}

function isDecided({ state }: ExportProgress): boolean {
  return state !== 'waiting' && state !== 'running';
}

function eventData({ id, state, phase, rows, rowsExpected, jobsDone, jobs, error }: ExportProgress) {
  return { id, state, phase, rows, rowsExpected, jobsDone, jobs, error };
}

function writeEvent(raw: ServerResponse, event: string, data: string): void {
  raw.write(`event: ${event}\ndata: ${data}\n\n`);
}
