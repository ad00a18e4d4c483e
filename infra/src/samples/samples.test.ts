import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { london } from './london.js';
import { seedSamples } from './seed-samples.js';

/** Media types that `file` has another name for. */
const SAID_OTHERWISE: Record<string, string> = { 'application/rtf': 'text/rtf' };

let database: TestDatabase;
let folder: string;
let storage: FileStorage;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-samples-'));
  storage = new FileStorage(folder);
  await seedSamples(database.url, storage);
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function rows<T = Record<string, unknown>>(sql: string): Promise<T[]> {
  return (await database.db.raw(sql)).rows as T[];
}
const of = (project: string) => `(select id from projects where slug = '${project}')`;

describe('the sample projects', () => {
  test('are written once, however often they are seeded, also by two at the same time', async () => {
    const counts = () => rows('select project_id, entity, n from project_counts order by project_id, entity');
    const before = await counts();
    expect(await Promise.all([seedSamples(database.url, storage), seedSamples(database.url, storage)])).toEqual([
      [],
      [],
    ]);
    expect(await counts()).toEqual(before);
    expect(before).not.toEqual([]);
  });

  test('hold every county once, as a MultiPolygon of its state, with outer rings counter-clockwise', async () => {
    const [all] = await rows(`select count(*)::int as n, count(distinct attributes->>'fips')::int as fips,
      count(*) filter (where geometry->>'type' = 'MultiPolygon')::int as multi, sum(area) as area,
      count(*) filter (where area = 0)::int as flat from spatial_units where project_id = ${of('counties')}`);
    expect(all).toMatchObject({ n: 3231, fips: 3231, multi: 3231, flat: 1 });
    // The United States with their territories: 9.2 million km² of land and some water. One county is too small for the atlas.
    expect(Number(all?.area) / 1e12).toBeGreaterThan(9);
    expect(Number(all?.area) / 1e12).toBeLessThan(10);
    const [held] = await rows(`select count(*)::int as n from tenure_relationships r join spatial_units s
      on s.project_id = r.project_id and s.id = r.spatial_unit_id join parties p on p.project_id = r.project_id and p.id = r.party_id
      where r.project_id = ${of('counties')} and s.attributes->>'state' = p.name and p.type = 'GR'`);
    expect(held).toEqual({ n: 3231 });
  });

  test('hold, for london-2, every geometry type flat and with heights, null, empty and collections', async () => {
    const kinds = await rows<{ kind: string }>(`select distinct coalesce(geometry->>'type', 'null') as kind
      from spatial_units where project_id = ${of('london-2')} order by 1`);
    expect(kinds.map(({ kind }) => kind)).toEqual([
      'GeometryCollection',
      'LineString',
      'MultiLineString',
      'MultiPoint',
      'MultiPolygon',
      'Point',
      'Polygon',
      'null',
    ]);
    const [deep] = await rows(`select count(*)::int as n from spatial_units where project_id = ${of('london-2')}
      and geometry->>'type' = 'Point' and json_array_length(geometry->'coordinates') = 3`);
    expect(deep).toEqual({ n: 20 });
    const [empty] = await rows(`select count(*)::int as n from spatial_units where project_id = ${of('london-2')}
      and geometry->>'coordinates' = '[]'`);
    expect(empty).toEqual({ n: 20 });
  });

  test('keep every digit of a number, any key and any text', async () => {
    const found = (text: string) =>
      rows(`select 1 from spatial_units where project_id = ${of('london-2')} and ${text} limit 1`);
    for (const condition of [
      `attributes->>'value' = '123456789012345678901234567890'`,
      `attributes->>'id' like 'plot %'`,
      `attributes->>'=total' is not null`,
      `attributes->>'a.b' is not null`,
      `attributes->>'remarks' = E'first line\\nsecond line'`,
      `attributes->>'remarks' = '=SUM(A1:A9)'`,
      `length(attributes->>'remarks') = 40000`,
      `attributes->>'name' ~ '[а-я]'`,
      `attributes->>'name' ~ '[ء-ي]'`,
      `attributes->>'name' ~ '[अ-ह]'`,
      `attributes->>'name' ~ '[一-龥]'`,
    ]) {
      expect(await found(condition), condition).toHaveLength(1);
    }
  });

  test('have the files of their resources in storage, small, and as what they say they are', async () => {
    const files = await rows<{ name: string; key: string; bytes: string; sha256: string; type: string; owner: string }>(
      `select f.name, f.storage_key as key, f.bytes, f.sha256, f.media_type as type, f.owner_id as owner
       from resources r join files f on f.id = r.file_id where r.project_id = ${of('london-2')} order by f.name`,
    );
    expect(files).toHaveLength([...london().resources()].length);
    for (const { name, key, bytes, sha256, type, owner } of files) {
      const content = await storage.readAll(key);
      expect(content.length, name).toBe(Number(bytes));
      expect(content.length, name).toBeLessThan(10_000);
      expect(createHash('sha256').update(content).digest('hex'), name).toBe(sha256);
      expect(owner).toMatch(/^cadasta\/london-2\//);
      const said = execFileSync('file', ['-b', '--mime-type', '-'], { input: content, encoding: 'utf8' }).trim();
      expect([name, said]).toEqual([name, SAID_OTHERWISE[type] ?? type]);
    }
    expect(files.map(({ name }) => name)).toContain('2019.csv');
  });

  test('are the same at every run', () => {
    const [one, two] = [london(), london()];
    expect([...one.locations()]).toEqual([...two.locations()]);
    expect([...one.resources()]).toEqual([...two.resources()]);
  });

  test('belong to ana by organization, to ben by one project, to eve not at all', async () => {
    const memberships = await rows(`select u.username, o.slug as organization, p.slug as project, m.role
      from memberships m join users u on u.id = m.user_id join organizations o on o.id = m.organization_id
      left join projects p on p.id = m.project_id order by 1, 2`);
    expect(memberships).toEqual([
      { username: 'ana', organization: 'cadasta', project: null, role: 'administrator' },
      { username: 'ana', organization: 'us-census', project: null, role: 'administrator' },
      { username: 'ben', organization: 'cadasta', project: 'london-2', role: 'project_user' },
    ]);
    expect(await rows('select username, email from users order by 1')).toEqual(
      ['ana', 'ben', 'eve'].map((username) => ({ username, email: `${username}@example.org` })),
    );
  });
});
