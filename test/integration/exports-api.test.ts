/** Asking for exports, and looking at them: who may, what is refused, and what is recorded. */
import { randomUUID } from 'node:crypto';
import { type ExportRow, ExportService } from '@parcelpost/shared/db/services/exports.js';
import { insertOutbox, type OutboxEntry } from '@parcelpost/shared/db/services/outbox.js';
import { type UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import { authorize } from '@parcelpost/shared/tokens/scoped-token.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viewExport } from '../../apps/producer/src/actions/export-view.js';
import { ReadExports } from '../../apps/producer/src/actions/read-exports.js';
import {
  PUBLIC_URL,
  SEAL_SECRET,
  send,
  session,
  startProducer,
  type TestProducer,
  TOKEN_SECRET,
  unlikeOthers,
} from '../support/producer.js';

const path = '/api/v1/organizations/cadasta/projects/london-2/exports';
const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer();
});
afterAll(() => producer.close());

const ask = (user: string | undefined, body: object | string, target = path) =>
  send(producer.port, target, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(user === undefined ? {} : producer.bearer(user)) },
    body,
  });
const look = (user: string, target: string) => send(producer.port, target, { headers: producer.bearer(user) });
const exportRows = async () => Number((await producer.db('exports').count().first())?.count);

describe('asking for an export', () => {
  it('is accepted at once, and shown where Location says', async () => {
    const before = producer.relayed();
    const answer = await ask(producer.users.ben, { outputType: 'shp', csv: { bom: true } });
    expect(answer.status).toBe(202);
    const { json } = answer;
    expect(answer.headers.location).toBe(`/api/v1/exports/${json.id}`);
    expect(json).toMatchObject({
      state: 'waiting',
      phase: 'waiting',
      outcome: null,
      organization: 'cadasta',
      project: 'london-2',
      projectName: 'London "2"',
      outputType: 'shp',
      formats: ['csv', 'shapefiles'],
      requestedBy: { id: producer.users.ben, name: 'Ben <b>' },
      progress: { rows: 0, rowsExpected: null },
      bundle: null,
      error: null,
      followUps: [],
      links: { page: `${PUBLIC_URL}/exports/${json.id}`, download: null },
    });
    expect(json.joined).toBe(false);
    expect({ ...(await look(producer.users.ben, `${answer.headers.location}`)).json, joined: false }).toEqual(json);
    expect(producer.relayed()).toBe(before + 1);
  });

  it('records export and outbox row, and seals a token that opens this project alone, as its asker', async () => {
    const { id } = (await ask(producer.users.ben, { formats: ['csv'] })).json;
    const row = await producer.db('exports').where({ id }).first();
    expect(row.options).toEqual({
      outputType: 'custom',
      formats: ['csv'],
      csv: { bom: false, escapeFormulas: true },
      allowPartial: false,
    });
    expect(await producer.db('outbox').where({ export_id: id }).select('hook', 'task', 'state')).toEqual([
      { hook: 'enter', task: 'export.enter', state: 'pending' },
    ]);
    expect(row.deadline_at.getTime() - Date.now()).toBeGreaterThan(59 * 60_000);
    const { scheme, token } = JSON.parse(unseal(row.sealed_token, [SEAL_SECRET], id));
    expect(scheme).toBe('TmpToken');
    expect(JSON.stringify(row)).not.toContain(token);
    const base = '/api/v1/organizations/cadasta/projects/london-2/';
    expect(authorize(token, 'GET', `${base}spatial/`, [TOKEN_SECRET]).sub).toBe(producer.users.ben);
    expect((await send(producer.port, base, { headers: { authorization: `TmpToken ${token}` } })).status).toBe(200);
    expect(() => unseal(row.sealed_token, [SEAL_SECRET], 'another export')).toThrow();
  });

  it('keeps the follow-ups, with the asker as the one who is mailed if nobody is named', async () => {
    const body = {
      outputType: 'shp',
      onSuccess: [{ task: 'msg.email' }, { task: 'webhook.post', args: { url: 'https://example.org/hook' } }],
      onFailure: [{ task: 'msg.email', args: { to: ['x@example.org'] }, options: { attempts: 3 } }],
    };
    const { id } = (await ask(producer.users.ben, body)).json;
    const row = await producer.db('exports').where({ id }).first();
    expect(row.on_success).toMatchObject([
      { task: 'msg.email', args: { to: ['ben@example.org'] } },
      { task: 'webhook.post', args: { url: 'https://example.org/hook' } },
    ]);
    expect(row.on_failure).toMatchObject([
      { task: 'msg.email', args: { to: ['x@example.org'] }, options: { attempts: 3 } },
    ]);
  });
});

describe('an export is not made', () => {
  it('for who is not signed in: they are told that, before their request is read', async () => {
    for (const body of [{ formats: Array(1000).fill(1) }, {}, '{', 'x'.repeat(500_000)]) {
      const answer = await ask(undefined, body);
      expect(answer.status).toBe(401);
      expect(answer.json.type).toBe(type('token-missing'));
    }
  });

  it('where mail to the asker is wanted, whose address cannot take any', async () => {
    const [{ id }] = await producer.db('users').insert({ username: 'nil', name: 'Nil', email: 'nil' }).returning('id');
    const { id: _, ...member } = await producer.db('memberships').where({ user_id: producer.users.ben }).first();
    await producer.db('memberships').insert({ ...member, user_id: id });
    const mail = { task: 'msg.email' };
    const { status, json } = await ask(id, { outputType: 'shp', onSuccess: [mail], onFailure: [{ group: [mail] }] });
    expect(status).toBe(422);
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
      '/onSuccess/0/args/to/0',
      '/onFailure/0/group/0/args/to/0',
    ]);
  });

  it('for a request that is wrong all over, which draws no answer larger than itself', async () => {
    const many = (of: (index: number) => string) => Array.from({ length: 20_000 }, (_, index) => of(index)).join();
    const next = `{"project":"p","request":{"formats":[${many(() => '1')}]}}`;
    for (const body of [
      `{"formats":[${many(() => '1')}]}`,
      `{"outputType":"shp",${many((index) => `"key${index}":1`)}}`,
      `{"outputType":"shp","onSuccess":[{"task":"export.project","args":${next}}]}`,
      `{"outputType":"shp","onSuccess":[{"task":"msg.email","args":{"to":[${many(() => '1')}]}}]}`,
    ]) {
      const answer = await ask(producer.users.ben, body);
      expect(answer.status).toBe(422);
      expect(answer.json.errors.length).toBeLessThanOrEqual(100);
      expect(answer.text.length).toBeLessThan(body.length);
    }
  });

  it.each<[string, object, string[]]>([
    ['nothing is asked', {}, ['/outputType']],
    ['both ways are used', { outputType: 'shp', formats: ['csv'] }, ['/outputType']],
    ['an unknown output type', { outputType: 'dwg' }, ['/outputType']],
    ['an unknown field', { outputType: 'shp', colour: 'red', csv: { colour: 1 } }, ['/csv/colour', '/colour']],
    ['a wrong type', { outputType: 'shp', csv: { bom: 'yes' } }, ['/csv/bom']],
    ['an unknown format', { formats: ['csv', 'dwg'] }, ['/formats/1']],
    ['an unknown task', { outputType: 'shp', onSuccess: [{ task: 'msg.fax' }] }, ['/onSuccess/0/task']],
    ['no name of a task', { outputType: 'shp', onSuccess: [{ task: 'fax' }] }, ['/onSuccess/0/task']],
    [
      'wrong arguments',
      {
        outputType: 'shp',
        onSuccess: [{ task: 'msg.email' }, { task: 'msg.email', args: { to: 'nobody' } }],
        onFailure: [{ task: 'webhook.post', args: { url: 'ftp://example.org', 'a/b': 1 } }],
      },
      ['/onSuccess/1/args/to', '/onFailure/0/args/url', '/onFailure/0/args/a~1b'],
    ],
    [
      'a wrong option',
      { outputType: 'shp', onFailure: [{ task: 'msg.email', options: { attempts: 0 } }] },
      ['/onFailure/0/options/attempts'],
    ],
    ['a token for no other platform', { outputType: 'shp', apiToken: 'secret-token' }, ['/apiToken']],
    ['a list', [], ['']],
  ])('of %s, and each wrong field is named', async (_, body, pointers) => {
    const before = await exportRows();
    const { status, json, text } = await ask(producer.users.ben, body);
    expect([status, json.type]).toEqual([422, type('invalid-request')]);
    expect(json.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([...pointers].sort());
    expect(json.errors.every((error: { detail: string }) => error.detail.length > 0)).toBe(true);
    expect(text).not.toContain('secret-token');
    expect(await exportRows()).toBe(before);
  });

  it.each([
    ['of broken JSON', '{"outputType": ', 400, 'invalid-json', 'application/json'],
    ['of nothing', '', 400, 'invalid-json', 'application/json'],
    ['of JSON that sets a prototype', '{"__proto__": {"a": 1}}', 400, 'invalid-json', 'application/json'],
    ['of a form', 'outputType=shp', 415, 'unsupported-media-type', 'application/x-www-form-urlencoded'],
    ['of too much', `{"a": "${'x'.repeat(1_100_000)}"}`, 413, 'body-too-large', 'application/json'],
  ])('%s', async (_, body, status, name, contentType) => {
    const answer = await send(producer.port, path, {
      method: 'POST',
      headers: { ...producer.bearer(producer.users.ben), 'content-type': contentType },
      body,
    });
    expect([answer.status, answer.json.type]).toEqual([status, type(name)]);
  });

  it('for somebody who does not say who it is', async () => {
    const { status, headers, json } = await ask(undefined, { outputType: 'shp' });
    expect([status, json.type]).toEqual([401, type('token-missing')]);
    expect(headers['www-authenticate']).toMatch(/^Bearer /);
    const forged = await send(producer.port, path, {
      method: 'POST',
      headers: { authorization: 'Bearer a.b.c' },
      body: { outputType: 'shp' },
    });
    expect(forged.json.type).toBe(type('token-malformed'));
  });

  it('for somebody who is no user, or is one no more', async () => {
    const [user] = await producer
      .db('users')
      .insert({ username: 'zoe', name: 'Zoe', email: 'zoe@example.org' })
      .returning('id');
    expect((await look(user.id, '/api/v1/exports')).status).toBe(200);
    await producer.db('users').where({ id: user.id }).delete();
    for (const gone of [user.id, '00000000-0000-4000-8000-000000000000', 'zoe']) {
      const { status, headers, json } = await ask(gone, { outputType: 'shp' });
      expect([status, json.type]).toEqual([401, type('user-unknown')]);
      expect(headers['www-authenticate']).toMatch(/^Bearer /);
    }
  });

  it('of a project that its asker may not see, may only see, or that is not there', async () => {
    const of = (project: string) => `/api/v1/organizations/cadasta/projects/${project}/exports`;
    const outcome = async (user: string, project: string) => {
      const { status, json } = await ask(user, { outputType: 'shp' }, of(project));
      return [status, json.type?.split('/').at(-1)];
    };
    expect(await outcome(producer.users.eve, 'london-2')).toEqual([404, 'project-not-found']);
    expect(await outcome(producer.users.ben, 'london-20')).toEqual([404, 'project-not-found']);
    expect(await outcome(producer.users.ben, 'open')).toEqual([403, 'export-not-permitted']);
    expect(await outcome(producer.users.ana, 'atlantis')).toEqual([404, 'project-not-found']);
    expect((await outcome(producer.users.ana, 'open'))[0]).toBe(202);
  });

  it('by another method, and Allow names the right one', async () => {
    const { status, headers, json } = await send(producer.port, path, { method: 'PUT' });
    expect([status, json.type, headers.allow]).toEqual([405, type('method-not-allowed'), 'POST']);
  });
});

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
    const read = new ReadExports({ db: producer.db, config: { PUBLIC_URL, PLATFORM_API_URL: undefined } as never });
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
      const [entry] = before.onFailure.map((one) => ({ ...one, exportId: id, generation: 1, input: null }));
      await insertOutbox(trx, [{ ...entry, hook: 'onFailure', position: 0 } as OutboxEntry]);
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
