/** The pages: the list, one export. They are read as a browser would get them, without any script. */
import { randomUUID } from 'node:crypto';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { projectOwner } from '@parcelpost/shared/files/owner.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrfToken } from '../../apps/producer/src/pages/csrf.js';
import {
  AUTH_SECRET,
  send,
  sendForm,
  session,
  startProducer,
  type TestProducer,
  unlikeOthers,
} from '../support/producer.js';

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer();
});
afterAll(() => producer.close());

const open = (target: string, user: string) => send(producer.port, target, { headers: session(user) });

async function requested(user = producer.users.ben): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(user),
    body: unlikeOthers({ outputType: 'shp' }),
  });
  return json.id;
}

/** The field that shows that a form is one of a page of this session. */
const csrf = (of: string) =>
  `<input type="hidden" name="csrf" value="${csrfToken([AUTH_SECRET], session(of).cookie.split('=')[1] ?? '')}">`;

const decide = (id: string, outcome: string, more: object = {}) =>
  producer
    .db('exports')
    .where({ id })
    .update({ outcome, phase: 'decided', decided_at: new Date(), ...more });

describe('the pages', () => {
  it('list the exports of whoever is signed in, and nobody else’s', async () => {
    const mine = await requested();
    const hers = await requested(producer.users.ana);
    const { status, headers, text } = await open('/exports', producer.users.ben);
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain(`<a href="/exports/${mine}">Cadasta: London &quot;2&quot;</a>`);
    expect(text).toContain('Ben &lt;b&gt;');
    expect(text).not.toContain(hers);
    expect((await open('/exports', producer.users.eve)).text).toContain('no export yet');
  });

  it('an export that runs shows its progress and refreshes itself', async () => {
    const id = await requested();
    await producer.db('exports').where({ id }).update({ started_at: new Date(), phase: 'reading' });
    await producer.db('export_jobs').insert({
      export_id: id,
      generation: 1,
      kind: 'map',
      step: 'parties',
      shard: 0,
      rows: 1200,
      rows_expected: 5000,
    });
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    expect(text).toContain('http-equiv="refresh"');
    expect(text).toContain('1,200 of 5,000 records');
    expect(text).toContain('<progress value="1200" max="5000">');
    expect(text).not.toContain('/download');
  });

  it('a finished one shows files, warnings and the link, and refreshes no more', async () => {
    const id = await requested();
    const expiresAt = new Date(Date.now() + 3_600_000);
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
    await producer
      .db('exports')
      .where({ id })
      .update({
        outcome: 'completed',
        phase: 'decided',
        decided_at: new Date(),
        expires_at: expiresAt,
        result: JSON.stringify({ warnings: ['3 <locations> have no geometry'] }),
      });
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    expect(text).not.toContain('http-equiv="refresh"');
    expect(text).toContain(`<a class="button" href="/api/v1/exports/${id}/download">Download x&lt;y&gt;.zip</a>`);
    for (const part of ['1.23 MB', 'parties&lt;1&gt;.csv', '12,345', '3 &lt;locations&gt; have no geometry', sha256]) {
      expect(text).toContain(part);
    }
    await producer
      .db('exports')
      .where({ id })
      .update({ expires_at: new Date(Date.now() - 1000) });
    const expired = (await open(`/exports/${id}`, producer.users.ben)).text;
    expect(expired).toContain('have expired');
    expect(expired).not.toContain('/download');
  });

  it('a failed one says why', async () => {
    const id = await requested();
    const error = {
      code: 'platform-unavailable',
      message: 'It <b>answered</b> 500.',
      step: 'parties',
      shard: 1,
      attempts: 4,
    };
    await producer
      .db('exports')
      .where({ id })
      .update({ outcome: 'failed', phase: 'decided', decided_at: new Date(), error: JSON.stringify(error) });
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    expect(text).toContain('It &lt;b&gt;answered&lt;/b&gt; 500.');
    expect(text).toContain('platform-unavailable, in step parties, after 4 attempts');
    expect(text).not.toContain('http-equiv="refresh"');
  });

  it('a partial one names what is missing, and offers to try again', async () => {
    const id = await requested();
    const part = { code: 'platform-unavailable', message: 'It <b>answered</b> 500.', step: 'parties', attempts: 8 };
    const missing = Array.from({ length: 42 }, (_, shard) => ({ ...part, shard, rowsExpected: 2500 }));
    await decide(id, 'partial', {
      expires_at: new Date(Date.now() + 3_600_000),
      result: JSON.stringify({ warnings: [], missing }),
    });
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    expect(text).toContain('Completed in part');
    expect(text).toContain('It lacks 42 parts');
    expect(text).toContain('<tr><td>parties<td>40<td>2,500<td>It &lt;b&gt;answered&lt;/b&gt; 500.</tr>');
    expect(text).not.toContain('<td>41<td>');
    expect(text).toContain('and 2 more');
    expect(text).toContain(`action="/exports/${id}/retry"`);
  });

  it('show what was released, each below what holds it, with its state', async () => {
    const id = await requested();
    await decide(id, 'completed', { result: JSON.stringify({ warnings: [], missing: [] }) });
    const row = { export_id: id, generation: 1, hook: 'onSuccess', position: 0 };
    const chain = randomUUID();
    const error = { code: 'http', message: 'It <i>answered</i> 410.' };
    await producer.db('outbox').insert([
      { ...row, id: chain, place: 'onSuccess/0', task: 'canvas.chain', kind: 'chain', state: 'failed' },
      {
        ...row,
        id: randomUUID(),
        place: 'onSuccess/0/chain/0',
        parent_id: chain,
        role: 'step',
        task: 'webhook.post',
        state: 'failed',
        attempts: 3,
        error: JSON.stringify(error),
      },
      {
        ...row,
        id: randomUUID(),
        place: 'onSuccess/0/chain/1',
        parent_id: chain,
        role: 'step',
        task: 'msg.email',
        state: 'skipped',
      },
    ]);
    const { text } = await open(`/exports/${id}`, producer.users.ben);
    const cells = text.replaceAll('\n', '');
    expect(cells).toContain('<td class="depth-0">chain<td><code>onSuccess/0</code><td>Failed<td><td>—<td></tr>');
    expect(cells).toContain('<td class="depth-1">webhook.post<td><code>onSuccess/0/chain/0</code><td>Failed<td>3<td>—');
    expect(cells).toContain('It &lt;i&gt;answered&lt;/i&gt; 410.');
    expect(cells).toContain('<td class="depth-1">msg.email<td><code>onSuccess/0/chain/1</code><td>Not called<td>0');
    const style = /href="(\/assets\/style-\w+\.css)"/.exec(text)?.[1];
    expect((await send(producer.port, `${style}`)).text).toContain('td.depth-6 {');
  });

  it('let asker and administrators cancel one that runs, and then try it again, without any script', async () => {
    const id = await requested();
    const page = async (user: string) => (await open(`/exports/${id}`, user)).text;
    const press = (button: string, user = producer.users.ana, headers = {}) =>
      sendForm(producer, `/exports/${id}/${button}`, {}, { ...session(user), ...headers });
    for (const user of [producer.users.ben, producer.users.ana]) {
      expect(await page(user)).toContain(
        `<form method="post" action="/exports/${id}/cancel">${csrf(user)}<button>Cancel this export`,
      );
    }
    expect((await press('cancel', producer.users.ana, { 'sec-fetch-site': 'cross-site' })).status).toBe(400);
    const referer = `http://127.0.0.1:${producer.port}/exports/${id}`;
    const stranger = { referer, host: `127.0.0.1:${producer.port}` };
    expect(
      (await send(producer.port, `/exports/${id}/cancel`, { method: 'POST', headers: stranger })).headers.location,
    ).toBe(`/sign-in?next=${encodeURIComponent(`/exports/${id}`)}`);
    expect((await producer.db('exports').where({ id }).first()).abort).toBeNull();
    const cancelled = await press('cancel');
    expect([cancelled.status, cancelled.headers.location]).toEqual([303, `/exports/${id}`]);
    const cancelling = await page(producer.users.ben);
    expect(cancelling).toContain('being cancelled');
    expect(cancelling).not.toContain('/cancel"');

    const { abort } = await producer.db('exports').where({ id }).first();
    await decide(id, 'cancelled', { error: JSON.stringify(abort) });
    const over = await page(producer.users.ben);
    expect(over).toContain('<h2>Cancelled</h2><p>Cancelled by Ana Álvarez.</p>');
    expect(over).toContain(
      `<form method="post" action="/exports/${id}/retry">${csrf(producer.users.ben)}<button>Try again</button></form>`,
    );
    // Too late to cancel: no error page, the page as it is.
    expect((await press('cancel')).headers.location).toBe(`/exports/${id}`);
    expect((await press('retry')).headers.location).toBe(`/exports/${id}`);
    const again = await page(producer.users.ben);
    expect(again).toContain('<dt>Tries<dd>2');
    expect(again).toContain('/cancel"');
  });

  it('offer nothing to change to a member who did not ask', async () => {
    const id = await requested(producer.users.ana);
    expect((await open(`/exports/${id}`, producer.users.ben)).text).not.toContain('<button>Cancel');
    const answer = await sendForm(producer, `/exports/${id}/cancel`, {}, session(producer.users.ben));
    expect(answer.status).toBe(403);
    await decide(id, 'failed');
    expect((await open(`/exports/${id}`, producer.users.ben)).text).not.toContain('Try again');
  });

  it('ask for a token of the platform where another one holds the project', async () => {
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
      expect(text).toContain('<input name="apiToken" type="password" autocomplete="off" required>');
      const answer = await sendForm(external, `/exports/${id}/retry`, { apiToken: 'secret-token' }, session(users.eve));
      expect([answer.status, answer.text.includes('secret-token')]).toEqual([502, false]);
    } finally {
      await external.close();
    }
  });

  it('an export of a project of which one is no member is not found', async () => {
    expect((await open(`/exports/${await requested()}`, producer.users.eve)).status).toBe(404);
  });

  it('hold nothing that their own policy forbids: no script and no style but those of assets', async () => {
    const { headers, text } = await open('/exports', producer.users.ben);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
        "form-action 'self';frame-ancestors 'none';base-uri 'none'",
    );
    expect(text).not.toMatch(/<script(?! type="module" src="\/assets\/[\w.-]+"><\/script>)|<style|style=|onclick=/);
    const assets = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, url]) => `${url}`);
    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const url of assets) {
      const asset = await send(producer.port, url);
      expect([asset.status, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
  });
});
