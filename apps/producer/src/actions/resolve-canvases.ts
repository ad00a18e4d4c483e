/** A request's follow-ups, checked and put into the form in which they are stored. */
import type { Requester } from '@parcelpost/shared/db/services/exports.js';
import { resolveSignatures, validateSignatures } from '@parcelpost/shared/signatures/check.js';
import { HOOKS } from '@parcelpost/shared/signatures/place.js';
import type { Registry } from '@parcelpost/shared/signatures/registry.js';
import { invalidRequest } from '../problems.js';
import type { Canvases } from './prepare-next-exports.js';

/**
 * Checks both lists of a request, those of next exports with them, and fills in what depends on who asks.
 * @throws {ProblemError} 422, naming the fields that are wrong, or become so by what is filled in
 */
export function resolveCanvases({ onSuccess, onFailure }: Canvases, requester: Requester, tasks: Registry): Canvases {
  refuseWrong({ onSuccess, onFailure }, tasks);
  const resolved = {
    onSuccess: resolveSignatures(onSuccess, 'onSuccess', { requester }, tasks),
    onFailure: resolveSignatures(onFailure, 'onFailure', { requester }, tasks),
  };
  refuseWrong(resolved, tasks);
  return resolved;
}

function refuseWrong(canvases: Canvases, tasks: Registry): void {
  const wrong = HOOKS.flatMap((hook) => validateSignatures(canvases[hook], `/${hook}`, tasks));
  if (wrong.length > 0) throw invalidRequest(wrong);
}
