/** Bulk work outlives the producers that do it: another goes on, and no item is done twice. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeQueues } from '@parcelpost/infra/database/migrate-all.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { uniquePrefix } from '../support/engines.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { until } from '../support/platform-stack.js';
import { type AppProcess, startProcess } from '../support/processes.js';
import {
  AUTH_SECRET,
  insertPeopleAndProjects,
  SEAL_SECRET,
  SIGNATURE_SECRET,
  TOKEN_SECRET,
  unlikeOthers,
} from '../support/producer.js';

const ITEMS = 150;
let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
let token: string;
const producers: AppProcess[] = [];

async function start(): Promise<AppProcess> {
  const producer = await startProcess('producer', env);
  producers.push(producer);
  return producer;
}

beforeAll(async () => {
  database = await createTestDatabase();
  const { ana } = await insertPeopleAndProjects(database.db);
  token = mintAuthToken(ana, [AUTH_SECRET]);
  folder = await mkdtemp(join(tmpdir(), 'parcelpost-bulk-'));
  const QUEUE_PREFIX = uniquePrefix();
  await makeQueues(database.url, QUEUE_PREFIX);
  env = {
    ...NO_LIMITS,
    DATABASE_URL: database.urls.producer,
    QUEUE_PREFIX,
    STORAGE_URL: pathToFileURL(folder).href,
    TOKEN_SECRET,
    AUTH_SECRET,
    SEAL_SECRET,
    SIGNATURE_SECRET,
    SWEEP_SECONDS: '0.2',
  };
});
afterAll(async () => {
  await Promise.all(producers.map((producer) => producer.kill('SIGKILL')));
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

test('G8: producers are killed in the middle of bulk work: the last one ends it, and each item is done once', {
  timeout: 60_000,
}, async () => {
  const { db } = database;
  const [first, second, last] = await Promise.all([start(), start(), start()]);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const item = () => ({ organization: 'cadasta', project: 'london-2', ...unlikeOthers({ formats: ['csv'] }) });
  const answer = await fetch(`${first.url}/api/v1/exports/bulk`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ items: Array.from({ length: ITEMS }, item) }),
  });
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: string };
  const waiting = () => db('bulk_items').where({ bulk_id: id, state: 'waiting' });
  const answered = async () => ITEMS - (await waiting()).length;

  await until('some have their answer', async () => (await answered()) >= 5);
  await first.kill('SIGKILL');
  await until('more have', async () => (await answered()) >= 25);
  await second.kill('SIGKILL');
  expect(await answered()).toBeLessThan(ITEMS);
  // What they had in hand is taken over a minute later; that minute passes now.
  await waiting().update({ due_at: new Date() });
  await until('all have', async () => (await answered()) === ITEMS, 40_000);

  const shown = await fetch(`${last.url}/api/v1/bulk/${id}`, { headers });
  const { state, ok, answers } = (await shown.json()) as {
    state: string;
    ok: number;
    answers: { value: { exportId: string } }[];
  };
  expect({ state, ok }).toEqual({ state: 'done', ok: ITEMS });
  const ids = answers.map(({ value }) => value.exportId);
  expect(new Set(ids).size).toBe(ITEMS);
  expect((await db('exports').pluck('id')).sort()).toEqual(ids.sort());
});
