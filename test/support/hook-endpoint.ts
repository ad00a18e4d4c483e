/** An endpoint for webhooks that keeps what it is sent, and answers as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExportFailureReport, ExportResult, FollowUpFault, JsonValue } from '@parcelpost/shared/export-result.js';

type Extra = { note?: string; input?: JsonValue };

/** What `webhook.post` sends; see docs/webhooks.md. */
export type HookBody = { timestamp: string } & (
  | { type: 'export.completed' | 'export.partial'; data: ExportResult & Extra }
  | { type: 'export.failed' | 'export.cancelled'; data: ExportFailureReport & Extra }
  | { type: 'follow_up.failed'; data: { fault: FollowUpFault; export: ExportResult | ExportFailureReport } & Extra }
  | { type: 'export.ended'; data: { exportId: string } & Extra }
);

export interface HookCall {
  /** The path and query that were asked for. */
  path: string;
  /** The header `webhook-id`: the id of the follow-up, the same at every try. */
  id: string;
  /** When the whole of it had come, in milliseconds since the epoch. */
  at: number;
  headers: IncomingHttpHeaders;
  /** The body as it came. */
  text: string;
  body: HookBody;
}

export interface HookAnswer {
  /** Default 204. */
  status?: number;
  headers?: Record<string, string>;
  /** Pause before the answer, in milliseconds. */
  delayMs?: number;
  /** Closes the connection in place of an answer. */
  drop?: boolean;
}

/**
 * What to answer to a call: always the same, or what a function says.
 * The function gets how many calls with the same `webhook-id` came before this one; what it promises is waited for.
 */
export type HookRule = HookAnswer | ((call: HookCall, before: number) => HookAnswer | Promise<HookAnswer>);

export interface HookEndpoint {
  url(path: string): string;
  /** What came about one export (about all of them, if left out), in order; each try is a call. */
  calls(exportId?: string): HookCall[];
  /** How often each `webhook-id` came, about one export or all; more than once: it was tried again, or sent twice. */
  counts(exportId?: string): Map<string, number>;
  /** Sets the answers to one path (`*`: to every path without a rule of its own); 204 where there is no rule. */
  answer(path: string, rule: HookRule): void;
  /** Resolves once `count` calls have come about an export (or to a path, if it begins with `/`), with those calls. */
  came(about: string, count?: number): Promise<HookCall[]>;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback; takes everything with 204 unless told otherwise. */
export async function startHookEndpoint(): Promise<HookEndpoint> {
  const calls: HookCall[] = [];
  const seen = new Map<string, number>();
  const rules = new Map<string, HookRule>();
  const waiting = new Set<() => void>();

  const server = createServer(async (request, response) => {
    let text = '';
    try {
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
    } catch {
      return; // The sender died in the middle of it: that is no call.
    }
    const id = String(request.headers['webhook-id']);
    const { headers, url: path = '' } = request;
    const call: HookCall = { path, id, at: Date.now(), headers, text, body: JSON.parse(text) };
    const before = seen.get(id) ?? 0;
    seen.set(id, before + 1);
    calls.push(call);
    for (const look of waiting) look();

    const rule = rules.get(path) ?? rules.get('*') ?? {};
    const answer = typeof rule === 'function' ? await rule(call, before) : rule;
    if (answer.delayMs) await pause(answer.delayMs);
    if (answer.drop) response.destroy();
    else response.writeHead(answer.status ?? 204, answer.headers).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const of = (exportId: string | undefined) =>
    exportId === undefined ? [...calls] : calls.filter((call) => exportOf(call.body) === exportId);
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    calls: of,
    counts(exportId) {
      const counts = new Map<string, number>();
      for (const { id } of of(exportId)) counts.set(id, (counts.get(id) ?? 0) + 1);
      return counts;
    },
    answer: (path, rule) => void rules.set(path, rule),
    came: (about, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const found = about.startsWith('/') ? calls.filter(({ path }) => path === about) : of(about);
          if (found.length < count) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The export that a message is about; undefined of what is no message of `webhook.post`. */
function exportOf({ data }: Partial<HookBody>): string | undefined {
  if (!data) return undefined;
  return 'fault' in data ? data.export.exportId : data.exportId;
}
