/** What makes two requests the same. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@parcelpost/shared/canonical-json.js';
import type { ProjectAddress } from '@parcelpost/shared/db/services/projects.js';
import type { ExportOptions, ExportRequestBody } from '@parcelpost/shared/export-request.js';
import type { Canvases } from './prepare-next-exports.js';

const sha256 = (value: unknown) => createHash('sha256').update(canonicalJson(value)).digest('hex');

/**
 * The same for requests that would come to the same: of one person, for one project, with the same options, follow-ups
 * and token. However a request was written, and whatever it left to be filled in, does not matter.
 * @param canvases resolved, but not prepared: what is minted or signed differs each time
 */
export function requestHash(
  { organization, project }: ProjectAddress,
  userId: string,
  options: ExportOptions,
  { onSuccess, onFailure }: Canvases,
  apiToken: string | undefined,
): string {
  return sha256(['request', userId, organization, project, options, onSuccess, onFailure, apiToken ?? null]);
}

/** What a key of a person stands for: this body, for this project. */
export function fingerprint({ organization, project }: ProjectAddress, body: ExportRequestBody): string {
  return sha256(['body', organization, project, body]);
}
