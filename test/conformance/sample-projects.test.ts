/**
 * Both sample projects, exported by the whole system, held against the database by readers that share no code with what
 * wrote the files: unzip, GDAL, Python's csv module.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../support/bundle.js';
import type { NumberToken } from '../support/python.js';
import { type Stack, startStack } from '../support/stack.js';
import { TABLES, type Table, valuesOf } from './database-records.js';
import { testDocuments } from './document-promises.js';
import { columnOf, type Exported, exportProject, FAMILY_OF } from './exported.js';
import { testGeoPackage } from './geopackage-promises.js';
import { addHardLocations, HARD_LOCATIONS } from './hard-records.js';
import { testJson } from './json-promises.js';
import { testInLibreOffice } from './libreoffice-promises.js';
import { testModern } from './modern-promises.js';
import { hasZ, turn } from './normal-geometry.js';
import { readRawCsv } from './rfc4180.js';
import { testShapefiles } from './shapefile-promises.js';
import { testTables } from './table-promises.js';
import { testWorkbook } from './workbook-promises.js';

const LONDON = 'cadasta/london-2';
const COUNTIES = 'us-census/counties';
const PROJECTS = [COUNTIES, LONDON] as const;

const COMPONENTS = ['shp', 'shx', 'dbf', 'prj', 'cpg'];
const DOCUMENTS = ['shp_readme.txt', 'README.txt', 'manifest.json'];

let stack: Stack;
let folder: string;
const exported = new Map<string, Exported>();
const of = (project: string) => exported.get(project) as Exported;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-conformance-'));
  // Small shards and pages, so that what is compared has been through many hands.
  const workerEnv = { SHARD_RECORDS: '200', PAGE_SIZE: '90' };
  stack = await startStack({ engine: 'postgres', samples: PROJECTS, workerEnv });
  await addHardLocations(stack.database.db, LONDON);
  const ana = await stack.as('ana');
  const make = async (project: string) => {
    const files = join(folder, project.replace('/', '-'));
    exported.set(project, await exportProject(stack.database.db, ana, project, files));
  };
  await Promise.all(PROJECTS.map(make));
}, 180_000);

afterAll(async () => {
  await stack?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

describe('the samples are worth comparing', () => {
  test('london-2 has every type of geometry, flat and high, and all that no shapefile can hold', () => {
    const { families, leftOut } = of(LONDON);
    expect([...families.keys()].sort()).toEqual(
      Object.values(FAMILY_OF)
        .filter((family) => family !== undefined)
        .sort(),
    );
    for (const [family, locations] of families) {
      const high = locations.filter(({ geometry }) => hasZ(geometry)).length;
      expect(high, family).toBeGreaterThan(0);
      expect(locations.length - high, family).toBeGreaterThan(0);
    }
    for (const [reason, locations] of Object.entries(leftOut)) expect(locations.length, reason).toBeGreaterThan(0);
    const rings = of(LONDON)
      .families.get('polygons')
      ?.map(({ geometry }) => geometry?.type === 'Polygon' && geometry.coordinates) as number[][][][];
    expect(rings.some((all) => all.length > 1)).toBe(true);
    expect(new Set(rings.map(([outer = []]) => turn(outer) > 0))).toEqual(new Set([true, false]));
  });

  test('counties has thousands of groups of areas, of one member and of several', () => {
    const groups = of(COUNTIES).families.get('multipolygons') ?? [];
    const members = groups.map(({ geometry }) => (geometry?.type === 'MultiPolygon' ? geometry.coordinates.length : 0));
    expect(members.length).toBeGreaterThan(3000);
    expect(members.filter((count) => count === 1).length).toBeGreaterThan(1000);
    expect(members.filter((count) => count > 1).length).toBeGreaterThan(50);
  });

  test('london-2 has five scripts, quotes, line ends, formulas, lists, nested answers, nulls and numbers past any double', () => {
    const { stored } = of(LONDON);
    const values = TABLES.flatMap((table) => [...valuesOf(stored[table])]);
    const texts = values.filter((value) => typeof value === 'string');
    const patterns = [
      /[łżễ]/,
      /\p{Script=Cyrillic}/u,
      /\p{Script=Arabic}/u,
      /\p{Script=Devanagari}/u,
      /\p{Script=Han}/u,
    ];
    for (const pattern of [
      ...patterns,
      /"/,
      /,/,
      /[^\r]\n/,
      /\r\n/,
      /\r[^\n]/,
      /^=/,
      /^\+/,
      /^-/,
      /^@/,
      /^\t/,
      /^$/,
      /^.{40000}$/,
    ]) {
      expect(
        texts.some((text) => pattern.test(text)),
        String(pattern),
      ).toBe(true);
    }
    expect(values.filter((value) => Array.isArray(value) && value.length > 1).length).toBeGreaterThan(50);
    expect(values.filter((value) => value instanceof Map).length).toBeGreaterThan(50);
    expect(values.filter((value) => value === null).length).toBeGreaterThan(50);
    expect(values.filter((value) => typeof value === 'boolean').length).toBeGreaterThan(20);
    const names = new Set(TABLES.flatMap((table) => stored[table].flatMap(({ attributes }) => [...attributes.keys()])));
    for (const name of ['id', 'type', 'name', '=total', 'a.b', ...HARD_LOCATIONS.map(({ attribute }) => attribute)]) {
      expect(names).toContain(name);
    }
  });
});

describe.each(PROJECTS)('the bundle of %s', (project) => {
  test('holds the tables, a shapefile for each type of geometry that the data has, the documents, and nothing else', () => {
    const { bundle, families } = of(project);
    const shapefiles = [...families.keys()].flatMap((family) =>
      COMPONENTS.map((component) => `${family}.${component}`),
    );
    const tables = TABLES.map((table) => `${table}.csv`);
    expect(bundle.names.toSorted()).toEqual([...tables, ...shapefiles, ...DOCUMENTS].sort());
    expect(execFileSync('unzip', ['-tq', bundle.zip], { encoding: 'utf8' })).toContain('No errors detected');
  });

  test('what was downloaded is what the API says it is', () => {
    const { state, zip } = of(project).bundle;
    const bytes = execFileSync('cat', [zip], { maxBuffer: 1 << 30 });
    expect(state.bundle).toMatchObject({ bytes: bytes.length, sha256: sha256(bytes) });
    expect(state.bundle?.name).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\d_${project.split('/')[1]}_shp\\.zip$`));
  });

  testShapefiles(() => of(project));
  testTables(() => of(project));
  testDocuments(project, () => of(project));
  testJson(() => of(project));
  testWorkbook(project, () => of(project));
  testGeoPackage(project, () => of(project));
  testModern(() => of(project));
});

describe('the workbook of london-2', () => {
  testInLibreOffice(() => ({
    paths: [of(LONDON).open.path('london-2.xlsx')],
    folder,
  }));
});

describe('the difficult cells of london-2', () => {
  const cells = (table: Table, column: string) => [...columnOf(of(LONDON).table(table), column).values()];

  test('an integer past 2^53 comes out digit for digit', () => {
    const { stored, table } = of(LONDON);
    const column = columnOf(table('parties'), 'national_id');
    const numbers = stored.parties.flatMap(({ id, attributes }) => {
      const value = attributes.get('national_id') as NumberToken | undefined;
      return value ? [{ id, token: value.number }] : [];
    });
    expect(numbers.filter(({ token }) => BigInt(token) !== BigInt(Number(token))).length).toBeGreaterThan(50);
    for (const { id, token } of numbers) expect(column.get(id)).toBe(token);
    expect(cells('locations', 'value')).toEqual(
      expect.arrayContaining(['9007199254740993', '123456789012345678901234567890', '-9223372036854775809']),
    );
  });

  test('a list is joined by commas, what is nested is JSON, null is empty', () => {
    expect(cells('locations', 'crops')).toEqual(
      expect.arrayContaining(['millet', 'millet, sorghum, red, कपास', 'millet, sorghum, red, कपास, "maize"', '']),
    );
    expect(cells('locations', 'readings')).toContain('1, 2.5, , 9007199254740993, true');
    expect(cells('locations', 'water')).toContain('{"source":"well","distances":[12,40.5],"quality":{"ph":7.2}}');
  });

  test('an attribute with a fixed column’s name is attributes.<name>, and the fixed column is the record’s own', () => {
    const { stored, table } = of(LONDON);
    const plots = columnOf(table('locations'), 'attributes.id');
    for (const { id, attributes } of stored.locations) expect(plots.get(id)).toBe(attributes.get('id') ?? '');
    expect(plots.size).toBe(stored.locations.length);
    expect(new Set(cells('parties', 'attributes.type'))).toEqual(new Set(['an attribute called type']));
    expect(cells('relationships', 'attributes.party_id')).toContain('an attribute with a fixed name');
    const parties = new Set(stored.parties.map(({ id }) => id));
    for (const id of cells('relationships', 'party_id')) expect(parties).toContain(id);
  });

  test('text that a spreadsheet would run has an apostrophe before it, in the header too; a number has none', () => {
    const remarks = cells('locations', 'remarks');
    const defused = ["'=SUM(A1:A9)", "'+44 20 7946 0000", "'-12", "'@here", "'\ttab first"];
    expect(remarks).toEqual(expect.arrayContaining(defused));
    for (const text of [...remarks, ...cells('relationships', 'attributes.party_id')])
      expect(text).not.toMatch(/^[=+\-@\t\r]/);
    expect(of(LONDON).table('locations').header).toContain("'=total");
    expect(cells('locations', 'value')).toContain('-9223372036854775809');
  });

  test('quotes, commas, blanks and line ends stay within their cells', () => {
    const texts = [
      'He said "ours", and left',
      'first line\nsecond line',
      'carriage\r\nreturn, and a lone \r one',
      ' blanks around ',
    ];
    expect(cells('locations', 'remarks')).toEqual(expect.arrayContaining([...texts, 'x'.repeat(40_000)]));
    expect(readRawCsv(of(LONDON).bundle.bytes('locations.csv')).withLineEnds).toBeGreaterThan(20);
  });
});
