/**
 * Every page in every state: can everybody use it, in light and in the dark, on a phone, in their language and direction? And a
 * picture of each, for a person to look at.
 */
import { LANGUAGE_TAGS } from '@parcelpost/shared/languages.js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFaults, openTab, overflow, picture, SOON, startBrowser, type Tab } from '../support/browser.js';
import { PLANTED, type PlantedState, plantExports, plantParcels } from '../support/planted-exports.js';
import { session, startProducer, type TestProducer } from '../support/producer.js';
import { saidBy, wordsOf } from '../support/said.js';

const LONDON = '/projects/cadasta/london-2';
const PHONE = { width: 320, height: 640 };
const DESK = { width: 1200, height: 800 };

let producer: TestProducer;
let browser: Browser;
let ids: Record<PlantedState, string>;
let away = false;
let ben: Tab;
let eve: Tab;
let nobody: Tab;

beforeAll(async () => {
  const pingQueues = async () => {
    if (away) throw new Error('no engine');
  };
  [producer, browser] = await Promise.all([
    startProducer({ changes: { SAMPLE_SIGN_IN: true }, over: { pingQueues } }),
    startBrowser(),
  ]);
  await plantParcels(producer);
  ids = await plantExports(producer);
  const tab = (user?: string) => {
    const cookie = user && { text: session(user).cookie, url: producer.url };
    return openTab(browser, { viewport: DESK, locale: 'en', ...(cookie && { cookie }) });
  };
  [ben, eve, nobody] = await Promise.all([tab(producer.users.ben), tab(producer.users.eve), tab()]);
});
afterAll(async () => {
  await browser?.close();
  await producer?.close();
});

interface Shown {
  name: string;
  tab: () => Tab;
  path: () => string;
  /** Brings the page, once it is open, where it is to be. */
  then?: (page: Page) => Promise<unknown>;
}
const asBen = (name: string, path: string, then?: Shown['then']): Shown => ({
  name,
  tab: () => ben,
  path: () => path,
  ...(then && { then }),
});

const drawn = (page: Page) => page.locator('.map-box canvas').waitFor(SOON);
const PAGES: readonly Shown[] = [
  { name: 'sign-in', tab: () => nobody, path: () => '/sign-in' },
  { name: 'signed-out', tab: () => nobody, path: () => '/signed-out' },
  asBen('projects', '/projects'),
  asBen('projects-none-found', '/projects?q=nothing'),
  asBen('project', LONDON, drawn),
  asBen('project-form-open', LONDON, async (page) => {
    await page.getByRole('radio').last().check();
    for (const part of await page.locator('#export-form details > summary').all()) await part.click();
  }),
  asBen('project-form-refused', LONDON, async (page) => {
    await page.getByRole('radio').last().check();
    await page.locator('#export-form button.primary').click();
    await page.locator('#faults').waitFor(SOON);
  }),
  { name: 'project-of-others', tab: () => eve, path: () => '/projects/cadasta/open' },
  asBen('exports', '/exports'),
  { name: 'exports-none', tab: () => eve, path: () => '/exports' },
  ...PLANTED.map((state) => ({ name: `export-${state}`, tab: () => ben, path: () => `/exports/${ids[state]}` })),
  { name: 'export-not-found', tab: () => eve, path: () => `/exports/${ids.failed}` },
  { name: 'download-expired', tab: () => ben, path: () => `/api/v1/exports/${ids.expired}/download` },
  asBen('menus', '/exports', async (page) => {
    for (const menu of await page.locator('.site-header summary').all()) await menu.click();
  }),
  asBen('problems', '/problems'),
];

async function open({ tab, path, then }: Shown, language?: string): Promise<Tab> {
  const page = tab();
  await page.goto(`${producer.url}${path()}${language ? `${path().includes('?') ? '&' : '?'}lang=${language}` : ''}`);
  await then?.(page);
  return page;
}

/** Rules of axe that colours bear on; all others say the same in light and in the dark. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** Looks at one page in every way, and takes pictures of it. */
async function isForEverybody(page: Tab, name: string): Promise<void> {
  expect(await axeFaults(page), 'in light').toEqual([]);
  await picture(page, `${name}-light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await axeFaults(page, OF_COLOURS), 'in the dark').toEqual([]);
  await picture(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  for (const viewport of [{ width: 390, height: 844 }, PHONE]) {
    await page.setViewportSize(viewport);
    expect(await overflow(page), `${viewport.width} px`).toEqual([]);
  }
  expect(await axeFaults(page), 'on a phone').toEqual([]);
  await picture(page, `${name}-phone`);

  await page.evaluate(`document.documentElement.dir = 'rtl'`);
  expect(await overflow(page), 'on a phone, from right to left').toEqual([]);
  await page.setViewportSize(DESK);
  expect(await overflow(page), 'from right to left').toEqual([]);
  expect((await page.locator('.brand').boundingBox())?.x).toBeGreaterThan(DESK.width / 2);
  await picture(page, `${name}-right-to-left`);
  expect(page.complaints).toEqual([]);
}

test.each(PAGES)(
  '$name can be used by everybody: axe, in light and in the dark, on a phone, from right to left; nothing breaks its policy',
  async (shown) => isForEverybody(await open(shown), shown.name),
);

/** What is the same in every language: what people and projects are called, what they have written, and how machines call things. */
const DATA =
  /^(Parcelpost|Cadasta|London|Open to all|Ben |Ben$|Eve|Ana)|@|^https:|\.(csv|shp|zip|txt)$|^(parties|relationships|locations|ben|eve|ana)$/;
const NOT_OURS = ['problems'];

/** What each page says in English. */
const english = new Map<string, Set<string>>();
async function englishOf(shown: Shown): Promise<Set<string>> {
  const known = english.get(shown.name) ?? new Set(await saidBy(await open(shown, 'en')));
  english.set(shown.name, known);
  return known;
}

describe.each(LANGUAGE_TAGS.filter((tag) => tag !== 'en'))('in %s', (language) => {
  const known = wordsOf(language);

  test.each(PAGES.filter(({ name }) => !NOT_OURS.includes(name)))('$name has no English left', async (shown) => {
    const inEnglish = await englishOf(shown);
    const page = await open(shown, language);
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    const left = (await saidBy(page)).filter((text) => inEnglish.has(text) && !DATA.test(text) && !known(text));
    expect(left).toEqual([]);
  });
});

describe('while the queue is away', () => {
  beforeAll(() => {
    away = true;
  });

  test.each([
    asBen('project-queue-away', LONDON),
    { ...asBen('export-queue-away', ''), path: () => `/exports/${ids.waiting}` },
  ])('$name says so, and can be used by everybody', async (shown) => {
    const page = ben;
    const said = async () => (await open(shown)).getByText('The queue does not answer').count();
    await expect.poll(said, SOON).toBeGreaterThan(0);
    await isForEverybody(page, shown.name);
  });
});
