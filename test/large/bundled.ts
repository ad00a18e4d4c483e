/** Files in storage through the code of the merge, which zips them, reads the zip back and verifies it. */

import { join } from 'node:path';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import { createLogger } from '@parcelpost/shared/log.js';
import type { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { BUILT_IN_PIPELINE } from '@parcelpost/worker/pipeline/pipeline.js';
import type { Plan } from '@parcelpost/worker/pipeline/plan.js';
import type { OutputFile } from '@parcelpost/worker/pipeline/step.js';
import { bundle } from '@parcelpost/worker/processors/bundle.js';
import type { WorkerDeps } from '@parcelpost/worker/processors/deps.js';

/** Bundles files of an export that asked for `formats`. @returns the path of the zip, and the names of what is in it */
export async function bundled(
  storage: FileStorage,
  files: OutputFile[],
  formats: ExportOptions['formats'],
): Promise<{ zip: string; names: string[] }> {
  const options: ExportOptions = {
    outputType: 'custom',
    formats,
    csv: { bom: false, escapeFormulas: true },
    allowPartial: false,
  };
  const row = {
    id: 'large',
    generation: 1,
    organization: 'makers',
    project: 'large',
    requester: { id: 'u1', name: 'Ana', email: '', language: 'en' },
    requestedAt: new Date('2026-01-02T03:04:05Z'),
    options,
  } as unknown as ExportRow;
  const plan: Plan = {
    project: { name: 'Large', organizationName: 'Makers', country: '', description: '' },
    schemas: {},
    shards: [],
  };
  const deps = {
    storage,
    log: createLogger('large', 'warn'),
    plans: { get: async () => plan },
    pipeline: BUILT_IN_PIPELINE,
    settings: { softwareVersion: '0', zipLevel: 1, ttlMs: 1000, publicUrl: 'http://localhost' },
  } as unknown as WorkerDeps;
  const reduced = [{ files, warnings: [], software: '0' }];
  const signal = new AbortController().signal;
  const { result, file } = await bundle(deps, row, { maps: [], reduced, missing: [] }, [], 1, signal);
  return { zip: join(storage.root, file.storageKey), names: result.files.map(({ name }) => name) };
}
