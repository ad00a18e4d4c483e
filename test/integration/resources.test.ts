/** Exports with the files of a project's resources: fetched, named, listed; and what becomes of those that cannot be had. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '@parcelpost/infra/services/api-client.js';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyFile } from '../../apps/worker/src/verify/verify-bundle.js';
import { projectId } from '../conformance/database-records.js';
import { type Bundle, exportBundle, sha256 } from '../support/bundle.js';
import { type Stack, startStack } from '../support/stack.js';
import { readWorkbooks } from '../support/workbook.js';

const PROJECT = 'cadasta/london-20';
const photo = randomBytes(200_000);

let stack: Stack;
let ana: ApiClient;
let folder: string;
let store: Server;
let storeUrl: string;
/** What the store has, by path. */
const stored = new Map<string, Buffer>();
const asked: IncomingMessage[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-resources-'));
  store = createServer((request, response) => {
    asked.push(request);
    const content = stored.get(request.url ?? '');
    if (content) response.end(content);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  storeUrl = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  stack = await startStack({
    engine: 'postgres',
    samples: [PROJECT, 'cadasta/london-2'],
    workerEnv: {
      RESOURCE_HOSTS: new URL(storeUrl).host,
      RESOURCE_ALLOW_PRIVATE: 'true',
      SHARD_RECORDS: '3',
      PAGE_SIZE: '2',
    },
  });
  ana = await stack.as('ana');
  await Promise.all([
    insert('r1', 'deed.pdf', Buffer.from('%PDF first'), { description: 'of the =parcel' }),
    insert('r2', 'DEED.pdf', Buffer.from('%PDF second')),
    insert('r3', '../../фото.jpg', photo),
    insert('r4', 'README.txt', Buffer.from('not ours')),
    // As broken as what people upload may be: it is none of our tables.
    insert('r5', 'locations.csv', Buffer.from('a,"b\n\u0000')),
    insert('r6', 'old.doc', Buffer.from('old'), { archived: true }),
  ]);
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  store?.closeAllConnections();
  store?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function insert(id: string, originalFile: string, content: Buffer, more: object = {}) {
  stored.set(`/${id}`, content);
  await stack.database.db('resources').insert({
    project_id: await projectId(stack.database.db, PROJECT),
    id,
    name: `Resource ${id}`,
    file: `${storeUrl}/${id}`,
    original_file: originalFile,
    mime_type: 'application/octet-stream',
    ...more,
  });
}

const entries = (zip: string) =>
  execFileSync('zipinfo', ['-l', zip], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, method = '', name = ''] = /^-.* (stor|def\S) \S+ \S+ (.*)$/.exec(line) ?? [];
      return name ? [{ name, stored: method === 'stor' }] : [];
    });

const faultsOf = async (zip: string) => (await verifyFile(zip)).faults;

interface Manifest {
  files: { name: string; rows: number | null; bytes: number; sha256: string; resource?: string }[];
  warnings: { code: string; count: number; ids: string[] }[];
  missing: { code: string; file?: string }[];
}
const manifestOf = (bundle: Bundle) => JSON.parse(bundle.text('manifest.json')) as Manifest;

/** In the order of the platform, which need not be that of the ids. */
const NAMES = ['deed.pdf', 'DEED.pdf', 'фото.jpg', 'README.txt', 'locations.csv'];
const renamed = /^(?:deed( \(2\))?\.pdf|DEED( \(2\))?\.pdf|фото\.jpg|README \(2\)\.txt|locations\.csv)$/;

describe('the output type res', () => {
  test('holds every resource’s file as it is, under its own name where that is free, and a workbook that tells of them', async () => {
    asked.length = 0;
    const bundle = await exportBundle(ana, PROJECT, { outputType: 'res' }, join(folder, 'res'));
    const files = bundle.names.filter((name) => !['resources.xlsx', 'README.txt', 'manifest.json'].includes(name));
    expect(bundle.names).toEqual(['resources.xlsx', ...files, 'README.txt', 'manifest.json']);
    expect(files).toHaveLength(NAMES.length);
    for (const name of files) expect(name).toMatch(renamed);
    expect(new Set(files.map((name) => name.toLowerCase())).size).toBe(files.length);

    const { files: listed, warnings } = manifestOf(bundle);
    for (const name of files) {
      const entry = listed.find((file) => file.name === name);
      const content = stored.get(`/${entry?.resource}`) as Buffer;
      expect(bundle.bytes(name).equals(content), name).toBe(true);
      expect(entry).toMatchObject({ rows: null, bytes: content.length, sha256: sha256(content) });
    }
    expect(warnings).toMatchObject([{ code: 'resources-archived', count: 1, ids: ['r6'] }]);

    const [workbook] = readWorkbooks([bundle.path('resources.xlsx')]);
    const [header = [], ...rows] = workbook?.[0]?.rows ?? [];
    expect(header.slice(0, 5)).toEqual(['id', 'name', 'description', 'file', 'bytes']);
    expect(new Set(rows.map(([id, , , file]) => `${id} ${file}`))).toEqual(
      new Set(listed.flatMap(({ resource, name }) => (resource ? [`${resource} ${name}`] : []))),
    );
    expect(rows.find(([id]) => id === 'r1')?.slice(0, 3)).toEqual(['r1', 'Resource r1', 'of the =parcel']);

    const kept = new Map(entries(bundle.zip).map((entry) => [entry.name, entry.stored]));
    expect(kept.get('фото.jpg')).toBe(true);
    expect(kept.get('resources.xlsx')).toBe(true);
    expect(kept.get('locations.csv')).toBe(false);
    expect(await faultsOf(bundle.zip)).toEqual([]);
    expect(bundle.text('README.txt')).toContain('resources.xlsx tells what each of the resource files is');
    // The project's token goes to the platform alone.
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(NAMES.map(() => undefined));
  });

  test('has archived resources too where that is asked for', async () => {
    const request = { outputType: 'res', includeArchived: true };
    const bundle = await exportBundle(ana, PROJECT, request, join(folder, 'archived'));
    expect(bundle.text('old.doc')).toBe('old');
    expect(manifestOf(bundle).warnings).toEqual([]);
  });

  test('of the sample london-2 has its files, which lie with the platform, by names that unzip takes as they are', async () => {
    const bundle = await exportBundle(ana, 'cadasta/london-2', { outputType: 'res' }, join(folder, 'london-2'));
    expect(bundle.names.toSorted()).toEqual(
      [
        'resources.xlsx',
        ...['deed.pdf', 'DEED (2).pdf', 'дом.jpg', 'नक्शा.png', 'field notes.rtf'],
        ...['访谈.mp3', '2019.csv', 'عقد.pdf', 'README (2).txt', 'README.txt', 'manifest.json'],
      ].sort(),
    );
    expect(bundle.bytes('deed.pdf').subarray(0, 5).toString()).toBe('%PDF-');
    expect(manifestOf(bundle).warnings).toMatchObject([{ code: 'resources-archived', count: 1 }]);
    expect(await faultsOf(bundle.zip)).toEqual([]);
  });

  test('of a project without resources has the workbook alone', async () => {
    const { db } = stack.database;
    const { organization_id } = await db('projects').where({ slug: 'london-20' }).first();
    await db('projects').insert({ organization_id, slug: 'bare', name: 'Bare', access: 'public' });
    const bundle = await exportBundle(ana, 'cadasta/bare', { outputType: 'res' }, join(folder, 'bare'));
    expect(bundle.names).toEqual(['resources.xlsx', 'README.txt', 'manifest.json']);
    expect(readWorkbooks([bundle.path('resources.xlsx')])[0]?.[0]?.rows).toHaveLength(1);
  });

  test('has files that were uploaded to the platform itself, which its token opens', async () => {
    const content = randomBytes(5000);
    const upload = await ana.fetch('/api/v1/files?name=survey.bin', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(content),
    });
    const { id: file } = (await upload.json()) as { id: string };
    const added = await ana.fetch('/api/v1/organizations/cadasta/projects/bare/resources/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Survey', file }),
    });
    expect(added.status, await added.text()).toBe(201);
    const bundle = await exportBundle(ana, 'cadasta/bare', { formats: ['resources'] }, join(folder, 'uploaded'));
    expect(bundle.bytes('survey.bin').equals(content)).toBe(true);
  });
});

describe('the output type all', () => {
  test('holds the three others in a folder each, and the same bytes when it is asked for again', async () => {
    const bundle = await exportBundle(ana, PROJECT, { outputType: 'all' }, join(folder, 'all'));
    const folders = new Map<string, string[]>();
    for (const name of bundle.names) {
      const at = name.lastIndexOf('/') + 1;
      folders.set(name.slice(0, at), [...(folders.get(name.slice(0, at)) ?? []), name.slice(at)]);
    }
    expect([...folders.keys()].sort()).toEqual(['', 'resources/', 'shp/', 'xls/']);
    expect(folders.get('')).toEqual(['README.txt', 'manifest.json']);
    expect(folders.get('shp/')).toEqual(
      expect.arrayContaining(['relationships.csv', 'parties.csv', 'locations.csv', 'points.shp', 'shp_readme.txt']),
    );
    expect(folders.get('xls/')).toContain('london-20.xlsx');
    expect(folders.get('resources/')).toHaveLength(NAMES.length + 1);
    expect(await faultsOf(bundle.zip)).toEqual([]);
    const readme = bundle.text('README.txt');
    for (const name of bundle.names) expect(readme).toContain(name);
    expect(readme).toContain('relationships.csv says which party holds what right');
    expect(bundle.text('shp/shp_readme.txt')).not.toContain('shp/');
    const again = await exportBundle(ana, PROJECT, { outputType: 'all' }, join(folder, 'all-again'));
    expect(sha256(readFileSync(again.zip))).toBe(sha256(readFileSync(bundle.zip)));
  });
});

describe('a file that cannot be had', () => {
  test('fails the export, and nothing of it stays; where a part is enough it is named, and another try has it', async () => {
    stored.delete('/r2');
    const failing = await ana.requestExport(PROJECT, { outputType: 'res' });
    const failed = await ana.waitForOutcome(failing.id);
    expect(failed).toMatchObject({
      state: 'failed',
      error: { code: 'resource-not-found', step: 'resources.files', message: expect.stringContaining('resource r2') },
    });

    const { id } = await ana.requestExport(PROJECT, {
      outputType: 'res',
      allowPartial: true,
      onSuccess: [{ task: 'msg.email' }],
    });
    const partial = await ana.waitFor(id, ({ followUps }) => followUps[0]?.state === 'done');
    expect(partial.state).toBe('partial');
    expect(partial.warnings).toEqual([
      expect.stringContaining('archived'),
      expect.stringMatching(/^(?:deed \(2\)|DEED)(?: \(2\))?\.pdf is missing: .*r2.*404/),
    ]);
    const zip = join(folder, 'partial.zip');
    await ana.download(id, zip);
    const into = join(folder, 'partial');
    execFileSync('unzip', ['-q', zip, '-d', into]);
    expect(readdirSync(into)).toHaveLength(NAMES.length - 1 + 3);
    const manifest = JSON.parse(readFileSync(join(into, 'manifest.json'), 'utf8')) as Manifest;
    expect(manifest.missing).toMatchObject([{ code: 'resource-not-found', file: expect.stringMatching(/deed/i) }]);
    expect(readFileSync(join(into, 'README.txt'), 'utf8')).toContain('THIS EXPORT IS NOT WHOLE');
    const [workbook] = readWorkbooks([join(into, 'resources.xlsx')]);
    expect(workbook?.[0]?.rows.find(([cell]) => cell === 'r2')?.slice(3, 5)).toEqual([null, null]);
    const { text = '' } = await simpleParser(stack.smtp.mails()[0]?.raw ?? '');
    expect(text.replace(/\s+/g, ' ')).toMatch(/deed\S*(?: \(2\))?\.pdf is missing/i);

    stored.set('/r2', Buffer.from('%PDF is back'));
    const retried = await ana.fetch(`/api/v1/exports/${id}/retry`, { method: 'POST' });
    expect(retried.status).toBe(202);
    const whole = await ana.waitFor(id, ({ generation, outcome }) => generation === 2 && outcome !== null);
    expect(whole.state).toBe('completed');
    expect(whole.files.map(({ sha256 }) => sha256)).toContain(
      createHash('sha256').update('%PDF is back').digest('hex'),
    );
  });

  test('at a host that is not allowed is not asked for', async () => {
    await stack.database
      .db('resources')
      .where({ id: 'r2' })
      .update({ file: 'http://169.254.169.254/latest/meta-data' });
    const { id } = await ana.requestExport(PROJECT, { outputType: 'res' });
    const { error } = await ana.waitForOutcome(id);
    expect(error).toMatchObject({ code: 'resource-host', attempts: 1 });
    expect(error?.message).toContain('RESOURCE_HOSTS');
    expect(error?.message).not.toContain('meta-data');
  });
});
