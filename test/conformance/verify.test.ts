/** `verify` on real bundles: sound ones, and those with a fault planted in them, which it has to find and to name. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Format } from '@parcelpost/shared/export-request.js';
import type { LocationRecord, PartyRecord, RelationshipRecord } from '@parcelpost/shared/records.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../apps/worker/src/verify/report.js';
import { type Verified, verifyBundle, verifyFile } from '../../apps/worker/src/verify/verify-bundle.js';
import { bytesOfFile } from '../../apps/worker/src/verify/zip-file.js';
import { feature, raised, square } from '../support/geometries.js';
import { makeBundle } from '../support/made-bundle.js';
import { OpenBundle } from '../support/planted-bundle.js';
import { ROOT } from '../support/root.js';

const LOCATIONS: LocationRecord[] = [
  feature({ type: 'Point', coordinates: [1, 2] }),
  feature({ type: 'Polygon', coordinates: [square(0, 0, 10), square(1, 1, 2)] }),
  feature({ type: 'Polygon', coordinates: [square(20, 0, 10)] }),
  feature({ type: 'MultiPolygon', coordinates: [[raised(square(0, 0, 1), 5)], [square(5, 5, 1)]] }),
  feature({ type: 'LineString', coordinates: square(0, 0, 3) }),
  feature(null),
].map(({ id, type, geometry }, i) => ({ id, type, area: i, geometry, attributes: { note: `"${i}", ok\r\nπ`, n: i } }));
const PARTIES: PartyRecord[] = LOCATIONS.map((_, i) => ({
  id: i === 0 ? '=p0' : `p${i}`,
  name: `Party ${i}`,
  type: 'IN',
  attributes: {},
}));
const RELATIONSHIPS: RelationshipRecord[] = LOCATIONS.map(({ id }, i) => ({
  id: `r${i}`,
  party: PARTIES[i]?.id ?? '',
  spatialUnit: id,
  tenureType: 'FH',
  attributes: { since: 1990 + i },
}));
const RECORDS = { locations: LOCATIONS, parties: PARTIES, relationships: RELATIONSHIPS };

const FORMATS = ['csv', 'shapefiles', 'geojson', 'geojsonl', 'xlsx', 'gpkg'] as const satisfies Format[];

let folder: string;
/** With every format. */
let whole: string;
/** Without those whose files have to be copied to be looked into. */
let sound: string;
let count = 0;
const next = () => join(folder, `${count++}.zip`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-verify-test-'));
  const make = async (formats: Format[]) =>
    (await makeBundle({ records: RECORDS, options: { formats }, folder: join(folder, formats.join('-')) })).zip;
  sound = await make(['csv', 'shapefiles', 'geojson', 'geojsonl']);
  whole = await make([...FORMATS]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What it says of the bundle with something made wrong in it. */
async function planted(plant: (bundle: OpenBundle) => void, of = sound): Promise<Verified> {
  const bundle = new OpenBundle(of);
  plant(bundle);
  const zip = next();
  await bundle.zip(zip);
  return verifyFile(zip);
}

/** What it says of the zip with some of its bytes changed. */
function damaged(change: (zip: Buffer) => Buffer, of = sound): Promise<Verified> {
  const zip = next();
  writeFileSync(zip, change(readFileSync(of)));
  return verifyFile(zip);
}

const named = ({ faults }: Verified) => faults.map(({ code, file }) => `${code} ${file}`);

test('a sound bundle has no faults, and every record is counted in every file', async () => {
  const verified = await verifyFile(whole);
  expect(verified.faults).toEqual([]);
  const rows = Object.fromEntries(verified.files.map(({ name, rows }) => [name, rows]));
  expect(rows).toMatchObject({ 'locations.csv': 6, 'polygons.shp': 2, 'polygons.dbf': 2, 'locations.geojson': 6 });
  expect(rows).toMatchObject({ 'parties.jsonl': 6, 'made.xlsx': 18, 'made.gpkg': 18, 'README.txt': null });
});

test('a sound bundle with every option of its tables has no faults', async () => {
  const options = { bom: true, escapeFormulas: false, delimiter: ';', labels: true, geometry: 'wkt' } as const;
  const { zip } = await makeBundle({
    records: RECORDS,
    options: { formats: ['csv', 'shapefiles'], csv: options },
    folder: join(folder, 'options'),
  });
  expect((await verifyFile(zip)).faults).toEqual([]);
});

test('a bundle without any record has no faults', async () => {
  const { zip } = await makeBundle({ records: {}, options: { formats: [...FORMATS] }, folder: join(folder, 'none') });
  expect((await verifyFile(zip)).faults).toEqual([]);
});

/** Byte at which a file's content begins in the sound zip. */
function contentAt(zip: Buffer, name: string): number {
  const at = zip.indexOf(Buffer.from(name), 0);
  return at + Buffer.byteLength(name);
}

test('a bundle that was looked through is open no more', async () => {
  const file = await bytesOfFile(sound);
  let open = 0;
  const stream = (start: number, end: number) => {
    open += 1;
    return (file.stream(start, end) as Readable).once('close', () => {
      open -= 1;
    });
  };
  expect((await verifyBundle({ size: file.size, read: file.read, stream })).faults).toEqual([]);
  await expect.poll(() => open).toBe(0);
  await file.close();
});

describe('of the zip it names', () => {
  test.each(['locations.csv', 'polygons.shp', 'manifest.json'])('one flipped bit in %s', async (name) => {
    const verified = await damaged((zip) => {
      const at = contentAt(zip, name) + 20;
      zip[at] = (zip[at] as number) ^ 0x10;
      return zip;
    });
    expect(verified.faults.filter(({ file }) => file === name)).not.toEqual([]);
    expect(new Set(verified.faults.map(({ kind }) => kind))).toContain('damage');
  });

  test('that it breaks off', async () => {
    expect(named(await damaged((zip) => zip.subarray(0, zip.length - 100)))).toEqual(['zip-damaged null']);
    expect(named(await damaged((zip) => zip.subarray(0, 10)))).toEqual(['zip-damaged null']);
  });

  test('an entry that its own header calls by another name', async () => {
    const verified = await damaged((zip) => {
      zip.write('parties.csw', contentAt(zip, 'parties.csv') - 11);
      return zip;
    });
    expect(named(verified)).toEqual(['zip-entry parties.csv']);
  });

  test('bytes between entries that belong to none', async () => {
    const verified = await damaged((zip) => {
      const at = contentAt(zip, 'parties.csv') - 11 - 30;
      const longer = Buffer.concat([zip.subarray(0, at), Buffer.alloc(7), zip.subarray(at)]);
      // Every offset behind them is right, so that the zip can be read.
      for (
        let entry = longer.indexOf('PK\x01\x02', at);
        entry !== -1;
        entry = longer.indexOf('PK\x01\x02', entry + 4)
      ) {
        const offset = longer.readUInt32LE(entry + 42);
        if (offset >= at) longer.writeUInt32LE(offset + 7, entry + 42);
      }
      const end = longer.lastIndexOf('PK\x05\x06');
      longer.writeUInt32LE(longer.readUInt32LE(end + 16) + 7, end + 16);
      return longer;
    });
    expect(named(verified)).toEqual(['zip-entry parties.csv']);
  });
});

type Planted = [what: string, plant: (bundle: OpenBundle) => void, faults: string[], message?: RegExp];

/** Changes a double of a shapefile; `at` counts from the file's beginning. */
const shifted = (name: string, at: number) => (bundle: OpenBundle) =>
  bundle.patch(name, (bytes) => bytes.writeDoubleLE(bytes.readDoubleLE(at) + 1, at));

/** Where the points begin of the first record of polygons.shp, which has two rings. */
const POINTS = 100 + 8 + 44 + 8;

const CASES: Planted[] = [
  ['that the manifest is not there', (b) => b.files.delete('manifest.json'), ['manifest-missing manifest.json']],
  [
    'a file that the manifest lists and that is not there',
    (b) => b.files.delete('parties.csv'),
    ['file-missing parties.csv'],
  ],
  [
    'a file that the manifest does not list',
    (b) => b.files.set('notes.txt', Buffer.from('hello')),
    ['file-unlisted notes.txt'],
  ],
  [
    'a checksum that is another file’s',
    (b) => Object.assign(b.listed('README.txt'), { sha256: b.listed('parties.csv').sha256 }),
    ['file-checksum README.txt'],
  ],
  [
    'two files that were swapped',
    (b) => {
      const [one, other] = [b.bytes('parties.jsonl'), b.bytes('relationships.jsonl')];
      b.files.set('parties.jsonl', other).set('relationships.jsonl', one);
    },
    ['file-checksum parties.jsonl', 'file-checksum relationships.jsonl'],
  ],
  [
    'files in another order',
    (b) => {
      const first = b.bytes('relationships.csv');
      b.files.delete('relationships.csv');
      b.files.set('relationships.csv', first);
    },
    ['file-order manifest.json'],
  ],
  ['a wrong count of records', (b) => Object.assign(b.listed('parties.csv'), { rows: 7 }), ['row-count parties.csv']],
  [
    'a record that is gone',
    (b) => b.edit('parties.jsonl', /^.*"id":"p3".*\n/m, ''),
    ['row-count parties.jsonl', 'relationship-dangling relationships.jsonl'],
  ],
  [
    'a cell that is gone',
    (b) => b.edit('parties.csv', 'p2,Party 2,IN', 'p2,Party 2'),
    ['csv-cells parties.csv'],
    /row 4 has 2 cells where the header has 3/,
  ],
  [
    'a quote that is never closed',
    (b) => b.edit('parties.csv', 'Party 5', '"Party 5'),
    ['csv-quoting parties.csv', 'relationship-dangling relationships.csv'],
    /never closed/,
  ],
  ['a quote inside a cell', (b) => b.edit('parties.csv', 'Party 5', 'Party "5'), ['csv-quoting parties.csv'], /row 7/],
  [
    'a line that ends as on Unix',
    (b) => b.edit('parties.csv', 'Party 1,IN\r\n', 'Party 1,IN\n'),
    ['csv-line-ends parties.csv'],
    /row 3 ends with LF alone/,
  ],
  [
    'a table that breaks off',
    (b) => b.write('parties.csv', b.text('parties.csv').slice(0, -2)),
    ['csv-line-ends parties.csv', 'relationship-dangling relationships.csv'],
    /row 7 has no end/,
  ],
  [
    'bytes that are no UTF-8',
    (b) => b.patch('locations.csv', (bytes) => bytes.fill(0xff, bytes.indexOf('π'), bytes.indexOf('π') + 1)),
    ['encoding locations.csv'],
  ],
  [
    'a column of another name',
    (b) => b.edit('parties.csv', 'id,name,type', 'id,title,type'),
    ['csv-header parties.csv'],
    /title where the manifest says name/,
  ],
  [
    'an id that is there twice',
    (b) => b.edit('parties.csv', 'p5,', 'p4,'),
    ['id-repeated parties.csv', 'relationship-dangling relationships.csv'],
    /"p4"/,
  ],
  [
    'a relationship of a party that is not there',
    (b) => b.edit('relationships.csv', 'r4,p4,', 'r4,nobody,'),
    ['relationship-dangling relationships.csv'],
    /row 6 refers to "nobody", which is no id in parties/,
  ],
  [
    'a relationship to a location that is not there, in GeoJSON',
    (b) => b.edit('relationships.json', /"spatial_unit_id":"[^"]*"/, '"spatial_unit_id":"nowhere"'),
    ['relationship-dangling relationships.json'],
    /"nowhere"/,
  ],
  ['a shapefile without its index', (b) => b.drop('polygons.shx'), ['shapefile-part-missing polygons.shp']],
  ['a shapefile without its table', (b) => b.drop('points.dbf'), ['shapefile-part-missing points.shp']],
  ['a shapefile without its encoding', (b) => b.drop('linestrings.cpg'), ['shapefile-part-missing linestrings.shp']],
  ['another encoding', (b) => b.write('points.cpg', 'ISO-8859-1'), ['shapefile-table points.cpg'], /ISO-8859-1/],
  ['another coordinate system', (b) => b.write('points.prj', 'PROJCS["ETRS89"]'), ['shapefile-projection points.prj']],
  [
    'a wrong offset in an index',
    (b) => b.patch('polygons.shx', (bytes) => bytes.writeInt32BE(bytes.readInt32BE(108) + 2, 108)),
    ['shapefile-index polygons.shp'],
    /has record 2 at byte/,
  ],
  [
    'a record with another’s number',
    (b) => b.patch('polygons.shp', (bytes) => bytes.writeInt32BE(7, 100)),
    ['shapefile-record polygons.shp'],
    /record 1 is numbered 7/,
  ],
  [
    'a record that says that it is longer',
    (b) => b.patch('polygons.shp', (bytes) => bytes.writeInt32BE(100_000, 104)),
    ['shapefile-record polygons.shp', 'row-count polygons.shp'],
  ],
  [
    'a length in the header that is wrong',
    (b) => b.patch('polygons.shp', (bytes) => bytes.writeInt32BE(50, 24)),
    ['shapefile-header polygons.shp'],
  ],
  ['bounds in the header that are wrong', shifted('polygons.shp', 36), ['shapefile-bounds polygons.shp'], /minX/],
  [
    'bounds of a record that are wrong',
    shifted('polygons.shp', 108 + 4),
    ['shapefile-bounds polygons.shp'],
    /record 1/,
  ],
  [
    'a ring that is not closed',
    (b) => b.patch('polygons.shp', (bytes) => bytes.writeDoubleLE(9, POINTS + 4 * 16)),
    ['shapefile-ring polygons.shp'],
    /record 1: ring 1 is not closed/,
  ],
  [
    'an outer ring that runs the wrong way',
    (b) =>
      b.patch('polygons.shp', (bytes) => {
        const ring = Array.from({ length: 5 }, (_, i) =>
          Buffer.from(bytes.subarray(POINTS + 16 * i, POINTS + 16 * i + 16)),
        );
        for (const [i, point] of ring.reverse().entries()) point.copy(bytes, POINTS + 16 * i);
      }),
    ['shapefile-ring polygons.shp'],
    /counter-clockwise/,
  ],
  [
    'a table that says that it has other records',
    (b) => b.patch('polygons.dbf', (bytes) => bytes.writeUInt32LE(1, 4)),
    ['shapefile-table polygons.dbf', 'row-count polygons.dbf'],
  ],
  [
    'a row of a table that is marked as deleted',
    (b) => b.patch('polygons.dbf', (bytes) => bytes.fill('*', bytes.readUInt16LE(8), bytes.readUInt16LE(8) + 1)),
    ['shapefile-table polygons.dbf'],
    /record 1 is marked as deleted/,
  ],
  [
    'a shape of a location that is in no table',
    (b) => b.patch('polygons.dbf', (bytes) => bytes.fill('X', bytes.readUInt16LE(8) + 1, bytes.readUInt16LE(8) + 2)),
    ['id-unknown polygons.dbf'],
  ],
  [
    'a document that is no JSON',
    (b) => b.edit('locations.geojson', '"geometry"', 'geometry'),
    ['json-syntax locations.geojson', 'relationship-dangling relationships.json'],
  ],
  [
    'a document without its end',
    (b) => b.edit('locations.geojson', /\n\]\}\n$/, '\n'),
    ['json-syntax locations.geojson'],
  ],
  [
    'a feature that is none',
    (b) => b.edit('locations.geojsonl', '"type":"Feature"', '"type":"Future"'),
    ['json-record locations.geojsonl'],
  ],
];

describe('of its files it names', () => {
  test.each(CASES)('%s', async (_, plant, expected, message) => {
    const verified = await planted(plant);
    expect(named(verified)).toEqual(expect.arrayContaining(expected));
    if (message) expect(verified.faults.map((fault) => fault.message).join('\n')).toMatch(message);
    // What is whole beside it is not accused.
    const accused = new Set(expected.map((fault) => fault.split(' ')[1]?.replace(/\.\w+$/, '')));
    for (const { file } of verified.faults) expect([...accused, 'manifest']).toContain(file?.replace(/\.\w+$/, ''));
  });

  test('a GeoPackage of which a page was overwritten', async () => {
    const overwrite = (bytes: Buffer) => bytes.fill(0x5a, 4096 * 3, 4096 * 4);
    const verified = await planted((bundle) => bundle.patch('made.gpkg', overwrite), whole);
    expect(named(verified)).toEqual(['geopackage-damaged made.gpkg']);
  });

  test('a flipped bit in a workbook', async () => {
    const verified = await planted((bundle) => {
      bundle.patch('made.xlsx', (bytes) => {
        const at = contentAt(bytes, 'xl/worksheets/sheet1.xml') + 40;
        bytes[at] = (bytes[at] as number) ^ 0x10;
      });
    }, whole);
    expect(named(verified)).toContainEqual(expect.stringMatching(/^(workbook-part|zip-content) made\.xlsx$/));
    expect(new Set(verified.faults.map(({ file }) => file))).toEqual(new Set(['made.xlsx']));
  });

  test('rows that are gone from a GeoPackage, and ids that are there twice', async () => {
    const verified = await planted((bundle) => {
      const path = join(folder, 'edited.gpkg');
      writeFileSync(path, bundle.bytes('made.gpkg'));
      const sql = "delete from parties where id='p1'; update parties set id='p2' where id='p3'";
      execFileSync('python3', [
        '-c',
        `import sqlite3,sys\nd=sqlite3.connect(sys.argv[1])\nd.executescript(sys.argv[2])`,
        path,
        sql,
      ]);
      bundle.write('made.gpkg', readFileSync(path));
    }, whole);
    expect(named(verified)).toEqual([
      'row-count made.gpkg',
      'id-repeated made.gpkg',
      'row-count made.gpkg',
      'relationship-dangling made.gpkg',
    ]);
  });

  test('rows that are gone from a workbook', async () => {
    const verified = await planted((bundle) => {
      const path = join(folder, 'edited');
      writeFileSync(`${path}.xlsx`, bundle.bytes('made.xlsx'));
      execFileSync('unzip', ['-q', `${path}.xlsx`, '-d', path]);
      const sheet = join(path, 'xl/worksheets/sheet2.xml');
      writeFileSync(sheet, readFileSync(sheet, 'utf8').replace(/<row r="7">.*?<\/row>/s, ''));
      execFileSync('python3', ['-m', 'zipfile', '-c', `${path}.xlsx`, '[Content_Types].xml', '_rels', 'xl'], {
        cwd: path,
      });
      bundle.write('made.xlsx', readFileSync(`${path}.xlsx`));
    }, whole);
    expect(named(verified)).toEqual(expect.arrayContaining(['row-count made.xlsx', 'relationship-dangling made.xlsx']));
  });
});

test('relationships that lead nowhere are no fault where the manifest tells of them', async () => {
  const verified = await planted((bundle) => {
    bundle.edit('relationships.csv', RELATIONSHIPS[1]?.party ?? '', 'gone');
    bundle.manifest.warnings.push({ code: 'party-absent', message: '', count: 1, ids: [] });
  });
  expect(verified.faults).toEqual([]);
});

describe('the command', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(ROOT, 'apps/worker/dist/cli/verify.js'), ...args], { encoding: 'utf8' });

  test('prints a table, or JSON, and ends with 0, 1 where there is a fault, 2 where there is no bundle', async () => {
    const whole = run(sound);
    expect(whole.stdout).toMatch(/^locations\.csv +6 +[\d,]+ +sound$/m);
    expect([whole.stdout.includes('No faults.'), whole.status]).toEqual([true, 0]);

    const bundle = new OpenBundle(sound);
    bundle.files.delete('parties.csv');
    const broken = next();
    await bundle.zip(broken);
    const json = run('--json', broken);
    expect(JSON.parse(json.stdout)).toMatchObject({ bundle: broken, sound: false, faults: [{ code: 'file-missing' }] });
    expect(json.status).toBe(1);

    expect([run(join(folder, 'nothing.zip')).status, run().status, run('--loud', sound).status]).toEqual([2, 2, 2]);
  });

  test('names each fault under the table', async () => {
    const report = renderReport(await planted((bundle) => bundle.edit('parties.csv', 'p2,Party 2,IN', 'p2,Party 2')));
    expect(report).toMatch(/^parties\.csv .* 1 fault$/m);
    expect(report).toMatch(/^ {2}csv-cells {2}parties\.csv: row 4 has 2 cells/m);
  });
});
