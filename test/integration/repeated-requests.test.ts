/** Asking twice: identical requests join the export that is running, and a key makes a repeat the same request. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, PUBLIC_URL, send, startProducer, type TestProducer } from '../support/producer.js';
import { record, testWrites } from '../support/writes.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;
const of = (project: string) => `/api/v1/organizations/cadasta/projects/${project}/exports`;
const hook = (n: number) => ({ task: 'webhook.post', args: { url: `https://example.org/${n}` } });
const BODY = { outputType: 'shp', onSuccess: [{ task: 'msg.email' }, hook(1)], onFailure: [hook(2)] };

let producer: TestProducer;
let another: TestProducer['users'];
beforeAll(async () => {
  producer = await startProducer();
  another = producer.users;
});
afterAll(() => producer.close());
beforeEach(async () => {
  // What is over is joined by nobody.
  await producer.db('exports').whereNull('outcome').update({ outcome: 'failed', decided_at: new Date() });
});

const ask = (body: object, { user = producer.users.ana, project = 'london-2', key = '' } = {}): Promise<Answer> =>
  send(producer.port, of(project), {
    method: 'POST',
    headers: { ...producer.bearer(user), ...(key && { 'idempotency-key': key }) },
    body,
  });
const rows = async () => Number((await producer.db('exports').count().first())?.count);
const keys = async () => Number((await producer.db('idempotency_keys').count().first())?.count);

describe('the same request', () => {
  it('of the same person joins the export that is running, and says so', async () => {
    const first = await ask(BODY);
    const before = await rows();
    const second = await ask(BODY);
    expect([first.status, first.json.joined, second.status, second.json.joined]).toEqual([202, false, 202, true]);
    expect(second.json.id).toBe(first.json.id);
    expect(second.headers.location).toBe(first.headers.location);
    expect(await rows()).toBe(before);
    expect(await producer.db('outbox').where({ export_id: first.json.id })).toHaveLength(1);
    expect((await producer.app.inject('/metrics')).body).toMatch(/parcelpost_requests_joined_total\{[^}]*\} [1-9]/);
  });

  it.each<[string, object, object]>([
    [
      'in other words: what is left out stands for itself',
      { outputType: 'shp' },
      { onSuccess: [], csv: { bom: false }, outputType: 'shp' },
    ],
    [
      'with a list of formats in another order',
      { formats: ['csv', 'shapefiles'] },
      { formats: ['shapefiles', 'csv', 'csv'] },
    ],
    [
      'with its keys in another order',
      { outputType: 'shp', onFailure: [hook(1)] },
      { onFailure: [{ args: { url: 'https://example.org/1' }, task: 'webhook.post' }], outputType: 'shp' },
    ],
    [
      'with the asker’s own address written out',
      { outputType: 'shp', onSuccess: [{ task: 'msg.email' }] },
      { outputType: 'shp', onSuccess: [{ task: 'msg.email', args: { to: 'ana@example.org' } }] },
    ],
  ])('joins %s', async (_, one, other) => {
    expect((await ask(other)).json.id).toBe((await ask(one)).json.id);
  });

  it.each<[string, object, Parameters<typeof ask>[1]]>([
    ['another person', BODY, { user: 'ben' }],
    ['another project', BODY, { project: 'london-20' }],
    ['other options', { ...BODY, csv: { bom: true } }, {}],
    ['other formats', { ...BODY, outputType: undefined, formats: ['csv'] }, {}],
    ['another follow-up', { ...BODY, onSuccess: [hook(1)] }, {}],
    ['follow-ups in another order', { ...BODY, onSuccess: [...BODY.onSuccess].reverse() }, {}],
    ['other options of a follow-up', { ...BODY, onFailure: [{ ...hook(2), options: { delay: 1 } }] }, {}],
  ])('does not join with %s', async (_, body, how) => {
    const user = how?.user === 'ben' ? another.ben : another.ana;
    const ids = [(await ask(BODY)).json.id, (await ask(body, { ...how, user })).json.id];
    expect(new Set(ids).size).toBe(2);
  });

  it('does not join what is being stopped, nor what is over', async () => {
    const first = (await ask(BODY)).json.id;
    await send(producer.port, `/api/v1/exports/${first}`, {
      method: 'DELETE',
      headers: producer.bearer(producer.users.ana),
    });
    const second = (await ask(BODY)).json;
    expect([second.id === first, second.joined]).toEqual([false, false]);
    await producer.db('exports').where({ id: second.id }).update({ outcome: 'completed', decided_at: new Date() });
    const third = (await ask(BODY)).json;
    expect([[first, second.id].includes(third.id), third.joined]).toEqual([false, false]);
  });

  it('twenty times at once is one export', async () => {
    const before = await rows();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(BODY)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(answers.filter(({ json }) => !json.joined)).toHaveLength(1);
    expect(await rows()).toBe(before + 1);
  });

  it('is still one export where it meets one that ends at that moment', async () => {
    const { id } = (await ask(BODY)).json;
    const row = await producer.db('exports').where({ id }).first();
    const again = {
      id: '11111111-1111-4111-8111-111111111111',
      organization: row.organization,
      organizationName: row.organization_name,
      project: row.project,
      projectName: row.project_name,
      requester: row.requester,
      options: row.options,
      onSuccess: [],
      onFailure: [],
      sealedToken: 'x',
      nextTokens: {},
      requestHash: row.request_hash,
      deadlineAt: new Date(Date.now() + 60_000),
    };
    // The end is committed while the insert waits for it.
    const ending = await producer.db.transaction();
    await ending('exports').where({ id }).update({ outcome: 'failed', decided_at: new Date() });
    const recording = record(testWrites(producer.db), again);
    await expect
      .poll(() => producer.db('pg_locks').where({ granted: false }).count().first())
      .not.toEqual({ count: 0 });
    await ending.commit();
    expect(await recording).toEqual({ kind: 'created', exportId: again.id });
  });
});

describe('an Idempotency-Key', () => {
  const KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"';

  it('makes a repeat the same request, also when the export is over', async () => {
    const first = await ask(BODY, { key: KEY });
    const running = await ask(BODY, { key: KEY });
    await producer.db('exports').where({ id: first.json.id }).update({ outcome: 'failed', decided_at: new Date() });
    const over = await ask(BODY, { key: KEY });
    for (const answer of [running, over]) {
      expect([answer.status, answer.headers.location]).toEqual([202, first.headers.location]);
    }
    expect(over.json).toMatchObject({ id: first.json.id, state: 'failed', joined: false });
    const metrics = (await producer.app.inject('/metrics')).body;
    expect(metrics).toMatch(/parcelpost_idempotent_repeats_total\{[^}]*\} 2/);
  });

  it('is the same with and without quotes', async () => {
    const first = await ask(BODY, { key: '"k-1"' });
    await producer.db('exports').where({ id: first.json.id }).update({ outcome: 'failed', decided_at: new Date() });
    expect((await ask(BODY, { key: 'k-1' })).json.id).toBe(first.json.id);
  });

  it('with another body, or for another project, is refused', async () => {
    await ask(BODY, { key: '"k-2"' });
    const before = await rows();
    for (const [body, how] of [
      [{ ...BODY, csv: { bom: true } }, {}],
      [BODY, { project: 'london-20' }],
    ] as const) {
      const { status, json } = await ask(body, { key: '"k-2"', ...how });
      expect([status, json.type]).toEqual([422, type('idempotency-key-reused')]);
    }
    expect(await rows()).toBe(before);
  });

  it('is each person’s own', async () => {
    const hers = await ask(BODY, { key: '"k-3"' });
    const his = await ask({ outputType: 'shp' }, { key: '"k-3"', user: producer.users.ben });
    expect([his.status, his.json.id === hers.json.id]).toEqual([202, false]);
  });

  it('is bound to the running export that its request joined', async () => {
    const running = await ask(BODY);
    const joined = await ask(BODY, { key: '"k-4"' });
    expect([joined.json.id, joined.json.joined]).toEqual([running.json.id, true]);
    await producer
      .db('exports')
      .where({ id: running.json.id })
      .update({ outcome: 'completed', decided_at: new Date() });
    expect((await ask(BODY, { key: '"k-4"' })).json).toMatchObject({ id: running.json.id, joined: true });
    expect((await ask(BODY, { key: '"k-5"' })).json.id).not.toBe(running.json.id);
  });

  it('keeps nothing of a request that was refused: a mended one may bear it', async () => {
    expect((await ask({ outputType: 'dwg' }, { key: '"k-6"' })).status).toBe(422);
    expect((await ask(BODY, { key: '"k-6"', project: 'atlantis' })).status).toBe(404);
    expect((await ask(BODY, { key: '"k-6"' })).status).toBe(202);
  });

  it.each(['""', '"a', '"a", "b"', 'a b', `"${'x'.repeat(256)}"`])('that is %s is malformed', async (key) => {
    const before = await rows();
    const { status, json } = await ask(BODY, { key });
    expect([status, json.type]).toEqual([400, type('idempotency-key-malformed')]);
    expect(await rows()).toBe(before);
  });

  it('twenty times at once is one export, and whoever comes in between is told to wait', async () => {
    const before = await rows();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(BODY, { key: '"k-7"' })));
    expect(await rows()).toBe(before + 1);
    const ids = new Set(answers.flatMap(({ status, json }) => (status === 202 ? [json.id] : [])));
    expect(ids.size).toBe(1);
    for (const { status, json } of answers.filter((answer) => answer.status !== 202)) {
      expect([status, json.type]).toEqual([409, type('idempotency-key-busy')]);
    }
  });

  it('whose first request is being recorded is answered 409, and then with its export', async () => {
    // Holds the first request where it would insert its row.
    const lock = await producer.db.transaction();
    await lock.raw('lock table exports in share row exclusive mode');
    const first = ask(BODY, { key: '"k-8"' });
    await expect.poll(() => producer.db('pg_locks').where({ locktype: 'advisory' })).toHaveLength(1);
    const { status, headers, json } = await ask(BODY, { key: '"k-8"' });
    expect([status, json.type, headers['retry-after']]).toEqual([409, type('idempotency-key-busy'), '1']);
    await lock.commit();
    const { id } = (await first).json;
    expect((await ask(BODY, { key: '"k-8"' })).json.id).toBe(id);
  });

  it('is forgotten after a day, and so are others that are older', async () => {
    const first = await ask(BODY, { key: '"k-9"' });
    await producer.db('exports').whereNull('outcome').update({ outcome: 'failed', decided_at: new Date() });
    await producer.db('idempotency_keys').update({ created_at: producer.db.raw(`now() - interval '24 hours'`) });
    await producer.db('idempotency_keys').insert(
      Array.from({ length: 150 }, (_, n) => ({
        user_id: 'somebody',
        key: `old-${n}`,
        fingerprint: 'x',
        export_id: first.json.id,
        joined: false,
        created_at: new Date(Date.now() - 48 * 3_600_000),
      })),
    );
    const before = await keys();
    const second = await ask(BODY, { key: '"k-9"' });
    expect([second.status, second.json.id === first.json.id]).toEqual([202, false]);
    expect(await keys()).toBe(before - 100);
    expect((await ask(BODY, { key: '"k-9"' })).json.id).toBe(second.json.id);
  });
});
