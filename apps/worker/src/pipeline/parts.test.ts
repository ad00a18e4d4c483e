import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { OwnStep } from '@parcelpost/shared/pipeline/own-steps.js';
import type { ProjectInfo } from '@parcelpost/shared/records.js';
import { expect, test } from 'vitest';
import { type PartSource, partKeys } from './parts.js';
import { WorkerPipeline } from './pipeline.js';

const OPTIONS: ExportOptions = {
  outputType: 'custom',
  formats: ['csv', 'kml'],
  csv: { bom: false, escapeFormulas: true },
  allowPartial: false,
};
const KML: OwnStep = {
  name: 'kml',
  version: 1,
  summary: 'KML',
  formats: ['kml'],
  entities: ['locations'],
  uses: [],
  lasting: true,
  map: () => '',
  reduce: () => {},
};
const PROJECT = {
  id: 'p',
  dataVersions: { locations: 'a', parties: 'b', relationships: 'c' },
} as unknown as ProjectInfo;
const OWN: PartSource = { platform: 'own', person: undefined };

const keys = (options: Partial<ExportOptions> = {}, source = OWN) => {
  const row = { organization: 'o', project: 's', options: { ...OPTIONS, ...options } } as ExportRow;
  return partKeys(new WorkerPipeline([KML]), row, PROJECT, source);
};

test.each<[string, Partial<ExportOptions>]>([
  ['language', { language: 'fr' }],
  ['provenance', { provenance: true }],
  ['way to bundle', { outputType: 'all' }],
])('a step of one’s own that may look at all options gets no files of another %s, ours do', (_, options) => {
  expect(keys(options).kml).not.toBe(keys().kml);
  expect(keys(options).locations).toBe(keys().locations);
});

test('what somebody has already bears on no file', () => {
  expect(keys({ unchangedSince: 'ab'.repeat(32) })).toEqual(keys());
});

test('parts of one platform, or of one person where only they see them, are not another’s', () => {
  const sources = [OWN, { platform: 'http://a', person: 'ana' }, { platform: 'http://b', person: 'ana' }];
  sources.push({ platform: 'http://a', person: 'ben' });
  expect(new Set(sources.map((source) => keys({}, source).parties)).size).toBe(sources.length);
});
