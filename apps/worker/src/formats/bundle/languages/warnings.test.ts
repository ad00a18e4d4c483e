/** Whatever a bundle warns of is told in every language. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { es } from './es.js';
import { fr } from './fr.js';
import { id } from './id.js';
import { pt } from './pt.js';
import type { Language } from './speaker.js';
import { sw } from './sw.js';

const REASONS = ['null-geometry', 'empty-geometry', 'geometry-collection', 'not-finite', 'too-few-points'];
const TYPED = ['fgb', 'gpkg', 'parquet'];

/** What becomes of a code that is put together. */
const PUT_TOGETHER: Record<string, string[]> = {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: as it stands in the sources
  'shapefile-${code}': REASONS.map((reason) => `shapefile-${reason}`),
  '${format}-not-finite': TYPED.map((format) => `${format}-not-finite`),
  '${format}-no-character': TYPED.map((format) => `${format}-no-character`),
  // Of a step that an installation adds: in the words that it has.
  '${this.name}-${code}': [],
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as it stands in the sources
};

/** What is missing has a part of the readmes of its own, in the words of `missing…`. */
const TOLD_OTHERWISE = ['file-missing', 'records-missing'];

const worker = join(import.meta.dirname, '../../..');
const sources = ['formats', 'pipeline'].flatMap((folder) =>
  readdirSync(join(worker, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(worker, folder, name), 'utf8')),
);
/** Of the warnings that the sources make, as they stand there. */
const written = sources.flatMap((source) => [
  ...[...source.matchAll(/\bcode: ['`](.+?)['`]/g)].map(([, code = '']) => code),
  ...[...source.matchAll(/'(\w+-absent)'/g)].map(([, code = '']) => code),
]);
const codes = [...new Set(written.flatMap((code) => PUT_TOGETHER[code] ?? [code]))]
  .filter((code) => code.includes('-') && !REASONS.includes(code) && !TOLD_OTHERWISE.includes(code))
  .sort();

test('all that bundles warn of is found', () => {
  expect(written).toEqual(expect.arrayContaining(Object.keys(PUT_TOGETHER)));
  expect(codes).toEqual(expect.arrayContaining(['count-changed', 'id-repeated', 'party-absent', 'xlsx-text-cut']));
  // One that is put together otherwise is to be said above.
  expect(codes.filter((code) => code.includes('$'))).toEqual([]);
});

describe.each(Object.entries({ es, fr, id, pt, sw }) as [string, Language][])('in %s', (_tag, { warnings }) => {
  test('every warning of a bundle is told, and no other', () => {
    expect(Object.keys(warnings).sort()).toEqual(codes);
  });
});
