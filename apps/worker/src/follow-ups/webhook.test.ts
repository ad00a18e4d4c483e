import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FOLLOW_UP_ID, failureInput, followUpContext, successInput } from '../../../../test/support/follow-ups.js';
import { FollowUpError, PermanentFollowUpError, RetryAfterError } from './errors.js';
import type { ClosableHandler } from './types.js';
import { createWebhookHandler, type WebhookOptions } from './webhook.js';

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

let server: Server;
let port: number;
let received: Received[];
let connections: number;
let answer: (response: ServerResponse, request: IncomingMessage) => void;
const open: ClosableHandler[] = [];

beforeEach(async () => {
  received = [];
  connections = 0;
  answer = (response) => response.writeHead(204).end();
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(response, request);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.closeAllConnections();
  await Promise.all([...open.splice(0).map((handler) => handler.close()), new Promise((done) => server.close(done))]);
});

function handler(options: Partial<WebhookOptions> = {}): ClosableHandler['handle'] {
  const made = createWebhookHandler({ allowPrivate: true, ...options });
  open.push(made);
  return made.handle;
}

const hook = () => `http://127.0.0.1:${port}/hook?key=s3cret`;
const send = (options: Partial<WebhookOptions> = {}, args: Record<string, unknown> = { url: hook() }) =>
  handler(options)(successInput(), args, followUpContext());
const failing = (sending: Promise<unknown>) =>
  sending.then(
    () => expect.fail('should have failed'),
    (error: FollowUpError) => error,
  );

describe('what is sent', () => {
  it('a success is export.completed with the whole result and the note, as JSON, by POST', async () => {
    await expect(send({}, { url: hook(), note: 'für Ana' })).resolves.toEqual({ status: 204 });
    const [message] = received;
    expect(message).toMatchObject({ method: 'POST', url: '/hook?key=s3cret' });
    expect(message?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(message?.body ?? '')).toEqual({
      type: 'export.completed',
      timestamp: '2026-03-05T14:05:09.000Z',
      data: { ...successInput().result, note: 'für Ana' },
    });
  });

  it('a failure is export.failed with the reason', async () => {
    await handler()(failureInput(), { url: hook() }, followUpContext());
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      type: 'export.failed',
      timestamp: '2026-03-05T14:05:09.000Z',
      data: failureInput().report,
    });
  });

  it('is signed over id, time and the very bytes of the body; the id and the body stay the same at every try', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const run = handler({ secret });
    for (const attempt of [1, 2]) await run(successInput(), { url: hook() }, followUpContext({ attempt }));
    for (const { headers, body } of received) {
      expect(headers['webhook-id']).toBe(FOLLOW_UP_ID);
      const key = Buffer.from(secret.slice(6), 'base64');
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
      expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    }
    expect(received[1]?.body).toBe(received[0]?.body);
  });

  it('arguments that are not its own end it for good and send nothing', async () => {
    const error = await failing(send({}, { url: 'gopher://x/' }));
    expect(error).toBeInstanceOf(PermanentFollowUpError);
    expect(error.message).toMatch(/^args\.url: /);
    expect(received).toEqual([]);
  });
});

describe('what the answers mean', () => {
  it.each([200, 201, 202, 204])('%d is done', async (status) => {
    answer = (response) => response.writeHead(status).end();
    await expect(send()).resolves.toEqual({ status });
  });

  it('410 ends it for good', async () => {
    answer = (response) => response.writeHead(410).end();
    expect(await failing(send())).toBeInstanceOf(PermanentFollowUpError);
  });

  it.each([301, 302, 303, 307, 308])('%d, a redirect, is not followed and ends it for good', async (status) => {
    answer = (response) => response.writeHead(status, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
    const error = await failing(send());
    expect(error).toMatchObject({ name: 'PermanentFollowUpError', code: 'webhook-redirected' });
    expect(received).toHaveLength(1);
  });

  it.each([400, 401, 404, 429, 500, 502, 503])('%d is tried again', async (status) => {
    answer = (response) => response.writeHead(status).end('no');
    const error = await failing(send());
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'webhook-refused' });
    expect(error.message).toContain(`answered ${status}`);
  });

  it.each([429, 503])('%d with Retry-After says how long to wait', async (status) => {
    answer = (response) => response.writeHead(status, { 'retry-after': '120' }).end();
    const error = await failing(send());
    expect(error).toBeInstanceOf(RetryAfterError);
    expect(error).toMatchObject({ retryAfterMs: 120_000 });
  });

  it.each([
    ['0', 1_000],
    ['Thu, 05 Mar 2015 13:00:00 GMT', 1_000],
    ['99999999', 86_400_000],
  ])('a Retry-After of %s is kept between a second and a day', async (header, pause) => {
    answer = (response) => response.writeHead(503, { 'retry-after': header }).end();
    expect(await failing(send())).toMatchObject({ name: 'RetryAfterError', retryAfterMs: pause });
  });

  it('a Retry-After that makes no sense is none', async () => {
    answer = (response) => response.writeHead(503, { 'retry-after': 'soon' }).end();
    expect(await failing(send())).toMatchObject({ name: 'FollowUpError', code: 'webhook-refused' });
  });

  it('no message tells the path and query of the URL, where a receiver may keep a secret', async () => {
    for (const status of [302, 410, 500]) {
      answer = (response) => response.writeHead(status).end('s3cret');
      expect((await failing(send())).message).not.toContain('s3cret');
    }
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    const error = await failing(send());
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'webhook-unreachable' });
    expect(error.message).not.toContain('s3cret');
  });
});

describe('an endpoint cannot hold a worker', () => {
  it('one that never answers is given up after the time-out, and tried again', async () => {
    answer = () => undefined;
    expect(await failing(send({ timeoutMs: 100 }))).toMatchObject({ name: 'FollowUpError', code: 'webhook-timeout' });
  });

  it('one that drips its answer is given up just so', async () => {
    answer = (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    };
    expect(await failing(send({ timeoutMs: 100 }))).toMatchObject({ code: 'webhook-timeout' });
  });

  it('of an endless answer 64 KB are read, then the connection is dropped', async () => {
    let written = 0;
    const closed = new Promise<void>((done) => {
      answer = (response) => {
        response.writeHead(200);
        response.on('close', done);
        const pour = (): void => {
          while (!response.destroyed) {
            written += 16_384;
            if (!response.write(Buffer.alloc(16_384, 'x'))) return void response.once('drain', pour);
          }
        };
        pour();
      };
    });
    await expect(send()).resolves.toEqual({ status: 200 });
    await closed;
    expect(written).toBeGreaterThanOrEqual(65_536);
    // What lay in the two sockets' buffers is written, but not read.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  it('a worker that stops gets its own reason back, and the connection is dropped', async () => {
    const stop = new AbortController();
    const reason = new Error('shutdown');
    const closed = new Promise<void>((done) => {
      answer = (response) => {
        response.on('close', done);
        stop.abort(reason);
      };
    });
    const run = handler()(successInput(), { url: hook() }, followUpContext({ signal: stop.signal }));
    await expect(run).rejects.toBe(reason);
    await closed;
  });
});

describe('private networks are out of reach unless allowed', () => {
  const refused = { name: 'PermanentFollowUpError', code: 'webhook-address-refused' };

  it.each([
    (p: number) => `http://127.0.0.1:${p}/`,
    (p: number) => `http://localhost:${p}/`,
    (p: number) => `http://2130706433:${p}/`,
    (p: number) => `http://0x7f.1:${p}/`,
    (p: number) => `http://[::1]:${p}/`,
    (p: number) => `http://[::ffff:127.0.0.1]:${p}/`,
    (p: number) => `http://0.0.0.0:${p}/`,
    () => 'http://169.254.169.254/latest/meta-data/',
    () => 'http://10.0.0.1/',
    () => 'http://[fd00::1]/',
  ])('%s', async (url) => {
    expect(await failing(send({ allowPrivate: false }, { url: url(port) }))).toMatchObject(refused);
    expect(connections).toBe(0);
  });

  it('a public name that resolves to a private address is refused, and the address is not told', async () => {
    const lookup: WebhookOptions['lookup'] = (_name, _options, callback) =>
      callback(null, [
        { address: '10.9.8.7', family: 4 },
        { address: '::ffff:127.0.0.1', family: 6 },
      ]);
    const error = await failing(send({ allowPrivate: false, lookup }, { url: `http://hooks.example.org:${port}/` }));
    expect(error).toMatchObject(refused);
    expect(error.message).not.toMatch(/10\.9\.8\.7|127/);
    expect(connections).toBe(0);
  });

  it('the address that was checked is the one connected to: the name is resolved once', async () => {
    let asked = 0;
    const lookup: WebhookOptions['lookup'] = (_name, _options, callback) => {
      asked += 1;
      callback(null, [{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]);
    };
    // `.invalid` never resolves (RFC 6761), so that only the pinned answer can lead to the server.
    await expect(send({ lookup }, { url: `http://hooks.invalid:${port}/hook` })).resolves.toEqual({ status: 204 });
    expect(asked).toBe(1);
    expect(received[0]?.headers.host).toBe(`hooks.invalid:${port}`);
  });

  it('of a name with private and public addresses only the public ones are tried', async () => {
    const lookup: WebhookOptions['lookup'] = (_name, _options, callback) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '240.0.0.0', family: 4 },
        // Global unicast that IANA has given to nobody.
        { address: '2e00::1', family: 6 },
      ]);
    const error = await failing(
      send({ allowPrivate: false, timeoutMs: 300, lookup }, { url: `http://mixed.example.org:${port}/` }),
    );
    expect(error).toBeInstanceOf(FollowUpError);
    expect(error).not.toBeInstanceOf(PermanentFollowUpError);
    expect(connections).toBe(0);
  });

  it('a name that does not resolve is tried again later', async () => {
    const lookup: WebhookOptions['lookup'] = (name, _options, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), []);
    const error = await failing(send({ allowPrivate: false, lookup }, { url: 'https://hooks.example.org/' }));
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'webhook-unreachable' });
    expect(error.message).toBe('https://hooks.example.org could not be reached (ENOTFOUND)');
  });
});
