/** A project's page in a browser: the map, the form, the live list; and the element that pages of other sites embed. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintAuthToken } from '../../packages/shared/src/tokens/auth-token.js';
import { startBrowser } from '../support/browser.js';
import { AUTH_SECRET, projectId, session, startProducer, type TestProducer } from '../support/producer.js';

const SOON = { timeout: 20_000 };

let producer: TestProducer;
let browser: Browser;
/** A site of somebody else's that may use the API, and one that may not. */
let dashboard: { url: string; close(): void };
let stranger: { url: string; close(): void };

beforeAll(async () => {
  dashboard = await startSite();
  stranger = await startSite();
  [producer, browser] = await Promise.all([
    startProducer({ changes: { CORS_ORIGINS: [dashboard.url] } }),
    startBrowser(),
  ]);
  const project_id = await projectId(producer.db, 'london-2');
  const square = (x: number, y: number) =>
    JSON.stringify({
      type: 'Polygon',
      coordinates: [
        [
          [x, y],
          [x + 0.001, y],
          [x + 0.001, y + 0.0008],
          [x, y + 0.0008],
          [x, y],
        ],
      ],
    });
  const units = Array.from({ length: 600 }, (_, place) => ({
    project_id,
    id: `s${place}`,
    type: 'PA',
    geometry: place === 7 ? null : square(-0.1 + (place % 30) * 0.0012, 51.5 + Math.floor(place / 30) * 0.001),
  }));
  await producer.db('spatial_units').insert(units);
});
afterAll(async () => {
  dashboard?.close();
  stranger?.close();
  await browser?.close();
  await producer?.close();
});

/** Serves the page below, and at `/dashboard.html` the example, which is led to this producer. */
async function startSite(): Promise<{ url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    response.setHeader('content-type', 'text/html; charset=utf-8');
    const example = () => EXAMPLE.replaceAll('http://127.0.0.1:3000', producer.url);
    response.end(pathname === '/dashboard.html' ? example() : SITE(searchParams));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

const EXAMPLE = readFileSync(new URL('../../docs/examples/dashboard.html', import.meta.url), 'utf8');

/** A page of a dashboard: the module, the element, and a token that script hands over. */
const SITE = (
  query: URLSearchParams,
) => `<!doctype html><html lang="${query.get('lang') ?? 'en'}"><title>Dashboard</title>
<meta http-equiv="content-security-policy" content="script-src 'unsafe-inline' ${query.get('producer')}; style-src 'none'">
<h1>Dashboard</h1>
<script type="module" src="${query.get('producer')}/embed/parcelpost-export.js"></script>
<parcelpost-export project="cadasta/london-2"></parcelpost-export>
<script>
const element = document.querySelector('parcelpost-export');
window.told = [];
for (const name of ['started', 'done', 'failed']) {
  element.addEventListener('parcelpost:' + name, (event) => told.push([name, event.detail.id]));
}
if (location.hash) customElements.whenDefined('parcelpost-export').then(() => {
  element.tokenProvider = async () => location.hash.slice(1);
});
</script></html>`;

interface Tab extends Page {
  complaints: string[];
}

async function tab(options: BrowserContextOptions = {}, user?: string): Promise<Tab> {
  const context = await browser.newContext(options);
  if (user !== undefined) {
    const [name = '', value = ''] = session(user).cookie.split('=');
    await context.addCookies([{ name, value, url: producer.url }]);
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return Object.assign(page, { complaints });
}

const decide = (id: string, outcome: string, more: object = {}) =>
  producer
    .db('exports')
    .where({ id })
    .update({ outcome, phase: 'decided', decided_at: new Date(), ...more });
const LONDON = '/projects/cadasta/london-2';

async function requested() {
  const answer = await fetch(`${producer.url}/api/v1/organizations/cadasta/projects/london-2/exports`, {
    method: 'POST',
    headers: { ...producer.bearer(producer.users.ben), 'content-type': 'application/json' },
    body: JSON.stringify({ outputType: 'res' }),
  });
  return { json: (await answer.json()) as { id: string } };
}

describe('a project’s page', () => {
  it('shows a picture of its locations at once, then a map that can be moved about in, and breaks no rule of its policy', async () => {
    const page = await tab({}, producer.users.ben);
    await page.goto(producer.url + LONDON);
    const map = page.locator('.map-box');
    await map.waitFor(SOON);
    const drawn = () =>
      map.locator('canvas').evaluate((canvas) => {
        const { width, height } = canvas as unknown as { width: number; height: number };
        const context = (
          canvas as unknown as { getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8Array } } }
        ).getContext('2d');
        const { data } = context.getImageData(0, 0, width, height);
        let inked = 0;
        for (let index = 3; index < data.length; index += 4) if ((data[index] ?? 0) > 0) inked += 1;
        return inked / (width * height);
      });
    expect(await drawn()).toBeGreaterThan(0.2);
    await map.getByRole('button', { name: 'Closer' }).click();
    await expect.poll(drawn, SOON).toBeGreaterThan(0.5);
    expect(page.complaints).toEqual([]);
    await page.context().close();
  });

  it('has all of it without script: the picture, the form, the list', async () => {
    const page = await tab({ javaScriptEnabled: false }, producer.users.ben);
    await page.goto(producer.url + LONDON);
    // Once it is drawn, the page knows what is on it.
    await page.reload();
    const picture = page.locator('.project-map img');
    expect(await picture.getAttribute('alt')).toMatch(/^Map of 600 locations, from 0.1° W to 0.06° W/);
    await page.getByRole('radio', { name: 'Excel workbook One' }).check();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    expect(new URL(page.url()).pathname).toMatch(/^\/exports\/[0-9a-f-]{36}$/);
    await page.goto(producer.url + LONDON);
    const row = page.getByRole('row', { name: /Excel workbook/ });
    expect(await row.textContent()).toContain('Waiting');
    await row.getByRole('button', { name: /Cancel/ }).click();
    await page.goto(producer.url + LONDON);
    expect(await page.getByRole('row', { name: /Excel workbook/ }).textContent()).toContain('Being cancelled');
    await page.context().close();
  });

  it('takes two clicks, keeps what was filled in where something is wrong, and has the list live', async () => {
    const page = await tab({}, producer.users.ben);
    await page.goto(producer.url + LONDON);
    await page.getByRole('radio', { name: /^Formats of your choice/ }).check();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('alert').getByRole('link', { name: 'Choose at least one format.' }).click();
    await page.getByRole('checkbox', { name: 'GeoPackage' }).check();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.waitForURL(/\/exports\//);
    const id = new URL(page.url()).pathname.split('/').at(-1) as string;
    await page.goto(producer.url + LONDON);
    const item = page.locator(`li[data-id="${id}"]`);
    await item.getByText('Waiting', { exact: true }).waitFor(SOON);
    await decide(id, 'failed', {
      error: JSON.stringify({ code: 'internal', message: 'x', step: null, shard: null, attempts: 1 }),
    });
    await item.getByText('Failed', { exact: true }).waitFor(SOON);
    await item.getByText('Something went wrong on our side.').waitFor(SOON);
    await item.getByRole('button', { name: 'Try again: GeoPackage' }).click();
    await item.getByText('Waiting', { exact: true }).waitFor(SOON);
    expect((await producer.db('exports').where({ id }).first('generation')).generation).toBe(2);
    expect(page.complaints.filter((text) => !text.includes('422'))).toEqual([]);
    await page.context().close();
  });
});

describe('the list of a project’s page', () => {
  it('has names as they are, speaks the language of its page, and leads to where to sign in when its session is over', async () => {
    const { id } = (await requested()).json;
    const requester = { id: producer.users.ben, name: '$& {time}', email: 'ben@example.org', language: 'en' };
    await producer.db('exports').where({ id }).update({ requester });
    const page = await tab({}, producer.users.ben);
    await page.goto(`${producer.url}${LONDON}?lang=fr`);
    const item = page.locator(`li[data-id="${id}"]`);
    await item.getByText('$& {time}').waitFor(SOON);
    const error = { code: 'internal', message: 'x', step: null, shard: null, attempts: 1 };
    await decide(id, 'failed', { error: JSON.stringify(error) });
    await item.getByText('Quelque chose s’est mal passé de notre côté.').waitFor(SOON);
    await page.context().clearCookies();
    const led = page.waitForURL(/\/sign-in\?next=/);
    await item.getByRole('button', { name: /^Réessayer/ }).click();
    await led;
    expect((await producer.db('exports').where({ id }).first('generation')).generation).toBe(1);
    await page.context().close();
  });
});

describe('the element on a page of another site', () => {
  const at = (site: { url: string }, token = '', lang = 'en') =>
    `${site.url}/?producer=${encodeURIComponent(producer.url)}&lang=${lang}${token && `#${token}`}`;
  const token = () => mintAuthToken(producer.users.ben, [AUTH_SECRET]);
  type Told = { told: [string, string][] };

  it('asks for exports and shows how they come along, with a token; and says so with events', async () => {
    const page = await tab();
    await page.goto(at(dashboard, token()));
    await page.getByRole('radio', { name: 'Everything' }).check(SOON);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const told = () => page.evaluate(() => (globalThis as unknown as Told).told);
    await expect.poll(told, SOON).toEqual([['started', expect.any(String)]]);
    const [[, id = ''] = []] = await told();
    const row = await producer.db('exports').where({ id }).first();
    expect([row.requester_id, row.options.outputType]).toEqual([producer.users.ben, 'all']);
    const item = page.locator(`li[data-id="${id}"]`);
    await item.getByText('Waiting', { exact: true }).waitFor(SOON);
    await decide(id, 'failed', {
      error: JSON.stringify({ code: 'internal', message: 'It broke.', step: null, shard: null, attempts: 1 }),
    });
    await item.getByText('It broke.').waitFor(SOON);
    expect(await told()).toEqual([
      ['started', id],
      ['failed', id],
    ]);
    expect(page.complaints).toEqual([]);
    await page.context().close();
  });

  it('downloads the bundle with the token in a header, never in an address', async () => {
    const page = await tab();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const { json } = await requested();
    const bytes = Buffer.from('not a zip, but all that there is');
    const key = `cadasta/london-2/${json.id}/x.zip`;
    await producer.storage.put(key, bytes);
    const expires_at = new Date(Date.now() + 3_600_000);
    await producer.db('files').insert({
      export_id: json.id,
      generation: 1,
      name: 'bundle.zip',
      storage_key: key,
      media_type: 'application/zip',
      bytes: bytes.length,
      sha256: 'ab'.repeat(32),
      contents: '[]',
      expires_at,
      owner_kind: 'project',
      owner_id: 'cadasta/london-2',
      pinned: true,
    });
    await decide(json.id, 'completed', { expires_at, result: JSON.stringify({ warnings: [] }) });
    const secret = token();
    await page.goto(at(dashboard, secret));
    const download = page.waitForEvent('download');
    await page
      .locator(`li[data-id="${json.id}"]`)
      .getByRole('button', { name: /^Download/ })
      .click(SOON);
    expect((await download).suggestedFilename()).toBe('bundle.zip');
    const stream = await (await download).createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(
      asked.filter((url) => new URL(url).search.includes(secret) || new URL(url).pathname.includes(secret)),
    ).toEqual([]);
    await page.context().close();
  });

  it('shows nothing without a token, though its reader is signed in at the producer', async () => {
    const page = await tab({}, producer.users.ben);
    await page.goto(at(dashboard));
    await page.getByText('Sign in to export this project.').waitFor(SOON);
    // What a script of that site can try by itself.
    const answer = await page.evaluate(
      async (url) =>
        (await fetch(`${url}/api/v1/exports`, { credentials: 'include' }).catch(() => undefined))?.status ?? 'refused',
      producer.url,
    );
    expect([401, 'refused']).toContain(answer);
    await page.context().close();
  });

  it('is what the example has, as it stands but for the address of the producer', async () => {
    const page = await tab();
    await page.goto(`${dashboard.url}/dashboard.html`);
    await page.getByText('Sign in to export this project.').waitFor(SOON);
    await page.getByRole('textbox', { name: 'Token' }).fill(` ${token()} `);
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.getByRole('radio', { name: 'GeoPackage' }).check(SOON);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.locator('li[data-id]').getByText('GeoPackage').waitFor(SOON);
    await page.getByRole('button', { name: 'Export', exact: true }).waitFor(SOON);
    expect(page.complaints).toEqual([]);
    await page.context().close();
  });

  it('is refused with a token that is none', async () => {
    const page = await tab();
    await page.goto(at(dashboard, 'no-token-at-all'));
    await page.getByRole('alert').getByText(/token/i).waitFor(SOON);
    expect(await page.getByRole('list').getByRole('listitem').count()).toBe(0);
    await page.context().close();
  });

  it('is refused on a site that is not named, whatever its token', async () => {
    const page = await tab();
    await page.goto(at(stranger, token()));
    await page.getByText('The export service does not answer.').waitFor(SOON);
    expect(page.complaints.join(' ')).toContain('CORS');
    await page.context().close();
  });

  it('speaks the language of its page, or the one that it is told to', async () => {
    const page = await tab();
    await page.goto(at(dashboard, token(), 'pt-BR'));
    await page.getByText('O que deseja?').waitFor(SOON);
    for (const [language, words] of [
      ['es', '¿Qué desea?'],
      ['fr', 'Que voulez-vous ?'],
      ['id', 'Apa yang Anda inginkan?'],
      ['sw', 'Unataka nini?'],
      ['xx', 'What do you want?'],
    ] as const) {
      await page
        .locator('parcelpost-export')
        .evaluate((element, tag) => element.setAttribute('language', tag), language);
      await page.getByText(words).waitFor(SOON);
    }
    await page.context().close();
  });
});
