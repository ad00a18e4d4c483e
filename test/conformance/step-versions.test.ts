/**
 * Results are known again by the version of the step that made them: so a step whose files come out otherwise, by a byte, has
 * its version raised. Here its files for a few records that never change are held against their sums in step-versions.json.
 * After a version was raised, `STEP_VERSIONS=write npx vitest run test/conformance/step-versions.test.ts` notes the new sums.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILT_IN_STEPS } from '@parcelpost/shared/pipeline/built-in-steps.js';
import { ExactNumber, type LocationRecord } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBundle } from '../support/made-bundle.js';
import { ROOT } from '../support/root.js';

const NOTED = join(ROOT, 'test/conformance/step-versions.json');

const square = (at: number) => [
  [at, 0],
  [at, 1],
  [at + 1, 1],
  [at, 0],
];
const GEOMETRIES: (Geometry | null)[] = [
  { type: 'Point', coordinates: [-71.123456789, 42.5] },
  { type: 'Point', coordinates: [1, 2, 3.25] },
  {
    type: 'LineString',
    coordinates: [
      [0, 0],
      [1.5, -1.5],
    ],
  },
  {
    type: 'Polygon',
    coordinates: [
      square(0),
      [
        [0.1, 0.2],
        [0.2, 0.3],
        [0.15, 0.3],
        [0.1, 0.2],
      ],
    ],
  },
  {
    type: 'MultiPoint',
    coordinates: [
      [0, 0],
      [1, 1],
    ],
  },
  {
    type: 'MultiLineString',
    coordinates: [
      [
        [0, 0],
        [1, 1],
      ],
      [
        [2, 2],
        [3, 3],
      ],
    ],
  },
  { type: 'MultiPolygon', coordinates: [[square(0)], [square(5)]] },
  { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [0, 0] }] },
  { type: 'Point', coordinates: [] },
  null,
];
const attributes = [
  { name: 'Ana "A"', count: 3, big: new ExactNumber('9007199254740993'), yes: true, list: ['a', 'b'] },
  { name: '=1+1', count: 2.5, 'a.b': { nested: [1, null] }, day: '2026-01-31' },
  { name: 'žluť\r\n,地块|;', note: 'x'.repeat(33_000), id: 'mine', empty: '', none: null },
] as unknown as LocationRecord['attributes'][];

const RECORDS = {
  locations: GEOMETRIES.map((geometry, index) => ({
    id: `l${index}`,
    type: index % 2 === 0 ? 'PA' : 'XX',
    area: index === 3 ? 12.75 : null,
    geometry,
    attributes: attributes[index % 3] as LocationRecord['attributes'],
  })),
  parties: attributes.map((each, index) => ({ id: `p${index}`, name: `Party ${index}`, type: 'IN', attributes: each })),
  relationships: attributes.map((each, index) => ({
    id: `r${index}`,
    party: `p${index}`,
    spatialUnit: `l${index}`,
    tenureType: 'FH',
    attributes: each,
  })),
};

type Noted = Record<string, { version: string; sha256: string }>;
let folder: string;
let made: Noted;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'step-versions-'));
  const formats = [...new Set(BUILT_IN_STEPS.flatMap((step) => (step.formats === 'all' ? [] : step.formats)))];
  const { parts } = await makeBundle({
    records: RECORDS,
    options: { formats: formats.filter((format) => format !== 'resources'), shapefileAttributes: true },
    schemas: { party: [{ name: 'count', label: 'How many', type: 'integer' }] },
    // Shards with other columns than their neighbours have.
    shards: (records) => [[records.slice(0, 1)], [records.slice(1)]],
    folder,
  });
  made = {};
  for (const { name, version } of BUILT_IN_STEPS) {
    const files = parts.filter(({ from }) => typeof from === 'string' && from.startsWith(`work/reduce-${name}.`));
    if (files.length === 0) continue;
    const sum = createHash('sha256');
    for (const file of files) sum.update(`${file.name}\0`).update(content(join(folder, 'storage', String(file.from))));
    made[name] = { version: String(version), sha256: sum.digest('hex') };
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Of a workbook what is in it: how small it is packed depends on the zlib that Node has. */
function content(file: string): Buffer {
  const bytes = readFileSync(file);
  return file.endsWith('.xlsx') ? execFileSync('unzip', ['-p', file], { maxBuffer: 1 << 28 }) : bytes;
}

const noted = (): Noted => JSON.parse(readFileSync(NOTED, 'utf8'));

test('every step that writes files of records is among them', () => {
  expect(Object.keys(made)).toEqual(
    BUILT_IN_STEPS.map(({ name }) => name as string).filter((name) => name !== 'resources' && name !== 'references'),
  );
});

test.each(BUILT_IN_STEPS.map(({ name }) => name).filter((name) => name !== 'resources' && name !== 'references'))(
  'what the step %s makes is what its version says',
  (name) => {
    const before = noted()[name];
    const now = made[name];
    if (before?.version === now?.version) {
      expect(now?.sha256, `the bytes of the step ${name} have changed: raise its version in built-in-steps.ts`).toBe(
        before?.sha256,
      );
    } else if (process.env.STEP_VERSIONS === 'write') {
      writeFileSync(NOTED, `${JSON.stringify({ ...noted(), [name]: now }, null, 2)}\n`);
    } else {
      expect(now, `the version of the step ${name} was raised: note its sum, as is said above`).toEqual(before);
    }
  },
);
