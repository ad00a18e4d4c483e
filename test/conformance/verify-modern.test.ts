/** `verify` on FlatGeobuf and Parquet: sound ones, and those with a fault planted in them, which it has to find and to name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocationRecord } from '@parcelpost/shared/records.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Verified, verifyFile } from '../../apps/worker/src/verify/verify-bundle.js';
import { makeBundle } from '../support/made-bundle.js';
import { OpenBundle } from '../support/planted-bundle.js';

const LOCATIONS: LocationRecord[] = Array.from({ length: 300 }, (_, i) => ({
  id: `l${i}`,
  type: 'PA',
  area: i / 3,
  geometry: i % 50 === 0 ? null : { type: 'Point', coordinates: [i % 17, i % 13] },
  attributes: { crop: 'maize', on: i % 2 === 0, since: 1990 + i },
}));
const PARTIES = LOCATIONS.map((_, i) => ({ id: `p${i}`, name: `Party ${i}`, type: 'IN', attributes: {} }));
const RELATIONSHIPS = LOCATIONS.map(({ id }, i) => ({
  id: `r${i}`,
  party: `p${i}`,
  spatialUnit: id,
  tenureType: 'FH',
  attributes: {},
}));

let folder: string;
let sound: string;
let count = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-verify-modern-'));
  const records = { locations: LOCATIONS, parties: PARTIES, relationships: RELATIONSHIPS };
  sound = (await makeBundle({ records, options: { formats: ['fgb', 'parquet'] }, folder: join(folder, 'made') })).zip;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function planted(plant: (bundle: OpenBundle) => void): Promise<Verified> {
  const bundle = new OpenBundle(sound);
  plant(bundle);
  const zip = join(folder, `${count++}.zip`);
  await bundle.zip(zip);
  return verifyFile(zip);
}

/** Where the index of a FlatGeobuf file begins. */
const indexAt = (bytes: Buffer) => 12 + bytes.readUInt32LE(8);
/** Changes the first of these texts to one of the same length. */
const replaced = (from: string, to: string) => (bytes: Buffer) => {
  bytes.write(to, bytes.indexOf(from));
};

test('sound ones have no faults, and every record is counted', async () => {
  const { files, faults } = await verifyFile(sound);
  expect(faults).toEqual([]);
  const rows = Object.fromEntries(files.map(({ name, rows }) => [name, rows]));
  expect(rows).toMatchObject({
    'points.fgb': 294,
    'locations_without_geometry.fgb': 6,
    'parties.fgb': 300,
    'relationships.fgb': 300,
    'locations.parquet': 300,
    'parties.parquet': 300,
    'relationships.parquet': 300,
  });
});

test.each<[string, (bundle: OpenBundle) => void, string, RegExp]>([
  [
    'other first bytes',
    (b) => b.patch('points.fgb', (bytes) => bytes.writeUInt8(0, 0)),
    'flatgeobuf-structure points.fgb',
    /does not begin/,
  ],
  [
    'an index that leads elsewhere',
    (b) => b.patch('points.fgb', (bytes) => bytes.writeBigUInt64LE(8n, indexAt(bytes) + 40 * (1 + 2 + 19) + 32)),
    'flatgeobuf-structure points.fgb',
    /feature 1 is not where the index has it/,
  ],
  [
    'a file that breaks off',
    (b) => b.write('parties.fgb', b.bytes('parties.fgb').subarray(0, -20)),
    'flatgeobuf-structure parties.fgb',
    /ends within feature 300/,
  ],
  [
    'an id that is there twice',
    (b) => b.patch('parties.fgb', replaced('p42', 'p41')),
    'id-repeated parties.fgb',
    /"p41"/,
  ],
  [
    'a relationship without its party',
    (b) => b.patch('relationships.fgb', replaced('p42', 'p_2')),
    'relationship-dangling relationships.fgb',
    /p_2/,
  ],
  [
    'other last bytes',
    (b) => b.patch('parties.parquet', (bytes) => bytes.fill(0, bytes.length - 4)),
    'parquet-structure parties.parquet',
    /cannot be read/,
  ],
  [
    'geometries of which nothing is said',
    (b) => b.patch('locations.parquet', (bytes) => bytes.write('gap', bytes.lastIndexOf('\u0003geo') + 1)),
    'parquet-structure locations.parquet',
    /geometries/,
  ],
  [
    'a page that was overwritten',
    (b) => b.patch('locations.parquet', (bytes) => bytes.fill(0xff, 4, 60)),
    'parquet-structure locations.parquet',
    /cannot be read/,
  ],
  [
    'fewer records than the manifest says',
    (b) => b.write('parties.parquet', b.bytes('relationships.parquet')),
    'relationship-dangling relationships.parquet',
    /no id in parties/,
  ],
])('%s', async (_, plant, expected, message) => {
  const { faults } = await planted(plant);
  expect(faults.map(({ code, file }) => `${code} ${file}`)).toContain(expected);
  expect(faults.map((fault) => fault.message).join('\n')).toMatch(message);
});
