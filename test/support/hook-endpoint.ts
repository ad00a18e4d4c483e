/** An endpoint for webhooks that keeps what it is sent. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExportFailureReport, ExportResult } from '@parcelpost/shared/export-result.js';

export interface HookCall {
  /** The path that was asked for. */
  path: string;
  /** The header `webhook-id`. */
  id: string;
  body:
    | { type: 'export.completed'; timestamp: string; data: ExportResult }
    | { type: 'export.failed'; timestamp: string; data: ExportFailureReport };
}

export interface HookEndpoint {
  url(path: string): string;
  /** What came about one export, in order. */
  calls(exportId: string): HookCall[];
  close(): Promise<void>;
}

/** Listens on a free port of the loopback and takes everything with 204. */
export async function startHookEndpoint(): Promise<HookEndpoint> {
  const calls: HookCall[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    calls.push({ path: request.url ?? '', id: String(request.headers['webhook-id']), body: JSON.parse(text) });
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    calls: (exportId) => calls.filter(({ body }) => body.data.exportId === exportId),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
