import { createServer, type Server } from 'node:http';
import type { Logger } from '@parcelpost/shared/log.js';
import type { Metrics } from '@parcelpost/shared/metrics.js';
import { within } from '@parcelpost/shared/within.js';

/** How long a service that the worker needs may take to say that it is there. */
const PATIENCE_MS = 2000;

export interface HealthOptions {
  port: number;
  host: string;
  /** What the worker needs, by name; each resolves when it is there. Why one is not is for the log alone. */
  checks: Record<string, () => PromiseLike<unknown>>;
  stopping(): boolean;
  metrics: Metrics;
  log: Logger;
}

/** Serves `/healthz` (the process lives), `/readyz` (what it needs answers, and it is not stopping) and `/metrics`. */
export async function serveHealth({ port, host, checks, stopping, metrics, log }: HealthOptions): Promise<Server> {
  /** Names of the checks that fail. */
  const failing = async () => {
    const names = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          await within(PATIENCE_MS, check());
          return [];
        } catch (error) {
          log.warn({ err: error, check: name }, 'not ready');
          return [name];
        }
      }),
    );
    return names.flat();
  };
  const server = createServer(async (request, response) => {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const answer = (status: number, body: object) => send(status, 'application/json', JSON.stringify(body));
    const path = request.url?.split('?', 1)[0];
    if (path === '/healthz') return answer(200, { status: 'ok' });
    if (path === '/metrics') return send(200, metrics.registry.contentType, await metrics.registry.metrics());
    if (path !== '/readyz') return answer(404, { status: 'not found' });
    if (stopping()) return answer(503, { status: 'stopping' });
    const failed = await failing();
    if (failed.length > 0) answer(503, { status: 'not ready', failed });
    else answer(200, { status: 'ready' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
