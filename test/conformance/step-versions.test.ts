/**
 * Results are known again by the version of the step that made them: so a step whose files come out otherwise, by a byte, has
 * its version raised. Here all that each step leaves of a few records that never change (files and what is said of them, warnings, notices)
 * is held against its sum in step-versions.json.
 * After a version was raised, `STEP_VERSIONS=write npx vitest run test/conformance/step-versions.test.ts` notes the new sums.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '@parcelpost/shared/canonical-json.js';
import { BUILT_IN_STEPS } from '@parcelpost/shared/pipeline/built-in-steps.js';
import { ExactNumber, type LocationRecord } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBundle, type StepMade } from '../support/made-bundle.js';
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
    // One that is not there.
    spatialUnit: index === 2 ? 'lost' : `l${index}`,
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
  const { steps } = await makeBundle({
    records: RECORDS,
    options: { formats: formats.filter((format) => format !== 'resources'), shapefileAttributes: true },
    schemas: { party: [{ name: 'count', label: 'How many', type: 'integer' }] },
    // Shards with other columns than their neighbours have.
    shards: (records) => [[records.slice(0, 1)], [records.slice(1)]],
    folder,
  });
  made = {};
  for (const { name, version } of BUILT_IN_STEPS) {
    const left = steps.get(name);
    if (left) made[name] = { version: String(version), sha256: sumOf(left) };
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function sumOf({ fragments, notices, reduced }: StepMade): string {
  const sum = createHash('sha256').update(canonicalJson(JSON.parse(JSON.stringify(notices))));
  for (const { files, ...said } of reduced) {
    sum.update(canonicalJson(JSON.parse(JSON.stringify(said))));
    for (const { key, bytes: _, sha256: __, ...about } of files) {
      sum.update(canonicalJson(JSON.parse(JSON.stringify(about)))).update(content(join(folder, 'storage', key)));
    }
  }
  // Of a step that follows other exports take what it left of a list, too.
  const following = fragments.filter(({ step }) => step === 'references');
  for (const { key, meta } of following) {
    sum.update(canonicalJson(JSON.parse(JSON.stringify(meta)))).update(content(join(folder, 'storage', key)));
  }
  return sum.digest('hex');
}

/** Of a workbook what is in it: how small it is packed depends on the zlib that Node has. */
function content(file: string): Buffer {
  const bytes = readFileSync(file);
  return file.endsWith('.xlsx') ? execFileSync('unzip', ['-p', file], { maxBuffer: 1 << 28 }) : bytes;
}

const noted = (): Noted => JSON.parse(readFileSync(NOTED, 'utf8'));

test('every step is among them but that which fetches files of others', () => {
  expect(Object.keys(made)).toEqual(
    BUILT_IN_STEPS.map(({ name }) => name as string).filter((name) => name !== 'resources'),
  );
});

test.each(BUILT_IN_STEPS.map(({ name }) => name).filter((name) => name !== 'resources'))(
  'what the step %s makes is what its version says',
  (name) => {
    const before = noted()[name];
    const now = made[name];
    if (before?.version === now?.version) {
      expect(now?.sha256, `what the step ${name} makes has changed: raise its version in built-in-steps.ts`).toBe(
        before?.sha256,
      );
    } else if (process.env.STEP_VERSIONS === 'write') {
      writeFileSync(NOTED, `${JSON.stringify({ ...noted(), [name]: now }, null, 2)}\n`);
    } else {
      expect(now, `the version of the step ${name} was raised: note its sum, as is said above`).toEqual(before);
    }
  },
);
