import type { MissingPart } from '@parcelpost/shared/export-result.js';
import { expect, test } from 'vitest';
import { speakerOf } from '../formats/bundle/languages/languages.js';
import { describeMissing, missingWarnings } from './missing.js';
import { BUILT_IN_PIPELINE } from './pipeline.js';
import { type Plan, shardsByOffset } from './plan.js';

const plan: Plan = {
  project: { name: 'P', organizationName: 'O', country: '', description: '' },
  schemas: {},
  shards: [...shardsByOffset('locations', 1, 2500), ...shardsByOffset('parties', 6001, 2500)],
};
const part = (
  step: string,
  shard: number | null,
  rowsExpected: number | null,
  message = 'it failed.',
): MissingPart => ({
  code: 'test',
  message,
  step,
  shard,
  attempts: 1,
  rowsExpected,
});

test('each part is named by its records or its file, and all of them by their sums', () => {
  const parts = [
    part('locations', 0, 1),
    part('parties', 1, 2500),
    part('parties', 2, 1001),
    part('parties.csv', null, null),
    part('shapefiles.polygons', null, null),
  ];
  const { parts: named, summary } = describeMissing(BUILT_IN_PIPELINE, plan, parts, speakerOf('en'));
  expect(named.map(({ what }) => what)).toEqual([
    'Record 1 of locations',
    'Records 2,501 to 5,000 of parties',
    'Records 5,001 to 6,001 of parties',
    'parties.csv',
    'polygons.shp',
  ]);
  expect(named.map(({ what: _what, several: _several, ...rest }) => rest)).toEqual(parts);
  expect(summary).toEqual(['1 of 1 location', '3,501 of 6,001 parties', 'parties.csv', 'polygons.shp']);
});

test('a whole bundle lacks nothing', () => {
  expect(describeMissing(BUILT_IN_PIPELINE, plan, [], speakerOf('en'))).toEqual({ parts: [], summary: [] });
  expect(missingWarnings(BUILT_IN_PIPELINE, plan, [])).toEqual([]);
});

test('a part in which nothing was counted is named all the same', () => {
  const [entry] = describeMissing(BUILT_IN_PIPELINE, plan, [part('parties', 1, 0)], speakerOf('en')).parts;
  expect(entry?.what).toBe('Part 2 of parties, in which no records were counted,');
});

test('warnings come to one for each entity and each file, however many the parts', () => {
  const parts = [
    part('locations', 0, 1, 'The platform refused the token.'),
    part('parties', 1, 2500, 'The platform did not answer.'),
    part('parties', 2, 1001),
    part('parties.csv', null, null),
  ];
  expect(missingWarnings(BUILT_IN_PIPELINE, plan, parts)).toEqual([
    {
      code: 'records-missing',
      message: '1 of 1 location is missing: The platform refused the token',
      count: 1,
      ids: [],
    },
    {
      code: 'records-missing',
      message:
        '3,501 of 6,001 parties are missing: 2 parts could not be read, the first because: The platform did not answer',
      count: 3501,
      ids: [],
    },
    { code: 'file-missing', message: 'parties.csv is missing: it failed', count: 1, ids: [] },
  ]);
});
