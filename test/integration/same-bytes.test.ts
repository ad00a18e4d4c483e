/** The same data and the same options make the same bundle, byte by byte, whoever makes it and however the work was divided. */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportState } from '@parcelpost/infra/services/api-client.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_TOKEN, type PlatformStack, startPlatformStack } from '../support/platform-stack.js';
import { type Stack, startStack } from '../support/stack.js';

const PARCELS = 150;
const SHARDS = Math.ceil(PARCELS / 40);
const FORMATS = ['csv', 'shapefiles', 'geojson', 'geojsonl', 'xlsx', 'gpkg'];
const PROJECT = 'faraway/same';
const CRASHED = join(tmpdir(), `parcelpost-same-bytes-${process.pid}`);

/** On PostgreSQL: one worker, a few large shards. */
let first: PlatformStack;
/** On Redis: two workers, many small shards; one of them is killed while it works. */
let second: Stack;
let bundles: ExportState[];

const ask = async (stack: Stack, body: object = {}, user = 'ana') => {
  const api = await stack.as(user);
  const { id } = await api.requestExport(PROJECT, { formats: FORMATS, apiToken: API_TOKEN, ...body });
  return api.waitForOutcome(id);
};
const shaOf = ({ bundle }: ExportState) => bundle?.sha256 ?? '';

beforeAll(async () => {
  first = await startPlatformStack(
    { parcels: PARCELS, geometries: 'every' },
    { engine: 'postgres', workerEnv: { SHARD_RECORDS: '40', PAGE_SIZE: '25', WORKER_CONCURRENCY: '1' } },
  );
  second = await startStack({
    engine: 'redis',
    platform: first.platform.url,
    workers: 2,
    workerEnv: {
      SHARD_RECORDS: '17',
      PAGE_SIZE: '4',
      WORKER_CONCURRENCY: '3',
      WORKER_LOCK_SECONDS: '1',
      CRASH_AT: 'map.page:9',
      CRASH_ONCE: CRASHED,
    },
  });
  bundles = await Promise.all([ask(first), ask(second)]);
}, 120_000);

afterAll(async () => {
  await second?.stop();
  await first?.stop();
  rmSync(CRASHED, { force: true });
});

describe('two exports of the same data', () => {
  test('come to the same bytes on both engines, whatever the shards, the workers, and who of these died', async () => {
    expect(bundles.map(({ state, error }) => ({ state, error }))).toEqual([
      { state: 'completed', error: null },
      { state: 'completed', error: null },
    ]);
    const [one, other] = bundles as [ExportState, ExportState];
    expect(other.files).toEqual(one.files);
    expect([shaOf(other), other.bundle?.bytes]).toEqual([shaOf(one), one.bundle?.bytes]);
    expect(one.progress.jobs).toBeGreaterThan(3 * SHARDS);
    expect(other.progress.jobs).toBeGreaterThan(one.progress.jobs);
    const killed = await Promise.race(second.workers.map(({ exited }) => exited));
    expect(killed.signal).toBe('SIGKILL');
  });

  test('bear one ETag, by which a reader of the one knows the other', async () => {
    const [one, other] = bundles as [ExportState, ExportState];
    const known = await (await first.as('ana')).fetch(`/api/v1/exports/${one.id}/download`, { method: 'HEAD' });
    const etag = known.headers.get('etag') ?? '';
    expect(etag).toBe(`"${shaOf(one)}"`);
    const answer = await (await second.as('ana')).fetch(`/api/v1/exports/${other.id}/download`, {
      headers: { 'if-none-match': etag },
    });
    expect(answer.status).toBe(304);
  });

  test('are the same although another person asked; another language, or a wish to say who asked, makes another', async () => {
    const same = await ask(first, {}, 'ben');
    expect(shaOf(same)).toBe(shaOf(bundles[0] as ExportState));
    const [french, told] = await Promise.all([ask(first, { language: 'fr-CA' }), ask(first, { provenance: true })]);
    const differing = (other: ExportState) =>
      other.files
        .filter(({ name, sha256 }) => same.files.find((file) => file.name === name)?.sha256 !== sha256)
        .map(({ name }) => name);
    expect(differing(told)).toEqual(['README.txt', 'manifest.json']);
    expect(differing(french)).toEqual(['shp_readme.txt', 'README.txt', 'manifest.json']);
  });
});

describe('a request that names the bundle it knows', () => {
  const unchanged = ({ result }: ExportState) => result?.unchanged;

  test('is told in the result and by webhook that nothing has changed, or that something has', async () => {
    const sha = shaOf(bundles[0] as ExportState);
    const hook = [{ task: 'webhook.post', args: { url: first.hooks.url('/unchanged') } }];
    const [same, other] = await Promise.all([
      ask(first, { unchangedSince: `"${sha}"`, onSuccess: hook }),
      ask(first, { unchangedSince: '0'.repeat(64) }),
    ]);
    expect([same, other].map(shaOf)).toEqual([sha, sha]);
    expect([unchanged(same), unchanged(other), unchanged(bundles[0] as ExportState)]).toEqual([true, false, undefined]);
    const [call] = await first.hooks.came(same.id);
    expect(call?.body).toMatchObject({ type: 'export.completed', data: { unchanged: true } });
  });

  test('is refused with the field’s name where that is no ETag', async () => {
    const api = await first.as('ana');
    await expect(api.requestExport(PROJECT, { formats: ['csv'], unchangedSince: 'yesterday' })).rejects.toThrow(
      /422.*"\/unchangedSince"/s,
    );
    await expect(api.requestExport(PROJECT, { formats: ['csv'], language: 'français' })).rejects.toThrow(
      /422.*"\/language"/s,
    );
  });
});
