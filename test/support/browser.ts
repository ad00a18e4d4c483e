/** A browser for tests: tabs that remember what they complained of, and what a page can be asked about itself. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBrowser } from '@parcelpost/infra/services/system-packages.js';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ROOT } from './root.js';

/** Run in pages, whose types tests do not know. */
const TELLS_BREACHES = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  console.error('breach of the policy: ' + violatedDirective + ' ' + blockedURI);
})`;
const TOO_WIDE = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll('body *')].filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    return (right > clientWidth + 1 || left < -1) && !element.closest('.table-scroll, .visually-hidden, .skip');
  });
  return [scrollWidth - clientWidth + ' px', ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
})()`;

/** What people wait for at most, on a busy machine too. */
export const SOON = { timeout: 20_000 };

/**
 * Starts the browser of `CHROMIUM`, else the one of this system. Throws when there is none.
 * @param more flags of chromium
 */
export function startBrowser(...more: string[]): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no chromium was found; install it, or say by CHROMIUM where it is');
  // Root, as in a container, gets no sandbox; and what is opened are pages of ours.
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...more] });
}

export interface Tab extends Page {
  /** Errors of its console, of its scripts, and breaches of a page's policy; not that a page itself answered with an error. */
  complaints: string[];
}

/** A tab in a context of its own, with these cookies (`name=value`) at an address. */
export async function openTab(
  browser: Browser,
  options: BrowserContextOptions & { cookie?: { text: string; url: string } } = {},
): Promise<Tab> {
  const { cookie, ...rest } = options;
  const context = await browser.newContext(rest);
  if (cookie) {
    const [name = '', value = ''] = cookie.text.split('=');
    await context.addCookies([{ name, value, url: cookie.url }]);
  }
  await context.addInitScript(TELLS_BREACHES);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const ofThePage = message.text().startsWith('Failed to load resource') && message.location().url === page.url();
    if (message.type() === 'error' && !ofThePage) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  return Object.assign(page, { complaints });
}

/**
 * What keeps people from using the page as it is now, by axe: rules of WCAG 2.2 A and AA, and good practice.
 * @param only rules to look at (default: all)
 */
export async function axeFaults(page: Page, only?: string[]): Promise<string[]> {
  // Evaluated and not added: the policy of the pages lets nobody add a script.
  if (!(await page.evaluate(`'axe' in globalThis`))) await page.evaluate(axe.source);
  const options = { resultTypes: ['violations'], ...(only && { runOnly: { type: 'rule', values: only } }) };
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** How many pixels the page is wider than its window, and what makes it so. */
export function overflow(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(TOO_WIDE);
}

/** Takes a picture of the whole page, for a person to look at: into `SCREENSHOTS`, else `.data/screenshots`. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS ?? join(ROOT, '.data', 'screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
