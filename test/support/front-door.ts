/** A way to a producer over which its own worker reads too: requests by it can be held, or answered with an error. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FrontDoor {
  /** `http://127.0.0.1:port`: what `PUBLIC_URL` is to be. */
  url: string;
  /** Says where it leads. */
  leadTo(url: string): void;
  /** Lets requests whose path matches wait; resolves once one does. */
  hold(path: RegExp): Promise<void>;
  /** Lets those that are held go on, and holds no more. */
  release(): void;
  /** Answers requests whose path matches with an error of this status, until it is called without arguments. */
  refuse(path?: RegExp, status?: number): void;
  close(): void;
}

/** Opens one on a free port of the loopback. */
export async function openFrontDoor(): Promise<FrontDoor> {
  let target = new URL('http://127.0.0.1:1');
  let held: RegExp | undefined;
  let refused: { path: RegExp; status: number } | undefined;
  let reached = () => {};
  const waiting: (() => void)[] = [];

  const pass = (request: IncomingMessage, response: ServerResponse) => {
    const { method, url, headers } = request;
    const onward = httpRequest(
      { host: target.hostname, port: target.port, method, path: url, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (refused?.path.test(path)) {
      response.writeHead(refused.status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ title: 'Refused', status: refused.status, detail: 'so it was asked of the door' }));
    } else if (held?.test(path)) {
      waiting.push(() => pass(request, response));
      reached();
    } else {
      pass(request, response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const release = () => {
    held = undefined;
    for (const go of waiting.splice(0)) go();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (url) => {
      target = new URL(url);
    },
    hold: (path) => {
      held = path;
      return new Promise((done) => {
        reached = done;
      });
    },
    release,
    refuse: (path, status = 403) => {
      refused = path && { path, status };
    },
    close: () => {
      release();
      server.close();
      server.closeAllConnections();
    },
  };
}
