/** What is promised of the readmes and the manifest in a bundle. */
import { expect, test } from 'vitest';
import { sha256 } from '../support/bundle.js';
import { TABLES } from './database-records.js';
import type { Exported } from './exported.js';

/** Tests the documents of a bundle of `organization/slug` that `ana` asked for; `of` is asked when a test runs. */
export function testDocuments(project: string, of: () => Exported): void {
  const [organization = '', slug = ''] = project.split('/');

  test('the manifest has the right rows, bytes and checksum of every other file, in the zip’s order', () => {
    const { bundle, stored, families } = of();
    const rows = new Map<string, number>(TABLES.map((table) => [`${table}.csv`, stored[table].length]));
    for (const [family, locations] of families) {
      for (const component of ['shp', 'shx', 'dbf']) rows.set(`${family}.${component}`, locations.length);
    }
    const listed = (name: string) => {
      const bytes = bundle.bytes(name);
      return { name, rows: rows.get(name) ?? null, bytes: bytes.length, sha256: sha256(bytes) };
    };
    const manifest = JSON.parse(bundle.text('manifest.json'));
    const files = manifest.files.map(({ columns: _, ...file }: { columns?: unknown }) => file);
    expect(files).toEqual(bundle.names.filter((name) => name !== 'manifest.json').map(listed));
    expect(bundle.state.files).toEqual(bundle.names.map(listed));
  });

  test('the manifest names every column of the tables with its label and type, and what was asked', () => {
    const { bundle, stored, table, families } = of();
    const manifest = JSON.parse(bundle.text('manifest.json'));
    const columns = new Map<string, { name: string; label: string; type: string }[]>(
      manifest.files.map((file: { name: string; columns?: object[] }) => [file.name, file.columns]),
    );
    for (const name of TABLES) {
      const described = columns.get(`${name}.csv`) ?? [];
      expect(described.map((column) => column.name)).toEqual(table(name).expected.columns);
      for (const { name: question, label, type } of stored.forms[name]) {
        const named = { name: expect.stringMatching(new RegExp(`^(attributes\\.)?${question}$`)), label, type };
        expect(described).toContainEqual(expect.objectContaining(named));
      }
    }
    for (const family of families.keys())
      expect(columns.get(`${family}.dbf`)?.map(({ name }) => name)).toEqual(['id', 'type']);
    expect(manifest).toMatchObject({
      software: { name: 'Parcelpost' },
      export: { asked: { outputType: 'shp' } },
      organization: { slug: organization },
      project: { slug },
    });
  });

  test('records that no shapefile can hold are counted in the manifest’s warnings, and are in locations.csv', () => {
    const { bundle, leftOut, table } = of();
    const { warnings } = JSON.parse(bundle.text('manifest.json')) as {
      warnings: { code: string; count: number; ids: string[] }[];
    };
    const reasons = Object.entries(leftOut).filter(([, locations]) => locations.length > 0);
    expect(new Map(warnings.map(({ code, count }) => [code, count]))).toEqual(
      new Map(reasons.map(([code, locations]) => [code, locations.length])),
    );
    const ids = new Set(table('locations').rows.map(([id]) => id));
    for (const [code, locations] of reasons) {
      const sample = warnings.find((warning) => warning.code === code)?.ids ?? [];
      expect(sample.length, code).toBeGreaterThan(0);
      expect(locations.map((location) => location.id)).toEqual(expect.arrayContaining(sample));
      for (const { id } of locations) expect(ids).toContain(id);
    }
  });

  test('README.txt and shp_readme.txt name the files that are there and no others', () => {
    const { bundle, families, stored } = of();
    const named = (text: string) => new Set(text.match(/\b[\w-]+\.(shp|shx|dbf|prj|cpg|csv|txt|json|zip)\b/g));
    const readme = bundle.text('README.txt');
    expect(named(readme)).toEqual(new Set(bundle.names));
    const shapes = bundle.text('shp_readme.txt');
    expect([...named(shapes)].filter((name) => name.endsWith('.shp'))).toEqual(
      expect.arrayContaining([...families.keys()].map((family) => `${family}.shp`)),
    );
    for (const name of named(shapes)) expect(bundle.names).toContain(name);
    const count = stored.locations.length.toLocaleString('en-US');
    expect(readme).toMatch(new RegExp(`^ +locations\\.csv +${count} records, `, 'm'));
    for (const text of [`(${organization})`, `(${slug})`]) expect(readme).toContain(text);
  });

  test('with other formats too README.txt names the files that are there and no others', () => {
    const { open } = of();
    const named = open
      .text('README.txt')
      .match(/\b[\w-]+\.(shp|csv|txt|json|jsonl|geojson|geojsonl|gpkg|fgb|parquet|xlsx|zip)\b/g);
    expect(new Set(named)).toEqual(new Set(open.names));
  });
}
