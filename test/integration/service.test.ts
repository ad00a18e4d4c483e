/** The service itself: health, its API document, its headers, and errors that nobody foresaw. */
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTH_SECRET, PUBLIC_URL, send, startProducer, type TestProducer } from '../support/producer.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer();
});
afterAll(() => producer.close());

describe('errors that nobody foresaw', () => {
  it('are masked for the caller and logged for us, without the query of the address', async () => {
    const lines: string[] = [];
    const { default: pino } = await import('pino');
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const broken = await startProducer({ log });
    try {
      await broken.db.raw('alter table exports rename to gone');
      const answer = await send(broken.port, '/api/v1/exports?TOKEN=very-secret', {
        headers: broken.bearer(broken.users.ana),
      });
      expect([answer.status, answer.json.type]).toEqual([500, type('internal-error')]);
      expect(answer.text).not.toMatch(/exports|relation|select/);
      const all = lines.join('');
      expect(all).toMatch(/relation .*exports.* does not exist/);
      expect(all).toContain(answer.json.instance.slice('urn:uuid:'.length));
      expect(all).toContain('"path":"/api/v1/exports"');
      expect(all).not.toContain('very-secret');
      expect(all).not.toContain(AUTH_SECRET);
    } finally {
      await broken.db.raw('alter table gone rename to exports');
      await broken.close();
    }
  });

  it('of a task are masked too: the answer has the reference under which the log has the error, and nothing was done', async () => {
    const lines: string[] = [];
    const { default: pino } = await import('pino');
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const broken = await startProducer({ log });
    try {
      await broken.db.raw(`alter table audit_log add constraint broken check (task = 'inner thoughts')`);
      const answer = await send(broken.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
        method: 'POST',
        headers: broken.bearer(broken.users.ana),
        body: { formats: ['csv'] },
      });
      expect([answer.status, answer.json.type]).toEqual([500, type('internal-error')]);
      expect(answer.text).not.toMatch(/audit_log|broken|inner thoughts|insert/);
      const [, reference] = /logged under reference (\S+);/.exec(answer.json.detail) ?? [];
      const logged = lines.map((line) => JSON.parse(line)).find((line) => line.reference !== undefined);
      expect(logged).toMatchObject({ reference, actor: broken.users.ana });
      expect(logged.err.message).toContain('violates check constraint');
      expect([await broken.db('exports'), await broken.db('outbox')]).toEqual([[], []]);
    } finally {
      await broken.close();
    }
  });

  it('what is no HTTP at all is answered by a problem document too', async () => {
    const { connect } = await import('node:net');
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(producer.port, '127.0.0.1', () => socket.write('HELLO\r\n\r\n'));
      let all = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        all += chunk;
      });
      socket.on('close', () => resolve(all)).on('error', reject);
    });
    expect(text).toContain('HTTP/1.1 400');
    expect(text).toContain('application/problem+json');
    expect(text).toContain('/problems/bad-request');
  });
});

it('health is answered without a token; readiness names what does not answer', async () => {
  expect((await send(producer.port, '/healthz')).json).toEqual({ status: 'ok' });
  expect((await send(producer.port, '/readyz')).json).toEqual({ status: 'ok' });
  const lost = await startProducer({
    over: {
      pingQueues: async () => {
        throw new Error('gone');
      },
    },
  });
  const { status, json } = await send(lost.port, '/readyz');
  expect([status, json.type]).toEqual([503, type('not-ready')]);
  expect(json.detail).toContain('queue');
  expect((await send(lost.port, '/healthz')).status).toBe(200);
  await lost.close();
});

it('a database that does not answer in time is answered by 503, and when to ask again', async () => {
  const db = openDatabase('postgres://nobody:hidden@127.0.0.1:1/gone', { max: 1 });
  const lost = await startProducer({ over: { db } });
  try {
    const { status, json, headers } = await send(lost.port, '/api/v1/exports', {
      headers: lost.bearer(lost.users.ana),
    });
    expect([status, json.type, headers['retry-after']]).toEqual([503, type('not-ready'), '5']);
    expect(JSON.stringify(json)).not.toContain('hidden');
  } finally {
    await lost.close();
    await db.destroy();
  }
});

it('the API document lists every route of the API, and the shape of a request', async () => {
  const api = (await send(producer.port, '/openapi.json')).json;
  expect(api.openapi).toBe('3.1.0');
  const project = '/api/v1/organizations/{org}/projects/{project}/';
  expect(Object.keys(api.paths).sort()).toEqual(
    [
      '/.well-known/jwks.json',
      '/healthz',
      '/readyz',
      '/schemas/signature-v1.json',
      project,
      `${project}exports`,
      `${project}parties/`,
      `${project}relationships/tenure/`,
      `${project}resources/`,
      `${project}resources/{resource}/file`,
      `${project}spatial/`,
      '/api/v1/exports',
      '/api/v1/exports/{id}',
      '/api/v1/exports/{id}/download',
      '/api/v1/exports/{id}/events',
      '/api/v1/exports/{id}/renew',
      '/api/v1/exports/{id}/retry',
      '/api/v1/exports/{id}/bundle',
      '/api/v1/exports/{id}/pin',
      '/api/v1/files/{id}',
      '/api/v1/tokens/{jti}',
      '/api/v1/files',
      '/api/v1/exports/bulk',
      '/api/v1/bulk/{bulk}',
    ].sort(),
  );
  expect(Object.keys(api.paths['/api/v1/exports/{id}'])).toEqual(['get', 'delete']);
  for (const methods of Object.values<Record<string, { responses: Record<string, { content: object }> }>>(api.paths)) {
    for (const { responses } of Object.values(methods)) {
      expect(Object.keys(responses.default?.content ?? {})).toEqual(['application/problem+json']);
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    }
  }
  for (const change of ['renew', 'retry']) {
    expect(api.paths[`/api/v1/exports/{id}/${change}`].post.requestBody.required).toBe(false);
  }
  expect(api.paths[`${project}exports`].post.requestBody.required).toBe(true);
  const { schema } = api.paths[`${project}exports`].post.requestBody.content['application/json'];
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining(['outputType', 'formats', 'csv', 'onSuccess', 'onFailure', 'allowPartial', 'apiToken']),
  );
});

it('pages of the API and its errors carry the strict headers', async () => {
  for (const target of ['/sign-in', '/nowhere', '/api/v1/exports']) {
    const { headers } = await send(producer.port, target);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['strict-transport-security']).toBeUndefined();
  }
});
