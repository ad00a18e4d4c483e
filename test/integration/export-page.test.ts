/** An export's page in each of its states, the JSON beside it, and the forms on it; as a browser gets them without any script. */
import { randomUUID } from 'node:crypto';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { projectOwner } from '@parcelpost/shared/files/owner.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, sendForm, session, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

const PROJECT = '/api/v1/organizations/cadasta/projects/london-2/exports';
const HOUR_MS = 3_600_000;

let producer: TestProducer;
/** Whether the queues' engine answers. */
let away = false;
beforeAll(async () => {
  const pingQueues = async () => {
    if (away) throw new Error('no engine');
  };
  producer = await startProducer({ over: { pingQueues } });
});
afterAll(() => producer.close());

const open = (target: string, user = producer.users.ben, headers = {}) =>
  send(producer.port, target, { headers: { ...session(user), ...headers } });

async function requested(user = producer.users.ben, body: object = {}): Promise<string> {
  const { json } = await send(producer.port, PROJECT, {
    method: 'POST',
    headers: producer.bearer(user),
    body: unlikeOthers({ outputType: 'shp', ...body }),
  });
  return json.id;
}

/** One that a worker has begun, so that it waits for its turn no more. */
async function running(phase: string, user?: string): Promise<string> {
  const id = await requested(user);
  await producer.db('exports').where({ id }).update({ started_at: new Date(), waiting_since: null, phase });
  return id;
}

const decide = (id: string, outcome: string, more: object = {}) =>
  producer
    .db('exports')
    .where({ id })
    .update({ outcome, phase: 'decided', waiting_since: null, decided_at: new Date(), ...more });

const job = (id: string, more: object) =>
  producer.db('export_jobs').insert({ export_id: id, generation: 1, kind: 'map', step: 'parties', shard: 0, ...more });

async function finished(more: object = {}): Promise<string> {
  const id = await requested();
  const expiresAt = new Date(Date.now() + HOUR_MS);
  const sha256 = 'ab'.repeat(32);
  await new FileService(producer.db).insert(
    producer.db,
    {
      exportId: id,
      generation: 1,
      name: 'x<y>.zip',
      storageKey: `a/${id}`,
      mediaType: 'application/zip',
      bytes: 1_234_567,
      sha256,
      contents: [{ name: 'parties<1>.csv', rows: 12_345, bytes: 10, sha256 }],
      expiresAt,
    },
    projectOwner({ organization: 'cadasta', project: 'london-2' }),
  );
  const result = JSON.stringify({ warnings: ['3 <locations> have no geometry'], missing: [] });
  await decide(id, 'completed', { expires_at: expiresAt, result, ...more });
  return id;
}

/** The page without line ends. */
const page = async (id: string, user?: string) => (await open(`/exports/${id}`, user)).text.replaceAll('\n', '');
const json = async (id: string, user?: string) => (await open(`/exports/${id}.json`, user)).json;
const again = 'http-equiv="refresh"';

describe('V4: a page shows, in this order', () => {
  it('not found, also to whoever is no member of the project', async () => {
    const id = await requested();
    expect((await open(`/exports/${id}`, producer.users.eve)).status).toBe(404);
    expect((await open(`/exports/${randomUUID()}`)).status).toBe(404);
    const browser = await open('/exports/none', undefined, { accept: 'text/html', 'accept-language': 'pt' });
    expect([browser.status, browser.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  });

  it('nothing to whoever is not signed in, who is sent to sign in, and back', async () => {
    const id = await requested();
    for (const method of ['GET', 'HEAD']) {
      const answer = await send(producer.port, `/exports/${id}`, { method });
      expect([answer.status, answer.headers.location]).toEqual([
        303,
        `/sign-in?next=${encodeURIComponent(`/exports/${id}`)}`,
      ]);
    }
    const refused = await send(producer.port, `/exports/${id}.json`);
    expect([refused.status, refused.json.type]).toEqual([401, expect.stringContaining('token-missing')]);
  });

  it('an error: what happened and what to do in plain words, and what the operator wants to know', async () => {
    const id = await running('reading');
    const error = { code: 'platform-unavailable', message: 'It <b>answered</b> 500.', step: 'parties', shard: 1 };
    await decide(id, 'failed', {
      error: JSON.stringify({ ...error, attempts: 4 }),
      parts_until: new Date(Date.now() + HOUR_MS),
    });
    const text = await page(id);
    expect(text).toContain('<h2>Why it failed</h2><p>The platform did not answer, or broke off');
    expect(text).toContain('<h3>What to do</h3><p>Try again in a while');
    expect(text).toContain('It &lt;b&gt;answered&lt;/b&gt; 500.');
    expect(text).toContain('<code>platform-unavailable</code>, in parties, after 4 attempts');
    expect(text).toContain(`action="/exports/${id}/retry"`);
    expect(text).toContain('Parts that were read before are used again until');
    expect(text).not.toContain(again);
    expect((await open(`/exports/${id}`, undefined, { 'accept-language': 'es' })).text).toContain(
      'La plataforma no respondió',
    );
  });

  it('expired: said so with 200 on the page and in its JSON, and asked for again by a button', async () => {
    const id = await finished({ expires_at: new Date(Date.now() - 1000) });
    const answer = await open(`/exports/${id}`);
    expect(answer.status).toBe(200);
    const text = answer.text.replaceAll('\n', '');
    expect(text).toContain('>Expired</span>');
    expect(text).toContain('have been removed');
    expect(text).not.toContain('/download"');
    expect(text).toContain(`action="/exports/${id}/again"`);
    expect(await json(id)).toMatchObject({ state: 'expired', doing: 'expired', bundle: null });
    const asked = await sendForm(producer, `/exports/${id}/again`, {}, session(producer.users.ben));
    const next = asked.headers.location?.split('/').at(-1) ?? '';
    expect([asked.status, next]).toEqual([303, expect.not.stringMatching(id)]);
    const rows = await producer.db('exports').whereIn('id', [id, next]).orderBy('requested_at');
    expect(rows[1]).toMatchObject({ generation: 1, outcome: null, options: rows[0].options });
    expect(rows[1].on_failure).toMatchObject([{ task: 'webhook.post', args: rows[0].on_failure[0].args }]);
    // Somebody else gets the same data, and calls nobody in the other's name.
    const hers = await sendForm(producer, `/exports/${id}/again`, {}, session(producer.users.ana));
    const [row] = await producer.db('exports').where({ id: hers.headers.location?.split('/').at(-1) });
    expect(row).toMatchObject({ requester_id: producer.users.ana, on_success: [], on_failure: [] });
  });

  it('waiting, with its place in the queue; it is looked at again without any script', async () => {
    await producer.db('exports').whereNotNull('waiting_since').update({ waiting_since: null });
    const id = await requested();
    await expect.poll(() => page(id), { timeout: 5000 }).toContain('It is next in the queue.');
    const text = await page(id);
    expect(text).toContain('>Waiting for its turn</span>');
    expect(text).toContain(`<noscript><meta ${again} content="2"></noscript>`);
    expect(await json(id)).toMatchObject({
      state: 'waiting',
      doing: 'waiting-turn',
      placeInQueue: 1,
      waitsFor: 'turn',
    });
  });

  it('processing with its progress: percent, records, each step with its parts; and no link yet', async () => {
    const id = await running('reading');
    await job(id, { kind: 'plan', step: 'plan', state: 'done' });
    await job(id, { rows: 5000, rows_expected: 5000, state: 'done', started_at: new Date() });
    await job(id, { shard: 1, rows: 1200, rows_expected: 5000, state: 'active', started_at: new Date() });
    await job(id, { shard: 2, rows_expected: 2400, error: JSON.stringify({ code: 'x' }) });
    const text = await page(id);
    expect(text).toContain('>Reading the records</span>');
    expect(text).toMatch(
      /<progress max="100" value="42" aria-label="Progress"><\/progress> <span[^>]*>42% done · 6,200 of 12,400 records/,
    );
    expect(text).toContain('1 of 3 parts');
    expect(text).toContain('1 done, 1 running, and 1 to be tried again');
    expect(text).toContain('<i class="d"></i><i class="r"></i><i class="a"></i>');
    expect(text).toContain('It comes to an end by');
    expect(text).toContain(again);
    expect(text).not.toContain('/download');
    expect((await json(id)).steps).toMatchObject([
      { kind: 'plan', jobsDone: 1 },
      { kind: 'map', step: 'parties', name: 'Read parties', rows: 6200, rowsExpected: 12_400, shards: 'dra' },
    ]);
  });

  it('the results: files, warnings, checksum, the link and its time; then it is looked at no more', async () => {
    const id = await finished();
    const text = await page(id);
    expect(text).not.toContain(again);
    expect(text).not.toContain('data-events');
    expect(text).toContain(
      `<a class="button primary" href="/api/v1/exports/${id}/download">Download x&lt;y&gt;.zip</a>`,
    );
    const sha256 = 'ab'.repeat(32);
    for (const part of ['1.23 MB', 'parties&lt;1&gt;.csv', '12,345', '3 &lt;locations&gt; have no geometry', sha256]) {
      expect(text).toContain(part);
    }
    expect(await json(id)).toMatchObject({
      state: 'completed',
      words: { title: 'Finished' },
      progress: { percent: 100 },
      bundle: { sha256 },
      warnings: ['3 <locations> have no geometry'],
      links: { download: expect.stringContaining(`/api/v1/exports/${id}/download`) },
    });
  });

  it('what is missing of a partial one, and has just that read', async () => {
    const id = await requested();
    const part = { code: 'platform-unavailable', message: 'It <b>answered</b> 500.', step: 'parties', attempts: 8 };
    const missing = Array.from({ length: 42 }, (_, shard) => ({ ...part, shard, rowsExpected: 2500 }));
    const result = JSON.stringify({ warnings: [], missing });
    await decide(id, 'partial', { expires_at: new Date(Date.now() + HOUR_MS), result });
    const text = await page(id);
    expect(text).toContain('>Finished, with parts missing</span>');
    expect(text).toContain('The bundle lacks 42 parts');
    expect(text).toMatch(/parties<\/th><td data-label="Shard">40<\/td>.{1,60}2,500<\/td>.{1,80}It &lt;b&gt;answered/);
    expect(text).not.toContain('>41</td>');
    expect(text).toContain('and 2 more');
    expect(text).toContain('<button>Read only what is missing</button>');
  });
});

describe('the page', () => {
  it('V6: offers a newer version where the software has one, and a button, not the look at it, has that made', async () => {
    const result = JSON.stringify({ warnings: [], missing: [], steps: { parties: 'an older one' } });
    const id = await finished({ result });
    const [offered, before] = [await page(id), await producer.db('exports').count('* as n')];
    expect(offered).toContain('A newer version is available');
    expect(offered).toContain(`action="/exports/${id}/renew"`);
    expect(await producer.db('exports').count('* as n')).toEqual(before);
    const press = () => sendForm(producer, `/exports/${id}/renew`, {}, session(producer.users.ben));
    const [one, other] = await Promise.all([press(), press()]);
    expect([one.status, one.headers.location]).toEqual([303, other.headers.location]);
    expect(one.headers.location).not.toContain(id);
    const after = await page(id);
    expect(after).not.toContain('A newer version is available');
    expect(after).toContain(`<a href="${one.headers.location}">Open the newer version</a>`);
    expect(await page(`${one.headers.location}`.split('/').at(-1) ?? '')).toContain(
      `<dt>Renews</dt><dd><a href="/exports/${id}">`,
    );
  });

  it('V5: shows what every follow-up came to, each below what holds it, until all have ended', async () => {
    const id = await requested();
    await decide(id, 'completed', { result: JSON.stringify({ warnings: [], missing: [] }) });
    const row = { export_id: id, generation: 1, hook: 'onSuccess', position: 0 };
    const chain = randomUUID();
    const step = { ...row, parent_id: chain, role: 'step' };
    const error = JSON.stringify({ code: 'webhook-gone', message: 'It <i>answered</i> 410.' });
    await producer.db('outbox').insert([
      { ...row, id: chain, place: 'onSuccess/0', task: 'canvas.chain', kind: 'chain', state: 'failed' },
      {
        ...step,
        id: randomUUID(),
        place: 'onSuccess/0/chain/0',
        task: 'webhook.post',
        state: 'failed',
        attempts: 3,
        error,
      },
      { ...step, id: randomUUID(), place: 'onSuccess/0/chain/1', task: 'msg.email', state: 'active' },
    ]);
    const text = await page(id);
    expect(text).toContain('<th scope="row" class="depth-0">one after the other</th>');
    expect(text).toMatch(/class="depth-1">Webhook<\/th>.*?failed<\/td>.*?>3<\/td>/);
    expect(text).toContain('The webhook’s receiver refused the call. ');
    expect(text).toContain('It &lt;i&gt;answered&lt;/i&gt; 410.');
    expect(text).toMatch(/class="depth-1">Mail<\/th>.*?running<\/td>/);
    const style = /href="(\/assets\/style-\w+\.css)"/.exec(text)?.[1];
    expect((await send(producer.port, `${style}`)).text).toContain('th.depth-6 {');
    // What is on its way is waited for, with a script or without.
    expect(text).toContain(again);
    expect(text).toContain('data-events');
    await producer.db('outbox').where({ export_id: id, state: 'active' }).update({ state: 'done' });
    expect(await page(id)).not.toContain(again);
  });

  it('has no HEAD of its events, which would open a stream that nobody reads', async () => {
    const id = await requested();
    const headers = session(producer.users.ben);
    expect((await send(producer.port, `/exports/${id}/events`, { method: 'HEAD', headers })).status).toBe(405);
  });

  it('V8: has the same words as its JSON, by the suffix and by Accept, in the language that is asked for', async () => {
    const id = await running('writing');
    const [named, accepted] = await Promise.all([
      open(`/exports/${id}.json`, undefined, { 'accept-language': 'fr' }),
      open(`/exports/${id}`, undefined, { 'accept-language': 'fr', accept: 'application/json' }),
    ]);
    expect(named.headers['content-type']).toContain('application/json');
    expect(named.json).toEqual(accepted.json);
    expect(named.json).toMatchObject({ state: 'running', doing: 'writing', words: { title: 'Création des fichiers' } });
    const html = await open(`/exports/${id}`, undefined, { 'accept-language': 'fr', accept: 'text/html,*/*' });
    expect(html.headers.vary).toContain('accept');
    for (const part of [named.json.words.title, named.json.words.explanation]) expect(html.text).toContain(part);
    expect((await open(`/exports/${randomUUID()}.json`)).json.type).toContain('export-not-found');
    // The lists have the same words.
    for (const list of ['/exports.json', '/projects/cadasta/london-2/exports.json']) {
      const { results } = (await open(list, undefined, { 'accept-language': 'fr' })).json;
      const { words } = results.find((one: { id: string }) => one.id === id);
      expect({ ...words, time: '' }).toEqual({ ...named.json.words, time: '' });
      expect((await send(producer.port, list)).status).toBe(401);
    }
  });

  it('is looked at by GET and HEAD, as often as one likes, and changes nothing: the mail’s link is one', async () => {
    const id = await finished();
    const rows = async () =>
      JSON.stringify([
        await producer.db('exports').where({ id }),
        await producer.db('outbox').where({ export_id: id }),
      ]);
    const before = [await rows(), producer.relayed()];
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
      const answer = await send(producer.port, `/exports/${id}`, { method, headers: session(producer.users.ben) });
      expect([answer.status, answer.text === '']).toEqual([200, method === 'HEAD']);
    }
    await json(id);
    expect([await rows(), producer.relayed()]).toEqual(before);
  });

  it('lets asker and administrators cancel one that runs, and then try it again: an error is cleared by that', async () => {
    const id = await requested();
    const { ana, ben } = producer.users;
    const press = (button: string, user = ana) => sendForm(producer, `/exports/${id}/${button}`, {}, session(user));
    for (const user of [ben, ana]) expect(await page(id, user)).toContain(`action="/exports/${id}/cancel"`);
    const cancelled = await press('cancel');
    expect([cancelled.status, cancelled.headers.location]).toEqual([303, `/exports/${id}`]);
    const cancelling = await page(id);
    expect(cancelling).toContain('>Being cancelled</span>');
    expect(cancelling).not.toContain('/cancel"');
    const { abort } = await producer.db('exports').where({ id }).first();
    await decide(id, 'cancelled', { error: JSON.stringify(abort) });
    const over = await page(id);
    expect(over).toContain('>Cancelled</span>');
    expect(over).toContain('Cancelled by Ana Álvarez.');
    expect((await open(`/exports/${id}?lang=fr`)).text).toContain('Quelqu’un l’a annulé.');
    expect(over).toContain(`action="/exports/${id}/retry"`);
    // Too late to cancel: no error page, the page as it is.
    expect((await press('cancel')).headers.location).toBe(`/exports/${id}`);
    expect((await press('retry')).headers.location).toBe(`/exports/${id}`);
    const retried = await page(id);
    expect(retried).toContain('<dt>Tries</dt><dd>2</dd>');
    expect(retried).toContain('/cancel"');
    expect(retried).not.toContain('Cancelled by');
  });

  it('offers what would begin another export to those alone who may ask for one', async () => {
    const result = JSON.stringify({ warnings: [], missing: [], steps: { parties: 'an older one' } });
    const outdated = await finished({ result });
    const expired = await finished({ expires_at: new Date(Date.now() - 1000) });
    const { ana, ben } = producer.users;
    const offers = async (user: string) => [
      (await page(outdated, user)).includes(`action="/exports/${outdated}/renew"`),
      (await page(expired, user)).includes(`action="/exports/${expired}/again"`),
    ];
    expect(await offers(ben)).toEqual([true, true]);
    const archive = (archived: boolean) => producer.db('projects').where({ slug: 'london-2' }).update({ archived });
    await archive(true);
    try {
      expect([await offers(ben), await offers(ana)]).toEqual([
        [false, false],
        [true, true],
      ]);
    } finally {
      await archive(false);
    }
  });

  it('offers nothing to change to a member who did not ask, and refuses it', async () => {
    const id = await running('reading', producer.users.ana);
    expect(await page(id)).not.toContain('/cancel"');
    const accept = { ...session(producer.users.ben), accept: 'text/html' };
    const answer = await sendForm(producer, `/exports/${id}/cancel`, {}, accept);
    expect([answer.status, answer.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(answer.text).toContain('Ana Álvarez asked for this export');
    await decide(id, 'failed');
    expect(await page(id)).not.toContain('Try again');
  });

  it('D11: says so when the queue does not answer, still takes the request, and tells when it will start', async () => {
    away = true;
    try {
      const id = await requested();
      await expect.poll(async () => (await json(id)).doing, { timeout: 10_000 }).toBe('waiting-queue');
      const text = await page(id);
      expect(text).toContain('The export will start when the queue is back.');
      expect(text).toContain('class="notice warning"');
      expect(
        (await send(producer.port, `/api/v1/exports/${id}`, { headers: producer.bearer(producer.users.ben) })).json,
      ).toMatchObject({ state: 'waiting', waitsFor: 'queue' });
      const { json: asked } = await send(producer.port, PROJECT, {
        method: 'POST',
        headers: producer.bearer(producer.users.ben),
        body: unlikeOthers({ outputType: 'shp' }),
      });
      expect(asked).toMatchObject({ state: 'waiting', waitsFor: 'queue' });
      away = false;
      await expect.poll(async () => (await json(id)).doing, { timeout: 10_000 }).not.toBe('waiting-queue');
    } finally {
      away = false;
    }
  });

  it('asks for a token of the platform where another one holds the project', async () => {
    const external = await startProducer({ changes: { PLATFORM_API_URL: 'http://127.0.0.1:9' } });
    try {
      const { db, users } = external;
      const requester = JSON.stringify({ id: users.eve, name: 'Eve', email: 'eve@example.org', language: 'en' });
      const options = JSON.stringify({ outputType: 'shp', formats: ['csv'], csv: {}, allowPartial: false });
      const id = randomUUID();
      await db('exports').insert({
        id,
        organization: 'o',
        project: 'far',
        organization_name: 'O',
        project_name: 'Far',
        requester_id: users.eve,
        requester,
        options,
        deadline_at: new Date(),
        outcome: 'failed',
        decided_at: new Date(),
      });
      const { text } = await send(external.port, `/exports/${id}`, { headers: session(users.eve) });
      expect(text).toMatch(/<label for="api-token">.*<input id="api-token" name="apiToken" type="password"/);
      // What is typed there is not taken away by a refresh, though the page has more to tell.
      await db('outbox').insert({
        id: randomUUID(),
        export_id: id,
        generation: 1,
        hook: 'onFailure',
        place: 'onFailure/0',
        position: 0,
        task: 'msg.email',
        state: 'active',
      });
      const live = (await send(external.port, `/exports/${id}`, { headers: session(users.eve) })).text;
      expect([live.includes('data-events'), live.includes(again)]).toEqual([true, false]);
      expect(live).toContain(`<noscript><p><a class="button" href="/exports/${id}">Look again</a></p></noscript>`);
      const answer = await sendForm(external, `/exports/${id}/retry`, { apiToken: 'secret-token' }, session(users.eve));
      expect([answer.status, answer.text.includes('secret-token')]).toEqual([502, false]);
    } finally {
      await external.close();
    }
  });
});
