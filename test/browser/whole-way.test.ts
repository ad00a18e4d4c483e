/** The whole system as people meet it: a browser, the built producer and worker, queues on Redis, mails by SMTP. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { axeFaults, openTab, picture, SOON, startBrowser, type Tab } from '../support/browser.js';
import { type FrontDoor, openFrontDoor } from '../support/front-door.js';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.js';
import { type Stack, startStack } from '../support/stack.js';

const LONDON = '/projects/cadasta/london-2';
/** What the worker asks of the platform, and browsers do not. */
const RELATIONSHIPS = /^\/api\/.*\/relationships\/tenure\/\?.*limit=\d\d/;
const PARTIES = /^\/api\/.*\/parties\/\?/;

let folder: string;
let door: FrontDoor;
let redis: OwnRedis;
let browser: Browser;
let stack: Stack;
let ben: Tab;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-browser-'));
  [door, redis, browser] = await Promise.all([openFrontDoor(), startOwnRedis(), startBrowser()]);
  const env = { PUBLIC_URL: door.url, QUEUE_URL: redis.url };
  stack = await startStack({
    engine: 'postgres',
    samples: ['cadasta/london-2'],
    producerEnv: { ...env, SAMPLE_SIGN_IN: 'true' },
    // Of one that dies, others take over after this.
    workerEnv: { ...env, WORKER_LOCK_SECONDS: '2' },
  });
  door.leadTo(stack.producer.url);
  ben = await signedIn('Ben Okafor');
});
afterAll(async () => {
  door?.release();
  await browser?.close();
  await stack?.stop();
  await redis?.kill();
  door?.close();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  door.release();
  door.refuse();
});

async function signedIn(name: string, options = {}): Promise<Tab> {
  const tab = await openTab(browser, options);
  await tab.goto(`${door.url}/projects`);
  await tab.getByRole('button', { name }).click();
  await tab.getByRole('heading', { name: 'Projects' }).waitFor(SOON);
  return tab;
}

/** Asks for an export on the page of the project, of what another test does not ask for. */
async function ask(page: Page, { formats = [] as string[], mail = false } = {}): Promise<string> {
  await page.goto(door.url + LONDON);
  if (formats.length > 0) {
    await page.getByRole('radio', { name: /^Formats of your choice/ }).check();
    for (const format of formats) await page.getByRole('checkbox', { name: format }).check();
  }
  if (mail) await page.getByRole('checkbox', { name: 'Mail me the link' }).check();
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.waitForURL(/\/exports\/[0-9a-f-]{36}$/, SOON);
  return new URL(page.url()).pathname.split('/').at(-1) as string;
}

const title = (page: Page) => page.locator('#export-doing').textContent();
const becomes = (page: Page, text: string) => expect.poll(() => title(page), SOON).toBe(text);
const progress = (page: Page) => page.locator('[data-live="progress"]').textContent();

/** Clicks the link to the bundle, and says what has come. */
async function downloaded(page: Page): Promise<{ path: string; sha256: string }> {
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: /^Download / }).click();
  const path = join(folder, (await coming).suggestedFilename());
  await (await coming).saveAs(path);
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

test('whoever asks sees it move, gets the file, and a mail whose link is good as often as it is followed', async () => {
  const held = door.hold(RELATIONSHIPS);
  const id = await ask(ben, { mail: true });
  await held;
  await becomes(ben, 'Reading the records');
  await expect.poll(() => progress(ben), SOON).toMatch(/^[1-9]\d?% done · [\d,]+ of [\d,]+ records$/);
  const before = Number(/^\d+/.exec((await progress(ben)) ?? '')?.[0]);

  // In the middle of it: a reload, and another tab, of somebody else.
  await ben.reload();
  expect(Number(/^\d+/.exec((await progress(ben)) ?? '')?.[0])).toBeGreaterThanOrEqual(before);
  const ana = await signedIn('Ana Souza');
  await ana.goto(ben.url());
  await expect.poll(async () => (await progress(ana)) === (await progress(ben)), SOON).toBe(true);
  expect(await ana.getByRole('link', { name: /^Download / }).count()).toBe(0);

  door.release();
  for (const page of [ben, ana]) await becomes(page, 'Finished');
  const { path, sha256 } = await downloaded(ben);
  execFileSync('unzip', ['-tq', path]);
  const names = execFileSync('unzip', ['-Z1', path], { encoding: 'utf8' }).trim().split('\n');
  expect(names).toEqual(expect.arrayContaining(['manifest.json', 'parties.csv', 'relationships.csv']));
  expect(names.some((name) => name.endsWith('.shp'))).toBe(true);
  expect(await ben.locator('.download code').textContent()).toBe(sha256);

  const mail = await simpleParser((await stack.smtp.waitForMail(({ to }) => to.includes('ben@example.org'))).raw);
  const link = /https?:\S+\/exports\/[0-9a-f-]{36}(?=\s)/.exec(mail.text ?? '')?.[0] as string;
  expect(link).toBe(`${door.url}/exports/${id}`);
  await ben.getByRole('cell', { name: 'done', exact: true }).waitFor(SOON);
  const rows = async () => {
    const all = (table: string) => stack.database.db.raw('select to_jsonb(t) from ?? t order by 1', [table]);
    const tables = ['exports', 'export_jobs', 'files', 'outbox', 'audit_log'];
    return JSON.stringify((await Promise.all(tables.map(all))).map((found) => found.rows));
  };
  const unchanged = await rows();
  for (const method of ['HEAD', 'GET', 'HEAD', 'GET'] as const) {
    const answer = await ben.context().request.fetch(link, { method });
    expect(answer.status(), method).toBe(200);
  }
  await ben.goto(link);
  await ben.goto(link);
  expect(await rows()).toBe(unchanged);
  // Whoever is not signed in does that first, and comes out at the link.
  const elsewhere = await openTab(browser);
  await elsewhere.goto(link);
  await elsewhere.getByRole('button', { name: 'Ben Okafor' }).click();
  await becomes(elsewhere, 'Finished');
  expect(elsewhere.url()).toBe(link);
  expect([...ben.complaints, ...ana.complaints, ...elsewhere.complaints]).toEqual([]);
  await Promise.all([ana.context().close(), elsewhere.context().close()]);
});

test('a failure says why and what to do, and a retry brings the file', async () => {
  door.refuse(PARTIES);
  const id = await ask(ben, { formats: ['GeoPackage'] });
  await becomes(ben, 'Failed');
  const reason = ben.getByRole('alert');
  await reason.waitFor(SOON);
  expect(await reason.getByRole('heading').allTextContents()).toEqual([
    'Why it failed',
    'What to do',
    'For the operator',
  ]);
  expect(await reason.textContent()).toContain('platform-forbidden');
  await ben.goto(door.url + LONDON);
  const row = ben.locator(`li[data-id="${id}"]`);
  expect(await row.textContent()).toMatch(/Failed.*The platform/);
  door.refuse();
  await row.getByRole('link').first().click();
  await ben.getByRole('button', { name: 'Try again' }).click();
  await becomes(ben, 'Finished');
  expect(new URL(ben.url()).pathname).toBe(`/exports/${id}`);
  expect(await ben.getByRole('alert').count()).toBe(0);
  execFileSync('unzip', ['-tq', (await downloaded(ben)).path]);
  expect(ben.complaints).toEqual([]);
});

test('what is cancelled ends, says so, and leaves no file', async () => {
  const held = door.hold(RELATIONSHIPS);
  const id = await ask(ben, { formats: ['GeoJSON lines'] });
  await held;
  await becomes(ben, 'Reading the records');
  await ben.getByRole('button', { name: 'Cancel this export' }).click();
  await becomes(ben, 'Cancelled');
  door.release();
  await ben.getByRole('button', { name: 'Try again' }).waitFor(SOON);
  expect(await ben.getByRole('link', { name: /^Download / }).count()).toBe(0);
  const { state, bundle } = await (await stack.as('ben')).export(id);
  expect([state, bundle]).toEqual(['cancelled', null]);
});

test('the fault "a dead worker leaves the wait page forever": another takes over, and the page goes on', async () => {
  const held = door.hold(RELATIONSHIPS);
  await ask(ben, { formats: ['GeoJSON locations'] });
  await held;
  await becomes(ben, 'Reading the records');
  await stack.workers.at(-1)?.kill('SIGKILL');
  await stack.startWorker();
  door.release();
  await becomes(ben, 'Finished');
  expect(ben.complaints).toEqual([]);
});

test('what has expired says so, on its page and at its link, and is asked for again by a button', async () => {
  const id = await ask(ben, { formats: ['CSV'] });
  await becomes(ben, 'Finished');
  const link = await ben.getByRole('link', { name: /^Download / }).getAttribute('href');
  const { db } = stack.database;
  const expires_at = new Date(Date.now() - 1000);
  await db('exports').where({ id }).update({ expires_at });
  await db('files').where({ export_id: id }).update({ expires_at });
  await expect
    .poll(async () => (await db('files').where({ export_id: id }).first('cleared_at')).cleared_at, SOON)
    .toBeTruthy();
  await ben.reload();
  expect(await title(ben)).toBe('Expired');
  expect((await ben.goto(door.url + link))?.status()).toBe(410);
  await ben.goBack();
  await ben.getByRole('button', { name: 'Ask again with the same options' }).click();
  await ben.waitForURL((url) => !url.pathname.endsWith(id), SOON);
  await becomes(ben, 'Finished');
  expect(ben.complaints).toEqual([]);
});

test('what somebody may not see is not found, and what they may not do is refused in plain words', async () => {
  const hers = await openTab(browser);
  await hers.goto(`${door.url}/projects`);
  await hers.getByRole('button', { name: 'Eve Martin' }).click();
  const { id } = await (await stack.as('ana')).requestExport('cadasta/london-2', { formats: ['xlsx'] });
  for (const path of [LONDON, `/exports/${id}`, `/exports/${id.replace(/^./, 'f')}`, '/nowhere']) {
    const answer = await hers.goto(door.url + path);
    expect([path, answer?.status()]).toEqual([path, 404]);
    await hers
      .getByRole('link', { name: 'Sign' })
      .or(hers.getByRole('link', { name: 'To the start' }))
      .first()
      .waitFor();
  }
  expect(hers.complaints).toEqual([]);
  await hers.context().close();

  // Ben may look at what Ana asked for, and not end it: he gets no button for that, nor by a form of his own making.
  const answer = await ben.goto(`${door.url}/exports/${id}`);
  expect(answer?.status()).toBe(200);
  expect(await ben.getByRole('button', { name: /Cancel|Try again/ }).count()).toBe(0);
  await ben
    .locator('form[action="/sign-out"]')
    .evaluate((form, action) => form.setAttribute('action', action), `/exports/${id}/cancel`);
  await ben.locator('summary', { hasText: 'Ben Okafor' }).click();
  const refused = ben.waitForResponse((response) => response.url().endsWith('/cancel'));
  await ben.getByRole('button', { name: 'Sign out' }).click();
  expect((await refused).status()).toBe(403);
  await ben.getByRole('alert').waitFor();
  expect(await axeFaults(ben)).toEqual([]);
  await picture(ben, 'not-allowed-light');
});

test('without script all of it works: pages look again by themselves', async () => {
  const plain = await signedIn('Ben Okafor', { javaScriptEnabled: false });
  const held = door.hold(RELATIONSHIPS);
  await ask(plain, { formats: ['FlatGeobuf'] });
  await held;
  await becomes(plain, 'Reading the records');
  door.release();
  await becomes(plain, 'Finished');
  execFileSync('unzip', ['-tq', (await downloaded(plain)).path]);
  await plain.context().close();
});

test('a keyboard is enough, and always shows where it is', async () => {
  const tab = await signedIn('Ben Okafor');
  const focused = () => tab.evaluate<string>(FOCUSED);
  /** Goes on until what has the focus is named so. */
  const to = async (name: RegExp, key = 'Tab') => {
    for (let steps = 0; steps < 60; steps += 1) {
      await tab.keyboard.press(key);
      const at = await focused();
      expect(at).toMatch(/ \| seen$/);
      if (name.test(at)) return;
    }
    throw new Error(`${name} was not reached; at the end the focus was at ${await focused()}`);
  };
  await to(/^Skip to content/);
  await tab.keyboard.press('Enter');
  await to(/^London/);
  await tab.keyboard.press('Enter');
  await tab.waitForURL(`**${LONDON}`);
  await to(/^Shapefiles and tables/);
  await to(/^Excel workbook/, 'ArrowDown');
  await to(/^Mail me the link/);
  await to(/^Export \|/);
  await tab.keyboard.press('Enter');
  await becomes(tab, 'Finished');
  // The state is told a moment before the rest of the page is there.
  await tab.getByRole('link', { name: /^Download / }).waitFor();
  await to(/^Download /);
  const coming = tab.waitForEvent('download');
  await tab.keyboard.press('Enter');
  expect((await coming).suggestedFilename()).toMatch(/\.zip$/);
  expect(tab.complaints).toEqual([]);
  await tab.context().close();
});

/** What has the focus, and whether that is to be seen. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const name = element.labels?.[0]?.textContent ?? element.textContent ?? '';
  const style = getComputedStyle(element);
  const seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return name.trim().replaceAll(/\\s+/g, ' ') + ' | ' + (seen ? 'seen' : element.outerHTML);
})()`;

test('while the queue is away pages say so and take the request, which starts when it is back', async () => {
  await redis.kill();
  await expect
    .poll(async () => {
      await ben.goto(door.url + LONDON);
      return ben.getByText('The queue does not answer').count();
    }, SOON)
    .toBe(1);
  await ask(ben, { formats: ['Parquet'] });
  await ben.locator('.notice', { hasText: /queue/ }).waitFor(SOON);
  expect(await title(ben)).toBe('Recorded; the queue does not answer');
  await redis.start();
  await becomes(ben, 'Finished');
  await ben.locator('.notice', { hasText: /queue/ }).waitFor({ ...SOON, state: 'detached' });
  expect(ben.complaints).toEqual([]);
});
