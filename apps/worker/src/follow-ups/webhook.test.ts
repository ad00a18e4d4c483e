import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExportEnd, FollowUpInput, JsonValue } from '@parcelpost/shared/export-result.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelledInput,
  EXPORT_ID,
  FOLLOW_UP_ID,
  failureInput,
  faultInput,
  followUpContext,
  NO_INPUT,
  partialInput,
  successInput,
  valueInput,
} from '../../../../test/support/follow-ups.js';
import { type FollowUpError, PermanentFollowUpError, RetryAfterError } from './errors.js';
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
let answer: (response: ServerResponse, request: IncomingMessage) => void;
const open: ClosableHandler[] = [];

beforeEach(async () => {
  received = [];
  answer = (response) => response.writeHead(204).end();
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(response, request);
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

  const finishedAt = '2026-03-05T14:05:09.000Z';
  it.each<[says: string, input: FollowUpInput, end: ExportEnd, type: string, timestamp: string, data: unknown]>([
    ['a partial bundle', partialInput(), partialInput(), 'export.partial', finishedAt, partialInput().result],
    ['a failure', failureInput(), failureInput(), 'export.failed', finishedAt, failureInput().report],
    ['a cancelled export', cancelledInput(), cancelledInput(), 'export.cancelled', finishedAt, cancelledInput().report],
    [
      'a value of the follow-up before, beside how the export ended',
      valueInput([{ status: 204 }, null]),
      partialInput(),
      'export.partial',
      finishedAt,
      { ...partialInput().result, input: [{ status: 204 }, null] },
    ],
    [
      'a follow-up that failed, and the export that it belongs to',
      faultInput(),
      successInput(),
      'follow_up.failed',
      faultInput().fault.finishedAt,
      { fault: faultInput().fault, export: successInput().result },
    ],
    [
      'for an immutable one that the export has ended, and no more',
      NO_INPUT,
      failureInput(),
      'export.ended',
      finishedAt,
      { exportId: EXPORT_ID },
    ],
  ])('%s', async (_says, input, end, type, timestamp, data) => {
    await handler()(input, { url: hook() }, followUpContext({ end }));
    await handler()(input, { url: hook(), note: 'x' }, followUpContext({ end }));
    const [plain, noted] = received.map(({ body }) => JSON.parse(body));
    expect(plain).toEqual({ type, timestamp, data });
    expect(noted).toEqual({ type, timestamp, data: { ...(data as object), note: 'x' } });
  });

  it.each<JsonValue>([null, false, 0, ''])('%j left by the follow-up before is a value, not nothing', async (value) => {
    await handler()(valueInput(value), { url: hook() }, followUpContext());
    expect(JSON.parse(received[0]?.body ?? '').data).toHaveProperty('input', value);
  });

  it('is signed over id, time and the very bytes of the body; the id and the body stay the same at every try', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const run = handler({ secrets: [secret] });
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
