/** Where webhooks may go, and that they come to whom they were meant for: addresses, names, certificates. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followUpContext, successInput } from '../../../../test/support/follow-ups.js';
import { FollowUpError, PermanentFollowUpError } from './errors.js';
import { createWebhookHandler, type WebhookOptions } from './webhook.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

let port: number;
let connections: number;
let received: IncomingMessage[];

async function listen(server: Server): Promise<number> {
  server.on('connection', () => {
    connections += 1;
  });
  server.on('request', (request, response) => {
    received.push(request);
    request.resume();
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  connections = 0;
  received = [];
  port = await listen(createServer());
});

function send(url: string, options: Partial<WebhookOptions> = {}): Promise<unknown> {
  const handler = createWebhookHandler({ allowPrivate: false, ...options });
  closing.push(() => handler.close());
  return handler.handle(successInput(), { url }, followUpContext());
}

const failing = (sending: Promise<unknown>) =>
  sending.then(
    () => expect.fail('should have failed'),
    (error: FollowUpError) => error,
  );

/** A resolver that answers with one list of addresses after another, the last one again and again. */
function resolver(...answers: string[][]): NonNullable<WebhookOptions['lookup']> & { asked: string[] } {
  const asked: string[] = [];
  const lookup: WebhookOptions['lookup'] = (name, _options, callback) => {
    const answer = answers[Math.min(asked.push(name), answers.length) - 1] ?? [];
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return Object.assign(lookup, { asked });
}

/** Global unicast that IANA has given to nobody: a public address at which there is never an answer. */
const NOBODY = '2e00::1';

describe('private networks are out of reach unless allowed', () => {
  const refused = { name: 'PermanentFollowUpError', code: 'webhook-address-refused' };

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '017700000001',
    '0177.0.0.1',
    '0x7f.1',
    '0x7f000001',
    '0.0.0.0',
    '0',
    'localhost',
    'LOCALHOST',
    '１２７.０.０.１',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b:1::127.0.0.1]',
    '[2002:7f00:1::]',
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '10.0.0.1',
    '100.100.100.200',
    '[fd00:ec2::254]',
    '[fe80::1]',
  ])('http and https to %s, whatever the way of writing it', async (host) => {
    for (const scheme of ['http', 'https']) {
      const error = await failing(send(`${scheme}://${host}:${port}/latest/meta-data/`));
      expect(error).toMatchObject(refused);
      expect(error.message).toContain('WEBHOOK_ALLOW_PRIVATE');
    }
    expect(connections).toBe(0);
  });

  it.each([
    ['10.9.8.7', '::ffff:127.0.0.1'],
    ['127.0.0.1'],
    ['0.0.0.0'],
    ['169.254.169.254'],
    ['::1'],
    ['64:ff9b::7f00:1'],
  ])('a public name that resolves to %s, and the address is not told', async (...addresses) => {
    const error = await failing(send(`http://hooks.example.org:${port}/`, { lookup: resolver(addresses) }));
    expect(error).toMatchObject(refused);
    for (const address of addresses) expect(error.message).not.toContain(address);
    expect(connections).toBe(0);
  });

  it('of a name with private and public addresses only the public ones are tried', async () => {
    const lookup = resolver(['127.0.0.1', '240.0.0.0', NOBODY]);
    const error = await failing(send(`http://mixed.example.org:${port}/`, { timeoutMs: 300, lookup }));
    expect(error).toBeInstanceOf(FollowUpError);
    expect(error).not.toBeInstanceOf(PermanentFollowUpError);
    expect(connections).toBe(0);
  });
});

describe('a name that resolves differently a moment later gains nothing', () => {
  it('public at first, private then: within one try it is asked once, and the next try looks again', async () => {
    const lookup = resolver([NOBODY], ['127.0.0.1']);
    const handler = createWebhookHandler({ allowPrivate: false, timeoutMs: 300, lookup });
    closing.push(() => handler.close());
    const once = () => failing(handler.handle(successInput(), { url: `http://rebind.example.org:${port}/` }, context));
    const context = followUpContext();
    expect((await once()).name).toBe('FollowUpError');
    expect(lookup.asked).toHaveLength(1);
    expect(await once()).toMatchObject({ code: 'webhook-address-refused' });
    expect(lookup.asked).toHaveLength(2);
    expect(connections).toBe(0);
  });

  it('the address that was checked is the one connected to', async () => {
    // `.invalid` never resolves (RFC 6761), so that only the pinned answer can lead to the server.
    const lookup = resolver(['127.0.0.1'], ['192.0.2.1']);
    await expect(send(`http://hooks.invalid:${port}/hook`, { allowPrivate: true, lookup })).resolves.toEqual({
      status: 204,
    });
    expect(lookup.asked).toEqual(['hooks.invalid']);
    expect(received[0]?.headers.host).toBe(`hooks.invalid:${port}`);
  });

  it('no connection is kept for the next webhook, which might go by an older answer', async () => {
    const lookup = resolver(['127.0.0.1']);
    const handler = createWebhookHandler({ allowPrivate: true, lookup });
    closing.push(() => handler.close());
    for (let n = 1; n <= 3; n += 1) {
      await handler.handle(successInput(), { url: `http://hooks.example.org:${port}/` }, followUpContext());
      expect([lookup.asked.length, connections]).toEqual([n, n]);
    }
  });

  it('a name that does not resolve is tried again later', async () => {
    const lookup: WebhookOptions['lookup'] = (name, _options, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), []);
    const error = await failing(send('https://hooks.example.org/', { lookup }));
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'webhook-unreachable' });
    expect(error.message).toBe('https://hooks.example.org could not be reached (ENOTFOUND).');
  });
});

describe('TLS holds although the address is pinned', () => {
  const fixture = (name: string) =>
    readFileSync(new URL(`../../../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
  const ca = fixture('ca');
  let names: unknown[];

  /** An HTTPS server with a certificate of our authority for `hooks.example.org`. */
  async function tls(certificate = 'hooks.example.org'): Promise<number> {
    const pem = fixture(certificate);
    names = [];
    const server = createTlsServer({ cert: pem, key: pem });
    server.on('secureConnection', (socket: TLSSocket) => {
      names.push((socket as TLSSocket & { servername: unknown }).servername);
    });
    return listen(server);
  }
  const pinned = () => ({ allowPrivate: true, lookup: resolver(['127.0.0.1']) });

  it('the server is asked for by its name (SNI), and taken by a certificate of that name', async () => {
    const at = await tls();
    await expect(send(`https://hooks.example.org:${at}/hook`, { ...pinned(), ca })).resolves.toEqual({ status: 204 });
    expect(names).toEqual(['hooks.example.org']);
    expect(received[0]?.headers.host).toBe(`hooks.example.org:${at}`);
  });

  it.each([
    [
      'of an authority that nobody trusts',
      'hooks.example.org',
      'hooks.example.org',
      undefined,
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    ['of another name', 'hooks.example.org', 'other.example.org', ca, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that does not name the address asked for', 'hooks.example.org', '127.0.0.1', ca, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that has expired', 'expired', 'hooks.example.org', ca, 'CERT_HAS_EXPIRED'],
  ])(
    'a certificate %s is refused, nothing is sent, and it is tried again',
    async (_why, certificate, host, trusted, code) => {
      const at = await tls(certificate);
      const error = await failing(send(`https://${host}:${at}/hook`, { ...pinned(), ...(trusted && { ca: trusted }) }));
      expect(error).toMatchObject({ name: 'FollowUpError', code: 'webhook-unreachable' });
      expect(error.message).toBe(`https://${host}:${at} could not be reached (${code}).`);
      expect(received).toEqual([]);
    },
  );

  it('a server without TLS gets no plain text', async () => {
    const error = await failing(send(`https://hooks.example.org:${port}/`, { ...pinned(), ca }));
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'webhook-unreachable' });
    expect(received).toEqual([]);
  });
});
