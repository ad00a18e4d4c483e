/** The pages of projects: the list, one project, its map, and its form; read as a browser without script gets them. */
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { takeKey } from '@parcelpost/shared/db/services/idempotency-keys.js';
import { ProjectDirectory } from '@parcelpost/shared/db/services/project-directory.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filledForm, formKey, requestOf } from '../../apps/producer/src/pages/project/form.js';
import { plantDecided } from '../support/planted.js';
import { projectId, send, sendForm, session, startProducer, type TestProducer } from '../support/producer.js';

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer();
  const [project_id, london] = await Promise.all([projectId(producer.db, 'open'), projectId(producer.db, 'london-2')]);
  const geometry = (x: number, y: number) => JSON.stringify({ type: 'Point', coordinates: [x, y] });
  await producer.db('spatial_units').insert([
    { project_id, id: 'a', type: 'PA', geometry: geometry(1, 2) },
    { project_id, id: 'b', type: 'PA', geometry: geometry(3, 5) },
    { project_id, id: 'c', type: 'PA', geometry: null },
    { project_id: london, id: 'a', type: 'PA', geometry: geometry(-0.1, 51.5) },
  ]);
});
afterAll(() => producer.close());

const LONDON = '/projects/cadasta/london-2';
const open = (target: string, user: string, headers: Record<string, string> = {}) =>
  send(producer.port, target, { headers: { ...session(user), ...headers } });
const post = (fields: Record<string, string>, user = producer.users.ben, target = LONDON) =>
  sendForm(
    producer,
    `${target}/exports`,
    { what: 'shp', delimiter: 'comma', geometry: 'ewkt', ...fields },
    session(user),
  );
const exportOf = async (location: unknown) =>
  (await producer.db('exports').where({ id: String(location).split('/').at(-1) })).at(0);

describe('the list of projects', () => {
  it('has those that somebody may see, by organization, and no others', async () => {
    const { status, text } = await open('/projects', producer.users.ben);
    expect(status).toBe(200);
    expect(text).toContain('<h2>Cadasta</h2>');
    expect(text).toContain(`<a href="${LONDON}">London &quot;2&quot;</a>`);
    expect(text).toContain('/projects/cadasta/open');
    expect(text).toContain('3 locations');
    expect(text).not.toContain('london-20');
    expect(text).not.toContain('us-census');
    const eve = (await open('/projects', producer.users.eve)).text;
    expect(eve).toContain('/projects/cadasta/open');
    expect(eve).not.toContain(LONDON);
  });

  it('finds projects by a part of a name, and goes on page after page', async () => {
    expect((await open('/projects?q=LONDON%20%22', producer.users.ana)).text).not.toContain('/projects/cadasta/open');
    expect((await open('/projects?q=100%25', producer.users.ana)).text).toContain('No project matches “100%”.');
    const organization_id = (await producer.db('organizations').where({ slug: 'us-census' }).first('id')).id;
    await producer.db('projects').insert(
      Array.from({ length: 60 }, (_, place) => ({
        organization_id,
        slug: `p${place}`,
        name: `Many ${place}`,
        access: 'public',
      })),
    );
    const seen = new Set<string>();
    let next: string | undefined = '/projects?q=many';
    let pages = 0;
    while (next !== undefined) {
      const { text }: { text: string } = await open(next, producer.users.eve);
      for (const [, slug] of text.matchAll(/us-census\/(p\d+)"/g)) seen.add(`${slug}`);
      next = /<a href="([^"]+)">More projects/.exec(text)?.[1]?.replaceAll('&amp;', '&');
      pages += 1;
    }
    expect([seen.size, pages]).toEqual([60, 2]);
    await producer.db('projects').where('slug', 'like', 'p%').delete();
  });

  it('is where the service begins, after signing in', async () => {
    expect((await send(producer.port, '/')).headers.location).toBe('/projects');
    expect((await send(producer.port, '/projects')).headers.location).toBe('/sign-in?next=%2Fprojects');
  });
});

describe('the page of a project', () => {
  it('of which somebody is no member, and which is not public, is not there: neither page, nor map, nor exports', async () => {
    for (const target of ['', '/map.json', '/map.svg', '/exports.json']) {
      expect((await open(`${LONDON}${target}`, producer.users.eve)).status, target).toBe(404);
    }
    expect((await post({}, producer.users.eve)).status).toBe(404);
    expect((await post({ what: 'nothing' }, producer.users.eve)).status).toBe(404);
  });

  it('shows names, counts, map, form and recent exports to a member', async () => {
    const { status, text } = await open(LONDON, producer.users.ben);
    expect(status).toBe(200);
    for (const part of [
      'London &quot;2&quot;',
      'Cadasta',
      '1 location',
      `${LONDON}/map.svg`,
      'name="what"',
      'Recent exports',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('Nobody has exported this project yet.');
  });

  it('lets whoever is no member of a public project look, and not export', async () => {
    const { text } = await open('/projects/cadasta/open', producer.users.eve);
    expect(text).toContain('Only its members may export it.');
    expect(text).not.toContain('name="what"');
    expect(text).not.toContain('Recent exports');
    const refused = await post({}, producer.users.eve, '/projects/cadasta/open');
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('Only its members may export it.');
  });

  it.each([
    ['es', 'Exportaciones recientes'],
    ['fr', 'Exports récents'],
    ['id', 'Ekspor terbaru'],
    ['pt', 'Exportações recentes'],
    ['sw', 'Uhamishaji wa hivi karibuni'],
  ])('speaks %s', async (language, words) => {
    expect((await open(`${LONDON}?lang=${language}`, producer.users.ben)).text).toContain(words);
  });

  it('shows of each recent export its state, who, when, its size, why it failed, and what can be done', async () => {
    const requester = { id: producer.users.ana, name: 'Ana <i>', email: 'ana@example.org', language: 'en' };
    const of = { requester_id: requester.id, requester: JSON.stringify(requester) };
    const error = { code: 'platform-unavailable', message: 'It answered 503.', step: 'parties', shard: 0, attempts: 4 };
    const failed = await plantDecided(producer.db, { ...of, outcome: 'failed', error: JSON.stringify(error) });
    const missing = [{ code: 'x', message: 'y', step: 'parties', shard: 0, attempts: 1, rowsExpected: 5 }];
    const result = JSON.stringify({ warnings: [], missing });
    // A code that is the name of something every object has.
    const odd = JSON.stringify({ code: 'constructor', message: 'x', step: null, shard: null, attempts: 1 });
    await plantDecided(producer.db, { ...of, outcome: 'failed', error: odd });
    const partial = await plantDecided(producer.db, {
      ...of,
      outcome: 'partial',
      result,
      expires_at: new Date(Date.now() + 1e6),
    });
    const ana = (await open(LONDON, producer.users.ana)).text;
    expect(ana).toContain('Ana &lt;i&gt;');
    expect(ana).toContain('The platform did not answer, or broke off, even after several attempts.');
    expect(ana).toMatch(new RegExp(`action="/exports/${failed}/retry".*?>Try again</button>`, 's'));
    expect(ana).toMatch(new RegExp(`action="/exports/${partial}/retry".*?>Retry only what is missing</button>`, 's'));
    expect(ana).toContain('1 part is missing.');
    expect(ana).toContain('for a reason that this page has no words for');
    expect(ana).toMatch(/<time datetime="[^"]+" title="[^"]+" data-relative>(now|\d+ seconds? ago)<\/time>/);
    const ben = await open(`${LONDON}/exports.json`, producer.users.ben);
    expect(ben.json.results.map(({ id, mayChange }: { id: string; mayChange: boolean }) => [id, mayChange])).toEqual(
      expect.arrayContaining([
        [failed, false],
        [partial, false],
      ]),
    );
    expect((await open(LONDON, producer.users.ben)).text).not.toContain(`/exports/${failed}/retry`);
  });
});

describe('the form', () => {
  it('asks for what most want with one choice: a mail in any case, whatever else is left alone', async () => {
    const { status, headers } = await post({
      what: 'all',
      mailSuccess: 'on',
      mailFailure: 'on',
      escapeFormulas: 'on',
      key: '',
    });
    expect(status).toBe(303);
    const row = await exportOf(headers.location);
    expect(row.options).toMatchObject({
      outputType: 'all',
      csv: { bom: false, escapeFormulas: true },
      allowPartial: false,
    });
    expect(row.on_success).toMatchObject([{ task: 'msg.email', args: { to: ['ben@example.org'] } }]);
    expect(row.on_failure).toMatchObject([{ task: 'msg.email' }]);
  });

  it('takes every option that a request has', async () => {
    const sha256 = 'A1'.repeat(32);
    const fields = {
      what: 'custom',
      formats: 'gpkg',
      delimiter: 'tab',
      geometry: 'wkt',
      language: 'sw',
      bom: 'on',
      labels: 'on',
      shapefileAttributes: 'on',
      includeArchived: 'on',
      allowPartial: 'on',
      provenance: 'on',
      unchangedSince: ` ${sha256}`,
      webhookUrl: 'https://example.org/hook',
      webhookFailure: 'on',
    };
    const { headers, text, status } = await post(fields);
    expect(status, text).toBe(303);
    const row = await exportOf(headers.location);
    expect(row.options).toEqual({
      outputType: 'custom',
      formats: ['gpkg'],
      csv: { bom: true, escapeFormulas: false, delimiter: '\t', geometry: 'wkt', labels: true },
      shapefileAttributes: true,
      includeArchived: true,
      allowPartial: true,
      language: 'sw',
      provenance: true,
      unchangedSince: sha256.toLowerCase(),
    });
    expect(row.on_success).toEqual([]);
    expect(row.on_failure).toMatchObject([{ task: 'webhook.post', args: { url: 'https://example.org/hook' } }]);
  });

  it('names each field that is wrong, in the reader’s language, and loses nothing of what was filled in', async () => {
    const fields = {
      what: 'custom',
      webhookUrl: 'ftp://me:secret@x',
      webhookSuccess: 'on',
      unchangedSince: 'abc',
      delimiter: 'pipe',
      labels: 'on',
    };
    const { status, text } = await post(fields);
    expect(status).toBe(422);
    for (const part of [
      'href="#field-formats"',
      'href="#field-webhookUrl"',
      'href="#field-unchangedSince"',
      '3 things are to be put right',
      'Choose at least one format.',
      'value="ftp://me:secret@x"',
      'value="abc"',
      '<option value="pipe" selected>',
      'id="what-custom" checked',
      'aria-describedby="fault-webhookUrl"',
    ]) {
      expect(text, part).toContain(part);
    }
    expect(text).toMatch(/name="labels"[^>]* checked/);
    expect(text).not.toMatch(/name="mailSuccess"[^>]* checked/);
    const french = await sendForm(
      producer,
      `${LONDON}/exports`,
      { ...fields, geometry: 'ewkt' },
      { ...session(producer.users.ben), referer: `http://127.0.0.1:${producer.port}${LONDON}?lang=fr` },
    );
    expect(french.text).toContain('Choisissez au moins un format.');
  });

  it('refuses what no form of ours sends, field by field', async () => {
    const { status, text } = await post({ what: 'shp', delimiter: '<', geometry: 'x', language: '../etc' });
    expect(status).toBe(422);
    for (const field of ['delimiter', 'geometry', 'language']) expect(text).toContain(`href="#field-${field}"`);
    expect((await post({ what: '' })).text).toContain('href="#field-what"');
  });

  it('sent twice asks once; changed and sent again it asks for something else', async () => {
    const key = '0f6f3f5e-7c1c-4d4e-9a3e-3c4a1f0f8f11';
    const first = await post({ key, webhookUrl: 'https://example.org/twice', webhookSuccess: 'on' });
    const second = await post({ key, webhookUrl: 'https://example.org/twice', webhookSuccess: 'on' });
    expect(second.headers.location).toBe(first.headers.location);
    const other = await post({ key, webhookUrl: 'https://example.org/thrice', webhookSuccess: 'on' });
    expect(other.status).toBe(303);
    expect(other.headers.location).not.toBe(first.headers.location);
  });

  it('sent twice at once waits for the first, and leads to the project while that takes long', async () => {
    const { ben } = producer.users;
    const key = '5b0c8a52-6a3f-4c5c-9a39-0d2d7f1c5c11';
    const fields = { key, webhookUrl: 'https://example.org/busy', webhookSuccess: 'on' };
    const filled = filledForm({ what: 'shp', delimiter: 'comma', geometry: 'ewkt', ...fields });
    const recording = await producer.db.transaction();
    try {
      expect(await takeKey(recording, { userId: ben, key: formKey(key, requestOf(filled)) })).toBe(true);
      const { status, headers } = await post(fields);
      expect([status, headers.location]).toEqual([303, LONDON]);
    } finally {
      await recording.rollback();
    }
    const both = await Promise.all([post(fields), post(fields)]);
    expect(both.map(({ status }) => status)).toEqual([303, 303]);
    expect(both[0]?.headers.location).toMatch(/^\/exports\//);
    expect(both[1]?.headers.location).toBe(both[0]?.headers.location);
  });

  it('does not lose what somebody writes to a refresh without script, while something runs', async () => {
    const { text } = await open(LONDON, producer.users.ben);
    expect(text).toContain('class="state waiting"');
    expect(text).not.toContain('http-equiv="refresh"');
    expect(text).toContain(`<noscript><p><a class="button" href="${LONDON}">Look again</a></p></noscript>`);
  });

  it('of another site is refused', async () => {
    const { status } = await sendForm(
      producer,
      `${LONDON}/exports`,
      { what: 'shp', csrf: 'forged' },
      session(producer.users.ben),
    );
    expect(status).toBe(403);
  });
});

describe('the map', () => {
  it('is drawn from as many locations at once as are not too much to hold', async () => {
    const project_id = await projectId(producer.db, 'london-20');
    const size = 400_000;
    const large = (place: number) => ({
      project_id,
      id: `large${place}`,
      type: 'PA',
      // What does not compress is as large in storage as it is.
      geometry: JSON.stringify({
        type: 'Point',
        coordinates: [place, 0],
        about: randomBytes(size / 2).toString('hex'),
      }),
    });
    for (let place = 0; place < 12; place += 1) await producer.db('spatial_units').insert(large(place));
    const directory = new ProjectDirectory(producer.db);
    const pages: number[] = [];
    const seen: number[] = [];
    for (let after = 0; ; ) {
      const page = await directory.locations(project_id, after, 4000);
      const last = page.at(-1);
      if (!last) break;
      after = last.position;
      pages.push(page.length);
      seen.push(...page.map(({ geometry }) => (geometry as { coordinates: number[] }).coordinates[0] ?? -1));
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, place) => place));
    expect(Math.max(...pages)).toBeLessThan(12);
    expect(await directory.locations(project_id, 0, 2)).toHaveLength(2);
    await producer.db('spatial_units').where({ project_id }).delete();
  });

  it('is the same for who asks again, and another when locations have come or moved', async () => {
    const target = '/projects/cadasta/open/map.json';
    const first = await open(target, producer.users.ben, { 'accept-encoding': 'gzip' });
    expect(first.headers).toMatchObject({ 'content-encoding': 'gzip', 'cache-control': 'private, no-cache' });
    const data = JSON.parse(gunzipSync(first.body).toString());
    expect(data).toMatchObject({ version: 1, drawn: 2, empty: 1, undrawable: 0 });
    expect(data.west).toBeCloseTo(1, 3);
    expect(data.south + data.height * data.cell).toBeCloseTo(5, 2);
    const same = await open(target, producer.users.ben, {
      'accept-encoding': 'gzip',
      'if-none-match': `${first.headers.etag}`,
    });
    expect(same.status).toBe(304);
    expect((await open(target, producer.users.ben, { 'accept-encoding': 'identity' })).json).toEqual(data);
    await producer.db('spatial_units').insert({
      project_id: await projectId(producer.db, 'open'),
      id: 'd',
      type: 'PA',
      geometry: '{"type":"Point","coordinates":[9,9]}',
    });
    // The old one once more, while the new one is drawn.
    await expect.poll(async () => (await open(target, producer.users.ben)).json.drawn).toBe(3);
    // So when one has moved.
    await producer.db('spatial_units').where({ id: 'd' }).update({ geometry: '{"type":"Point","coordinates":[20,5]}' });
    const east = async () => {
      const { json } = await open(target, producer.users.ben);
      return json.west + json.width * json.cell;
    };
    await expect.poll(east).toBeCloseTo(20, 1);
  });

  it('is an image, too, of a kind that runs nothing', async () => {
    const { headers, text } = await open('/projects/cadasta/open/map.svg', producer.users.ben);
    expect(headers['content-type']).toContain('image/svg+xml');
    expect(text).toMatch(/^<svg .*<path .*<\/svg>$/s);
  });

  it('of a project without locations is none', async () => {
    expect((await open('/projects/cadasta/london-20', producer.users.ana)).text).toContain(
      'has a place on the map yet',
    );
    expect((await open('/projects/cadasta/london-20/map.json', producer.users.ana)).json.width).toBe(0);
  });
});
