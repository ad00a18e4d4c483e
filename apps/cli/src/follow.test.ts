/** Watching an export, against a server that behaves as proxies and services in trouble do. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Client } from './client.js';
import type { ExportProgress } from './export-view.js';
import { follow } from './follow.js';

const view = (outcome: string | null) =>
  JSON.stringify({
    id: 'x',
    state: outcome ?? 'running',
    phase: 'reading',
    outcome,
    progress: { rows: 1, rowsExpected: 2, jobsDone: 0, jobs: 1 },
  });

/** @param answers by request, in order; the last one answers all further ones */
async function watched(events: RequestListener[], states: (string | null | number)[], timeoutMs?: number) {
  const seen: ExportProgress[] = [];
  const asked = { events: 0, states: 0 };
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/events')) {
      const answer = events[Math.min(asked.events++, events.length - 1)] as RequestListener;
      return answer(request, response);
    }
    const state = states[Math.min(asked.states++, states.length - 1)] ?? null;
    // An answer that never comes.
    if (state === 0) return;
    if (typeof state === 'number') return response.writeHead(state).end();
    return response.writeHead(200, { 'content-type': 'application/json' }).end(view(state));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const client = new Client({ url, token: 't', signal: new AbortController().signal });
  try {
    const end = await follow(client, 'x', { onProgress: (progress) => seen.push(progress), pollMs: 5, timeoutMs });
    return { end, seen, asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const stream =
  (...pieces: string[]): RequestListener =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
const event = (name: string, rows: number) => `event: ${name}\ndata: ${JSON.stringify({ phase: 'reading', rows })}\n\n`;

// Each has a server of its own, and waits more than it works.
describe.concurrent('watching an export', () => {
  it('hears events, however they are cut into pieces, and asks for the state at their end', async () => {
    const text = `: hello\r\n\r\nevent: progress\r\ndata: {"phase":"reading","rows":7}\r\n\r\n${event('end', 9)}`;
    const { end, seen, asked } = await watched(
      [stream(...(text.match(/[\s\S]{1,5}/g) as string[]))],
      [null, 'completed'],
    );
    expect(end.outcome).toBe('completed');
    expect(seen.map(({ rows }) => rows)).toEqual([1, 7]);
    expect(asked).toEqual({ events: 1, states: 2 });
  });

  it('comes back when the service wants it, and not at once', async () => {
    const times: number[] = [];
    const early: RequestListener = (request, response) => {
      times.push(Date.now());
      stream('retry: 400\n\n')(request, response);
    };
    await watched([early, early], [null, null, 'completed']);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(400);
  });

  it('opens the stream again when it breaks off', async () => {
    const torn: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event('progress', 3), () => response.destroy());
    };
    const { end, seen, asked } = await watched([torn, stream(event('end', 9))], [null, null, 'failed']);
    expect([end.outcome, asked.events]).toEqual(['failed', 2]);
    expect(seen.map(({ rows }) => rows)).toEqual([1, 3, 1]);
  });

  it.each<[string, RequestListener]>([
    ['refuses them', (_, response) => response.writeHead(404).end()],
    [
      'has too many who listen',
      (_, response) =>
        response
          .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '10' })
          .end('{"type":"https://x.example/problems/too-many-streams","title":"T","detail":"D."}'),
    ],
    ['answers a page instead', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')],
  ])('asks for the state again and again where something on the way %s', async (_, answer) => {
    const { end, asked } = await watched([answer], [null, null, null, 'completed']);
    expect([end.outcome, asked.events, asked.states]).toEqual(['completed', 1, 4]);
  });

  it('gives up streams that end at once, again and again', { timeout: 20_000 }, async () => {
    const { end, asked } = await watched([stream()], [...Array(9).fill(null), 'completed']);
    expect([end.outcome, asked.events]).toEqual(['completed', 4]);
  });

  it('waits for a service that was there before', async () => {
    const { end } = await watched([stream()], [null, 503, 502, 'completed']);
    expect(end.outcome).toBe('completed');
  });

  const refused: RequestListener = (_, response) => response.writeHead(404).end();
  const mute: RequestListener = () => {};
  it.each<[string, RequestListener, number]>([
    ['is away', refused, 503],
    ['does not answer', refused, 0],
    ['sends no events', mute, 0],
  ])('is over when its time is, also while a service that was there %s', async (_, events, state) => {
    const begun = Date.now();
    await expect(watched([events], [null, state], 700)).rejects.toMatchObject({ exit: 4, code: 'still-running' });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(690);
    // The last look may take a second; the patience with the service would be ten minutes.
    expect(Date.now() - begun).toBeLessThan(5000);
  });

  it('tells of a service that was never there, and not of the export', async () => {
    await expect(watched([refused], [503], 300)).rejects.toMatchObject({ exit: 4, details: { status: 503 } });
  });

  it('ends where the export is not to be seen any more', async () => {
    await expect(watched([stream()], [null, 403])).rejects.toMatchObject({ exit: 3, details: { status: 403 } });
  });
});
