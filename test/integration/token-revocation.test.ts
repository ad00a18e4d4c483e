/** A scoped token opens its project while its export runs: not before it begins, nor once it is decided. */
import { ExportService, type Outcome } from '@parcelpost/shared/db/services/exports.js';
import { outboxId } from '@parcelpost/shared/signatures/place.js';
import type { SealedTokens } from '@parcelpost/shared/signatures/signature.js';
import { readTokenKeys } from '@parcelpost/shared/tokens/key-source.js';
import { authorize } from '@parcelpost/shared/tokens/scoped-token.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardKeys, makeKeyPairs } from '../support/forge.js';
import { next, preparedAt, tokenIn } from '../support/next-exports.js';
import {
  SEAL_SECRET,
  send,
  startProducer,
  type TestProducer,
  TOKEN_SECRET,
  unlikeOthers,
} from '../support/producer.js';
import { testWrites } from '../support/writes.js';

const base = '/api/v1/organizations/cadasta/projects/london-2/';
const keys = guardKeys({ ...makeKeyPairs(), secret: TOKEN_SECRET });
let producer: TestProducer;
const lines: string[] = [];
/** Tells the producer of a decision, as the database does; left alone it finds out by itself. */
const tell: ((exportId: string) => void)[] = [];
const queries: string[] = [];

beforeAll(async () => {
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  producer = await startProducer({
    changes: { TOKEN_KEYS: keys },
    log,
    over: { onDecided: (listener) => void tell.push(listener) },
  });
  producer.ownDb.on('query', ({ sql }: { sql: string }) => queries.push(sql));
});
afterAll(() => producer?.close());

interface Asked {
  id: string;
  token: string;
  jti: string;
}

const rowOf = (id: string) => producer.db('exports').where({ id }).first();
const tokenOf = async (id: string) =>
  JSON.parse(unseal((await rowOf(id)).sealed_token, [SEAL_SECRET], id)).token as string;
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

async function ask(body: object = {}): Promise<Asked> {
  const answer = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(producer.users.ana),
    body: unlikeOthers({ formats: ['csv'], ...body }),
  });
  expect(answer.status, answer.text).toBe(202);
  const token = await tokenOf(answer.json.id);
  return { id: answer.json.id, token, jti: claimsOf(token).jti };
}

/** What a read with a token comes to: `200`, or the problem. */
async function reading(token: string, target = base): Promise<string> {
  const { status, text } = await send(producer.port, target, { headers: { authorization: `TmpToken ${token}` } });
  return status === 200 ? '200' : `${status} ${JSON.parse(text).type.split('/').at(-1)}`;
}

async function active(jti: string): Promise<boolean> {
  const { status, json, headers } = await send(producer.port, `/api/v1/tokens/${jti}`);
  expect([status, headers['cache-control']]).toEqual([200, 'private, max-age=3']);
  expect(json.exp).toBeGreaterThan(Date.now() / 1000);
  return json.active;
}

async function decide(id: string, outcome: Outcome, generation = 1): Promise<void> {
  const failed = outcome === 'failed' || outcome === 'cancelled';
  const decided = await producer.db.transaction((trx) =>
    new ExportService(producer.db).decide(trx, id, generation, {
      outcome,
      // What the result says is nobody's business here.
      result: failed ? null : ({ outcome } as never),
      error: failed ? { code: outcome, message: 'for the test', step: null, shard: null, attempts: 1 } : null,
      expiresAt: failed ? null : new Date(Date.now() + 60_000),
      partsUntil: new Date(),
    }),
  );
  expect(decided).toBe(true);
}

describe('a token ends with its export', () => {
  it.each(['completed', 'partial', 'failed', 'cancelled'] as const)(
    'that is %s, at once where the news come',
    async (outcome) => {
      const { id, token, jti } = await ask();
      expect([await reading(token), await active(jti)]).toEqual(['200', true]);
      await decide(id, outcome);
      for (const listener of tell) listener(id);
      expect([await reading(token), await active(jti)]).toEqual(['401 token-revoked', false]);
      expect(await reading(token, `${base}parties/`)).toBe('401 token-revoked');
    },
  );

  it('and soon where the news are lost', async () => {
    const { id, token } = await ask();
    expect(await reading(token)).toBe('200');
    await decide(id, 'failed');
    await expect.poll(() => reading(token), { timeout: 10_000, interval: 100 }).toBe('401 token-revoked');
  });

  it('and not before: one that is being cancelled reads on until it is decided', async () => {
    const { id, token } = await ask();
    const cancel = await send(producer.port, `/api/v1/exports/${id}`, {
      method: 'DELETE',
      headers: producer.bearer(producer.users.ana),
    });
    expect(cancel.status).toBe(202);
    for (const listener of tell) listener(id);
    expect(await reading(token)).toBe('200');
  });
});

it('a retry has a token of its own, and does not bring the first one back', async () => {
  const { id, token } = await ask();
  await decide(id, 'failed');
  const retry = await send(producer.port, `/api/v1/exports/${id}/retry`, {
    method: 'POST',
    headers: producer.bearer(producer.users.ana),
  });
  expect(retry.status, retry.text).toBe(202);
  const second = await tokenOf(id);
  expect([await reading(second), await reading(token)]).toEqual(['200', '401 token-revoked']);
});

it('a next export’s token opens nothing before that export begins, and then as any other, at any depth', async () => {
  const { id } = await ask({ onSuccess: [next('london-2', { onSuccess: [next('london-2')] })] });
  const row = await rowOf(id);
  const place = 'onSuccess/0';
  const sealed = row.next_tokens[place] as SealedTokens[string];
  const nextId = outboxId({ exportId: id, generation: 1, place });
  const token = tokenIn(sealed, nextId);
  const afterId = outboxId({ exportId: nextId, generation: 1, place });
  const after = tokenIn(sealed.next[place], afterId);
  expect([await reading(token), await reading(after)]).toEqual(['401 token-not-yet-valid', '401 token-not-yet-valid']);
  expect(await active(claimsOf(token).jti)).toBe(false);

  const prepared = preparedAt(row.on_success, 'onSuccess', place);
  await testWrites(producer.db).startNext({ id: nextId, exportId: id }, prepared, sealed);
  await expect.poll(() => reading(token), { timeout: 10_000, interval: 100 }).toBe('200');
  expect(await reading(after)).toBe('401 token-not-yet-valid');
  await decide(nextId, 'completed');
  for (const listener of tell) listener(nextId);
  expect(await reading(token)).toBe('401 token-revoked');
});

it('one question is put for each token in some seconds, not for each page', async () => {
  const { token } = await ask();
  queries.length = 0;
  const pages = await Promise.all(Array.from({ length: 40 }, () => reading(token, `${base}parties/?limit=1`)));
  expect(new Set(pages)).toEqual(new Set(['200']));
  const asked = queries.filter((sql) => sql.includes('scoped_tokens')).length;
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(2);
});

describe('what is noted of a token', () => {
  it('is its id, what and whom it is for, and nothing that opens anything', async () => {
    const { id, token, jti } = await ask();
    const [row] = await producer.db('scoped_tokens').where({ export_id: id });
    expect(row).toMatchObject({ jti, generation: 1, user_id: producer.users.ana, recipient: 'export-service' });
    expect(row.expires_at).toEqual(new Date(claimsOf(token).exp * 1000));
    expect(Object.keys(row)).toHaveLength(7);
    expect(JSON.stringify(row)).not.toContain(token.split('.')[2]);
  });

  it('goes when the token has expired', async () => {
    const { id } = await ask();
    const past = new Date(Date.now() - 1000);
    await producer.db('scoped_tokens').where({ export_id: id }).update({ expires_at: past });
    await ask();
    expect(await producer.db('scoped_tokens').where({ export_id: id })).toEqual([]);
  });

  it('is told to nobody who does not know its id', async () => {
    for (const jti of ['00000000-0000-4000-8000-000000000000', 'x', "'; drop table exports"]) {
      const { status, json } = await send(producer.port, `/api/v1/tokens/${encodeURIComponent(jti)}`);
      expect([status, json.type.split('/').at(-1)], jti).toEqual([404, 'token-not-known']);
    }
  });

  it('is in the log of each use: its id and its recipient, and never the token', async () => {
    const { token, jti } = await ask();
    await send(producer.port, `${base}?TOKEN=${token}`);
    await reading(token);
    const uses = lines.map((line) => JSON.parse(line)).filter(({ tokenId }) => tokenId === jti);
    expect(uses.map(({ path, status, recipient }) => ({ path, status, recipient }))).toEqual([
      { path: base, status: 200, recipient: 'export-service' },
      { path: base, status: 200, recipient: 'export-service' },
    ]);
    for (const part of [token, token.split('.')[1], token.split('.')[2], TOKEN_SECRET]) {
      expect(lines.join('\n')).not.toContain(part);
    }
  });
});

it('publishes the public keys, with which others let tokens in and can make none', async () => {
  const { headers, text, status } = await send(producer.port, '/.well-known/jwks.json');
  expect(status).toBe(200);
  expect(headers).toMatchObject({ 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' });
  expect(JSON.parse(text).keys).toHaveLength(2);
  expect(text).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/);
  const { token } = await ask();
  const readers = readTokenKeys(text);
  expect(authorize(token, 'GET', base, { keys: readers }).sub).toBe(producer.users.ana);
  expect(readers.every(({ signing }) => signing === null)).toBe(true);
});
