/** Uploads, and the resources that they become: who may, what is refused, and what is left of what broke off. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type FileHandle, readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { UploadService, uploadFolder, uploadKey } from '@parcelpost/shared/db/services/uploads.js';
import type { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import { mintScopedToken, projectPath } from '@parcelpost/shared/tokens/scoped-token.js';
import { secretKeys } from '@parcelpost/shared/tokens/token-keys.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearUploads } from '../../apps/producer/src/clear-uploads.js';
import { until } from '../support/platform-stack.js';
import { PUBLIC_URL, projectId, send, startProducer, type TestProducer, TOKEN_SECRET } from '../support/producer.js';
import { noteSyncs } from '../support/synced.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;
const MB = 1024 * 1024;
const bytes = randomBytes(MB / 2);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const RESOURCES = '/api/v1/organizations/cadasta/projects/london-2/resources/';

let producer: TestProducer;
let london: string;
/** One person for each role of the project, and one who manages the organization. */
const people: Record<string, string> = {};

beforeAll(async () => {
  producer = await startProducer();
  const { db } = producer;
  london = await projectId(db, 'london-2');
  const { organization_id } = await db('projects').where({ id: london }).first();
  for (const role of ['project_manager', 'data_collector', 'project_user']) {
    const [{ id }] = await db('users')
      .insert({ username: role, name: role, email: `${role}@example.org` })
      .returning('id');
    people[role] = id;
    await db('memberships').insert({ user_id: id, organization_id, project_id: london, role });
  }
  await db('parties').insert({ project_id: london, id: 'p1', name: 'P', type: 'IN' });
  await db('spatial_units').insert({ project_id: london, id: 'l1', type: 'PA' });
});
afterAll(() => producer?.close());

const collector = () => `${people.data_collector}`;

const post = (path: string, user: string, body: string | Buffer | object, headers: Record<string, string> = {}) =>
  send(producer.port, path, { method: 'POST', headers: { ...producer.bearer(user), ...headers }, body });

async function upload(user = collector(), name = 'map.png', mediaType = 'image/png'): Promise<string> {
  const answer = await post(`/api/v1/files?name=${encodeURIComponent(name)}`, user, bytes, {
    'content-type': mediaType,
  });
  expect(answer.status, answer.text).toBe(201);
  return answer.json.id;
}

const add = (body: object, user = collector(), path = RESOURCES) => post(path, user, body);
/** How many files there are in storage, those too that no key leads to. */
const filesInStorage = async () => {
  const { root } = producer.storage as FileStorage;
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
};
const rowOf = (id: string) => producer.db('files').where({ id }).first();
const stored = (id: string) => producer.storage.stat(uploadKey(id));
/** A refusal, and the fields that it names. */
const refusal = ({ status, json }: { status: number; json: { type: string; errors?: { pointer: string }[] } }) => [
  status,
  json.type.split('/').at(-1),
  ...new Set((json.errors ?? []).map(({ pointer }) => pointer)),
];

describe('an upload', () => {
  it('is streamed into storage, and belongs to who uploaded it', async () => {
    const answer = await post('/api/v1/files?name=%E0%B9%81%E0%B8%9C%E0%B8%99.png', collector(), bytes, {
      'content-type': 'Image/PNG; x=1',
    });
    expect(answer.json).toEqual({
      id: expect.any(String),
      name: 'แผน.png',
      mediaType: 'image/png',
      bytes: bytes.length,
      sha256,
    });
    const { id } = answer.json;
    expect((await producer.storage.readAll(uploadKey(id))).equals(bytes)).toBe(true);
    expect(await rowOf(id)).toMatchObject({ kind: 'upload', owner_kind: 'user', owner_id: collector(), pinned: false });
  });

  it('is on the disk before it is answered', async () => {
    const syncs = await noteSyncs();
    const id = await upload().finally(syncs.stop);
    const { root } = producer.storage as FileStorage;
    expect(await syncs.of(join(root, uploadKey(id)))).toBe(true);
    expect(await syncs.of(join(root, uploadFolder(id)))).toBe(true);
  });

  it('needs neither a media type nor a length, nor bytes', async () => {
    const answer = await post('/api/v1/files?name=empty', collector(), '');
    expect(answer.json).toMatchObject({ mediaType: 'application/octet-stream', bytes: 0 });
  });

  it('is refused without a name, with a path for one, with a media type that is none', async () => {
    const to = (query: string, mediaType = 'image/png') =>
      post(`/api/v1/files${query}`, collector(), 'x', { 'content-type': mediaType });
    expect(refusal(await to(''))).toEqual([400, 'invalid-parameter', 'name']);
    for (const name of ['', '..%2Fa', 'a%5Cb', 'a%00b', 'x'.repeat(256)]) {
      expect(refusal(await to(`?name=${name}`)), name).toEqual([400, 'invalid-parameter', 'name']);
    }
    expect(refusal(await to('?name=a', 'not a type'))).toEqual([415, 'unsupported-media-type']);
    expect(refusal(await to('?name=a', `${'x'.repeat(200)}/y`))).toEqual([400, 'invalid-parameter', 'Content-Type']);
  });

  it('over the limit is refused before it is read, or as soon as it is over; nothing of it stays', async () => {
    const before = await producer.db('files').count();
    const large = Buffer.alloc(MB + 1);
    const known = await post('/api/v1/files?name=large', collector(), '', { 'content-length': String(large.length) });
    expect(refusal(known)).toEqual([413, 'file-too-large']);
    const unknown = await post('/api/v1/files?name=large', collector(), large, {
      'transfer-encoding': 'chunked',
    });
    expect(refusal(unknown)).toEqual([413, 'file-too-large']);
    expect(await producer.db('files').count()).toEqual(before);
  });

  it('that breaks off leaves nothing', async () => {
    const before = await producer.db('files').count();
    const half = httpRequest({
      port: producer.port,
      path: '/api/v1/files?name=half',
      method: 'POST',
      headers: { ...producer.bearer(collector()), 'content-type': 'image/png', 'content-length': String(bytes.length) },
    });
    half.on('error', () => {});
    half.write(bytes.subarray(0, 1000));
    await until('its row is there', async () => (await producer.db('files').where({ name: 'half' })).length === 1);
    half.destroy();
    await until('nothing is', async () => (await producer.db('files').where({ name: 'half' })).length === 0);
    expect(await producer.db('files').count()).toEqual(before);
  });

  it('is for those who may add resources to some project', async () => {
    for (const user of [`${people.project_user}`, producer.users.eve, producer.users.ben]) {
      const answer = await post('/api/v1/files?name=a', user, 'x');
      expect(refusal(answer)).toEqual([403, 'resource-not-permitted']);
    }
    expect((await send(producer.port, '/api/v1/files?name=a', { method: 'POST', body: 'x' })).status).toBe(401);
    expect((await send(producer.port, '/api/v1/files')).status).toBe(405);
  });
});

describe('of one person', () => {
  const HOUR = 3_600_000;
  const manager = () => `${people.project_manager}`;
  const one = (headers: object = {}) => post('/api/v1/files?name=a', manager(), bytes, { ...headers });
  /** Uploads that wait, each a minute younger than the one before. */
  async function waiting(sizes: readonly number[]): Promise<string[]> {
    await producer.db('files').where({ owner_id: manager() }).delete();
    const about = { kind: 'upload', name: 'a', media_type: 'image/png', sha256: '00', arrived_at: new Date() };
    const rows = sizes.map((size, index) => {
      const id = randomUUID();
      const created_at = new Date(Date.now() - HOUR + index * 60_000);
      return { ...about, id, storage_key: id, owner_kind: 'user', owner_id: manager(), bytes: size, created_at };
    });
    if (rows.length > 0) await producer.db('files').insert(rows);
    return rows.map(({ id }) => id);
  }
  /** In how many minutes to try again. */
  const minutes = ({ headers }: { headers: Record<string, unknown> }) =>
    Math.round(Number(headers['retry-after']) / 60);
  const remove = (id: unknown) => producer.db('files').where({ id }).delete();

  it('no more than fifty uploads wait, however many come at once; the next may when one has found its place', async () => {
    const [oldest] = await waiting(Array.from({ length: 48 }, () => 1));
    const answers = await Promise.all(Array.from({ length: 6 }, () => one()));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 429, 429, 429, 429]);
    const refused = answers.find(({ status }) => status === 429) as (typeof answers)[0];
    expect(refused.json).toMatchObject({
      type: type('too-many-uploads'),
      limit: { name: 'person-uploads', most: 50, current: 50 },
    });
    // The oldest has been there for an hour of its 24, and is cleared within a minute.
    expect(minutes(refused)).toBe(23 * 60 + 1);
    expect(Date.parse(refused.json.limit.retryAt)).toBeGreaterThan(Date.now() + 22 * HOUR);
    expect((await post('/api/v1/files?name=a', collector(), 'x')).status).toBe(201);
    await producer
      .db('files')
      .where({ id: oldest })
      .update({ owner_kind: 'record', owner_id: 'cadasta/london-2/x', pinned: true });
    expect((await one()).status).toBe(201);
    await remove(oldest);
  });

  it('no more than so many megabytes wait; one of unknown size counts as the largest, and one alone may be any', async () => {
    await waiting([100 * MB, 600 * MB, 299.5 * MB]);
    expect((await one()).status).toBe(201);
    await waiting([100 * MB, 600 * MB, 299.5 * MB]);
    const refused = await one({ 'transfer-encoding': 'chunked' });
    expect([refused.status, refused.json.limit]).toMatchObject([
      429,
      { name: 'person-upload-mb', most: 1000, current: 1000 },
    ]);
    expect(minutes(refused)).toBe(23 * 60 + 1);
    await waiting([0.25 * MB, 600 * MB, 399.5 * MB]);
    // That one of them is gone is not enough.
    expect(minutes(await one({ 'transfer-encoding': 'chunked' }))).toBe(23 * 60 + 2);
    await waiting([]);
    const about = { id: randomUUID(), name: 'large', mediaType: 'image/png', bytes: 2000 * MB };
    const owner = { kind: 'user', id: manager() } as const;
    await new UploadService(producer.db).begin({ ...about, owner }, { files: 50, mb: 1000, ttlMs: 24 * HOUR });
    expect((await one()).status).toBe(429);
    await waiting([]);
  });
});

describe('a resource', () => {
  const links = [
    { id: 'p1', type: 'party' },
    { id: 'l1', type: 'spatialunit' },
  ];

  it('takes its file over, and shows in the project with its links', async () => {
    const file = await upload();
    const answer = await add({ name: 'Map', description: 'of it', file, links });
    expect(answer.status, answer.text).toBe(201);
    const { id } = answer.json;
    expect(answer.json).toEqual({
      id,
      name: 'Map',
      description: 'of it',
      links,
      file: `${PUBLIC_URL}${RESOURCES}${id}/file`,
    });
    const owner = { owner_kind: 'record', owner_id: `cadasta/london-2/${id}`, pinned: true };
    expect(await rowOf(file)).toMatchObject(owner);
    expect(await producer.db('project_counts').where({ project_id: london, entity: 'resources' })).toMatchObject([
      { n: 1 },
    ]);
    const { json } = await read(RESOURCES);
    const here = `http://127.0.0.1:${producer.port}`;
    expect(json).toMatchObject({
      count: 1,
      results: [{ id, file: `${here}${RESOURCES}${id}/file`, original_file: 'map.png', mime_type: 'image/png', links }],
    });
  });

  it('is refused, and names the field, where the file is not one to give; nothing is added', async () => {
    const before = await producer.db('resources').count();
    const [mine, others] = [await upload(), await upload(`${people.project_manager}`)];
    expect((await add({ name: 'first', file: mine })).status).toBe(201);
    for (const file of [mine, others, randomUUID()]) {
      expect(refusal(await add({ name: 'again', file }))).toEqual([422, 'file-not-yours', '/file']);
    }
    expect(await producer.db('resources').count()).toEqual([{ count: Number(before[0]?.count) + 1 }]);
  });

  it('of two requests at once with the same file there is one', async () => {
    const file = await upload();
    const answers = await Promise.all(Array.from({ length: 5 }, () => add({ name: 'race', file })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422, 422]);
    expect(await producer.db('resources').where({ name: 'race' })).toHaveLength(1);
  });

  it('is refused, and names each field, where links lead nowhere or are there twice, or the body is wrong', async () => {
    const file = await upload();
    const other = { id: 'p1', type: 'tenurerelationship' };
    expect(refusal(await add({ name: 'a', file, links: [...links, other, { id: 'p2', type: 'party' }] }))).toEqual([
      422,
      'invalid-request',
      '/links/2/id',
      '/links/3/id',
    ]);
    expect(refusal(await add({ name: 'a', file, links: [...links, links[0]] }))).toEqual([
      422,
      'invalid-request',
      '/links/2',
    ]);
    expect(refusal(await add({ name: 'a\0', file: 'x', links: [{ id: '', type: 'x' }], more: 1 }))).toEqual([
      422,
      'invalid-request',
      '/name',
      '/file',
      '/links/0/id',
      '/links/0/type',
      '/more',
    ]);
    expect(await rowOf(file)).toMatchObject({ owner_kind: 'user', pinned: false });
  });

  it.each([
    ['an administrator of the organization', () => producer.users.ana, 201],
    ['a project manager', () => `${people.project_manager}`, 201],
    ['a data collector', () => collector(), 201],
    ['a project user', () => `${people.project_user}`, 403],
    ['a stranger', () => producer.users.eve, 404],
  ])('of %s', async (_, who, status) => {
    const user = who();
    const file = status === 201 ? await upload(user) : randomUUID();
    expect((await add({ name: 'a', file }, user)).status).toBe(status);
  });

  it('of somebody who sees a public project and is not of it is refused, and so is one of an archived project', async () => {
    const file = await upload();
    expect(refusal(await add({ name: 'a', file }, collector(), RESOURCES.replace('london-2', 'open')))).toEqual([
      403,
      'resource-not-permitted',
    ]);
    await producer.db('projects').where({ id: london }).update({ archived: true });
    expect(refusal(await add({ name: 'a', file }))).toEqual([403, 'project-archived']);
    await producer.db('projects').where({ id: london }).update({ archived: false });
    expect((await add({ name: 'a', file })).status).toBe(201);
  });
});

describe('the file of a resource', () => {
  let path: string;
  beforeAll(async () => {
    const { json } = await add({ name: 'Map', file: await upload(collector(), 'ลอนดอน.html', 'text/html') });
    path = `${RESOURCES}${json.id}/file`;
  });

  it('is read with a scoped token of its project, whole or in part, and never as a page', async () => {
    const whole = await read(path);
    expect([whole.status, whole.body.equals(bytes)]).toEqual([200, true]);
    expect(whole.headers).toMatchObject({
      etag: `"${sha256}"`,
      'content-type': 'text/html',
      'x-content-type-options': 'nosniff',
    });
    expect(whole.headers['content-disposition']).toMatch(/^attachment; .*filename\*=UTF-8''/);
    const part = await read(path, { range: 'bytes=10-19' });
    expect([part.status, part.body.equals(bytes.subarray(10, 20))]).toEqual([206, true]);
    expect((await read(path, { 'if-none-match': `"${sha256}"` })).status).toBe(304);
  });

  it('is not read with one of another project, nor by somebody who may not see the project any more', async () => {
    expect((await read(path, {}, { project: 'london-20' })).status).toBe(403);
    expect((await read(path, {}, { user: producer.users.eve })).json.type).toBe(type('project-not-permitted'));
    expect((await send(producer.port, path)).status).toBe(401);
    expect((await send(producer.port, path, { headers: producer.bearer(collector()) })).status).toBe(401);
  });

  it('that lies elsewhere, or is of another project, is not there', async () => {
    await producer.db('resources').insert({
      project_id: london,
      id: 'elsewhere',
      name: 'E',
      file: 'https://files.example.org/e.pdf',
      original_file: 'e.pdf',
      mime_type: 'application/pdf',
    });
    expect(refusal(await read(`${RESOURCES}elsewhere/file`))).toEqual([404, 'resource-file-not-found']);
    const { json } = await read(RESOURCES);
    expect(json.results.at(-1)).toMatchObject({ id: 'elsewhere', file: 'https://files.example.org/e.pdf' });
    const other = path.replace('london-2', 'london-20');
    expect(refusal(await read(other, {}, { project: 'london-20', user: producer.users.ana }))).toEqual([
      404,
      'resource-file-not-found',
    ]);
  });
});

describe('an upload that nothing refers to', () => {
  const hours = (n: number) => n * 3_600_000;
  const clear = (storage = producer.storage) => clearUploads(new UploadService(producer.db), storage, hours(24));
  const age = (id: string) =>
    producer
      .db('files')
      .where({ id })
      .update({ created_at: new Date(Date.now() - hours(25)) });

  it('is removed when its time is over, bytes and row; a fresh one, and one that was attached, stay', async () => {
    await clear();
    const [old, fresh, attached] = [await upload(), await upload(), await upload()];
    expect((await add({ name: 'kept', file: attached })).status).toBe(201);
    await age(old);
    await age(attached);
    expect(await clear()).toBe(1);
    expect([await rowOf(old), await stored(old)]).toEqual([undefined, undefined]);
    for (const id of [fresh, attached])
      expect([(await rowOf(id))?.id, await stored(id)]).toEqual([id, { bytes: bytes.length }]);
  });

  it('is in nobody’s reach once its bytes may be gone, and goes in a later round where storage was away', async () => {
    const [old, other] = [await upload(), await upload()];
    await age(old);
    await age(other);
    const away = Object.assign(Object.create(producer.storage), {
      removePrefix: async (prefix: string) => {
        if (prefix.endsWith(old)) throw new Error('storage is away');
        await producer.storage.removePrefix(prefix);
      },
    });
    await expect(clear(away)).rejects.toThrow('1 uploads could not be removed');
    expect(await rowOf(other)).toBeUndefined();
    expect(refusal(await add({ name: 'late', file: old }))).toEqual([422, 'file-not-yours', '/file']);
    expect(await clear()).toBe(1);
    expect([await rowOf(old), await stored(old)]).toEqual([undefined, undefined]);
  });

  it('of which a killed producer wrote only a part leaves nothing in storage', async () => {
    await clear();
    const id = randomUUID();
    const before = await filesInStorage();
    const owner = { kind: 'user', id: collector() } as const;
    await new UploadService(producer.db).begin(
      { id, name: 'half', mediaType: 'image/png', owner, bytes: bytes.length },
      { files: 0, mb: 0, ttlMs: hours(24) },
    );
    // As SIGKILL leaves it: neither committed nor aborted.
    const writer = (await producer.storage.create(uploadKey(id))) as StorageWriter & { file: FileHandle };
    await writer.write(bytes);
    await writer.file.close();
    expect(await filesInStorage()).toBe(before + 1);
    await age(id);
    expect(await clear()).toBe(1);
    expect([await rowOf(id), await filesInStorage()]).toEqual([undefined, before]);
  });

  it('is left to another producer that has taken over', async () => {
    await clear();
    const file = await upload();
    await age(file);
    const uploads = new UploadService(producer.db);
    expect(await clearUploads(uploads, producer.storage, hours(24), async () => false)).toBe(0);
    expect(await stored(file)).toEqual({ bytes: bytes.length });
    expect(await clearUploads(uploads, producer.storage, hours(24), async () => true)).toBe(1);
  });

  it('that is being attached in this very moment is left alone', async () => {
    const file = await upload();
    await age(file);
    const attaching = await producer.db.transaction();
    await attaching('files').where({ id: file }).forNoKeyUpdate().select('id');
    expect(await clear()).toBe(0);
    await attaching.rollback();
    expect(await clear()).toBe(1);
  });
});

/** Reads the platform API with a scoped token. */
async function read(
  path: string,
  headers: Record<string, string> = {},
  { project = 'london-2', user = collector() }: { project?: string; user?: string } = {},
) {
  const keys = secretKeys([TOKEN_SECRET]);
  const { token } = mintScopedToken({ userId: user, paths: [projectPath('cadasta', project)] }, keys);
  return send(producer.port, path, { headers: { authorization: `TmpToken ${token}`, ...headers } });
}

describe('an upload that nobody needs', () => {
  const discard = (id: string, user = collector()) =>
    send(producer.port, `/api/v1/files/${id}`, { method: 'DELETE', headers: producer.bearer(user) });

  it('is taken away by its uploader, at once out of reach, and makes room; its bytes go with the next clearing', async () => {
    const id = await upload();
    expect(refusal(await discard(id, `${people.project_manager}`))).toEqual([404, 'file-not-found']);
    expect((await discard(id)).status).toBe(204);
    expect(refusal(await add({ name: 'a', file: id }))).toEqual([422, 'file-not-yours', '/file']);
    expect(refusal(await discard(id))).toEqual([404, 'file-not-found']);
    await clearUploads(new UploadService(producer.db), producer.storage, 3_600_000);
    expect([await stored(id), await rowOf(id)]).toEqual([undefined, undefined]);
  });

  it('is not taken away once it has been added to a project', async () => {
    const id = await upload();
    expect((await add({ name: 'kept', file: id })).status).toBe(201);
    expect(refusal(await discard(id))).toEqual([404, 'file-not-found']);
    expect(await stored(id)).toEqual({ bytes: bytes.length });
    expect(refusal(await discard('not-an-id'))).toEqual([404, 'file-not-found']);
  });
});
