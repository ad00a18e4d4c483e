/** Exports that follow exports: what a request leaves for them, who may ask for them, and how one is started. */
import { verifySignature } from '@parcelpost/shared/signatures/mac.js';
import { outboxId, walk } from '@parcelpost/shared/signatures/place.js';
import type { SealedTokens, Signature } from '@parcelpost/shared/signatures/signature.js';
import { authorize } from '@parcelpost/shared/tokens/scoped-token.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CanvasRow, next, preparedAt, tokenIn } from '../support/next-exports.js';
import {
  type Answer,
  PUBLIC_URL,
  SEAL_SECRET,
  SIGNATURE_SECRET,
  send,
  startProducer,
  type TestProducer,
  TOKEN_KEYS,
} from '../support/producer.js';
import { testWrites } from '../support/writes.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;
const HOUR = 3_600_000;

const log = { task: 'log.info' };

describe('on our own platform', () => {
  let producer: TestProducer;
  beforeAll(async () => {
    producer = await startProducer({ tasks: { routes: ['gis'] } });
  });
  afterAll(() => producer.close());
  beforeEach(() => producer.db('exports').whereNull('outcome').update({ outcome: 'failed', decided_at: new Date() }));

  const ask = (body: object, user: 'ana' | 'ben' = 'ana', project = 'london-2'): Promise<Answer> =>
    send(producer.port, `/api/v1/organizations/cadasta/projects/${project}/exports`, {
      method: 'POST',
      headers: producer.bearer(producer.users[user]),
      body: { outputType: 'shp', ...body },
    });
  const rowOf = async (id: string): Promise<CanvasRow> => producer.db('exports').where({ id }).first();
  async function asked(body: object): Promise<CanvasRow> {
    const answer = await ask(body);
    expect(answer.status, answer.text).toBe(202);
    return rowOf(answer.json.id);
  }
  const exportsInAll = async () => Number((await producer.db('exports').count().first())?.count);

  const threeDeep = {
    onSuccess: [
      {
        chain: [
          log,
          next('london-20', {
            formats: ['csv'],
            outputType: undefined,
            allowPartial: true,
            onSuccess: [{ task: 'msg.email' }],
            onFailure: [{ group: [log, next('open', { onSuccess: [next('london-2')] })] }],
          }),
        ],
      },
    ],
  };

  it('all is left that they need, at any depth, and it is signed for the export that it belongs to', async () => {
    const row = await asked(threeDeep);
    const secondId = outboxId({ exportId: row.id, generation: 1, place: 'onSuccess/0/chain/1' });
    const second = preparedAt(row.on_success, 'onSuccess', 'onSuccess/0/chain/1');
    expect(second).toMatchObject({
      organization: 'cadasta',
      organizationName: 'Cadasta',
      project: 'london-20',
      projectName: 'London 20',
      requester: row.requester,
      options: { outputType: 'custom', formats: ['csv'], allowPartial: true },
      deadlineMinutes: 60,
    });
    expect(second.onSuccess).toMatchObject([{ task: 'msg.email', args: { to: ['ana@example.org'] } }]);
    const thirdId = outboxId({ exportId: secondId, generation: 1, place: 'onFailure/0/group/1' });
    const third = preparedAt(second.onFailure, 'onFailure', 'onFailure/0/group/1');
    expect(third).toMatchObject({ project: 'open', onFailure: [] });
    expect(preparedAt(third.onSuccess, 'onSuccess', 'onSuccess/0')).toMatchObject({
      project: 'london-2',
      onSuccess: [],
    });

    const calls: { exportId: string; place: string; signature: Signature }[] = [];
    for (const [exportId, canvas] of [
      [row.id, { onSuccess: row.on_success, onFailure: row.on_failure }],
      [secondId, second],
      [thirdId, third],
    ] as const) {
      for (const hook of ['onSuccess', 'onFailure'] as const) {
        for (const [place, signature] of walk(canvas[hook], hook)) calls.push({ exportId, place, signature });
      }
    }
    const tasks = calls.filter(({ signature }) => 'task' in signature);
    expect(tasks).toHaveLength(6);
    for (const { exportId, place, signature } of tasks) {
      const call = signature as Extract<Signature, { task: string }>;
      const signed = { ...call, exportId, place, mac: call.mac ?? null };
      expect(verifySignature(signed, [SIGNATURE_SECRET]), place).toBe(true);
      expect(verifySignature({ ...signed, exportId: thirdId.replace(/^./, 'x') }, [SIGNATURE_SECRET])).toBe(false);
    }
  });

  it('each has a sealed token that opens its own project alone, and no other place holds one', async () => {
    const row = await asked(threeDeep);
    const secondId = outboxId({ exportId: row.id, generation: 1, place: 'onSuccess/0/chain/1' });
    const thirdId = outboxId({ exportId: secondId, generation: 1, place: 'onFailure/0/group/1' });
    expect(Object.keys(row.next_tokens)).toEqual(['onSuccess/0/chain/1']);
    const second = row.next_tokens['onSuccess/0/chain/1'];
    const third = second?.next['onFailure/0/group/1'];
    const fourth = third?.next['onSuccess/0'];
    const fourthId = outboxId({ exportId: thirdId, generation: 1, place: 'onSuccess/0' });
    const below = (project: string) => `/api/v1/organizations/cadasta/projects/${project}/parties/`;
    const tokens: string[] = [];
    for (const [sealed, id, project] of [
      [second, secondId, 'london-20'],
      [third, thirdId, 'open'],
      [fourth, fourthId, 'london-2'],
    ] as const) {
      const token = tokenIn(sealed, id);
      tokens.push(token);
      expect(() => tokenIn(sealed, row.id)).toThrow();
      for (const other of ['london-2', 'london-20', 'open']) {
        const opens = () => authorize(token, 'GET', below(other), { keys: TOKEN_KEYS });
        if (other === project) expect(opens().sub).toBe(producer.users.ana);
        else expect(opens).toThrow();
      }
    }
    const text = JSON.stringify(await producer.db('exports').where({ id: row.id }));
    for (const token of tokens) expect(text).not.toContain(token);
    const shown = (
      await send(producer.port, `/api/v1/exports/${row.id}`, { headers: producer.bearer(producer.users.ana) })
    ).text;
    expect(shown).not.toMatch(/prepared|sealed|mac/);
  });

  it('a token lives longer the later its export may come', async () => {
    // Another service's task has so many hours for all its tries.
    const chain = (delay: number, given = 3) => [
      {
        chain: [
          { task: 'gis.index', options: { timeout: given * HOUR, attempts: 10 } },
          { ...log, options: { delay, attempts: 1 } },
          next('open', { onSuccess: [next('london-20')] }, { options: { attempts: 1 } }),
        ],
      },
    ];
    const row = await asked({ onSuccess: chain(10 * HOUR) });
    const id = outboxId({ exportId: row.id, generation: 1, place: 'onSuccess/0/chain/2' });
    const second = row.next_tokens['onSuccess/0/chain/2'];
    const third = second?.next['onSuccess/0'];
    const hours = (token: string) => {
      const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
      return (exp - iat) / 3600;
    };
    // Twelve of its own (TOKEN_HOURS), one for each export before it, one at limits for each but the first, the time limit, and
    // the delay.
    expect(hours(JSON.parse(unseal(row.sealed_token, [SEAL_SECRET], row.id)).token)).toBe(12);
    expect(hours(tokenIn(second, id))).toBe(12 + 1 + 1 + 3 + 10);
    const thirdId = outboxId({ exportId: id, generation: 1, place: 'onSuccess/0' });
    // Three tries, with pauses of 2 and 4 s at their longest.
    expect(hours(tokenIn(third, thirdId))).toBeCloseTo(12 + 2 + 2 + 3 + 10 + (6 * 1.25) / 3600, 3);

    const { status, json } = await ask({ onFailure: chain(24 * 6 * HOUR - HOUR, 24) });
    expect([status, json.type]).toEqual([422, type('invalid-request')]);
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
      '/onFailure/0/chain/2/args',
      '/onFailure/0/chain/2/args/request/onSuccess/0/args',
    ]);
    expect(json.errors[0].detail).toContain('168 hours');
  });

  it.each<[string, 'ana' | 'ben', object, number, string, string]>([
    ['is not there', 'ana', next('atlantis'), 404, 'project-not-found', '/args/project'],
    ['the asker may not see', 'ben', next('london-20'), 404, 'project-not-found', '/args/project'],
    ['the asker may only see', 'ben', next('open'), 403, 'export-not-permitted', '/args/project'],
    [
      'belongs to an organization of others',
      'ana',
      {
        task: 'export.project',
        args: { organization: 'us-census', project: 'counties', request: { outputType: 'shp' } },
      },
      404,
      'project-not-found',
      '/args/project',
    ],
    [
      'is hidden deep below',
      'ben',
      { chain: [log, { chord: [log], body: next('london-2', { onFailure: [next('london-20')] }) }] },
      404,
      'project-not-found',
      '/chain/1/body/args/request/onFailure/0/args/project',
    ],
    [
      'is asked for with a token',
      'ana',
      next('open', { apiToken: 'secret' }),
      422,
      'invalid-request',
      '/args/request/apiToken',
    ],
    [
      'is asked for in the wrong words',
      'ana',
      next('open', { outputType: 'dwg' }),
      422,
      'invalid-request',
      '/args/request/outputType',
    ],
    [
      'has a wrong follow-up',
      'ana',
      next('open', { onSuccess: [{ task: 'msg.fax' }] }),
      422,
      'invalid-request',
      '/args/request/onSuccess/0/task',
    ],
  ])(
    'a request is refused whose next project %s, and the field is named',
    async (_, user, signature, status, name, field) => {
      const before = await exportsInAll();
      const answer = await ask({ onSuccess: [log, signature] }, user);
      expect([answer.status, answer.json.type]).toEqual([status, type(name)]);
      expect(answer.json.errors.map((error: { pointer: string }) => error.pointer)).toEqual([`/onSuccess/1${field}`]);
      expect(answer.text).not.toContain('secret');
      expect(await exportsInAll()).toBe(before);
    },
  );

  it('however many they are, rights are asked in one query, and their tokens noted in one', async () => {
    const count = async (body: object) => {
      const queries: string[] = [];
      // The relay asks the same database, whenever it will.
      const note = ({ sql }: { sql: string }) => /memberships|scoped_tokens/.test(sql) && queries.push(sql);
      producer.ownDb.on('query', note);
      try {
        await asked(body);
      } finally {
        producer.ownDb.off('query', note);
      }
      return queries.length;
    };
    const one = await count({ onSuccess: [next('open')] });
    expect(one).toBeGreaterThan(1);
    const many = Array.from({ length: 100 }, (_, n) => next(['open', 'london-20'][n % 2] as string));
    expect(await count({ onSuccess: many })).toBe(one);
  });

  it('a retry prepares them anew: for its own generation, with the rights of whoever tries again', async () => {
    const body = { onSuccess: [next('london-2', { onSuccess: [log] })] };
    const { json } = await ask(body, 'ben');
    const first = await rowOf(json.id);
    await producer
      .db('exports')
      .where({ id: json.id })
      .update({ outcome: 'failed', decided_at: new Date(), next_tokens: null });
    const retry = await send(producer.port, `/api/v1/exports/${json.id}/retry`, {
      method: 'POST',
      headers: producer.bearer(producer.users.ana),
    });
    expect(retry.status, retry.text).toBe(202);
    const second = await rowOf(json.id);
    const id = outboxId({ exportId: json.id, generation: 2, place: 'onSuccess/0' });
    expect(
      authorize(
        tokenIn(second.next_tokens['onSuccess/0'], id),
        'GET',
        '/api/v1/organizations/cadasta/projects/london-2/',
        { keys: TOKEN_KEYS },
      ).sub,
    ).toBe(producer.users.ana);
    const prepared = preparedAt(second.on_success, 'onSuccess', 'onSuccess/0');
    expect(prepared.requester).toEqual(first.requester);
    const [inner] = prepared.onSuccess as Extract<Signature, { task: string }>[];
    const call = {
      ...(inner as NonNullable<typeof inner>),
      exportId: id,
      place: 'onSuccess/0',
      mac: inner?.mac ?? null,
    };
    expect(verifySignature(call, [SIGNATURE_SECRET])).toBe(true);
  });

  it('is started once from what was left for it, as a whole export with follow-ups of its own', async () => {
    const row = await asked(threeDeep);
    const place = 'onSuccess/0/chain/1';
    const id = outboxId({ exportId: row.id, generation: 1, place });
    const writes = testWrites(producer.db);
    const prepared = preparedAt(row.on_success, 'onSuccess', place);
    const sealed = row.next_tokens[place] as SealedTokens[string];
    const node = { id, exportId: row.id };
    const started = await Promise.all([1, 2, 3].map(() => writes.startNext(node, prepared, sealed)));
    expect(started.map(({ exportId }) => exportId)).toEqual([id, id, id]);
    expect(started.filter((one) => one.started)).toHaveLength(1);
    const began = await producer.db('exports').where({ id }).first();
    expect(began).toMatchObject({
      generation: 1,
      project: 'london-20',
      requester_id: producer.users.ana,
      started_by: id,
      next_tokens: sealed.next,
      sealed_token: sealed.token,
      request_hash: null,
    });
    expect(began.deadline_at.getTime()).toBeGreaterThan(Date.now() + 59 * 60_000);
    expect(await producer.db('outbox').where({ export_id: id }).select('hook', 'state')).toEqual([
      { hook: 'enter', state: 'waiting' },
    ]);
    // The row of the follow-up that started it tells where it comes from.
    await producer
      .db('outbox')
      .insert({ id, export_id: row.id, generation: 1, hook: 'onSuccess', position: 1, place, task: 'export.project' });
    const view = await send(producer.port, `/api/v1/exports/${id}`, { headers: producer.bearer(producer.users.ana) });
    expect(view.json.startedBy).toEqual({ exportId: row.id, followUpId: id });
    // Asked for by a person, the same is an export of its own.
    const byHand = await ask({ outputType: undefined, formats: ['csv'], allowPartial: true }, 'ana', 'london-20');
    expect(byHand.json).toMatchObject({ joined: false, startedBy: null });
  });
});
