/** A bundle as whoever downloads it has it: on disk, unpacked by `unzip`. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient, ExportState } from '@parcelpost/infra/services/api-client.js';

export interface Bundle {
  state: ExportState;
  /** The zip itself. */
  zip: string;
  /** Names of the files in it, in the zip's order. */
  names: string[];
  /** Where a file of it is. */
  path(name: string): string;
  bytes(name: string): Buffer;
  text(name: string): string;
}

/**
 * Exports a project, downloads the bundle and unpacks it into `folder`.
 * @throws when the export does not complete, with its state, or when `unzip` finds a fault
 */
export async function exportBundle(api: ApiClient, project: string, request: object, folder: string): Promise<Bundle> {
  const { id } = await api.requestExport(project, request);
  const state = await api.waitForOutcome(id);
  if (state.outcome !== 'completed') throw new Error(`the export did not complete: ${JSON.stringify(state)}`);
  const zip = `${folder}.zip`;
  await api.download(id, zip);
  execFileSync('unzip', ['-q', zip, '-d', folder]);
  const names = execFileSync('unzip', ['-Z1', zip], { encoding: 'utf8' }).trimEnd().split('\n');
  const path = (name: string) => join(folder, name);
  return {
    state,
    zip,
    names,
    path,
    bytes: (name) => readFileSync(path(name)),
    text: (name) => readFileSync(path(name), 'utf8'),
  };
}

/** SHA-256 of a file, hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
