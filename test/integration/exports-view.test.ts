/** Looking at exports: who may, and what is shown to whom. */
import { randomUUID } from 'node:crypto';
import { plantFollowUps } from '@parcelpost/shared/db/services/canvas-rows.js';
import { type ExportRow, ExportService } from '@parcelpost/shared/db/services/exports.js';
import { PlacesInQueue } from '@parcelpost/shared/db/services/places-in-queue.js';
import { type UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import { declaredPipeline } from '@parcelpost/shared/pipeline/pipeline.js';
import { plant } from '@parcelpost/shared/signatures/plant.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viewExport } from '../../apps/producer/src/actions/export-view.js';
import { ReadExports } from '../../apps/producer/src/actions/read-exports.js';
import { failureInput } from '../support/follow-ups.js';
import { PUBLIC_URL, send, session, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

const path = '/api/v1/organizations/cadasta/projects/london-2/exports';
const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer();
});
afterAll(() => producer.close());

const ask = (user: string, body: object) =>
  send(producer.port, path, { method: 'POST', headers: producer.bearer(user), body });
const look = (user: string, target: string) => send(producer.port, target, { headers: producer.bearer(user) });

describe('looking at exports', () => {
  it('is for members of the project; for others there is no such export', async () => {
    const { id } = (await ask(producer.users.ana, { outputType: 'shp' })).json;
    for (const tail of ['', '/events', '/download']) {
      const { status, json } = await look(producer.users.eve, `/api/v1/exports/${id}${tail}`);
      expect([status, json.type], tail).toEqual([404, type('export-not-found')]);
      expect((await send(producer.port, `/api/v1/exports/${id}${tail}`)).status).toBe(401);
    }
    expect((await look(producer.users.ben, `/api/v1/exports/${id}`)).status).toBe(200);
    const missing = await look(producer.users.ana, '/api/v1/exports/00000000-0000-4000-8000-000000000000');
    expect(missing.json.type).toBe(type('export-not-found'));
    expect((await look(producer.users.ana, '/api/v1/exports/7')).json.type).toBe(type('export-not-found'));
  });

  it('lists the own ones, or those of a project, newest first', async () => {
    const mine = (await ask(producer.users.ben, unlikeOthers({ outputType: 'shp' }))).json.id;
    const hers = (await ask(producer.users.ana, unlikeOthers({ outputType: 'shp' }))).json.id;
    const list = async (user: string, query = '') =>
      (await look(user, `/api/v1/exports${query}`)).json.results.map((one: { id: string }) => one.id);
    const all = await list(producer.users.ben, '?organization=cadasta&project=london-2');
    expect(all.slice(0, 2)).toEqual([hers, mine]);
    expect((await list(producer.users.ben)).includes(hers)).toBe(false);
    expect(await list(producer.users.ben, '?limit=1')).toEqual([mine]);
    expect(await list(producer.users.eve)).toEqual([]);
    const refused = await look(producer.users.eve, '/api/v1/exports?organization=cadasta&project=london-2');
    expect(refused.json.type).toBe(type('project-not-found'));
    expect((await look(producer.users.ben, '/api/v1/exports?project=london-2')).json.errors[0].pointer).toBe('project');
  });

  it('never tells of a decision in one field and not in another, however close it comes', async () => {
    const body = { outputType: 'shp', onFailure: [{ task: 'webhook.post', args: { url: 'https://example.org/' } }] };
    const { id } = (await ask(producer.users.ben, body)).json;
    const config = { PUBLIC_URL, PLATFORM_API_URL: undefined } as never;
    const places = new PlacesInQueue(producer.db);
    const read = new ReadExports({ db: producer.db, config, places, pipeline: declaredPipeline() });
    const ben = await new UserService(producer.db).get(producer.users.ben);
    const before = await read.one(id, ben as UserRow);
    const error = { code: 'platform-unavailable', message: 'It answered 500.', step: null, shard: null, attempts: 4 };
    await producer.db.transaction(async (trx) => {
      await new ExportService(producer.db).decide(trx, id, 1, {
        outcome: 'failed',
        result: null,
        error,
        expiresAt: null,
        partsUntil: new Date(),
      });
      const where = { exportId: id, generation: 1 };
      const planted = plant(before.onFailure, { ...where, hook: 'onFailure' });
      await plantFollowUps(trx, where, planted, failureInput({ exportId: id }));
    });
    const shown = async (row: ExportRow) => {
      const detail = await read.detail(row, ben as UserRow);
      const { state, phase, outcome, error: why } = viewExport(detail, PUBLIC_URL);
      return { state, phase, outcome, why, followUps: detail.followUps.length };
    };
    expect(await shown(before)).toEqual({ state: 'waiting', phase: 'waiting', outcome: null, why: null, followUps: 0 });
    expect(await shown(await read.one(id, ben as UserRow))).toEqual({
      state: 'failed',
      phase: 'decided',
      outcome: 'failed',
      why: error,
      followUps: 1,
    });
  });

  it('shows why an export failed and what followed, but no argument of a follow-up and no token', async () => {
    const secret = 'https://example.org/hook/very-secret';
    const body = { outputType: 'shp', onFailure: [{ task: 'webhook.post', args: { url: secret } }] };
    const { id } = (await ask(producer.users.ben, body)).json;
    const error = { code: 'platform-unavailable', message: 'It answered 500.', step: 'parties', shard: 0, attempts: 4 };
    await producer
      .db('exports')
      .where({ id })
      .update({
        outcome: 'failed',
        phase: 'decided',
        error: JSON.stringify(error),
        decided_at: new Date(),
      });
    await producer.db('outbox').insert({
      id: randomUUID(),
      export_id: id,
      generation: 1,
      hook: 'onFailure',
      position: 0,
      place: 'onFailure/0',
      task: 'webhook.post',
      args: JSON.stringify({ url: secret }),
      state: 'failed',
      attempts: 2,
      error: JSON.stringify({ code: 'http', message: 'It answered 410.' }),
    });
    const { json, text } = await look(producer.users.ben, `/api/v1/exports/${id}`);
    expect(json).toMatchObject({ state: 'failed', outcome: 'failed', error });
    expect(json.followUps).toMatchObject([
      { task: 'webhook.post', state: 'failed', attempts: 2, error: { message: 'It answered 410.' } },
    ]);
    expect(text).not.toContain('very-secret');
    expect(text).not.toContain('ealed');
  });

  it('shows what follow-ups left to the asker and to administrators, and to other members only how they stand', async () => {
    const cleo = randomUUID();
    await producer.db('users').insert({ id: cleo, username: 'cleo', name: 'Cleo', email: 'cleo@example.org' });
    const { id: _, ...member } = await producer.db('memberships').where({ user_id: producer.users.ben }).first();
    await producer.db('memberships').insert({ ...member, user_id: cleo });
    const { id } = (await ask(producer.users.ben, { outputType: 'shp', allowPartial: true })).json;
    await producer.db('exports').where({ id }).update({ outcome: 'failed', phase: 'decided', decided_at: new Date() });
    const row = { export_id: id, generation: 1, hook: 'onFailure', args: '{}', attempts: 1 };
    const done = { state: 'done', result: JSON.stringify({ accepted: ['boss@example.org'] }) };
    const error = JSON.stringify({ code: 'smtp', message: 'boss@example.org is not known.' });
    await producer.db('outbox').insert([
      { ...row, ...done, error: null, id: randomUUID(), position: 0, place: 'onFailure/0', task: 'msg.email' },
      {
        ...row,
        state: 'failed',
        result: null,
        error,
        id: randomUUID(),
        position: 1,
        place: 'onFailure/1',
        task: 'a.b',
      },
    ]);
    const path = `/api/v1/exports/${id}`;
    for (const user of [producer.users.ben, producer.users.ana]) {
      expect((await look(user, path)).json.followUps).toMatchObject([
        { state: 'done', result: { accepted: ['boss@example.org'] }, error: null },
        { state: 'failed', error: { code: 'smtp', message: 'boss@example.org is not known.' } },
      ]);
    }
    const seen = await look(cleo, path);
    expect(seen.json.followUps).toMatchObject([
      { task: 'msg.email', state: 'done', result: null, error: null },
      { task: 'a.b', state: 'failed', result: null, error: { code: 'smtp', message: null } },
    ]);
    expect(seen.text).not.toContain('boss@');
    const page = await send(producer.port, `/exports/${id}`, { headers: session(cleo) });
    expect(page.status).toBe(200);
    expect(page.text).toContain('smtp');
    expect(page.text).not.toContain('boss@');
  });
});
