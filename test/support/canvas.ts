/** Canvases as the decision leaves them: signed, planted, begun. */
import { randomUUID } from 'node:crypto';
import type { Database } from '@parcelpost/shared/db/database.js';
import { plantFollowUps } from '@parcelpost/shared/db/services/canvas-rows.js';
import { signCanvas } from '@parcelpost/shared/signatures/mac.js';
import { type CanvasHook, outboxId } from '@parcelpost/shared/signatures/place.js';
import { plant } from '@parcelpost/shared/signatures/plant.js';
import { queueOfTask } from '@parcelpost/shared/signatures/registry.js';
import { signatureSchema } from '@parcelpost/shared/signatures/schema.js';
import type { SealedTokens } from '@parcelpost/shared/signatures/signature.js';
import { failureInput, successInput } from './follow-ups.js';

export const SIGNATURE_SECRETS = ['the secret of the tests, with which signatures are signed'];

export interface ReleasedCanvas {
  exportId: string;
  /** The id of the follow-up at a place, such as `onSuccess/0/chain/1`. */
  id(place: string): string;
}

/** The row of an export that has ended, with nothing around it. */
export function decidedExport(exportId: string, hook: CanvasHook = 'onSuccess') {
  return {
    id: exportId,
    organization: 'cadasta',
    organization_name: 'Cadasta',
    project: 'london-2',
    project_name: 'London 2',
    requester_id: 'ana',
    requester: JSON.stringify({ id: 'ana' }),
    options: '{}',
    phase: 'decided',
    outcome: hook === 'onSuccess' ? 'completed' : 'failed',
    decided_at: new Date(),
    deadline_at: new Date(Date.now() + 60_000),
  };
}

/**
 * Writes a decided export with the follow-ups of one hook, as the decision does. The relay is the caller's to run.
 * @param list signatures as a request would have them
 * @param options.routes queues that were other services' when it was asked for
 */
export async function releaseCanvas(
  db: Database,
  list: readonly object[],
  {
    hook = 'onSuccess',
    sealed = {},
    routes = [],
  }: { hook?: CanvasHook; sealed?: SealedTokens; routes?: readonly string[] } = {},
): Promise<ReleasedCanvas> {
  const exportId = randomUUID();
  const parsed = list.map((one) => signatureSchema.parse(one));
  const signed = signCanvas(parsed, { exportId, hook }, SIGNATURE_SECRETS, (task) =>
    routes.includes(queueOfTask(task)),
  );
  const where = { exportId, generation: 1 };
  const end = hook === 'onSuccess' ? successInput({ exportId }) : failureInput({ exportId });
  await db.transaction(async (trx) => {
    await trx('exports').insert(decidedExport(exportId, hook));
    await plantFollowUps(trx, where, plant(signed, { ...where, hook }, sealed), end);
  });
  return { exportId, id: (place) => outboxId({ ...where, place }) };
}
