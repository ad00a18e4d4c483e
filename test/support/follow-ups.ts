/** Inputs for the tests of follow-ups, and the context a handler runs in. */

import type {
  ExportFailureReport,
  ExportResult,
  FollowUpFault,
  FollowUpInput,
  JsonValue,
} from '@parcelpost/shared/export-result.js';
import { createLogger } from '@parcelpost/shared/log.js';
import type { FollowUpContext } from '../../apps/worker/src/follow-ups/types.js';

export const EXPORT_ID = '0b8f6f0e-6a5c-4d57-9a4e-0c3f5a1f7d11';
export const FOLLOW_UP_ID = 'd3b07384-d9a0-4c9b-8a8e-6f1d2c3b4a59';
export const PUBLIC_URL = 'https://maps.example.org';
export const PAGE = `${PUBLIC_URL}/exports/${EXPORT_ID}`;

const common = {
  exportId: EXPORT_ID,
  project: { organization: 'cadasta', slug: 'london-2', name: 'London 2' },
  links: [{ text: 'Export of London 2', url: PAGE }],
  requestedBy: { id: 'ana', name: 'Ana Álvarez' },
  finishedAt: '2026-03-05T14:05:09.000Z',
};

export function successInput(changes: Partial<ExportResult> = {}): FollowUpInput & { kind: 'success' } {
  const result: ExportResult = {
    ...common,
    outcome: 'completed',
    file: {
      name: '2026-03-05_london-2_shp.zip',
      bytes: 1_412_345,
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      expiresAt: '2026-03-12T14:05:09.000Z',
    },
    rows: 12_345,
    files: [
      { name: 'parties.csv', rows: 4_100, bytes: 512_000 },
      { name: 'README.txt', rows: null, bytes: 999 },
    ],
    missing: [],
    warnings: ['12 locations without a geometry are in locations.csv and in no shapefile.'],
    ...changes,
  };
  return { kind: 'success', result };
}

export function failureInput(changes: Partial<ExportFailureReport> = {}): FollowUpInput & { kind: 'failure' } {
  const report: ExportFailureReport = {
    ...common,
    outcome: 'failed',
    failure: {
      code: 'platform-unavailable',
      message: 'The platform answered 502 to the list of parties, eight times in a row.',
      step: 'parties',
      shard: 3,
      attempts: 8,
    },
    ...changes,
  };
  return { kind: 'failure', report };
}

/** The end of an export whose bundle lacks the fourth shard of parties and a file. */
export function partialInput(changes: Partial<ExportResult> = {}): FollowUpInput & { kind: 'success' } {
  return successInput({
    outcome: 'partial',
    missing: [
      {
        code: 'platform-unavailable',
        message: 'The platform answered 502 to the list of parties, eight times in a row.',
        step: 'parties',
        shard: 3,
        attempts: 8,
        rowsExpected: 2_500,
      },
      {
        code: 'internal',
        message: 'The file could not be made.',
        step: 'shapefiles.polygons',
        shard: null,
        attempts: 3,
        rowsExpected: null,
      },
    ],
    ...changes,
  });
}

/** The end of an export that Ana called off. */
export function cancelledInput(): FollowUpInput & { kind: 'failure' } {
  const message = 'Cancelled by Ana Álvarez.';
  return failureInput({
    outcome: 'cancelled',
    failure: { code: 'cancelled', message, step: null, shard: null, attempts: 1 },
  });
}

/** What an onFailure of a follow-up gets. */
export function faultInput(changes: Partial<FollowUpFault> = {}): FollowUpInput & { kind: 'fault' } {
  const fault: FollowUpFault = {
    code: 'webhook-refused',
    message: 'https://gis.example.org answered 500; a webhook is taken by answering 2xx.',
    step: 'webhook.post',
    shard: null,
    attempts: 14,
    followUpId: '5f0c9c52-3f0f-4f57-8d3b-8a2c51f0a7be',
    place: 'onSuccess/0/chain/1',
    finishedAt: '2026-03-05T20:31:40.000Z',
    ...changes,
  };
  return { kind: 'fault', fault };
}

/** What a follow-up gets from the one before it. */
export function valueInput(value: JsonValue): FollowUpInput & { kind: 'value' } {
  return { kind: 'value', value };
}

/** What an immutable follow-up gets. */
export const NO_INPUT: FollowUpInput = { kind: 'none' };

export function followUpContext(changes: Partial<FollowUpContext> = {}): FollowUpContext {
  return {
    followUpId: FOLLOW_UP_ID,
    exportId: EXPORT_ID,
    end: successInput(),
    attempt: 1,
    signal: new AbortController().signal,
    sealed: null,
    log: createLogger('test', 'silent'),
    ...changes,
  };
}
