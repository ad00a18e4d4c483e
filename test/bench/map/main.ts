/**
 * `npm run bench:map`: how soon a browser paints the page of a large project, its picture and its map, and how many bytes that
 * takes; the first time after the producer has started, when the map has yet to be drawn, and afterwards. Ends with an exit
 * code other than 0 where the first paint takes 2 seconds or more, or page and assets come to 1 MB or more.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { seedGenerated } from '@parcelpost/infra/samples/generated.js';
import { type Browser, chromium } from 'playwright-core';
import { startFleet, startServices } from '../fleet.js';
import { seconds, table, whole } from '../table.js';

const USAGE = `npm run bench:map -- [options]
  --parcels 100000           of the project
  --repeat 3                 views after the first
  --screenshots DIR          where pictures of the page go
  CHROMIUM                   names the browser (default /usr/bin/chromium)`;

const WANTED_PAINT_MS = 2000;
const WANTED_BYTES = 1_000_000;
const ORGANIZATION = 'bench';
/** The projects of `npm run bench -- --own`, kept between runs. */
const DATABASE = 'parcelpost_bench_own';

interface View {
  name: string;
  /** Milliseconds from the request of the page. */
  paint: number;
  picture: number;
  map: number;
  /** Bytes on the wire, of the page and all that it loads; and of those, of picture and map. */
  bytes: number;
  mapBytes: number;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: {
      parcels: { type: 'string', default: '100000' },
      repeat: { type: 'string', default: '3' },
      screenshots: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    return true;
  }
  const parcels = Number(values.parcels);
  say(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`);
  const services = await startServices(say);
  try {
    const fleet = await startFleet(services, {
      engine: 'postgres',
      workers: 0,
      concurrency: undefined,
      profile: undefined,
      database: DATABASE,
      producerEnv: async () => ({ SAMPLE_SIGN_IN: 'true' }),
    });
    try {
      const project = `parcels-${parcels}`;
      const database = Object.assign(new URL(services.postgres.url), { pathname: `/${DATABASE}` });
      await seedGenerated(database.href, { organization: ORGANIZATION, project, parcels });
      const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox'],
      });
      try {
        const views: View[] = [];
        // The first page of a browser pays for its start, and is not counted.
        await viewed(browser, fleet.url, '/projects');
        const repeats = Array.from({ length: Number(values.repeat) }, (_, index) => `again (${index + 1})`);
        for (const name of ['first', ...repeats]) {
          const shot = values.screenshots && `${values.screenshots}/map-${name.replaceAll(/\W+/g, '-')}.png`;
          views.push({ name, ...(await viewed(browser, fleet.url, `/projects/${ORGANIZATION}/${project}`, shot)) });
        }
        say(`\n${whole(parcels)} parcels\n${shown(views)}`);
        return judged(views);
      } finally {
        await browser.close();
      }
    } finally {
      await fleet.stop();
    }
  } finally {
    await services.stop();
  }
}

/** Opens a page as somebody whose browser has nothing of ours yet. */
async function viewed(browser: Browser, url: string, path: string, screenshot?: string): Promise<Omit<View, 'name'>> {
  const signedIn = await browser.newContext();
  const first = await signedIn.newPage();
  await first.goto(`${url}/sign-in`);
  await first.getByRole('button', { name: /^Ana/ }).click();
  await first.waitForURL(`${url}/projects`);
  const context = await browser.newContext({ storageState: await signedIn.storageState() });
  await signedIn.close();
  const page = await context.newPage();
  const sizes: Promise<[path: string, bytes: number]>[] = [];
  page.on('requestfinished', (request) => {
    const size = request
      .sizes()
      .then(({ responseBodySize, responseHeadersSize }): [string, number] => [
        new URL(request.url()).pathname,
        responseBodySize + responseHeadersSize,
      ]);
    sizes.push(size);
  });
  await page.goto(url + path);
  const hasMap = (await page.locator('figure[data-map]').count()) > 0;
  if (hasMap) await page.locator('.map-box canvas').waitFor({ timeout: 60_000 });
  const times = await page.evaluate(TIMES);
  if (screenshot) await page.screenshot({ path: screenshot, fullPage: true });
  const loaded = await Promise.all(sizes);
  await context.close();
  const sum = (some: [string, number][]) => some.reduce((total, [, bytes]) => total + bytes, 0);
  return { ...times, bytes: sum(loaded), mapBytes: sum(loaded.filter(([name]) => /\/map\.(svg|json)$/.test(name))) };
}

/** Runs in the page. */
const TIMES = `({
  paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
  picture: performance.getEntriesByType('resource').find(({ name }) => name.endsWith('map.svg'))?.responseEnd ?? NaN,
  map: performance.now(),
})` as unknown as () => Pick<View, 'paint' | 'picture' | 'map'>;

function shown(views: readonly View[]): string {
  return table(
    ['view', 'first paint', 'picture', 'map', 'bytes', 'of the map'],
    views.map(({ name, paint, picture, map, bytes, mapBytes }) => [
      name,
      ...[paint, picture, map].map((ms) => seconds(ms / 1000)),
      `${whole(Math.round(bytes / 1000))} kB`,
      `${whole(Math.round(mapBytes / 1000))} kB`,
    ]),
  );
}

function judged(views: readonly View[]): boolean {
  const slow = views.filter(({ paint }) => !(paint < WANTED_PAINT_MS));
  const large = views.filter(({ bytes }) => bytes >= WANTED_BYTES);
  for (const { name, paint } of slow)
    say(`${name}: painted after ${Math.round(paint)} ms, not within ${WANTED_PAINT_MS}`);
  for (const { name, bytes } of large) say(`${name}: ${whole(bytes)} bytes, not fewer than ${whole(WANTED_BYTES)}`);
  return slow.length + large.length === 0;
}

// Ends by `exit`, so that nothing that was started stays.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  if (!(await run(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  process.stderr.write(
    `The bench failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
