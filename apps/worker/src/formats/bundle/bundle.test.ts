import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TABLES } from '../csv/tables.js';
import { TABLE_COLUMNS } from '../shapefile/table.js';
import { type BundleInfo, cutWarnings, leftOutWarnings } from './info.js';
import { renderManifest } from './manifest.js';
import { renderReadme } from './readme.js';
import { renderShpReadme } from './shp-readme.js';

const sha256 = 'ab'.repeat(32);
const columns = [
  ...TABLES.locations.fixed,
  { name: 'land_use', label: 'How is the land used?\nSay all that apply', type: 'select_multiple' },
  { name: 'पार्सल', label: 'पार्सल', type: 'unspecified' },
  { name: 'a name that is much longer than any column of names should be', label: 'Long', type: 'text' },
];
const INFO: BundleInfo = {
  language: 'en',
  software: { name: 'Parcelpost', version: '0.1.0' },
  organization: { slug: 'cadasta', name: 'Cadasta' },
  project: { slug: 'london-2', name: 'London 2', description: 'Parcels\r\nof a borough. '.repeat(9), country: 'GB' },
  asked: {
    outputType: 'shp',
    formats: ['csv', 'shapefiles'],
    csv: { bom: false, escapeFormulas: true },
    allowPartial: false,
  },
  files: [
    { name: 'relationships.csv', rows: 1234, bytes: 567890, sha256, columns: TABLES.relationships.fixed },
    { name: 'parties.csv', rows: 1, bytes: 30, sha256, columns: TABLES.parties.fixed },
    { name: 'locations.csv', rows: 1234567, bytes: 1, sha256, columns },
    ...['points', 'polygons', 'polygons_2'].flatMap((base) => [
      { name: `${base}.shp`, rows: 600, bytes: 8_000_000, sha256 },
      { name: `${base}.dbf`, rows: 600, bytes: 20_000, sha256, columns: TABLE_COLUMNS },
      { name: `${base}.prj`, rows: null, bytes: 145, sha256 },
    ]),
  ],
  warnings: [
    ...leftOutWarnings({ notFinite: { count: 1, ids: ['x'] }, nullGeometry: { count: 25, ids: ['n1', 'n2'] } }, true),
    ...cutWarnings('points', { count: 2, ids: ['p', 'q'] }, true),
  ],
  missing: { parts: [], summary: [] },
  consistent: true,
};

const PROVENANCE = {
  exportId: '0b0c8f2e-7a7b-4a38-9c1e-000000000001',
  bundle: '2024-05-06_london-2_shp.zip',
  requestedBy: { id: 'ana', name: 'Ana Álvarez' },
  requestedAt: new Date('2024-05-06T07:08:09.123Z'),
};

/** Lines of a text file; each ends with CRLF and is 78 columns at most, but for words that are longer. */
function lines(text: string): string[] {
  expect(text.endsWith('\r\n')).toBe(true);
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  const all = text.slice(0, -2).split('\r\n');
  for (const line of all) expect([...line].length, line).toBeLessThanOrEqual(78);
  for (const line of all) expect(line).toBe(line.trimEnd());
  return all;
}

describe('README.txt', () => {
  const text = renderReadme(INFO);
  const all = lines(text);

  test('tells in its first line what the files are', () => {
    expect(all[0]).toBe('Land tenure records of the project London 2 (Cadasta)');
  });

  test('names project and organization, and what was asked', () => {
    for (const line of [
      '  Project       London 2 (london-2)',
      '  Organization  Cadasta (cadasta)',
      '  Country       GB',
      '  Asked for     shp (csv, shapefiles)',
    ]) {
      expect(all).toContain(line);
    }
    expect(text).not.toMatch(/Asked for (by|at)/);
  });

  test('tells who asked and when where the request wants that', () => {
    const told = lines(renderReadme({ ...INFO, provenance: PROVENANCE }));
    for (const line of [
      '  Asked for by  Ana Álvarez',
      '  Asked for at  2024-05-06 07:08 UTC',
      '  Export        0b0c8f2e-7a7b-4a38-9c1e-000000000001',
      '  Bundle        2024-05-06_london-2_shp.zip',
    ]) {
      expect(told).toContain(line);
    }
  });

  test('counts the records of every file', () => {
    expect(all).toContain('  relationships.csv  1,234 records, 567,890 bytes');
    expect(all).toContain('  parties.csv        1 record, 30 bytes');
    expect(all).toContain('  points.prj         145 bytes');
    for (const file of INFO.files) expect(text).toContain(`  ${file.name} `);
  });

  test('explains every column, tables of the same columns together', () => {
    expect(all).toContain('points.dbf, polygons.dbf, polygons_2.dbf');
    expect(all).toContain('  land_use                  How is the land used? Say all that apply');
    expect(all).toContain('                            (select_multiple)');
    expect(all).toContain('  पार्सल                    (unspecified)');
    const long = all.indexOf('  a name that is much longer than any column of names should be');
    expect(all[long + 1]).toBe('                            Long (text)');
  });

  test.each([
    ['ewkt', 'SRID=4326;POINT (1 2)'],
    ['wkt', 'POINT (1 2)'],
    ['geojson', '"{""type"":""Point"",""coordinates"":[1,2]}"'],
  ] as const)(
    'tells how GDAL reads geometries as %s in locations.csv, and GDAL does as it is told',
    (geometry, cell) => {
      const asked = { ...INFO.asked, csv: { ...INFO.asked.csv, geometry } };
      const all = lines(renderReadme({ ...INFO, asked }));
      const at = all.findIndex((line) => line.startsWith('    ogr2ogr locations.gpkg'));
      const folder = mkdtempSync(join(tmpdir(), 'parcelpost-readme-'));
      try {
        const rows = [`id,type,area,geometry.${geometry}`, `a,PA,,${cell}`, 'b,PA,,', ''];
        writeFileSync(join(folder, 'locations.csv'), rows.join('\r\n'));
        execFileSync('sh', ['-c', `${all[at]} ${all[at + 1]}`], { cwd: folder, stdio: 'pipe' });
        const said = execFileSync('ogrinfo', ['-al', 'locations.gpkg'], { cwd: folder, encoding: 'utf8' });
        expect(said.match(/^ {2}POINT .*$/gm)).toEqual(['  POINT (1 2)']);
        expect(said).toContain('Feature Count: 2');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      expect(renderReadme({ ...INFO, files: [] })).not.toContain('EWKT');
    },
  );

  test('lists the warnings with examples, or says that there are none', () => {
    const warnings = all.slice(all.indexOf('Warnings')).join(' ').replace(/\s+/g, ' ');
    expect(warnings).toContain(
      '25 locations are left out of the shapefiles and in locations.csv only: no geometry was recorded (id n1, n2 and others).',
    );
    expect(warnings).toContain(
      '1 location is left out of the shapefiles and in locations.csv only: a coordinate is not a finite number (id x).',
    );
    expect(warnings).toContain('2 locations are in points.dbf with an id or type cut');
    expect(renderReadme({ ...INFO, warnings: [] })).toContain('None: every record');
  });
});

describe('shp_readme.txt', () => {
  const text = renderShpReadme(INFO);
  const all = lines(text);

  test('says why there are several, which there are and which not, and how to join them', () => {
    expect(all[0]).toBe('Shapefiles of the locations of the project London 2 (Cadasta), and how to use');
    expect(text).toContain('one type of geometry only');
    expect(all).toContain('  points.shp             600 locations: single points');
    expect(all).toContain('  polygons_2.shp         600 locations: single areas, with or without holes');
    expect(all).toContain('  (no multipolygons)     the project has no groups of areas');
    expect(text).not.toContain('(no points)');
    expect(text).not.toContain('polygons.dbf');
    expect(text).toContain('join on id');
  });

  test('names what is in no shapefile', () => {
    expect(text).toContain('25 locations are left out');
    expect(renderShpReadme({ ...INFO, warnings: [] })).toContain('None: every location');
  });
});

describe('readmes of a bundle without tables', () => {
  const files = INFO.files.filter((file) => !file.name.endsWith('.csv'));
  const warnings = leftOutWarnings({ nullGeometry: { count: 1, ids: ['n'] } }, false);
  test('do not send anybody to tables that are not there', () => {
    const texts = [renderReadme({ ...INFO, files, warnings }), renderShpReadme({ ...INFO, files, warnings })];
    for (const text of texts) {
      expect(lines(text).join(' ')).toContain('1 location is left out of the shapefiles: no geometry was recorded');
      expect(text).not.toMatch(/(parties|relationships)\.csv/);
    }
  });
});

describe('manifest.json', () => {
  const text = renderManifest(INFO);
  const manifest = JSON.parse(text);

  test('tells in its first line what it is', () => {
    expect(text.split('\n')[0]).toMatch(/^\{ "about": "What is in this bundle: land tenure records/);
  });

  test('has rows, bytes, checksum and columns of each file', () => {
    expect(manifest.files).toEqual(JSON.parse(JSON.stringify(INFO.files)));
    expect(manifest.files[3]).toEqual({ name: 'points.shp', rows: 600, bytes: 8_000_000, sha256 });
  });

  test('has warnings, software and what was asked', () => {
    expect(manifest.software).toEqual({ name: 'Parcelpost', version: '0.1.0' });
    expect(manifest.export).toEqual({ asked: INFO.asked, consistent: true });
    const told = JSON.parse(renderManifest({ ...INFO, provenance: PROVENANCE }));
    expect(told.export).toEqual({
      asked: INFO.asked,
      consistent: true,
      ...PROVENANCE,
      requestedAt: '2024-05-06T07:08:09.123Z',
    });
    expect(manifest.warnings[0]).toEqual({
      code: 'shapefile-null-geometry',
      message: '25 locations are left out of the shapefiles and in locations.csv only: no geometry was recorded',
      count: 25,
      ids: ['n1', 'n2'],
    });
    expect(manifest.warnings.map((each: { code: string }) => each.code)).toEqual([
      'shapefile-null-geometry',
      'shapefile-not-finite',
      'shapefile-text-cut',
    ]);
  });
});

describe('a bundle that is not whole', () => {
  const reason = { code: 'test', shard: null, attempts: 3, rowsExpected: null };
  const parts = [
    {
      ...reason,
      step: 'locations',
      shard: 1,
      rowsExpected: 2500,
      what: 'Records 2,501 to 5,000 of locations',
      several: true,
      message: 'The platform said no.',
    },
    { ...reason, step: 'parties.csv', what: 'parties.csv', several: false, message: 'The disk is full.' },
  ];
  const info: BundleInfo = {
    ...INFO,
    warnings: [
      ...INFO.warnings,
      { code: 'records-missing', message: '2,500 of 5,000 locations are missing', count: 2500, ids: [] },
    ],
    missing: { parts, summary: ['2,500 of 5,000 locations', 'parties.csv'] },
  };
  const flat = (text: string) => lines(text).join(' ').replace(/\s+/g, ' ');

  test('says so before anything else, and then what each part is and why it is missing', () => {
    const text = renderReadme(info);
    expect(lines(text)[2]).toMatch(/^THIS EXPORT IS NOT WHOLE\. Missing: 2,500 of 5,000 locations; parties\.csv\./);
    expect(lines(text)).toContain('What is missing');
    expect(flat(text)).toContain(
      '* Records 2,501 to 5,000 of locations are missing: The platform said no. * parties.csv',
    );
    expect(flat(text)).toContain('* parties.csv is missing: The disk is full.');
    expect(flat(text)).toContain('may refer to them');
    // Told once, where it is told whole.
    expect(flat(text)).not.toContain('2,500 of 5,000 locations are missing');
    expect(flat(renderReadme({ ...info, warnings: [] }))).toContain('None but for what is missing.');
    expect(renderReadme(INFO)).not.toMatch(/not whole|missing/i);
  });

  test('does not say of a project what is true of this part of it only', () => {
    const text = renderShpReadme({ ...info, warnings: [] });
    expect(flat(text)).toContain('what is here has no groups of areas');
    expect(flat(text)).toContain('Not all locations of the project are here');
    expect(flat(text)).toContain('None of those that are here.');
    expect(renderShpReadme(INFO)).not.toContain('Not all locations');
  });

  test('has every missing part in the manifest; a whole one has none', () => {
    const manifest = JSON.parse(renderManifest(info));
    expect(manifest.missing).toEqual(parts.map(({ what: _what, several: _several, ...part }) => part));
    expect(manifest.about).toContain('Not all of them: see missing.');
    expect(JSON.parse(renderManifest(INFO)).missing).toEqual([]);
  });
});

describe.each(['es', 'fr', 'id', 'pt', 'sw'])('the readmes in %s', (language) => {
  const info = { ...INFO, language };
  const said = (text: string) => lines(text).join(' ').replace(/ +/g, ' ');
  const sentences = (text: string) => new Set(said(text).match(/[A-Z][^.:;]{30,}[.:;]/g));

  test('name the same files, and have no sentence of the English ones but what comes from elsewhere', () => {
    for (const render of [renderReadme, renderShpReadme]) {
      const [text, english] = [render(info), render(INFO)];
      const named = (each: string) => new Set(each.match(/\b[\w-]+\.(shp|dbf|prj|csv|txt|json)\b/g));
      expect(named(text)).toEqual(named(english));
      const left = [...sentences(english)].filter((sentence) => said(text).includes(sentence));
      // A command, and what the form’s author wrote.
      expect(left.filter((sentence) => !/GeomFromEWKT|^How is the land used/.test(sentence))).toEqual([]);
      expect(text).not.toMatch(/[{}]/);
    }
  });

  test('fill in their values, and say what is missing', () => {
    const reason = { code: 'test', shard: 1, attempts: 3, rowsExpected: 2 };
    const part = { ...reason, step: 'locations', what: 'X', several: true, message: 'The platform said no.' };
    const text = said(renderReadme({ ...info, provenance: PROVENANCE, missing: { parts: [part], summary: ['X'] } }));
    for (const value of ['London 2 (Cadasta)', 'Ana Álvarez', 'The platform said no', PROVENANCE.exportId]) {
      expect(text).toContain(value);
    }
    expect(text).not.toContain('NOT WHOLE');
  });
});
