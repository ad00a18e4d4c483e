/** Another platform in the place of ours: its answer decides, and its token goes nowhere else. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PUBLIC_URL, SEAL_SECRET, send, startProducer, type TestProducer } from '../support/producer.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;

describe('with another platform in the place of ours', () => {
  let platform: Server;
  let external: TestProducer;
  let answer: { status: number; body: string; location?: string };
  let asked: { url: string | undefined; authorization: string | undefined }[];

  beforeAll(async () => {
    platform = createServer((request, response) => {
      asked.push({ url: request.url, authorization: request.headers.authorization });
      response.writeHead(answer.status, answer.location ? { location: answer.location } : {});
      response.end(answer.body);
    });
    await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
    const { port } = platform.address() as AddressInfo;
    external = await startProducer({ changes: { PLATFORM_API_URL: `http://127.0.0.1:${port}/cadasta` } });
  });
  afterAll(async () => {
    await external.close();
    platform.closeAllConnections();
    await new Promise((resolve) => platform.close(resolve));
  });
  beforeEach(() => {
    asked = [];
  });

  const project = JSON.stringify({ name: 'Far Away', slug: 'far', organization: { slug: 'o', name: 'Organization' } });
  const request = (user: keyof TestProducer['users'], apiToken?: string) =>
    send(external.port, '/api/v1/organizations/o/projects/far/exports', {
      method: 'POST',
      headers: external.bearer(external.users[user]),
      body: { outputType: 'shp', ...(apiToken !== undefined && { apiToken }) },
    });

  it('it is asked with the token, which is sealed as it is; only the asker sees the export', async () => {
    answer = { status: 200, body: project };
    const { status, json, text } = await request('eve', 'far.away.token');
    expect(status).toBe(202);
    expect(text).not.toContain('far.away.token');
    expect(asked).toEqual([
      { url: '/cadasta/api/v1/organizations/o/projects/far/', authorization: 'TmpToken far.away.token' },
    ]);
    const row = await external.db('exports').where({ id: json.id }).first();
    expect(row).toMatchObject({ organization_name: 'Organization', project_name: 'Far Away' });
    expect(JSON.parse(unseal(row.sealed_token, [SEAL_SECRET], json.id)).token).toBe('far.away.token');
    const state = (user: keyof TestProducer['users']) =>
      send(external.port, `/api/v1/exports/${json.id}`, { headers: external.bearer(external.users[user]) });
    expect((await state('eve')).status).toBe(200);
    expect((await state('ana')).status).toBe(404);
    const list = await send(external.port, '/api/v1/exports?organization=o&project=far', {
      headers: external.bearer(external.users.ana),
    });
    expect(list.json.results).toEqual([]);
  });

  it.each<[string, number, string, number, string]>([
    ['refuses the token', 401, '{}', 401, 'platform-token-refused'],
    ['does not permit it', 403, '{}', 403, 'platform-permission-denied'],
    ['knows no such project', 404, '{}', 404, 'project-not-found'],
    ['is out of order', 500, '{}', 502, 'platform-unavailable'],
    ['answers no project', 200, '<html>', 502, 'platform-unavailable'],
    ['answers without end', 200, `{"name":"${'x'.repeat(2_000_000)}"}`, 502, 'platform-unavailable'],
  ])('a platform that %s decides so', async (_, status, body, expected, name) => {
    answer = { status, body };
    const { status: got, json, text } = await request('ana', 'far.away.token');
    expect([got, json.type]).toEqual([expected, type(name)]);
    expect(text).not.toContain('far.away.token');
    expect(await external.db('exports').where({ requester_id: external.users.ana })).toEqual([]);
  });

  it('a redirect is not followed, since the token would go along', async () => {
    answer = { status: 302, body: '', location: '/elsewhere' };
    expect((await request('ana', 'far.away.token')).json.type).toBe(type('platform-unavailable'));
    expect(asked).toHaveLength(1);
  });

  it('a token is needed, and one that a header can carry', async () => {
    answer = { status: 200, body: project };
    for (const token of [undefined, 'a\r\nb', 'ключ']) {
      const { status, json } = await request('ana', token);
      expect([status, json.errors[0].pointer]).toEqual([422, '/apiToken']);
    }
    expect(asked).toEqual([]);
  });
});
