/**
 * A corpus of nasty records, in every format: what an independent reader finds is the source's value, or the manifest says
 * what differs and why. The table of what became of each case is docs/formats.md (`npm run docs:formats` writes it anew).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocationRecord } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBundle } from '../support/made-bundle.js';
import { OpenBundle } from '../support/planted-bundle.js';
import { ROOT } from '../support/root.js';
import { GEOMETRIES, HIGH_RECORDS, idOf, NAMES, RECORDS, VALUES } from './corpus/cases.js';
import { READERS, type ReadLocations } from './corpus/readers.js';
import {
  columnOf,
  geometryVerdict,
  type ManifestOfCorpus,
  type Verdict,
  valueVerdict,
  warningOf,
} from './corpus/verdicts.js';

const DOCUMENT = join(ROOT, 'docs/formats.md');
const BEGIN = '<!-- made by test/conformance/corpus.test.ts -->';
const END = '<!-- end -->';

/** Beginnings of the codes of warnings about a format. */
const PREFIXES: Record<string, string> = {
  shapefiles: 'shapefile-',
  csv: 'csv-',
  geojson: 'geojson-',
  geojsonl: 'geojson-',
};
/** Files of a format that list locations. */
const FILES: Record<string, (name: string) => boolean> = {
  csv: (name) => name === 'locations.csv',
  shapefiles: (name) => name.endsWith('.dbf'),
  xlsx: (name) => name.endsWith('.xlsx'),
  gpkg: (name) => name.endsWith('.gpkg'),
  fgb: (name) => name.endsWith('.fgb') && !/^(parties|relationships)/.test(name),
  parquet: (name) => name === 'locations.parquet',
};

/** A bundle of some of the records, and what was read from it. */
interface Made {
  manifest: ManifestOfCorpus;
  read: Map<string, ReadLocations>;
}

let folder: string;
let flat: Made;
let high: Made;
const verdicts = new Map<string, Verdict>();

async function make(name: string, records: readonly LocationRecord[]): Promise<Made> {
  const half = Math.ceil(records.length / 2);
  const { zip } = await makeBundle({
    records: { locations: records },
    options: { formats: READERS.map(({ format }) => format), shapefileAttributes: true },
    shards: (all) => [[all.slice(0, half) as unknown[]], [all.slice(half) as unknown[]]],
    folder: join(folder, name),
  });
  const bundle = new OpenBundle(zip);
  const files = join(folder, `${name}-files`);
  execFileSync('unzip', ['-q', zip, '-d', files]);
  const path = (file: string) => join(files, file);
  return {
    manifest: bundle.manifest as unknown as ManifestOfCorpus,
    read: new Map(READERS.map((reader) => [reader.format, reader.read({ bundle, path })])),
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-corpus-'));
  flat = await make('flat', RECORDS);
  high = await make('high', HIGH_RECORDS);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const locationsOf = (format: string, made = flat) => made.read.get(format) as ReadLocations;
const told = (format: string, id: string, made = flat) =>
  warningOf(made.manifest, PREFIXES[format] ?? `${format}-`, id);
const keep = (format: string, id: string, verdict: Verdict | undefined) => {
  if (verdict) verdicts.set(`${format} ${id}`, verdict);
  return verdict;
};

describe.each(READERS.map(({ format, by }) => [format, by]))('%s, read by %s', (format) => {
  test('every geometry is the source’s, or the manifest says of the record what became of it', () => {
    for (const [i, { name, geometry, ...of }] of GEOMETRIES.entries()) {
      const id = idOf('g', i);
      const made = of.high ? high : flat;
      const { geometries } = locationsOf(format, made);
      const verdict = geometries
        ? (geometryVerdict(geometry as Geometry | null, geometries.get(id)) ?? told(format, id, made))
        : ('–' as const);
      expect(keep(format, id, verdict), `${name}: ${JSON.stringify(geometries?.get(id))?.slice(0, 200)}`).toBeDefined();
    }
  });

  test('every value is the source’s, or the manifest says of the record what became of it', () => {
    const { cells } = locationsOf(format);
    for (const [i, { name, value }] of VALUES.entries()) {
      const id = idOf('v', i);
      const found = cells.get(id)?.get(columnName(format, id) ?? '');
      const verdict = valueVerdict(value, found) ?? told(format, id);
      expect(keep(format, id, verdict), `${name}: ${JSON.stringify(found)?.slice(0, 200)}`).toBeDefined();
    }
  });

  test('every attribute is under its own name, or under one that the manifest gives for it', () => {
    const { cells } = locationsOf(format);
    for (const [i, { name, key }] of NAMES.entries()) {
      const id = idOf('n', i);
      const column = columnName(format, key);
      const found = column === undefined ? undefined : cells.get(id)?.get(column);
      expect([name, valueVerdict(`named ${i}`, found)]).toEqual([name, '=']);
      keep(format, id, column === key ? '=' : '≈');
    }
  });
});

/** The column of an attribute: its own name where the format is JSON, else the one that the manifest lists. */
function columnName(format: string, key: string): string | undefined {
  const isOf = FILES[format];
  if (!isOf) return key;
  const names = new Set([...locationsOf(format).cells.values()].flatMap((row) => [...row.keys()]));
  return columnOf(flat.manifest, key, names, isOf)?.name;
}

test('docs/formats.md has the table of what was found', () => {
  const document = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : `${BEGIN}\n${END}\n`;
  const [before = '', rest = ''] = document.split(BEGIN);
  const [, after = ''] = rest.split(END);
  const wanted = `${before}${BEGIN}\n${tables()}${END}${after}`;
  if (process.env.WRITE_DOCS) writeFileSync(DOCUMENT, wanted);
  expect(readFileSync(DOCUMENT, 'utf8'), 'run npm run docs:formats').toBe(wanted);
});

function tables(): string {
  const formats = READERS.map(({ format }) => format);
  const head = (what: string) => `| ${what} | ${formats.join(' | ')} |\n|---|${formats.map(() => '---|').join('')}\n`;
  const rows = (kind: 'g' | 'v' | 'n', cases: readonly { name: string }[]) =>
    cases
      .map(({ name }, i) => {
        const cells = formats.map((format) => verdicts.get(`${format} ${idOf(kind, i)}`) ?? '?');
        return `| ${name.replaceAll('|', '\\|')} | ${cells.map((cell) => cell.replace(/^! (.*)$/, '`$1`')).join(' | ')} |\n`;
      })
      .join('');
  const readBy = READERS.map(({ format, by }) => `\`${format}\` by ${by}`).join('; ');
  return `Read back: ${readBy}.\n\n${head('geometry')}${rows('g', GEOMETRIES)}\n${head('value')}${rows('v', VALUES)}\n${head('name of an attribute')}${rows('n', NAMES)}`;
}
