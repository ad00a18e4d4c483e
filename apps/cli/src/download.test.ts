/** Fetching a bundle, past what stands between here and the service. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Client } from './client.js';
import { download } from './download.js';
import { StandardOutput } from './target.js';

const bytes = Buffer.from('a bundle');
const sha256 = createHash('sha256').update(bytes).digest('hex');

async function fetched(etag: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(200, { etag }).end(bytes));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const client = new Client({ url, token: 't', signal: new AbortController().signal });
  const stream = new PassThrough();
  try {
    const wanted = { id: 'x', bytes: bytes.length, sha256 };
    await download(client, wanted, new StandardOutput(stream), { onProgress: () => {}, onNote: () => {} });
    return `${stream.read()}`;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it('takes a bundle whose ETag was weakened on its way, and none of another ETag', async () => {
  expect(await fetched(`W/"${sha256}"`)).toBe('a bundle');
  await expect(fetched(`W/"${'a'.repeat(64)}"`)).rejects.toMatchObject({ exit: 6, code: 'bundle-changed' });
});
