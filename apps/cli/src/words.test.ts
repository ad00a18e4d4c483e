import { expect, it } from 'vitest';
import type { ExportView } from './export-view.js';
import { describe, exportTable } from './words.js';

const view: ExportView = {
  id: '0198c2d4-0000-7000-8000-000000000000',
  generation: 2,
  state: 'partial',
  phase: 'decided',
  outcome: 'partial',
  organization: 'cadasta',
  project: 'london-2',
  projectName: 'London "2"\u001b[2J',
  outputType: 'shp',
  formats: ['csv', 'shapefiles'],
  requestedBy: { id: 'u', name: 'Ana Álvarez' },
  requestedAt: '2026-03-01T09:05:00.123Z',
  finishedAt: '2026-03-01T09:06:00.000Z',
  expiresAt: null,
  cancelling: false,
  retryable: true,
  progress: { rows: 1234, rowsExpected: 5000, jobsDone: 1, jobs: 2 },
  error: null,
  warnings: ['2 texts were cut.'],
  missing: [{ step: 'parties', message: 'It answered 500.' }],
  bundle: { name: 'london.zip', bytes: 1_410_000, sha256: 'ab', expiresAt: null },
  files: [{ name: 'parties.csv', rows: 1234, bytes: 999 }],
  result: { unchanged: true },
  links: { page: 'https://x.example/exports/1' },
  followUps: [
    {
      hook: 'onSuccess',
      place: 'onSuccess/0',
      kind: 'task',
      task: 'msg.email',
      state: 'failed',
      error: { message: 'No.' },
    },
    { hook: 'onSuccess', place: 'onSuccess/1', kind: 'chain', task: 'chain', state: 'done', error: null },
  ],
};

it('tells all of an export that a person wants to know, a line each', () => {
  expect(describe(view)).toEqual([
    'export     0198c2d4-0000-7000-8000-000000000000, try 2',
    'project    cadasta/london-2 (London "2"\ufffd[2J)',
    'formats    csv, shapefiles',
    'asked by   Ana Álvarez, 2026-03-01 09:05:00Z',
    'state      partial, 2026-03-01 09:06:00Z',
    'bundle     london.zip, 1.41 MB, kept until it is unpinned',
    'sha256     ab',
    'unchanged  yes: the same, byte by byte',
    'file       parties.csv, 1,234 records, 999 bytes',
    'missing    parties: It answered 500.',
    'warning    2 texts were cut.',
    'follow-up  msg.email (onSuccess/0): failed, No.',
    'page       https://x.example/exports/1',
  ]);
});

it.each<[Partial<ExportView>, string]>([
  [{ state: 'waiting', placeInQueue: 3, waitsFor: 'turn' }, 'waiting, place 3 in the queue'],
  [
    { state: 'waiting', placeInQueue: null, waitsFor: 'queue' },
    'waiting, the queue does not answer; it begins when that is back',
  ],
  [{ state: 'waiting' }, 'waiting'],
  [{ state: 'running', phase: 'reading' }, 'reading, 1,234 of 5,000 (24 %) records'],
  [{ state: 'running', phase: 'reading', cancelling: true }, 'being cancelled'],
])('says of %j: %s', (change, words) => {
  expect(describe({ ...view, ...change })).toContain(`state      ${words}`);
});

it('lines exports up', () => {
  const other = { ...view, state: 'failed' as const, bundle: null, requestedBy: { id: 'b', name: 'Ben' } };
  expect(exportTable([view, other])).toEqual([
    'ID                                    STATE    PROJECT           ASKED                 SIZE     BY',
    '0198c2d4-0000-7000-8000-000000000000  partial  cadasta/london-2  2026-03-01 09:05:00Z  1.41 MB  Ana Álvarez',
    '0198c2d4-0000-7000-8000-000000000000  failed   cadasta/london-2  2026-03-01 09:05:00Z  -        Ben',
  ]);
});
