/** A platform for unit tests of its client: a real HTTP server whose answers each test writes, or breaks, itself. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { ExportError } from '@parcelpost/shared/errors.js';
import { PlatformClient, type PlatformClientOptions } from '@parcelpost/shared/platform-client/client.js';
import type { Entity } from '@parcelpost/shared/records.js';
import pino from 'pino';
import { expect } from 'vitest';

export const TOKEN = 'secret-token-of-the-project';
export const LIST = '/api/v1/organizations/acme/projects/survey/parties/';

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export class TestPlatform {
  handler: Handler = (_request, response) => void response.writeHead(404).end();
  /** What was asked for, in order. */
  readonly requests: URL[] = [];
  /** Everything that clients logged. */
  logged = '';
  readonly server: Server;
  readonly #clients: PlatformClient[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      this.requests.push(url);
      this.handler(request, response, url);
    });
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async stopListening(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.stopListening();
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A client of the project acme/survey that is quick to try again. */
  client(options: Partial<PlatformClientOptions> = {}): PlatformClient {
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        this.logged += chunk;
        done();
      },
    });
    const client = new PlatformClient({
      apiUrl: this.origin,
      organization: 'acme',
      project: 'survey',
      authorization: { scheme: 'TmpToken', token: TOKEN },
      backoff: { firstMs: 5, maxMs: 20 },
      log: pino({ level: 'trace' }, sink),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A handler for `total` parties that behaves; `maximum` is its own maximum page size. */
  parties(total: () => number, maximum = Number.POSITIVE_INFINITY): Handler {
    return (_request, response, url) => {
      const limit = Math.min(Number(url.searchParams.get('limit')), maximum);
      const offset = Number(url.searchParams.get('offset'));
      const results = [];
      for (let index = offset; index < Math.min(total(), offset + limit); index++) results.push(party(index));
      const next = `${this.origin}${url.pathname}?limit=${limit}&offset=${offset + limit}`;
      json(response, { count: total(), next: offset + limit < total() ? next : null, previous: null, results });
    };
  }

  /** Awaits that a read fails with an ExportError, and checks that neither it nor the log holds the token. */
  async failure(promise: Promise<unknown>): Promise<ExportError> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ExportError);
    expect(`${(error as ExportError).message} ${this.logged}`).not.toContain(TOKEN);
    return error as ExportError;
  }
}

export const json = (response: ServerResponse, body: unknown, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};

export const party = (index: number) => ({
  id: `p${index}`,
  name: `Name ${index}`,
  type: 'IN',
  attributes: { n: index },
});

export async function idsOf(pages: AsyncIterable<{ records: { id: string }[] }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page.records.map((record) => record.id));
  return ids;
}

export const idsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => `p${first + index}`);

/** Reads the first 500 records of a list, which is one page unless something goes wrong. */
export const readAll = (client: PlatformClient, entity: Entity = 'parties') =>
  idsOf(client.pages(entity, { offset: 0, limit: 500 }) as AsyncIterable<{ records: { id: string }[] }>);
