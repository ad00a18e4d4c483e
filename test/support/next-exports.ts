/** What a request leaves for the exports that its follow-ups start. */
import { walk } from '@parcelpost/shared/signatures/place.js';
import type { PreparedExport } from '@parcelpost/shared/signatures/prepared.js';
import type { SealedTokens, Signature } from '@parcelpost/shared/signatures/signature.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { SEAL_SECRET } from './producer.js';

/** A signature that starts an export of a project. */
export const next = (project: string, request: object = {}, more: object = {}) => ({
  task: 'export.project',
  args: { project, request: { outputType: 'shp', ...request } },
  ...more,
});
/** Of an export's row: what follow-ups and tokens it has. */
export interface CanvasRow {
  id: string;
  on_success: Signature[];
  on_failure: Signature[];
  next_tokens: SealedTokens;
  sealed_token: string;
  requester: object;
}

/** What was left for the `export.project` at a place. */
export const preparedAt = (list: Signature[], hook: 'onSuccess' | 'onFailure', place: string) => {
  const [, signature] = [...walk(list, hook)].find(([at]) => at === place) as [string, Signature];
  return (signature as unknown as { args: { prepared: PreparedExport } }).args.prepared;
};
/** The token that was sealed for the next export of this id. */
export const tokenIn = (sealed: SealedTokens[string] | undefined, id: string): string =>
  JSON.parse(unseal(sealed?.token ?? '', [SEAL_SECRET], id)).token;
