import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createLogger } from '@parcelpost/shared/log.js';
import { createConnections } from '@parcelpost/shared/platform-client/client.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FileBudget } from '../pipeline/steps/file-budget.js';
import { type FileConnections, FileFetcher, fileConnections } from './fetch-file.js';
import { AllowedHosts } from './hosts.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server whose answers each test sets. */
async function startServer() {
  const state = { handler: ((_request, response) => response.end()) as Handler, requests: [] as IncomingMessage[] };
  const server: Server = createServer((request, response) => {
    state.requests.push(request);
    state.handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, { server, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` });
}

let platform: Awaited<ReturnType<typeof startServer>>;
let store: Awaited<ReturnType<typeof startServer>>;
const platformConnections = createConnections(4);
const opened: FileConnections[] = [];

beforeAll(async () => {
  [platform, store] = await Promise.all([startServer(), startServer()]);
});
afterEach(() => {
  platform.requests.length = 0;
  store.requests.length = 0;
});
afterAll(async () => {
  await Promise.all([platformConnections.destroy(), ...opened.map(({ others }) => others.destroy())]);
  for (const { server } of [platform, store]) {
    server.closeAllConnections();
    server.close();
  }
});

interface Wishes {
  allow?: string[];
  allowPrivate?: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
  limit?: number;
}

function fetcher({ allow = [store.host], allowPrivate = true, signal, timeoutMs = 2000 }: Wishes = {}) {
  const connections = fileConnections({ platform: platformConnections, allowPrivate, timeoutMs: 2000 });
  opened.push(connections);
  return new FileFetcher({
    platformUrl: `${platform.url}/api/`,
    authorization: { scheme: 'TmpToken', token: 'secret-token' },
    hosts: new AllowedHosts(allow),
    limits: { file: 1000, all: 1000 },
    connections,
    timeoutMs,
    attempts: 3,
    backoff: { firstMs: 1, maxMs: 5, maxRetryAfterMs: 5 },
    log: createLogger('test', 'silent'),
    signal: signal ?? new AbortController().signal,
  });
}

/** Fetches, and tells what each attempt left. */
async function fetched(url: string, wishes: Wishes = {}) {
  const targets: { chunks: Buffer[]; aborted: boolean }[] = [];
  const budget = new FileBudget({ file: wishes.limit ?? 1_000_000, all: 1_000_000 });
  const target = await fetcher(wishes).fetch(url, async () => {
    const counted = budget.open();
    const made = {
      chunks: [] as Buffer[],
      aborted: false,
      async write(chunk: Uint8Array) {
        counted.take(chunk.length);
        made.chunks.push(Buffer.from(chunk));
      },
      async abort() {
        made.aborted = true;
      },
    };
    targets.push(made);
    return made;
  });
  expect(targets.slice(0, -1).every(({ aborted }) => aborted)).toBe(true);
  return { content: Buffer.concat(target.chunks), attempts: targets.length };
}

describe('a file', () => {
  test('of the platform is asked for with the token, of another host without it', async () => {
    platform.handler = (_request, response) => response.end('own');
    store.handler = (_request, response) => response.end('other');
    expect((await fetched('/files/1?x=y')).content.toString()).toBe('own');
    expect((await fetched(`${store.url}/a`)).content.toString()).toBe('other');
    expect(platform.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/files/1?x=y', 'TmpToken secret-token'],
    ]);
    expect(store.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('is followed through redirects, each of which must be allowed; the token stays behind', async () => {
    platform.handler = ({ url }, response) =>
      url === '/ours'
        ? response.end('back')
        : response.writeHead(302, { location: `${store.url}/signed?s=1` }).end('no');
    store.handler = ({ url }, response) =>
      url === '/round'
        ? response.writeHead(302, { location: `${platform.url}/ours` }).end()
        : response.end('signed content');
    expect((await fetched('/files/1')).content.toString()).toBe('signed content');
    expect(store.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect((await fetched(`${store.url}/round`)).content.toString()).toBe('back');
    await expect(fetched('/files/1', { allow: [] })).rejects.toMatchObject({ code: 'resource-host', permanent: true });
    store.handler = (_request, response) => response.writeHead(301, { location: '/again' }).end();
    await expect(fetched(`${store.url}/again`)).rejects.toMatchObject({ code: 'resource-redirect' });
    store.handler = (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    await expect(fetched(`${store.url}/x`)).rejects.toMatchObject({ code: 'resource-url' });
  });

  test('is fetched from hosts that are allowed alone, and never with credentials of its own', async () => {
    for (const [url, code] of [
      ['http://elsewhere.example.org/secret-path?q', 'resource-host'],
      [`http://user:hunter2@${store.host}/`, 'resource-url'],
      ['ftp://files.example.org/a', 'resource-url'],
      ['http://', 'resource-url'],
    ] as const) {
      const error = await fetched(url).catch((error) => error);
      expect(error).toMatchObject({ code, permanent: true });
      expect(error.message).not.toMatch(/secret-path|hunter2/);
    }
    expect(store.requests).toEqual([]);
  });

  test('of an allowed host on a private network is refused, unless these are allowed', async () => {
    await expect(fetched(`${store.url}/a`, { allowPrivate: false })).rejects.toMatchObject({
      code: 'resource-address',
    });
    const byName = `http://localhost:${new URL(store.url).port}`;
    const error = await fetched(`${byName}/a`, { allowPrivate: false, allow: [new URL(byName).host] }).catch((e) => e);
    expect(error).toMatchObject({ code: 'resource-address', permanent: true });
    expect(store.requests).toEqual([]);
    platform.handler = (_request, response) => response.end('ours');
    expect((await fetched('/a', { allowPrivate: false })).content.toString()).toBe('ours');
  });

  test('that breaks off, or is not to be had for the moment, is tried again from its beginning', async () => {
    let asked = 0;
    store.handler = (_request, response) => {
      asked++;
      if (asked === 1) {
        response.writeHead(200, { 'content-length': 10 });
        response.write('half');
        setImmediate(() => response.destroy());
      } else if (asked === 2) response.writeHead(503, { 'retry-after': '0' }).end();
      else response.end('whole text');
    };
    expect(await fetched(`${store.url}/a`)).toEqual({ content: Buffer.from('whole text'), attempts: 3 });
    store.handler = (_request, response) => response.writeHead(500).end();
    store.requests.length = 0;
    await expect(fetched(`${store.url}/a`)).rejects.toMatchObject({ code: 'resource-unavailable', permanent: false });
    expect(store.requests.length).toBe(3);
  });

  test('that is not there is not tried again', async () => {
    store.handler = (_request, response) => response.writeHead(404).end('secret reason');
    const error = await fetched(`${store.url}/hidden?signature=s`).catch((error) => error);
    expect(error).toMatchObject({ code: 'resource-not-found', permanent: true });
    expect(error.message).toBe(`${store.host} answered 404: it is not there any more.`);
    expect(store.requests.length).toBe(1);
  });

  test('that never ends is ended at its limit, and so is one that is small only as long as it is packed', async () => {
    store.handler = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) {}
      };
      response.on('drain', more);
      more();
    };
    await expect(fetched(`${store.url}/a`, { limit: 100_000 })).rejects.toMatchObject({ code: 'resource-too-large' });
    store.handler = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)));
    await expect(fetched(`${store.url}/a`, { limit: 100_000 })).rejects.toMatchObject({ code: 'resource-too-large' });
    expect(store.requests.length).toBe(2);
  });

  test('that comes packed, though that was not asked for, is unpacked', async () => {
    store.handler = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('as it was'));
    expect((await fetched(`${store.url}/a`)).content.toString()).toBe('as it was');
    expect(store.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('that does not come is given up, and one that nobody wants any more too', async () => {
    store.handler = () => {};
    await expect(fetched(`${store.url}/a`, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'resource-unavailable' });
    const controller = new AbortController();
    store.handler = () => controller.abort(new Error('cancelled'));
    await expect(fetched(`${store.url}/a`, { signal: controller.signal })).rejects.toThrow('cancelled');
  });
});

describe('allowed hosts', () => {
  test.each([
    [['files.example.org'], 'https://files.example.org/a', true],
    [['FILES.example.org'], 'https://files.EXAMPLE.org/a', true],
    [['files.example.org'], 'https://files.example.org:8443/a', false],
    [['files.example.org:8443'], 'https://files.example.org:8443/a', true],
    [['*.example.org'], 'https://a.b.example.org/', true],
    [['*.example.org'], 'https://example.org/', false],
    [['*.example.org'], 'https://badexample.org/', false],
    [['example.org'], 'https://example.org.evil.net/', false],
  ])('%j: %s %s', (hosts, url, allowed) => {
    expect(new AllowedHosts(hosts).allows(new URL(url))).toBe(allowed);
  });
});
