/** Asking for exports: who may, what is refused, and what is recorded. */
import { authorize } from '@parcelpost/shared/tokens/scoped-token.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUBLIC_URL, SEAL_SECRET, send, startProducer, type TestProducer, TOKEN_KEYS } from '../support/producer.js';

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
      csv: { bom: false, escapeFormulas: true, delimiter: ',', geometry: 'ewkt', labels: false },
      allowPartial: false,
    });
    expect(await producer.db('outbox').where({ export_id: id }).select('hook', 'task', 'state')).toEqual([
      { hook: 'enter', task: 'export.enter', state: 'waiting' },
    ]);
    expect(row.deadline_at.getTime() - Date.now()).toBeGreaterThan(59 * 60_000);
    const { scheme, token } = JSON.parse(unseal(row.sealed_token, [SEAL_SECRET], id));
    expect(scheme).toBe('TmpToken');
    expect(JSON.stringify(row)).not.toContain(token);
    const base = '/api/v1/organizations/cadasta/projects/london-2/';
    expect(authorize(token, 'GET', `${base}spatial/`, { keys: TOKEN_KEYS }).sub).toBe(producer.users.ben);
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
