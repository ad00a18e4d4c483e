/** A way to a service that breaks once, when so many bytes have come back through it, and goes on with new connections. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface BreakingProxy {
  /** `http://127.0.0.1:port` */
  url: string;
  /** Bytes that came back so far. */
  returned(): number;
  /** Everything that was sent through it, as text. */
  sent(): string;
  /** Breaks every connection once, after this many more bytes have come back. */
  breakAfter(bytes: number): void;
  close(): void;
}

/** Passes on what comes to a free port of the loopback. */
export async function startBreakingProxy(target: { host: string; port: number }): Promise<BreakingProxy> {
  const sockets = new Set<Socket>();
  const sent: string[] = [];
  let returned = 0;
  let left = Number.POSITIVE_INFINITY;
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(target.port, target.host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    near.on('data', (chunk) => sent.push(chunk.toString('latin1'))).pipe(far);
    far.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, left);
      returned += passed.length;
      if (chunk.length >= left) {
        left = Number.POSITIVE_INFINITY;
        // Ended, not reset, which could take back what has been passed on and not yet read.
        sockets.delete(near);
        near.end(passed);
        breakAll();
        return;
      }
      left -= chunk.length;
      if (!near.write(passed)) far.pause();
    });
    near.on('drain', () => far.resume());
    near.on('close', () => far.destroy());
    far.on('close', () => near.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    returned: () => returned,
    sent: () => sent.join(''),
    breakAfter: (bytes) => {
      left = bytes;
    },
    close: () => {
      server.close();
      breakAll();
    },
  };
}
