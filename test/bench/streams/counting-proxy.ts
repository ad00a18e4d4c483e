/** A way to PostgreSQL on which the statements are counted that pass. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CountingProxy {
  /** The address of the database by way of the proxy. */
  url: string;
  /** Statements that were sent so far, on all connections. */
  statements(): number;
  close(): void;
}

/** Of a frontend message (PostgreSQL, protocol 3.0): Query and Execute, each of which runs one. */
const STATEMENTS = new Set(['Q'.charCodeAt(0), 'E'.charCodeAt(0)]);
const HEADER = 5;

/** @param url of the database */
export async function startCountingProxy(url: string): Promise<CountingProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let statements = 0;
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    const count = messageCounter(() => {
      statements += 1;
    });
    near.on('data', count);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    statements: () => statements,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Reads the messages of one connection, however they are cut into chunks. The first has no type: it says who connects. */
export function messageCounter(counted: () => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let begun = false;
  /** Bytes of a message that are still to come and of no interest. */
  let skip = 0;
  return (chunk) => {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (;;) {
      const past = Math.min(skip, bytes.length);
      bytes = bytes.subarray(past);
      skip -= past;
      const header = begun ? HEADER : HEADER - 1;
      if (skip > 0 || bytes.length < header) break;
      if (begun && STATEMENTS.has(bytes[0] as number)) counted();
      // The length counts itself, and not the type.
      skip = bytes.readUInt32BE(header - 4) + header - 4;
      begun = true;
    }
    rest = Buffer.from(bytes);
  };
}
