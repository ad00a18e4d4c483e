/** Signing in and out in a browser, whose own rules (Content-Security-Policy, cookies, where a form may lead) count here. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startBrowser } from '../support/browser.js';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.js';
import { PUBLIC_URL, startProducer, type TestProducer } from '../support/producer.js';

const CLIENT = { id: 'parcelpost', secret: 'a client secret of the tests' };

let browser: Browser;
let provider: IdentityProvider;
let producer: TestProducer;
beforeAll(async () => {
  provider = await startIdentityProvider(CLIENT);
  provider.person = { sub: 'ana at the provider', email: 'ana@example.org', email_verified: true };
  const OIDC = {
    issuer: provider.issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    scopes: 'openid email',
    name: 'Land Office',
    linkEmail: true,
    trustEmail: false,
    createUsers: false,
  };
  producer = await startProducer({ changes: { OIDC } });
  // The browser finds the producer by the name that links and redirections have.
  browser = await startBrowser(`--host-resolver-rules=MAP ${new URL(PUBLIC_URL).host}:80 127.0.0.1:${producer.port}`);
});
afterAll(async () => {
  await browser?.close();
  await producer?.close();
  await provider?.close();
});
beforeEach(() => {
  refusals.length = 0;
});

/** What pages complained of, such as of what their policy forbids. */
const refusals: string[] = [];

async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') refusals.push(message.text());
  });
  page.on('pageerror', (error) => refusals.push(String(error)));
  return page;
}

it.each([true, false])(
  'signs in at the provider, speaks another language, and signs out, with scripts or without (%s)',
  async (javaScriptEnabled) => {
    const page = await newPage({ javaScriptEnabled, locale: 'en-GB' });
    await page.goto(`${PUBLIC_URL}/exports?x=1`);
    await page.getByRole('link', { name: 'Sign in with Land Office' }).click();
    await page.waitForURL(`${PUBLIC_URL}/exports?x=1`);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Recent exports');

    await page.getByText('Language: English').click();
    await page.getByRole('button', { name: 'Español' }).click();
    await page.waitForURL(`${PUBLIC_URL}/exports?x=1`);
    expect(await page.locator('html').getAttribute('lang')).toBe('es');

    await page.getByText('Cuenta: Ana Álvarez').click();
    await page.getByRole('button', { name: 'Cerrar sesión' }).click();
    await page.waitForURL(`${PUBLIC_URL}/signed-out?provider=1`);
    expect(await page.getByRole('link', { name: 'Land Office' }).getAttribute('href')).toContain(
      `${provider.issuer}/end?`,
    );
    await page.goto(`${PUBLIC_URL}/exports`);
    expect(page.url()).toBe(`${PUBLIC_URL}/sign-in?next=%2Fexports`);
    expect(refusals).toEqual([]);
    await page.context().close();
  },
);

it('is all there by the keyboard alone, and on a screen of 320 pixels', async () => {
  const page = await newPage({ viewport: { width: 320, height: 640 } });
  for (const path of ['/sign-in', '/signed-out', '/nowhere', '/problems']) {
    await page.goto(`${PUBLIC_URL}${path}`);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect([path, width]).toEqual([path, 320]);
  }
  await page.goto(`${PUBLIC_URL}/sign-in`);
  const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
  const reached: string[] = [];
  for (let presses = 0; presses < 8; presses++) {
    await page.keyboard.press('Tab');
    reached.push(await focused());
  }
  expect(reached).toEqual(
    expect.arrayContaining(['Skip to content', 'Parcelpost', 'Language: English', 'Sign in with Land Office']),
  );
  await page.context().close();
});
