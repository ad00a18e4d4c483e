import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExportError } from '@parcelpost/shared/errors.js';
import { type ExportOptions, exportOptions, exportRequestSchema } from '@parcelpost/shared/export-request.js';
import type { ResourceRecord } from '@parcelpost/shared/records.js';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileSource } from '../file-source.js';
import { FILE_DATE, type Fragment } from '../step.js';
import { resourcesStep } from './resources.js';

let folder: string;
let runs = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-resources-step-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const record = (id: string, originalFile: string, more: Partial<ResourceRecord> = {}): ResourceRecord => ({
  id,
  name: id,
  description: '',
  file: `https://files.example.org/${id}`,
  originalFile,
  mimeType: '',
  archived: false,
  links: [],
  ...more,
});

/** Has the content of each by its id; no other can be had. */
function source(contents: ReadonlyMap<string, string>): FileSource {
  return {
    limits: { file: 100, all: 1000 },
    async fetch(url, open) {
      const content = contents.get(url.split('/').at(-1) ?? '');
      if (content === undefined) throw new ExportError('resource-not-found', 'it is gone.', true);
      const target = await open();
      try {
        await target.write(Buffer.from(content));
      } catch (error) {
        await target.abort();
        throw error;
      }
      return target;
    },
  };
}

async function run(shards: ResourceRecord[][], contents: Map<string, string>, body: object = {}) {
  const options: ExportOptions = exportOptions(exportRequestSchema.parse({ outputType: 'res', ...body }));
  const context = { options, schemas: {}, project: 'p', date: FILE_DATE };
  const storage = openStorage(`file://${folder}/${runs++}`);
  const opener = (prefix: string) => async (name: string) => {
    const key = `${prefix}/${name}`;
    return Object.assign(await storage.create(key), { key });
  };
  const fragments: Fragment[] = [];
  for (const [i, records] of shards.entries()) {
    const mapper = resourcesStep.createMapper('resources', context, opener(`map-${i}`));
    await mapper.add(records);
    fragments.push(...(await mapper.finish()).fragments);
  }
  const reduced = await resourcesStep.reduce('files', {
    context,
    fragments,
    storage,
    open: opener('reduce'),
    signal: new AbortController().signal,
    openFiles: () => source(contents),
  });
  const texts = await Promise.all(reduced.files.slice(1).map(async ({ key }) => `${await storage.readAll(key)}`));
  return { ...reduced, texts, listing: await storage.readAll(reduced.files[0]?.key ?? '') };
}

const many = Array.from({ length: 60 }, (_, i) => record(`r${i}`, 'photo.jpg'));
const all = new Map(many.map(({ id }) => [id, `content of ${id}`]));

test('files are named in the order of the records, however these were divided, and so are the bytes of the list', async () => {
  const whole = await run([many], all);
  const divided = await run([many.slice(0, 7), [], many.slice(7, 8), many.slice(8)], all);
  expect(whole.files.map(({ name }) => name).slice(0, 4)).toEqual([
    'resources.xlsx',
    'photo.jpg',
    'photo (2).jpg',
    'photo (3).jpg',
  ]);
  expect(whole.texts).toEqual(many.map(({ id }) => `content of ${id}`));
  expect(whole.files.slice(1).map(({ resource }) => resource)).toEqual(many.map(({ id }) => id));
  const figures = ({ files }: typeof whole) => files.map(({ key: _, ...file }) => file);
  expect(figures(divided)).toEqual(figures(whole));
  expect(divided.listing.equals(whole.listing)).toBe(true);
  expect(whole.missing).toEqual([]);
});

test('a file that cannot be had fails all of them, and is named', async () => {
  const lacking = new Map([...all].filter(([id]) => id !== 'r1'));
  await expect(run([many], lacking)).rejects.toMatchObject({
    code: 'resource-not-found',
    permanent: true,
    message: 'The file "photo (2).jpg" of the resource r1 could not be fetched: it is gone.',
  });
});

test('where a part is enough those that are missing are told, the first of many one by one; the others keep their names', async () => {
  const { files, missing = [] } = await run([many], new Map([['r2', 'c']]), { allowPartial: true });
  expect(files.map(({ name }) => name)).toEqual(['resources.xlsx', 'photo (3).jpg']);
  expect(missing).toHaveLength(50);
  expect(missing[0]).toMatchObject({ code: 'resource-not-found', step: 'resources.files', file: 'photo.jpg' });
  expect(missing.at(-1)).toMatchObject({ file: '10 more resource files' });
});

test('what is too large is told as what it is', async () => {
  const large = new Map([['r0', 'x'.repeat(101)]]);
  await expect(run([[many[0] as ResourceRecord]], large)).rejects.toMatchObject({ code: 'resource-too-large' });
  await expect(run([many], new Map(many.map(({ id }) => [id, 'x'.repeat(90)])))).rejects.toMatchObject({
    code: 'resource-too-large',
    message: expect.stringContaining('RESOURCE_TOTAL_MB'),
  });
});

test('what no cell of the list can hold is whole in a file beside it, which the warnings name', async () => {
  const links = Array.from({ length: 3000 }, (_, i) => ({ id: `parcel-${i}-of-many`, type: 'spatialunit' }));
  const records = [
    record('a', 'a.txt', { links }),
    record('b', 'resources_long_texts.csv', { description: `=${'b;"'.repeat(20_000)}`, links: links.slice(0, 2) }),
  ];
  const { files, texts, warnings } = await run([records], all, {
    csv: { delimiter: ';' },
    allowPartial: true,
  });
  expect(files.map(({ name, rows }) => [name, rows])).toEqual([
    ['resources.xlsx', 2],
    ['resources_long_texts.csv', 2],
  ]);
  expect(parse(texts[0] ?? '', { delimiter: ';' })).toEqual([
    ['sheet', 'id', 'column', 'text'],
    ['resources', 'a', 'locations', links.map(({ id }) => id).join(', ')],
    ['resources', 'b', 'description', `'=${'b;"'.repeat(20_000)}`],
  ]);
  expect(warnings).toMatchObject([
    {
      code: 'resources-text-cut',
      count: 2,
      ids: ['a', 'b'],
      message: expect.stringMatching(/^2 resources in resources\.xlsx .*resources_long_texts\.csv has it whole$/),
    },
  ]);
});

test('archived ones are left out and counted, unless they are asked for', async () => {
  const records = [record('a', 'a.txt'), record('b', 'b.txt', { archived: true })];
  const contents = new Map([
    ['a', 'A'],
    ['b', 'B'],
  ]);
  expect((await run([records], contents)).texts).toEqual(['A']);
  expect((await run([records], contents, { includeArchived: true })).texts).toEqual(['A', 'B']);
  const [warning] = resourcesStep.warnings([
    { step: 'resources', meta: { count: 1, ids: ['b'] } },
    { step: 'resources', meta: { count: 2, ids: ['c', 'd'] } },
  ]);
  expect(warning).toMatchObject({ code: 'resources-archived', count: 3, ids: ['b', 'c', 'd'] });
});
