/** Canvases in requests: what is taken and how it is kept, and what is refused, with the place of each fault. */
import { verifySignature } from '@parcelpost/shared/signatures/mac.js';
import { walk } from '@parcelpost/shared/signatures/place.js';
import { SIGNATURE_LIMITS } from '@parcelpost/shared/signatures/signature.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PUBLIC_URL, SIGNATURE_SECRET, send, startProducer, type TestProducer } from '../support/producer.js';

const path = '/api/v1/organizations/cadasta/projects/london-2/exports';
const log = { task: 'log.info' };

let producer: TestProducer;
beforeAll(async () => {
  const survey = {
    summary: 'Tells the survey office',
    args: z.strictObject({ office: z.string(), by: z.string().optional() }),
    resolve: (args: { office: string }, { requester }: { requester: { email: string } }) => ({
      ...args,
      by: requester.email,
    }),
  };
  producer = await startProducer({ tasks: { own: { 'survey.tell': survey }, routes: ['gis'] } });
});
afterAll(() => producer.close());

const ask = (body: object | string) =>
  send(producer.port, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...producer.bearer(producer.users.ben) },
    body,
  });
const request = (onSuccess: unknown) => ({ outputType: 'shp', onSuccess });
const nested = (depth: number): object => (depth === 1 ? log : { chain: [nested(depth - 1)] });

it('a canvas of every kind is kept as it was composed, filled in, and every call in it is signed', async () => {
  const onSuccess = [
    {
      version: 1,
      chain: [
        { group: [log, { task: 'gis.index.rebuild', args: { anything: [1, { at: 'all' }] } }] },
        { chord: [{ task: 'msg.email' }], body: { ...log, immutable: true, options: { delay: 5, timeout: 1000 } } },
      ],
      onFailure: [{ task: 'survey.tell', args: { office: 'north' } }],
    },
  ];
  const answer = await ask({ ...request(onSuccess), allowPartial: true });
  expect(answer.status, answer.text).toBe(202);
  expect(answer.json.allowPartial).toBe(true);
  const row = await producer.db('exports').where({ id: answer.json.id }).first();
  const calls = [...walk(row.on_success, 'onSuccess')].flatMap(([place, one]) =>
    'task' in one ? [{ place, ...one }] : [],
  );
  expect(calls.map(({ place, task, args }) => [place, task, args])).toEqual([
    ['onSuccess/0/chain/0/group/0', 'log.info', {}],
    ['onSuccess/0/chain/0/group/1', 'gis.index.rebuild', { anything: [1, { at: 'all' }] }],
    ['onSuccess/0/chain/1/chord/0', 'msg.email', { to: ['ben@example.org'] }],
    ['onSuccess/0/chain/1/body', 'log.info', {}],
    ['onSuccess/0/onFailure/0', 'survey.tell', { office: 'north', by: 'ben@example.org' }],
  ]);
  for (const { mac, ...call } of calls) {
    expect(verifySignature({ ...call, exportId: row.id, mac: mac ?? null }, [SIGNATURE_SECRET]), call.place).toBe(true);
  }
  expect(calls.filter(({ routed }) => routed).map(({ task }) => task)).toEqual(['gis.index.rebuild']);
  expect(answer.text).not.toContain(calls[0]?.mac);
});

describe('a canvas is refused', () => {
  it.each<[string, unknown, [string, RegExp][]]>([
    ['two kinds are one', [{ ...log, chain: [log] }], [['/onSuccess/0', /exactly one of task, chain, group, chord/]]],
    ['there is none of them', [{ args: {} }], [['/onSuccess/0', /exactly one of/]]],
    ['a list is empty', [{ chain: [log, { group: [] }] }], [['/onSuccess/0/chain/1/group', /at least one/]]],
    ['a body is missing', [{ chord: [log] }], [['/onSuccess/0/body', /missing/]]],
    ['a version is not known', [{ ...log, version: 2 }], [['/onSuccess/0/version', /must be 1/]]],
    ['a signature brings a code of its own', [{ ...log, mac: 'v1.a.b' }], [['/onSuccess/0/mac', /not known/]]],
    [
      'a queue is nobody’s',
      [{ group: [{ task: 'fax.send' }] }],
      [['/onSuccess/0/group/0/task', /unknown queue fax.*gis/]],
    ],
    [
      'an own task’s arguments are wrong',
      [{ onFailure: [{ task: 'survey.tell', args: { offices: 1 } }], ...log }],
      [
        ['/onSuccess/0/onFailure/0/args/office', /./],
        ['/onSuccess/0/onFailure/0/args/offices', /unknown argument/],
      ],
    ],
    [
      'it is too deep',
      [nested(SIGNATURE_LIMITS.depth + 1)],
      [[`/onSuccess/0${'/chain/0'.repeat(SIGNATURE_LIMITS.depth)}`, /more than 12 deep/]],
    ],
    ['it is too many', Array(SIGNATURE_LIMITS.count + 1).fill(log), [['/onSuccess', /more than 250 signatures/]]],
    ['it is too large', [{ ...log, args: { message: 'x'.repeat(SIGNATURE_LIMITS.bytes) } }], [['/onSuccess', /bytes/]]],
    ['it cannot be kept', [{ task: 'gis.x', args: { a: 'a\0b' } }], [['/onSuccess/0/args/a', /U\+0000/]]],
  ])('where %s, and each place is named', async (_, onSuccess, wrong) => {
    const { status, json } = await ask(request(onSuccess));
    expect([status, json.type]).toEqual([422, `${PUBLIC_URL}/problems/invalid-request`]);
    const errors: { pointer: string; detail: string }[] = json.errors;
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(wrong.map(([pointer]) => pointer).sort());
    for (const [pointer, detail] of wrong) {
      expect(errors.find((error) => error.pointer === pointer)?.detail).toMatch(detail);
    }
    expect(json.detail.length).toBeLessThan(2000);
  });

  it('that is nested a hundred thousand deep, like any other', async () => {
    const depth = 80_000;
    const { status, json } = await ask(
      `{"outputType":"shp","onSuccess":[${'{"chain":['.repeat(depth)}${']}'.repeat(depth)}]}`,
    );
    expect([status, json.errors.length]).toEqual([422, 1]);
    expect(json.errors[0].detail).toContain('more than 12 deep');
    expect((await send(producer.port, '/healthz')).status).toBe(200);
  });
});

it('the largest canvas is taken, and one call fewer than too many too', async () => {
  const { status, text } = await ask(
    request([nested(SIGNATURE_LIMITS.depth), ...Array(SIGNATURE_LIMITS.count - SIGNATURE_LIMITS.depth).fill(log)]),
  );
  expect(status, text).toBe(202);
});
