/** A request's follow-ups, checked and put into the form in which they are stored. */
import type { Requester } from '@parcelpost/shared/db/services/exports.js';
import { resolveSignatures, validateSignatures } from '@parcelpost/shared/signatures/check.js';
import type { Registry } from '@parcelpost/shared/signatures/registry.js';
import { invalidRequest } from '../problems.js';
import type { Canvases } from './prepare-next-exports.js';

/**
 * Checks both lists of a request, those of next exports with them, and fills in what depends on who asks.
 * @throws {ProblemError} 422, naming every field that is wrong
 */
export function resolveCanvases({ onSuccess, onFailure }: Canvases, requester: Requester, tasks: Registry): Canvases {
  const wrong = [
    ...validateSignatures(onSuccess, '/onSuccess', tasks),
    ...validateSignatures(onFailure, '/onFailure', tasks),
  ];
  if (wrong.length > 0) throw invalidRequest(wrong);
  return {
    onSuccess: resolveSignatures(onSuccess, '/onSuccess', { requester }, tasks),
    onFailure: resolveSignatures(onFailure, '/onFailure', { requester }, tasks),
  };
}
