/** How much of a project may lie in storage. */
import { randomUUID } from 'node:crypto';
import { projectUsage } from '@parcelpost/shared/db/services/project-quota.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { plantDecided } from '../support/planted.js';
import { PUBLIC_URL, send, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

const MB = 1024 * 1024;
const quota = { mb: 0 };
let producer: TestProducer;

beforeAll(async () => {
  producer = await startProducer({ quota });
});
beforeEach(async () => {
  quota.mb = 0;
  await producer.db.raw('truncate exports, files cascade');
});
afterAll(() => producer?.close());

/** A bundle of a project, `changes` made to its row. @returns the id of its export */
async function bundle(mb: number, project = 'london-2', changes: object = {}): Promise<string> {
  const expires_at = new Date(Date.now() + 3_600_000);
  const id = await plantDecided(producer.db, { project, expires_at, requester_id: producer.users.ana });
  await producer.db('files').insert({
    ...{ export_id: id, generation: 1, name: 'b.zip', storage_key: randomUUID(), media_type: 'application/zip' },
    ...{ bytes: mb * MB, sha256: '', expires_at, arrived_at: new Date(), pinned: true },
    ...{ owner_kind: 'project', owner_id: `cadasta/${project}` },
    ...changes,
  });
  return id;
}

const ask = (formats: string[] = ['csv'], project = 'london-2') =>
  send(producer.port, `/api/v1/organizations/cadasta/projects/${project}/exports`, {
    method: 'POST',
    headers: producer.bearer(producer.users.ana),
    body: unlikeOthers({ formats }),
  });
const change = (method: string, path: string) =>
  send(producer.port, `/api/v1/exports/${path}`, { method, headers: producer.bearer(producer.users.ana) });

test('without a quota nothing is refused', async () => {
  await bundle(5000);
  expect((await ask()).status).toBe(202);
});

test('a request beyond it is refused with what is used and what could go, and leaves nothing; letting that go makes room at once', async () => {
  quota.mb = 10;
  const [large, small] = [await bundle(6), await bundle(3)];
  await bundle(50, 'london-20');
  expect((await change('POST', `${large}/pin`)).status).toBe(200);
  const refused = await ask();
  expect(refused.status).toBe(403);
  expect(refused.json).toMatchObject({
    type: 'http://parcelpost.example.org/problems/project-over-quota',
    detail: expect.stringContaining('cadasta/london-2 may have 10 MB in storage. There are 9 MB of bundles'),
    quota: {
      ...{ most: 10 * MB, bundles: 9 * MB, uploads: 0, inFlight: 0, wanted: 3 * MB },
      largest: [
        { exportId: large, bytes: 6 * MB, pinned: true },
        { exportId: small, bytes: 3 * MB, pinned: false },
      ],
    },
  });
  expect(await producer.db('exports').whereNull('outcome')).toEqual([]);

  expect((await change('DELETE', `${large}/bundle`)).json.type).toContain('export-pinned');
  await change('DELETE', `${large}/pin`);
  expect((await change('DELETE', `${large}/bundle`)).status).toBe(200);
  expect((await ask()).status).toBe(202);
});

test('of twenty requests at once as many pass as there is room for, by what the newest bundle of the same formats took', async () => {
  quota.mb = 20;
  await bundle(4);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(4);
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(16);
  expect(answers.find(({ status }) => status === 403)?.json.quota).toMatchObject({ inFlight: 16 * MB, wanted: 4 * MB });
  expect((await ask(['csv'], 'london-20')).status).toBe(202);
});

test('what nobody knows the size of passes where there is any room, and not where there is none', async () => {
  quota.mb = 10;
  await bundle(9);
  expect((await ask(['geojson'])).status).toBe(202);
  await bundle(1);
  expect((await ask(['geojson'])).status).toBe(403);
});

test('a retry is counted too', async () => {
  quota.mb = 10;
  await bundle(8);
  const id = await plantDecided(producer.db, { outcome: 'failed', requester_id: producer.users.ana });
  expect((await change('POST', `${id}/retry`)).json.type).toContain('project-over-quota');
  expect(await producer.db('exports').where({ id }).first('generation', 'outcome')).toEqual({
    generation: 1,
    outcome: 'failed',
  });
  quota.mb = 16;
  expect((await change('POST', `${id}/retry`)).status).toBe(202);
});

test('a renewal is counted too, and who joins one that runs is not', async () => {
  quota.mb = 10;
  const large = await bundle(8);
  const older = { steps: { parties: 'older' }, warnings: [], missing: [] };
  await producer.db('exports').where({ id: large }).update({ result: older });
  const refused = await change('POST', `${large}/renew`);
  expect([refused.status, refused.json.type]).toEqual([403, `${PUBLIC_URL}/problems/project-over-quota`]);
  expect(await producer.db('exports').where({ renews: large })).toEqual([]);
  quota.mb = 16;
  const { json } = await change('POST', `${large}/renew`);
  expect(json).toMatchObject({ renews: large, joined: false });
  quota.mb = 10;
  expect((await change('POST', `${large}/renew`)).json).toMatchObject({ id: json.id, joined: true });
});

test('files that are added to a project count, and are refused beyond its quota', async () => {
  const upload = async () =>
    (
      await send(producer.port, '/api/v1/files?name=a.png', {
        method: 'POST',
        headers: { ...producer.bearer(producer.users.ana), 'content-type': 'image/png' },
        body: Buffer.alloc(MB),
      })
    ).json.id as string;
  const add = async (file: string) =>
    send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/resources/', {
      method: 'POST',
      headers: producer.bearer(producer.users.ana),
      body: { name: 'a', file },
    });
  quota.mb = 2;
  const [one, two, three] = [await upload(), await upload(), await upload()];
  const added = await Promise.all([one, two, three].map(add));
  expect(added.map(({ status }) => status).sort()).toEqual([201, 201, 403]);
  const refused = added.find(({ status }) => status === 403);
  expect(refused?.json.quota).toMatchObject({ uploads: 2 * MB, wanted: MB });
  expect((await ask()).status).toBe(403);
  expect(await projectUsage(producer.db, 10)).toEqual([
    { project: 'cadasta/london-2', bundles: 0, bundleBytes: 0, pinnedBytes: 0, uploads: 2, uploadBytes: 2 * MB },
  ]);
});

test('what each project uses is told, the largest first; what is out of reach counts until its bytes are gone', async () => {
  const pinned = await bundle(2);
  await change('POST', `${pinned}/pin`);
  await bundle(1, 'london-2', { removed_at: new Date() });
  await bundle(1, 'london-2', { removed_at: new Date(), cleared_at: new Date() });
  await bundle(7, 'london-20');
  expect(await projectUsage(producer.db, 10)).toEqual([
    { project: 'cadasta/london-20', bundles: 1, bundleBytes: 7 * MB, pinnedBytes: 0, uploads: 0, uploadBytes: 0 },
    { project: 'cadasta/london-2', bundles: 2, bundleBytes: 3 * MB, pinnedBytes: 2 * MB, uploads: 0, uploadBytes: 0 },
  ]);
});
