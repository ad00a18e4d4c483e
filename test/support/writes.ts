/** What writes in a test, in the place of an app's own. */
import type { Database } from '@parcelpost/shared/db/database.js';
import type { RequestedExport } from '@parcelpost/shared/db/services/export-requests.js';
import type { IdempotencyKey } from '@parcelpost/shared/db/services/idempotency-keys.js';
import type { Recorded } from '@parcelpost/shared/db/tasks/export-tasks.js';
import { Writes, type WritesOptions } from '@parcelpost/shared/db/tasks/writes.js';
import { createLogger } from '@parcelpost/shared/log.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import { sequence } from '@parcelpost/shared/tasks/sequence.js';

export const TESTER: Actor = { kind: 'service', id: 'test', name: 'Test' };

/** Errors that nobody foresaw are thrown as they are. */
export function testWrites(db: Database, options: Partial<WritesOptions> = {}): Writes {
  return new Writes({ db, log: createLogger('test', 'silent'), actor: TESTER, unmasked: true, ...options });
}

/** Records a request, permitted or not. */
export function record(writes: Writes, row: RequestedExport, key?: IdempotencyKey): Promise<Recorded> {
  return writes.runner.runSingleSequence(sequence(...writes.exports.request(writes.actor, () => row, key)));
}
