/** Cancelling an export and trying it again, as the API has it: who may, when, and what the rows say afterwards. */
import { randomUUID } from 'node:crypto';
import { authorize } from '@parcelpost/shared/tokens/scoped-token.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  PUBLIC_URL,
  SEAL_SECRET,
  send,
  startProducer,
  type TestProducer,
  TOKEN_KEYS,
  unlikeOthers,
} from '../support/producer.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;
const path = '/api/v1/organizations/cadasta/projects/london-2/exports';

let producer: TestProducer;
let users: Record<'ana' | 'ben' | 'eve' | 'cleo' | 'dan', string>;

beforeAll(async () => {
  producer = await startProducer();
  const { db } = producer;
  const { id: organization_id } = await db('organizations').where({ slug: 'cadasta' }).first('id');
  const { id: project_id } = await db('projects').where({ slug: 'london-2' }).first('id');
  const insert = async (username: string, role: string) => {
    const [{ id }] = await db('users')
      .insert({ username, name: username, email: `${username}@example.org` })
      .returning('id');
    await db('memberships').insert({ user_id: id, organization_id, project_id, role });
    return id as string;
  };
  // cleo administers the project alone; dan manages it, and is a plain member here.
  users = {
    ...producer.users,
    cleo: await insert('cleo', 'administrator'),
    dan: await insert('dan', 'project_manager'),
  };
});
afterAll(() => producer.close());

type User = keyof typeof users;
const call = (method: string, user: User, target: string, body?: object) =>
  send(producer.port, target, { method, headers: producer.bearer(users[user]), ...(body && { body }) });
const cancel = (user: User, id: string) => call('DELETE', user, `/api/v1/exports/${id}`);
const retry = (user: User, id: string, body?: object) => call('POST', user, `/api/v1/exports/${id}/retry`, body);
const look = (user: User, id: string) => call('GET', user, `/api/v1/exports/${id}`);
const rowOf = (id: string) => producer.db('exports').where({ id }).first();

async function requested(body: object = {}, user: User = 'ben'): Promise<string> {
  const answer = await call('POST', user, path, unlikeOthers({ outputType: 'shp', ...body }));
  expect(answer.status, answer.text).toBe(202);
  return answer.json.id;
}

const failure = { code: 'platform-unavailable', message: 'It answered 500.', step: 'parties', shard: 0, attempts: 4 };
const decide = (id: string, outcome: string, more: object = {}) =>
  producer
    .db('exports')
    .where({ id })
    .update({
      outcome,
      phase: 'decided',
      decided_at: new Date(),
      sealed_token: null,
      next_tokens: null,
      error: outcome === 'failed' || outcome === 'cancelled' ? JSON.stringify(failure) : null,
      ...more,
    });

async function decided(outcome: string, more: object = {}, body: object = {}): Promise<string> {
  const id = await requested(body);
  await decide(id, outcome, more);
  return id;
}

const soon = () => new Date(Date.now() + 60_000);

describe('cancelling', () => {
  it('raises the flag and says so, for the asker and for administrators of project and organization', async () => {
    for (const user of ['ben', 'cleo', 'ana'] as const) {
      const id = await requested();
      const answer = await cancel(user, id);
      expect([answer.status, answer.json.id, answer.json.cancelling, answer.json.outcome]).toEqual([
        202,
        id,
        true,
        null,
      ]);
      const { abort, outcome } = await rowOf(id);
      const { name } = await producer.db('users').where({ id: users[user] }).first('name');
      expect(abort).toEqual({
        code: 'cancelled',
        message: `Cancelled by ${name}.`,
        step: null,
        shard: null,
        attempts: 1,
      });
      expect(outcome).toBeNull();
    }
  });

  it('is not for others: members read that it is somebody else’s, strangers that there is none', async () => {
    const id = await requested();
    for (const method of [cancel, retry]) {
      const member = await method('dan', id);
      expect([member.status, member.json.type]).toEqual([403, type('export-not-yours')]);
      const stranger = await method('eve', id);
      expect([stranger.status, stranger.json.type]).toEqual([404, type('export-not-found')]);
      expect((await method('ben', randomUUID())).status).toBe(404);
    }
    expect((await send(producer.port, `/api/v1/exports/${id}`, { method: 'DELETE' })).status).toBe(401);
    expect((await rowOf(id)).abort).toBeNull();
  });

  it('can be repeated while the export is open, and the first reason stays', async () => {
    const id = await requested();
    await cancel('ben', id);
    const { abort } = await rowOf(id);
    const again = await cancel('ana', id);
    expect([again.status, again.json.cancelling]).toEqual([202, true]);
    expect((await rowOf(id)).abort).toEqual(abort);
    const failing = await requested();
    await producer
      .db('exports')
      .where({ id: failing })
      .update({ abort: JSON.stringify(failure) });
    const answer = await cancel('ben', failing);
    expect([answer.status, answer.json.cancelling]).toEqual([202, false]);
    expect((await rowOf(failing)).abort).toEqual(failure);
  });

  it('is answered as done also where a worker decides at once', async () => {
    const id = await requested();
    await producer.db.raw(`
      create function decide_at_once() returns trigger language plpgsql as $$
      begin
        if new.abort is not null then new.outcome := 'cancelled'; new.decided_at := now(); end if;
        return new;
      end $$;
      create trigger decide_at_once before update on exports for each row execute function decide_at_once();`);
    try {
      const { status, json } = await cancel('ben', id);
      expect([status, json.outcome, json.cancelling]).toEqual([202, 'cancelled', false]);
    } finally {
      await producer.db.raw('drop trigger decide_at_once on exports; drop function decide_at_once()');
    }
    const again = await cancel('ben', id);
    expect([again.status, again.json.outcome], 'for whoever lost the answer').toEqual([202, 'cancelled']);
  });

  it.each(['completed', 'partial', 'failed'])('comes too late for one that is %s', async (outcome) => {
    const id = await decided(outcome);
    const { status, json } = await cancel('ben', id);
    expect([status, json.type]).toEqual([409, type('export-decided')]);
    expect((await rowOf(id)).abort).toBeNull();
  });
});

describe('trying again', () => {
  it.each<[string, object]>([
    ['failed', {}],
    ['cancelled', { abort: JSON.stringify({ ...failure, code: 'cancelled' }) }],
    ['partial', { expires_at: soon(), parts_until: soon(), result: JSON.stringify({ warnings: [], missing: [] }) }],
  ])('begins the next generation of one that is %s', async (outcome, more) => {
    const id = await decided(outcome, more);
    const before = await rowOf(id);
    expect((await look('ben', id)).json.retryable).toBe(true);
    const relayed = producer.relayed();
    const { status, headers, json } = await retry('ben', id);
    expect([status, headers.location]).toEqual([202, `/api/v1/exports/${id}`]);
    expect(json).toMatchObject({
      id,
      generation: 2,
      state: 'waiting',
      phase: 'waiting',
      outcome: null,
      error: null,
      finishedAt: null,
      expiresAt: null,
      retryable: false,
      requestedAt: before.requested_at.toISOString(),
    });
    expect(producer.relayed()).toBe(relayed + 1);
    const row = await rowOf(id);
    expect(row).toMatchObject({ abort: null, result: null, started_at: null, decided_at: null, parts_until: null });
    expect(row.deadline_at.getTime()).toBeGreaterThan(Date.now() + 59 * 60_000);
    const entries = await producer.db('outbox').where({ export_id: id, hook: 'enter' }).orderBy('generation');
    expect(entries.map(({ generation, state, task }) => [generation, state, task])).toEqual([
      [1, 'waiting', 'export.enter'],
      [2, 'waiting', 'export.enter'],
    ]);
  });

  it('reads with the rights of whoever tries again, and mails whoever asked', async () => {
    const id = await decided('failed');
    await retry('cleo', id);
    const row = await rowOf(id);
    expect(row.requester.email).toBe('ben@example.org');
    expect(row.requester_id).toBe(users.ben);
    const { token } = JSON.parse(unseal(row.sealed_token, [SEAL_SECRET], id));
    const claims = authorize(token, 'GET', '/api/v1/organizations/cadasta/projects/london-2/parties/', {
      keys: TOKEN_KEYS,
    });
    expect(claims.sub).toBe(users.cleo);
  });

  it('is refused for one that runs, is completed, or has expired', async () => {
    const waiting = await requested();
    const running = await requested();
    await producer.db('exports').where({ id: running }).update({ started_at: new Date() });
    const completed = await decided('completed', { expires_at: soon() });
    const expired = await decided('partial', { expires_at: new Date(Date.now() - 1000) });
    for (const [id, word] of [
      [waiting, 'not begun'],
      [running, 'running'],
      [completed, 'completed'],
      [expired, 'expired'],
    ]) {
      const { status, json } = await retry('ben', `${id}`);
      expect([status, json.type], word).toEqual([409, type('export-not-retryable')]);
      expect(json.detail).toContain(word);
      expect((await look('ben', `${id}`)).json).toMatchObject({ retryable: false, generation: 1 });
    }
  });

  it('twenty times at once begins one generation', async () => {
    const id = await decided('failed');
    const answers = await Promise.all(Array.from({ length: 20 }, () => retry('ben', id)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    for (const { status, json } of answers.filter((answer) => answer.status !== 202)) {
      expect([status, json.type]).toEqual([409, type('export-not-retryable')]);
    }
    expect((await rowOf(id)).generation).toBe(2);
    expect(await producer.db('outbox').where({ export_id: id, hook: 'enter' })).toHaveLength(2);
  });

  it('is refused while the same is running that was asked for anew', async () => {
    const body = unlikeOthers({ outputType: 'shp' });
    const failed = (await call('POST', 'ben', path, body)).json.id;
    await decide(failed, 'failed');
    const anew = (await call('POST', 'ben', path, body)).json.id;
    expect(anew).not.toBe(failed);
    const { status, json } = await retry('ben', failed);
    expect([status, json.type]).toEqual([409, type('export-identical-running')]);
    expect(await rowOf(failed)).toMatchObject({ generation: 1, outcome: 'failed' });
    await decide(anew, 'completed');
    expect((await retry('ben', failed)).status).toBe(202);
    // And whoever asks now joins the one that is tried again.
    expect((await call('POST', 'ben', path, body)).json).toMatchObject({ id: failed, joined: true, generation: 2 });
  });

  it('is refused to whoever may not export the project any more', async () => {
    const { db } = producer;
    const id = await requested({}, 'cleo');
    await decide(id, 'failed');
    const mine = await db('memberships').where({ user_id: users.cleo }).first();
    await db('memberships').where({ user_id: users.cleo }).delete();
    expect((await retry('cleo', id)).json.type).toBe(type('export-not-found'));
    const { id: _, ...membership } = mine;
    await db('memberships').insert(membership);
    expect((await retry('cleo', id)).status).toBe(202);
  });

  it('is refused where somebody else has written into its follow-ups, which would be signed anew', async () => {
    const id = await decided('failed', {}, { onSuccess: [{ task: 'msg.email' }] });
    const { on_success } = await rowOf(id);
    const altered = on_success.map((call: object) => ({ ...call, args: { to: ['eve@example.org'] } }));
    await producer
      .db('exports')
      .where({ id })
      .update({ on_success: JSON.stringify(altered) });
    const { status, json } = await retry('ben', id);
    expect([status, json.type]).toEqual([409, type('export-not-retryable')]);
    expect(json.detail).toContain('codes');
    expect(await rowOf(id)).toMatchObject({ generation: 1, outcome: 'failed' });
    await producer
      .db('exports')
      .where({ id })
      .update({ on_success: JSON.stringify(on_success) });
    expect((await retry('ben', id)).status).toBe(202);
  });

  it('takes no token where the platform is ours, and no field that it does not know', async () => {
    const id = await decided('failed');
    for (const [body, pointer] of [
      [{ apiToken: 'secret' }, '/apiToken'],
      [{ colour: 'red' }, '/colour'],
    ] as const) {
      const { status, json, text } = await retry('ben', id, body);
      expect([status, json.errors?.[0]?.pointer]).toEqual([422, pointer]);
      expect(text).not.toContain('secret');
    }
    expect((await retry('ben', id, {})).status).toBe(202);
  });

  it('takes no Idempotency-Key, on which nobody could rely', async () => {
    const id = await decided('failed');
    const headers = { ...producer.bearer(users.ben), 'idempotency-key': '"k-1"' };
    const { status, json } = await send(producer.port, `/api/v1/exports/${id}/retry`, { method: 'POST', headers });
    expect([status, json.type]).toEqual([400, type('idempotency-key-not-taken')]);
    expect((await rowOf(id)).generation).toBe(1);
  });

  it('can be cancelled, and tried again once more', async () => {
    const id = await decided('failed');
    await retry('ben', id);
    expect((await cancel('ben', id)).json).toMatchObject({ generation: 2, cancelling: true });
    await decide(id, 'cancelled');
    expect((await retry('ben', id)).json).toMatchObject({ generation: 3, cancelling: false });
  });
});
