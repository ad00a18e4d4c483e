/** A request's follow-ups, checked and put into the form in which they are stored. */
import type { Requester } from '@parcelpost/shared/db/services/exports.js';
import type { ExportRequestBody } from '@parcelpost/shared/export-request.js';
import { resolveSignatures, validateSignatures } from '@parcelpost/shared/signatures/registry.js';
import { invalidRequest } from '../problems.js';
import type { Canvases } from './prepare-next-exports.js';

/**
 * Checks both lists of a request and fills in what depends on who asks.
 * @throws {ProblemError} 422, naming every field that is wrong
 */
export function resolveCanvases(
  { onSuccess, onFailure }: Pick<ExportRequestBody, 'onSuccess' | 'onFailure'>,
  requester: Requester,
): Canvases {
  const wrong = [...validateSignatures(onSuccess, '/onSuccess'), ...validateSignatures(onFailure, '/onFailure')];
  if (wrong.length > 0) throw invalidRequest(wrong);
  const context = { requester };
  const call = { immutable: false, onSuccess: [], onFailure: [] };
  return {
    onSuccess: resolveSignatures(onSuccess, '/onSuccess', context).map((one) => ({ ...call, ...one })),
    onFailure: resolveSignatures(onFailure, '/onFailure', context).map((one) => ({ ...call, ...one })),
  };
}
