/** Another platform in the place of ours: with which tokens exports are tried again, and follow one another. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { outboxId } from '@parcelpost/shared/signatures/place.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CanvasRow, next, preparedAt, tokenIn } from '../support/next-exports.js';
import { PUBLIC_URL, SEAL_SECRET, send, startProducer, type TestProducer } from '../support/producer.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;

describe('with another platform in the place of ours', () => {
  let platform: Server;
  let external: TestProducer;
  let asked: string[];

  beforeAll(async () => {
    platform = createServer((request, response) => {
      const { authorization = '' } = request.headers;
      asked.push(`${request.url?.split('/').at(-2)} ${authorization}`);
      response.writeHead(authorization === 'TmpToken wrong' ? 401 : 200);
      response.end(JSON.stringify({ name: 'Far Away', organization: { name: 'Organization' } }));
    });
    await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
    const { port } = platform.address() as AddressInfo;
    external = await startProducer({ changes: { PLATFORM_API_URL: `http://127.0.0.1:${port}` } });
  });
  afterAll(async () => {
    await external.close();
    platform.closeAllConnections();
    await new Promise((resolve) => platform.close(resolve));
  });
  beforeEach(() => {
    asked = [];
  });

  it('an export is tried again with a new token, which the platform is asked about', async () => {
    const { ben, ana } = external.users;
    const at = (user: string, target: string, body: object) =>
      send(external.port, target, { method: 'POST', headers: external.bearer(user), body });
    const { id } = (
      await at(ben, '/api/v1/organizations/o/projects/far/exports', { outputType: 'shp', apiToken: 'first' })
    ).json;
    await external
      .db('exports')
      .where({ id })
      .update({ outcome: 'failed', decided_at: new Date(), sealed_token: null });
    const again = (body: object, user = ben) => at(user, `/api/v1/exports/${id}/retry`, body);
    expect((await again({ apiToken: 'second' }, ana)).status).toBe(404);
    expect((await again({})).json.errors[0].pointer).toBe('/apiToken');
    expect((await again({ apiToken: 'wrong' })).json.type).toBe(type('platform-token-refused'));
    expect(await external.db('exports').where({ id }).first()).toMatchObject({ generation: 1, outcome: 'failed' });
    const answer = await again({ apiToken: 'second' });
    expect([answer.status, answer.text.includes('second')]).toEqual([202, false]);
    const row = await external.db('exports').where({ id }).first();
    expect(JSON.parse(unseal(row.sealed_token, [SEAL_SECRET], id)).token).toBe('second');
  });

  const ask = (body: object) =>
    send(external.port, '/api/v1/organizations/o/projects/far/exports', {
      method: 'POST',
      headers: external.bearer(external.users.ben),
      body: { outputType: 'shp', ...body },
    });

  it('they read with their own token or that of the export before, and each project is asked once', async () => {
    const onSuccess = [
      next('second', { onSuccess: [next('third'), next('third')] }),
      next('fourth', { apiToken: 'other-token', onSuccess: [next('fifth')] }),
      next('second'),
    ];
    const { status, text, json } = await ask({ apiToken: 'first-token', onSuccess });
    expect(status, text).toBe(202);
    expect([...asked].sort()).toEqual([
      'far TmpToken first-token',
      'fifth TmpToken other-token',
      'fourth TmpToken other-token',
      'second TmpToken first-token',
      'third TmpToken first-token',
    ]);
    const row: CanvasRow = await external.db('exports').where({ id: json.id }).first();
    for (const where of [text, JSON.stringify(row)]) expect(where).not.toMatch(/first-token|other-token/);
    const fourth = row.next_tokens['onSuccess/1'];
    const fourthId = outboxId({ exportId: row.id, generation: 1, place: 'onSuccess/1' });
    expect(tokenIn(fourth, fourthId)).toBe('other-token');
    const fifthId = outboxId({ exportId: fourthId, generation: 1, place: 'onSuccess/0' });
    expect(tokenIn(fourth?.next['onSuccess/0'], fifthId)).toBe('other-token');
    expect(preparedAt(row.on_success, 'onSuccess', 'onSuccess/1').projectName).toBe('Far Away');
  });

  it('a token that the platform refuses is told with its place', async () => {
    const { status, headers, json } = await ask({
      apiToken: 'right',
      onFailure: [next('second', { apiToken: 'wrong' })],
    });
    expect([status, json.type]).toEqual([401, type('platform-token-refused')]);
    expect(headers['www-authenticate']).toMatch(/^TmpToken /);
    expect(json.errors[0].pointer).toBe('/onFailure/0/args/project');
  });
});
