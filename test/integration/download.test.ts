/** The bundle's download: whole, in part, not again, and not at all. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { projectOwner, userOwner } from '@parcelpost/shared/files/owner.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUBLIC_URL, send, session, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

const type = (name: string) => `${PUBLIC_URL}/problems/${name}`;
const bytes = randomBytes(300_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const NAME = '2026-03-01_ลอนดอน "2"_shp.zip';

let producer: TestProducer;
let done: string;

beforeAll(async () => {
  producer = await startProducer();
  done = await finished(NAME);
});
afterAll(() => producer.close());

async function requested(): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(producer.users.ben),
    body: unlikeOthers({ outputType: 'shp' }),
  });
  return json.id;
}

const decide = (id: string, outcome: string, expiresAt: Date | null) =>
  producer
    .db('exports')
    .where({ id })
    .update({ outcome, phase: 'decided', decided_at: new Date(), expires_at: expiresAt });

async function finished(name: string, expiresAt = inAnHour()): Promise<string> {
  const id = await requested();
  await leave(id, 1, name, expiresAt);
  await decide(id, 'completed', expiresAt);
  return id;
}

const inAnHour = () => new Date(Date.now() + 3_600_000);

/** Leaves a bundle of one try. */
async function leave(
  id: string,
  generation: number,
  name: string,
  expiresAt = inAnHour(),
  owner = projectOwner({ organization: 'cadasta', project: 'london-2' }),
): Promise<void> {
  const storageKey = `cadasta/london-2/${id}/bundle-${generation}/bundle.zip`;
  await producer.storage.put(storageKey, bytes);
  await new FileService(producer.db).insert(
    producer.db,
    {
      exportId: id,
      generation,
      name,
      storageKey,
      mediaType: 'application/zip',
      bytes: bytes.length,
      sha256,
      contents: [{ name: 'parties.csv', rows: 3, bytes: 10, sha256 }],
      expiresAt,
    },
    owner,
  );
}

const get = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
  send(producer.port, `/api/v1/exports/${id}/download`, {
    method,
    headers: { ...producer.bearer(producer.users.ben), ...headers },
  });

it('gives the whole file, and says what it is called, how long it is, and which version', async () => {
  const { status, headers, body } = await get(done);
  expect(status).toBe(200);
  expect(body.equals(bytes)).toBe(true);
  expect(headers).toMatchObject({
    'content-type': 'application/zip',
    'content-length': String(bytes.length),
    etag: `"${sha256}"`,
    'accept-ranges': 'bytes',
  });
  expect(Date.parse(`${headers['last-modified']}`)).toBeGreaterThan(Date.now() - 3_600_000);
  // RFC 6266: a plain name for old readers, the real one in filename*.
  expect(headers['content-disposition']).toMatch(/^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''/);
  const [, star = ''] = /filename\*=UTF-8''(\S+)/.exec(`${headers['content-disposition']}`) ?? [];
  expect(decodeURIComponent(star)).toBe(NAME);
});

it('works as often as it is asked', async () => {
  for (let i = 0; i < 3; i++) expect((await get(done)).body.length).toBe(bytes.length);
});

it('HEAD says the same and sends nothing', async () => {
  const whole = await get(done);
  const { status, headers, body } = await get(done, {}, 'HEAD');
  expect([status, body.length]).toEqual([200, 0]);
  for (const name of ['content-length', 'content-type', 'etag', 'content-disposition', 'last-modified']) {
    expect(headers[name], name).toBe(whole.headers[name]);
  }
});

describe('a part of it', () => {
  it.each<[string, number, number]>([
    ['bytes=0-99', 0, 99],
    ['bytes=1000-1999', 1000, 1999],
    ['bytes=299000-', 299_000, 299_999],
    ['bytes=-5', 299_995, 299_999],
    ['bytes=-999999', 0, 299_999],
    ['bytes=299999-400000', 299_999, 299_999],
  ])('%s', async (range, start, end) => {
    const { status, headers, body } = await get(done, { range });
    expect([status, headers['content-range']]).toEqual([206, `bytes ${start}-${end}/300000`]);
    expect(headers['content-length']).toBe(String(end - start + 1));
    expect(body.equals(bytes.subarray(start, end + 1))).toBe(true);
  });

  it('outside of the file is 416, and the size is named', async () => {
    const { status, headers, json } = await get(done, { range: 'bytes=300000-' });
    expect([status, headers['content-range'], json.type]).toEqual([
      416,
      'bytes */300000',
      type('range-not-satisfiable'),
    ]);
  });

  it('that is malformed, or several, is answered by the whole', async () => {
    for (const range of ['bytes=9-1', 'bytes=x', 'bytes=0-1,5-9', 'lines=1-2']) {
      const { status, body } = await get(done, { range });
      expect([status, body.length], range).toEqual([200, bytes.length]);
    }
  });

  it('resumes only the version that was begun', async () => {
    const same = await get(done, { range: 'bytes=10-', 'if-range': `"${sha256}"` });
    expect([same.status, same.body.length]).toEqual([206, bytes.length - 10]);
    const other = await get(done, { range: 'bytes=10-', 'if-range': '"another"' });
    expect([other.status, other.body.length]).toEqual([200, bytes.length]);
    const { headers } = same;
    expect((await get(done, { range: 'bytes=10-', 'if-range': `${headers['last-modified']}` })).status).toBe(206);
  });

  it('a download that broke off is whole once it is resumed', async () => {
    const parts = [];
    for (let at = 0; at < bytes.length; at += 70_000) {
      const range = `bytes=${at}-${at + 69_999}`;
      parts.push((await get(done, { range, 'if-range': `"${sha256}"` })).body);
    }
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  it('HEAD of a part says its length', async () => {
    const { status, headers, body } = await get(done, { range: 'bytes=0-9' }, 'HEAD');
    expect([status, headers['content-length'], body.length]).toEqual([206, '10', 0]);
  });
});

it('is not sent again to somebody who has it', async () => {
  const { status, body, headers } = await get(done, { 'if-none-match': `"x", "${sha256}"` });
  expect([status, body.length, headers.etag]).toEqual([304, 0, `"${sha256}"`]);
  expect((await get(done, { 'if-none-match': '"x"' })).status).toBe(200);
  expect((await get(done, { 'if-none-match': `"${sha256}"`, range: 'bytes=0-1' })).status).toBe(304);
});

describe('who may have it', () => {
  it('a member by Bearer token or by session cookie; nobody else', async () => {
    const path = `/api/v1/exports/${done}/download`;
    expect((await send(producer.port, path, { headers: session(producer.users.ben) })).body.equals(bytes)).toBe(true);
    expect((await send(producer.port, path, { headers: session(producer.users.eve) })).status).toBe(404);
    expect((await send(producer.port, path)).status).toBe(401);
    expect((await send(producer.port, path, { headers: { cookie: 'parcelpost_session=x' } })).status).toBe(401);
    // The cookie opens the download and no other part of the API.
    expect(
      (await send(producer.port, `/api/v1/exports/${done}`, { headers: session(producer.users.ben) })).status,
    ).toBe(401);
  });
});

describe('it is the project’s, and whoever may see that may have it', () => {
  const of = (id: string, user: string) =>
    send(producer.port, `/api/v1/exports/${id}/download`, { headers: producer.bearer(user) });
  const standing = async (user: string) => {
    const { status, json } = await of(done, user);
    return [status, json.type];
  };
  const project = () => producer.db('projects').where({ slug: 'london-2' });
  const stranger = [404, type('export-not-found')];

  it('another member than who asked, as long as they are one', async () => {
    const { ana, ben, eve } = producer.users;
    expect((await of(done, ana)).body.equals(bytes)).toBe(true);
    expect(await standing(eve)).toEqual(stranger);
    const [{ id: project_id, organization_id }] = await project().select('id', 'organization_id');
    const membership = { user_id: eve, organization_id, project_id, role: 'project_user' };
    await producer.db('memberships').insert(membership);
    expect((await of(done, eve)).body.equals(bytes)).toBe(true);
    await producer.db('memberships').where({ user_id: eve }).delete();
    expect(await standing(eve)).toEqual(stranger);

    // Who asked has no claim to it once the project does not count them among its members.
    const removed = await producer.db('memberships').where({ user_id: ben }).delete().returning('*');
    expect(await standing(ben)).toEqual(stranger);
    await producer.db('memberships').insert(removed.map(({ id, ...row }) => row));
    expect((await of(done, ben)).status).toBe(200);
  });

  it('of a public project everybody who is known here, until it goes private', async () => {
    const { eve } = producer.users;
    await project().update({ access: 'public' });
    expect((await of(done, eve)).body.equals(bytes)).toBe(true);
    // That there are exports, and what became of them, stays the members' business.
    const state = await send(producer.port, `/api/v1/exports/${done}`, { headers: producer.bearer(eve) });
    expect(state.status).toBe(404);
    const [running, expired] = [await requested(), await finished('gone.zip', new Date(Date.now() - 1000))];
    for (const id of [running, expired]) {
      const { status, json } = await of(id, eve);
      expect([status, json.type]).toEqual(stranger);
    }
    await project().update({ access: 'private' });
    expect(await standing(eve)).toEqual(stranger);
  });

  it('whose it is says the file itself: one that is nobody’s project’s yet is not there', async () => {
    const id = await requested();
    await leave(id, 1, 'mine.zip', inAnHour(), userOwner(producer.users.ben));
    await decide(id, 'completed', inAnHour());
    for (const user of [producer.users.ben, producer.users.ana]) {
      const { status, json } = await of(id, user);
      expect([status, json.type]).toEqual([409, type('export-without-file')]);
    }
  });
});

describe('the bundle of a partial export that is tried again', () => {
  const headers = () => producer.bearer(producer.users.ben);
  const stateOf = async (id: string) =>
    (await send(producer.port, `/api/v1/exports/${id}`, { headers: headers() })).json;
  async function triedAgain(expiresAt = inAnHour()): Promise<string> {
    const id = await requested();
    await leave(id, 1, 'first.zip', expiresAt);
    await decide(id, 'partial', expiresAt);
    const retry = await send(producer.port, `/api/v1/exports/${id}/retry`, { method: 'POST', headers: headers() });
    expect(retry.status, retry.text).toBe(202);
    return id;
  }

  it('stays to be downloaded while the next try runs, and once that has failed', async () => {
    const id = await triedAgain();
    for (const state of ['waiting', 'failed']) {
      const view = await stateOf(id);
      expect(view).toMatchObject({ state, generation: 2, bundle: { name: 'first.zip', generation: 1 } });
      expect(view.links.download).toBe(`${PUBLIC_URL}/api/v1/exports/${id}/download`);
      expect((await get(id)).body.equals(bytes)).toBe(true);
      const page = await send(producer.port, `/exports/${id}`, { headers: session(producer.users.ben) });
      expect(page.text).toContain('what try 1 could read');
      await decide(id, 'failed', null);
    }
  });

  it('is the next try’s own, once that has one', async () => {
    const id = await triedAgain();
    await leave(id, 2, 'second.zip');
    // Read before the decision, it is not known yet.
    expect(await stateOf(id)).toMatchObject({ state: 'waiting', bundle: { name: 'first.zip' } });
    await decide(id, 'completed', inAnHour());
    expect(await stateOf(id)).toMatchObject({ state: 'completed', bundle: { name: 'second.zip', generation: 2 } });
    expect((await get(id)).headers['content-disposition']).toContain('second.zip');
  });

  it('goes when its time is over', async () => {
    const id = await triedAgain();
    const earlier = { expires_at: new Date(Date.now() - 1000) };
    await producer.db('files').where({ export_id: id }).update(earlier);
    expect(await stateOf(id)).toMatchObject({ state: 'waiting', bundle: null, links: { download: null } });
    expect((await get(id)).json.type).toBe(type('export-unfinished'));
    await decide(id, 'failed', null);
    expect((await get(id)).json.type).toBe(type('export-without-file'));
  });
});

describe('there is nothing to download', () => {
  it('while the export runs', async () => {
    const { status, json } = await get(await requested());
    expect([status, json.type]).toEqual([409, type('export-unfinished')]);
  });

  it('when it failed', async () => {
    const id = await requested();
    await decide(id, 'failed', null);
    const { status, json } = await get(id);
    expect([status, json.type]).toEqual([409, type('export-without-file')]);
  });

  it('when it has expired, and the state says so', async () => {
    const id = await finished('old.zip', new Date(Date.now() - 1000));
    const { status, json } = await get(id);
    expect([status, json.type]).toEqual([410, type('export-expired')]);
    const state = await send(producer.port, `/api/v1/exports/${id}`, { headers: producer.bearer(producer.users.ben) });
    expect(state.json).toMatchObject({
      state: 'expired',
      outcome: 'completed',
      bundle: null,
      links: { download: null },
    });
  });

  it('when storage lost it: an error of ours, never a short file after a 200', async () => {
    const id = await finished('lost.zip');
    const [{ storageKey } = { storageKey: '' }] = await new FileService(producer.db).ofExports([id]);
    await producer.storage.put(storageKey, bytes.subarray(0, 100));
    expect((await get(id)).json.type).toBe(type('internal-error'));
    await producer.storage.remove(storageKey);
    expect((await get(id)).json.type).toBe(type('internal-error'));
  });

  it('for an export that is none', async () => {
    expect((await get(randomUUID())).json.type).toBe(type('export-not-found'));
  });
});

it('the state of a finished export names bundle, files and link', async () => {
  const { json } = await send(producer.port, `/api/v1/exports/${done}`, {
    headers: producer.bearer(producer.users.ben),
  });
  expect(json).toMatchObject({
    state: 'completed',
    bundle: { name: NAME, bytes: bytes.length, sha256 },
    files: [{ name: 'parties.csv', rows: 3, bytes: 10, sha256 }],
    links: { download: `${PUBLIC_URL}/api/v1/exports/${done}/download` },
  });
});
