/** HTTP put together by hand and sent over a plain socket: nothing tidies a request on its way. */
import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 where the connection was closed without an answer. */
  status: number;
  text: string;
  /** The last part of the problem type, if the answer is a problem document. */
  problem: string | undefined;
}

/** Sends these bytes and reads until the other side closes. */
export function sendRaw(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes));
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? undefined : reject(error)));
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      resolve({ status, text, problem: /"type":"[^"]*\/problems\/([^"]+)"/.exec(text)?.[1] });
    });
  });
}

/** The bytes of a request, which ask for the connection to be closed after it. */
export function rawRequest(request: {
  method: string;
  target: string;
  headers: readonly [name: string, value: string][];
  body?: string;
}): string {
  const { method, target, headers, body } = request;
  const length: [string, string][] = body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
  const lines = [['Host', '127.0.0.1'], ['Connection', 'close'], ...headers, ...length].map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}
