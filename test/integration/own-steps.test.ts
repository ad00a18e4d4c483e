/** Steps of an installation's own: asked for, made and bundled like the built-in ones. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, exportBundle } from '../support/bundle.js';
import { API_TOKEN, type PlatformStack, startPlatformStack } from '../support/platform-stack.js';
import { ROOT } from '../support/root.js';

const PARCELS = 25;
const EXAMPLE = pathToFileURL(join(ROOT, 'docs/examples/own-steps.mjs')).href;

let folder: string;
let stack: PlatformStack;
let bundle: Bundle;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'own-steps-'));
  const module = join(folder, 'steps.mjs');
  writeFileSync(
    module,
    `import { steps as examples } from ${JSON.stringify(EXAMPLE)};
    const twice = { name: 'twice', version: 1, summary: 'A name that is taken', formats: ['twice'],
      reduce: ({ write }) => write('Parties.CSV', 'mine') };
    const heads = { name: 'heads', version: 1, summary: 'First lines', formats: ['heads'], uses: ['parties'],
      async reduce({ files, write, warn }) {
        let text = '';
        for (const file of files) for await (const chunk of file.read()) text += chunk;
        await write('heads.txt', text.split('\\r\\n')[0], { rows: 1 });
        warn({ code: 'short', message: 'only the first line of each table is in heads.txt' });
      } };
    export const steps = [...examples, twice, heads];`,
  );
  const env = { STEPS_MODULE: module };
  stack = await startPlatformStack(
    { parcels: PARCELS, geometries: 'every' },
    { engine: 'postgres', producerEnv: env, workerEnv: { ...env, SHARD_RECORDS: '10', PAGE_SIZE: '5' } },
  );
  bundle = await exportBundle(
    stack.api,
    'faraway/own',
    { formats: ['csv', 'heads', 'kml', 'sha256sums'], apiToken: API_TOKEN },
    join(folder, 'bundle'),
  );
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the files of own steps stand in the bundle in the order of the pipeline', () => {
  expect(bundle.names).toEqual([
    'relationships.csv',
    'parties.csv',
    'locations.csv',
    'locations.kml',
    'SHA256SUMS',
    'heads.txt',
    'README.txt',
    'manifest.json',
  ]);
  const { files } = JSON.parse(bundle.text('manifest.json'));
  expect(files.map(({ name }: { name: string }) => name)).toEqual(bundle.names.slice(0, -1));
});

test('what a map leaves of all shards is joined in the order of the records', () => {
  const ids = [...bundle.text('locations.kml').matchAll(/<Placemark id="_([^"]+)"/g)].map(([, id]) => id);
  const rows = bundle.text('locations.csv').trimEnd().split('\r\n').slice(1);
  const inCsv = rows
    .filter((row) => !row.includes('SRID=4326;GEOMETRYCOLLECTION EMPTY'))
    .map((row) => row.split(',')[0]);
  expect(ids.length).toBeGreaterThan(10);
  expect(inCsv.filter((id) => ids.includes(id ?? ''))).toEqual(ids);
  // As another program reads it.
  const told = execFileSync('ogrinfo', ['-ro', '-so', '-al', bundle.path('locations.kml')], { encoding: 'utf8' });
  expect(told).toContain(`Feature Count: ${ids.length}`);
});

test('V3: what earlier steps have made is there for the later ones, finished', () => {
  const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
    cwd: join(folder, 'bundle'),
    encoding: 'utf8',
  });
  expect(checked.trimEnd().split('\n')).toEqual(
    ['relationships.csv', 'parties.csv', 'locations.csv', 'locations.kml'].map((name) => `${name}: OK`),
  );
  expect(bundle.text('parties.csv').startsWith(`${bundle.text('heads.txt')}\r\n`)).toBe(true);
  expect(bundle.state.warnings).toContain('only the first line of each table is in heads.txt');
});

test('the same data and options come to the same bytes, with own steps too', async () => {
  const again = await stack.ask('own', { formats: ['csv', 'heads', 'kml', 'sha256sums'] });
  expect((await stack.settled(again.id)).bundle?.sha256).toBe(bundle.state.bundle?.sha256);
});

test('keys do not clash silently: two files of one name fail the export, and it says which', async () => {
  const { id } = await stack.ask('clash', { formats: ['csv', 'twice'] });
  const { state, error } = await stack.settled(id);
  expect({ state, error }).toMatchObject({ state: 'failed', error: { code: 'name-clash' } });
  expect(error?.message).toMatch(/Parties\.CSV/);
});

test('a format that no step answers to is refused, also for an export that is to follow', async () => {
  const next = (format: string) => ({
    task: 'export.project',
    args: { project: 'own', request: { formats: [format] } },
  });
  const post = (body: object) =>
    stack.api.fetch('/api/v1/organizations/faraway/projects/own/exports', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiToken: API_TOKEN, ...body }),
    });
  const refused = await post({ formats: ['csv', 'kmz'] });
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ errors: [{ pointer: '/formats/1' }] });
  const nested = await post({ formats: ['csv'], onSuccess: [next('kmz')] });
  expect(nested.status).toBe(422);
  expect(await nested.json()).toMatchObject({ errors: [{ pointer: '/onSuccess/0/args/request/formats/0' }] });
  const taken = await post({ formats: ['csv'], onSuccess: [next('kml')] });
  expect(taken.status).toBe(202);
  await stack.settled(((await taken.json()) as { id: string }).id);
});

test('the document of the API names the formats of this installation', async () => {
  const document = JSON.stringify(await (await stack.api.fetch('/openapi.json')).json());
  expect(document).toContain('"sha256sums"');
  expect(readFileSync(join(ROOT, 'docs/own-steps.md'), 'utf8')).toContain('sha256sums');
});
