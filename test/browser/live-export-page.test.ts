/** What the script of an export's page does in a browser: keeps it up to date, in every tab, and takes nothing away from its reader. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from '../support/browser.js';
import { send, session, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

let producer: TestProducer;
let browser: Browser;
beforeAll(async () => {
  [producer, browser] = await Promise.all([startProducer(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await producer?.close();
});

const SOON = { timeout: 20_000 };

async function running(): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(producer.users.ben),
    body: unlikeOthers({ outputType: 'shp' }),
  });
  const row = { started_at: new Date(), waiting_since: null, phase: 'reading' };
  await producer.db('exports').where({ id: json.id }).update(row);
  const job = { export_id: json.id, generation: 1, kind: 'map', step: 'parties', rows_expected: 1000 };
  await producer.db('export_jobs').insert([
    { ...job, shard: 0, rows: 1000, state: 'done' },
    { ...job, shard: 1, rows: 0, state: 'active' },
  ]);
  return json.id;
}

const read = (id: string, rows: number) =>
  producer.db('export_jobs').where({ export_id: id, kind: 'map', shard: 1 }).update({ rows });
const decide = (id: string, outcome: string, more: object = {}) =>
  producer
    .db('exports')
    .where({ id })
    .update({ outcome, phase: 'decided', decided_at: new Date(), ...more });

/** A tab of somebody who is signed in, with all that its console complains of. */
async function tab(options: { javaScriptEnabled?: boolean } = {}): Promise<Page & { complaints: string[] }> {
  const context = await browser.newContext(options);
  const [name = '', value = ''] = session(producer.users.ben).cookie.split('=');
  await context.addCookies([{ name, value, url: producer.url }]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return Object.assign(page, { complaints });
}

const title = (page: Page) => page.locator('#export-doing').textContent();
const progress = (page: Page) => page.locator('[data-live="progress"]').textContent();

test('figures move without a request of the page, states come by themselves, in two tabs, and after a reload', {
  timeout: 60_000,
}, async () => {
  const id = await running();
  const [one, two] = [await tab(), await tab()];
  await Promise.all([one, two].map((page) => page.goto(`${producer.url}/exports/${id}`)));
  expect(await title(one)).toBe('Reading the records');
  const loads: string[] = [];
  one.on('request', (request) => loads.push(request.url()));
  await read(id, 500);
  for (const page of [one, two]) await expect.poll(() => progress(page), SOON).toContain('1,500 of 2,000 records');
  expect(loads.filter((url) => url.endsWith(id))).toEqual([]);
  expect(await one.locator('progress').getAttribute('value')).not.toBeNull();
  expect(await one.locator('progress').evaluate((bar: { value: number }) => bar.value)).toBe(63);
  await one.reload();
  expect(await progress(one)).toContain('1,500 of 2,000 records');

  // Whoever has a button in hand keeps it while the page around it changes.
  await two.getByRole('button', { name: 'Cancel this export' }).focus();
  await read(id, 1000);
  await producer.db('export_jobs').where({ export_id: id }).update({ state: 'done' });
  await producer.db('exports').where({ id }).update({ phase: 'writing' });
  for (const page of [one, two]) await expect.poll(() => title(page), SOON).toBe('Making the files');
  expect(await two.evaluate('document.activeElement.textContent')).toBe('Cancel this export');

  // Cancelled in one tab, it is so in the other.
  await two.getByRole('button', { name: 'Cancel this export' }).click();
  await expect.poll(() => title(one), SOON).toBe('Being cancelled');
  const error = { code: 'cancelled', message: 'Cancelled by Ben.', step: null, shard: null, attempts: 1 };
  await decide(id, 'cancelled', { error: JSON.stringify(error) });
  for (const page of [one, two]) {
    await expect.poll(() => title(page), SOON).toBe('Cancelled');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  }
  expect(await one.locator('#export-said').textContent()).toContain('Cancelled');
  expect([one.complaints, two.complaints]).toEqual([[], []]);
});

test('when the stream breaks it is opened again, and what was missed is there', { timeout: 60_000 }, async () => {
  const id = await running();
  const page = await tab();
  await page.goto(`${producer.url}/exports/${id}`);
  await expect.poll(() => progress(page), SOON).toContain('1,000 of 2,000');
  producer.app.server.closeAllConnections();
  await read(id, 900);
  await expect.poll(() => progress(page), SOON).toContain('1,900 of 2,000');
});

test('while the service has too much to do the page stays as it is, and goes on afterwards', {
  timeout: 60_000,
}, async () => {
  const id = await running();
  const page = await tab();
  await page.goto(`${producer.url}/exports/${id}`);
  await page.evaluate('globalThis.isTheSame = true');
  const refusals: number[] = [];
  await page.route(`**/exports/${id}`, (route) => {
    const status = refusals.push(0) % 2 === 0 ? 429 : 503;
    return route.fulfill({ status, contentType: 'text/html', body: '<h1>Later</h1>' });
  });
  await decide(id, 'failed');
  await expect.poll(() => refusals.length, SOON).toBeGreaterThanOrEqual(2);
  expect(await page.locator('h1').textContent()).not.toBe('Later');
  await page.unroute(`**/exports/${id}`);
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  expect(await page.evaluate('globalThis.isTheSame')).toBe(true);
});

test('a tab that nobody looks at lets go of its stream, and is up to date when somebody does', {
  timeout: 60_000,
}, async () => {
  const id = await running();
  const page = await tab();
  await page.clock.install();
  await page.goto(`${producer.url}/exports/${id}`);
  await expect.poll(() => progress(page), SOON).toContain('1,000 of 2,000');
  const looks = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { get: () => ${hidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
  const letGo = page.waitForEvent('requestfailed', { predicate: (one) => one.url().includes('/events') });
  await looks(true);
  await page.clock.fastForward(15_000);
  await letGo;
  const opened = page.waitForRequest((one) => one.url().includes('/events'));
  await read(id, 700);
  await looks(false);
  await opened;
  await expect.poll(() => progress(page), SOON).toContain('1,700 of 2,000');
});

test('without scripts the page refreshes itself until there is no more to come', { timeout: 60_000 }, async () => {
  const id = await running();
  const page = await tab({ javaScriptEnabled: false });
  await page.goto(`${producer.url}/exports/${id}`);
  await read(id, 250);
  await expect.poll(() => progress(page), SOON).toContain('1,250 of 2,000 records');
  await decide(id, 'failed');
  await expect.poll(() => title(page), SOON).toBe('Failed');
  expect(await page.locator('noscript').count()).toBe(0);
});

test('a page at the width of a phone does not run over', { timeout: 60_000 }, async () => {
  const id = await running();
  const page = await tab();
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(`${producer.url}/exports/${id}`);
  const over = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  expect(await over()).toBeLessThanOrEqual(0);
  await decide(id, 'failed');
  await expect.poll(() => title(page), SOON).toBe('Failed');
  expect(await over()).toBeLessThanOrEqual(0);
});
