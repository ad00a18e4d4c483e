/** Consistent views of the platform API: one moment for all pages, whoever answers them, and for a bounded time. */
import { randomUUID } from 'node:crypto';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { SnapshotService } from '@parcelpost/shared/db/services/snapshots.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { mintScopedToken, projectPath, type ScopedToken } from '@parcelpost/shared/tokens/scoped-token.js';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Snapshots } from '../../apps/producer/src/platform/snapshots.js';
import { until } from '../support/platform-stack.js';
import { PUBLIC_URL, send, startProducer, type TestProducer, TOKEN_KEYS } from '../support/producer.js';

const PATH = projectPath('cadasta', 'london-2');
let producer: TestProducer;
let snapshots: Snapshots;
const openFor: Snapshots['openFor'] = (jti, project) => snapshots.openFor(jti, project);

/** The views of another producer on the same database. */
const holder = (minutes = 5, most = 20) =>
  new Snapshots({
    databaseUrl: producer.ownUrl,
    service: new SnapshotService(producer.ownDb),
    most,
    minutes,
    sweepMs: 3_600_000,
    log: createLogger('producer', 'silent'),
  });

beforeAll(async () => {
  producer = await startProducer({ over: { snapshots: { openFor } } });
  snapshots = holder();
  await insertParties('first', 0, 30);
});
afterAll(async () => {
  await snapshots?.stop();
  await producer?.close();
});

async function insertParties(prefix: string, from: number, count: number): Promise<void> {
  await producer.db.raw(
    `insert into parties (project_id, id, name, type)
     select p.id, ? || n, 'Name', 'IN' from projects p, generate_series(?::int, ?::int) n where p.slug = 'london-2'`,
    [prefix, from, from + count - 1],
  );
}

const token = (userId = producer.users.ana): ScopedToken => mintScopedToken({ userId, paths: [PATH] }, TOKEN_KEYS);
const get = (path: string, { token: text }: ScopedToken) =>
  send(producer.port, path, { headers: { authorization: `TmpToken ${text}` } });
const open = async (by: ScopedToken, query = '') => (await get(`${PATH}?snapshot=new${query}`, by)).json;
const page = (by: ScopedToken, snapshot: string) => get(`${PATH}parties/?limit=7&cursor=&snapshot=${snapshot}`, by);

/** Waits for an answer of this status: rights and snapshots are looked at each second. */
const pageOf = (status: number, by: ScopedToken, snapshot: string) =>
  until(`answered ${status}`, async () => {
    const answer = await page(by, snapshot);
    return answer.status === status && answer;
  });

/** All ids behind a page, by its next links. */
async function follow(by: ScopedToken, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | null = path; next !== null; ) {
    const { status, json } = await get(next, by);
    expect(status).toBe(200);
    ids.push(...json.results.map(({ id }: { id: string }) => id));
    next = json.next === null ? null : json.next.replace(/^https?:\/\/[^/]+/, '');
  }
  return ids;
}

describe('a snapshot', () => {
  test('shows every page, the project and its shards as they were when it was opened, whatever happens meanwhile', async () => {
    const by = token();
    const project = await open(by, '&shard_size=10');
    expect(project.counts.parties).toBe(30);
    expect(Date.parse(project.snapshot.expires_at) - Date.now()).toBeGreaterThan(4 * 60_000);
    const path = `${PATH}parties/?limit=7&cursor=&snapshot=${project.snapshot.id}`;
    const first = await get(path, by);

    await insertParties('later', 0, 5);
    await producer.db('parties').where({ id: 'first17' }).delete();
    await producer.db('parties').where({ id: 'first3' }).update({ name: 'Changed' });

    expect((await get(path, by)).text).toBe(first.text);
    expect(await follow(by, path)).toEqual(Array.from({ length: 30 }, (_, i) => `first${i}`));
    const { count, results } = (await get(path.replace('limit=7', 'limit=30'), by)).json;
    expect([count, results[3].name]).toEqual([30, 'Name']);
    const again = (await get(`${PATH}?shard_size=10&snapshot=${project.snapshot.id}`, by)).json;
    expect(again.shards).toEqual(project.shards);
    expect((await get(`${PATH}parties/`, by)).json.count).toBe(34);
  });

  test('is one for a token, however often it asks', async () => {
    const by = token();
    const opened = await Promise.all([open(by), open(by), open(by)]);
    expect(new Set(opened.map(({ snapshot }) => snapshot.id)).size).toBe(1);
    expect((await open(by)).snapshot).toEqual(opened[0].snapshot);
  });

  test('is for its token alone', async () => {
    const { snapshot } = await open(token());
    const other = await page(token(), snapshot.id);
    expect([other.status, other.json.type]).toEqual([410, `${PUBLIC_URL}/problems/snapshot-gone`]);
  });

  test('shows nothing to a user who may not see the project any more', async () => {
    const by = token(producer.users.ben);
    const { snapshot } = await open(by);
    expect((await page(by, snapshot.id)).status).toBe(200);
    const mine = () => producer.db('memberships').where({ user_id: producer.users.ben });
    const before = await mine();
    await mine().delete();
    try {
      const refused = await pageOf(403, by, snapshot.id);
      expect(refused.json.type).toBe(`${PUBLIC_URL}/problems/project-not-permitted`);
    } finally {
      await producer.db('memberships').insert(before.map(({ id: _, ...membership }) => membership));
    }
  });

  test('answers 410 once its time is over, and is not held open any longer', async () => {
    const by = token();
    const { snapshot } = await open(by);
    const before = snapshots.open;
    await producer
      .db('snapshots')
      .where({ id: snapshot.id })
      .update({ expires_at: new Date(Date.now() - 1000) });
    await pageOf(410, by, snapshot.id);
    await snapshots.sweep();
    expect(snapshots.open).toBe(before - 1);
    expect(await held()).toBe(snapshots.open);
  });

  test('answers 410 once the process that held it is gone, and another can be had', async () => {
    const by = token();
    const usual = snapshots;
    snapshots = holder();
    const { snapshot } = await open(by);
    const admin = openDatabase(inject('adminDatabaseUrl'), { max: 1 });
    await admin.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'parcelpost-snapshot' and datname = ? order by backend_start desc limit 1`,
      [new URL(producer.ownUrl).pathname.slice(1)],
    );
    // A connection that has taken a view reads in it to the end: until it has left it.
    await until('no connection is in the view any more', async () => {
      const { rows } = await admin.raw(
        `select count(*)::int as n from pg_stat_activity
         where application_name = 'parcelpost-test-producer' and datname = ? and state = 'idle in transaction'`,
        [new URL(producer.ownUrl).pathname.slice(1)],
      );
      return rows[0].n === 0;
    });
    await admin.destroy();
    await until('the view is lost', async () => snapshots.open === 0);
    const lost = snapshots;
    snapshots = usual;
    await pageOf(410, by, snapshot.id);
    // What is left of it is found out and cleared away.
    expect((await open(by)).snapshot).toBeNull();
    expect((await open(by)).snapshot.id).not.toBe(snapshot.id);
    await lost.stop();
  });

  test('is released when the export of its token is decided', async () => {
    const by = token();
    const { snapshot } = await open(by);
    const before = snapshots.open;
    const id = await decidedExport(by.claims.jti);
    await snapshots.sweep();
    expect(snapshots.open).toBe(before - 1);
    expect(await producer.db('snapshots').where({ id: snapshot.id })).toEqual([]);
    await producer.db('exports').where({ id }).delete();
  });

  test('is null where as many are open as may be; where none may be; and readers read without', async () => {
    const usual = snapshots;
    snapshots = holder(5, 1);
    try {
      const first = await open(token());
      expect(first.snapshot).not.toBeNull();
      const second = await open(token());
      expect([second.snapshot, second.counts.parties]).toEqual([null, 34]);
    } finally {
      await snapshots.stop();
      snapshots = holder(5, 0);
      expect((await open(token())).snapshot).toBeNull();
      await snapshots.stop();
      snapshots = usual;
    }
  });

  test.each(['not-an-id', '00000003-0000001B-1', '%27%3B'])('%s is refused as no id of one', async (id) => {
    expect((await page(token(), id)).status).toBe(400);
  });

  test('that never was is gone', async () => {
    expect((await page(token(), '0b0c8f2e-7a7b-4a38-9c1e-000000000001')).status).toBe(410);
  });
});

/** Transactions that hold a view of this database open. */
async function held(): Promise<number> {
  const { rows } = await producer.db.raw(
    `select count(*)::int as n from pg_stat_activity
     where application_name = 'parcelpost-snapshot' and datname = current_database()`,
  );
  return rows[0].n;
}

/** An export that is over, for which this token was minted. */
async function decidedExport(jti: string): Promise<string> {
  const [{ id }] = await producer
    .db('exports')
    .insert({
      id: randomUUID(),
      organization: 'cadasta',
      project: 'london-2',
      project_name: 'London 2',
      organization_name: 'Cadasta',
      requester_id: producer.users.ana,
      requester: JSON.stringify({ id: producer.users.ana, name: 'Ana', email: 'ana@example.org', language: 'en' }),
      options: JSON.stringify({ outputType: 'custom', formats: ['csv'], csv: {}, allowPartial: false }),
      deadline_at: new Date(),
      outcome: 'failed',
      decided_at: new Date(),
    })
    .returning('id');
  await producer.db('scoped_tokens').insert({
    jti,
    export_id: id,
    generation: 1,
    user_id: producer.users.ana,
    recipient: 'export-service',
    expires_at: new Date(Date.now() + 3_600_000),
  });
  return id;
}
