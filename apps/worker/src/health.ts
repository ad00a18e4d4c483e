import { createServer, type Server } from 'node:http';

/**
 * Serves `/healthz` (the process lives) and `/readyz` (its database and its queue engine answer, and it is not stopping).
 * @param ready resolves when the worker can work; rejects with the reason why not
 */
export async function serveHealth(port: number, host: string, ready: () => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body));
    };
    const path = request.url?.split('?', 1)[0];
    if (path === '/healthz') return answer(200, { status: 'ok' });
    if (path !== '/readyz') return answer(404, { status: 'not found' });
    ready().then(
      () => answer(200, { status: 'ready' }),
      (error: Error) => answer(503, { status: 'not ready', reason: error.message }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
