/**
 * Does what the queue alone would leave undone: brings exports to their outcome whose merge failed, vanished, or ended
 * without a decision, or whose deadline has passed; enters lost follow-ups again; removes expired bundles. Runs on every
 * worker; compare-and-set makes that safe.
 */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { ExportFailure } from '@parcelpost/shared/errors.js';
import { META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { flowJobId } from '@parcelpost/shared/queues/relay.js';
import type { WorkerDeps } from './deps.js';
import { ExpiredFiles } from './expired-files.js';
import { LostFollowUps } from './lost-follow-ups.js';
import { settle } from './merge.js';

/** Exports looked at in one round. */
const BATCH = 100;
/** An export, or a follow-up, is left alone this long after it was entered: it may just be on its way into the queue. */
const YOUNG_MS = 10_000;
/** After its deadline an export's own merge has this long to decide; a tree that is stuck would never. */
const GRACE_MS = 10 * 60_000;

const LATE: ExportFailure = {
  code: 'deadline',
  message: 'The export did not end within the time it is given. Try again; if the platform is slow, ask its operator.',
  step: null,
  shard: null,
  attempts: 1,
};

const LOST: ExportFailure = {
  code: 'merge-lost',
  message: 'The work that joins the parts came to its end without an outcome. Try the export again.',
  step: 'merge',
  shard: null,
  attempts: 1,
};

/** One worker's rounds. */
export class Reconciler {
  readonly #lostFollowUps: LostFollowUps;
  readonly #expiredFiles: ExpiredFiles;

  constructor(readonly deps: WorkerDeps) {
    this.#lostFollowUps = new LostFollowUps(deps, YOUNG_MS);
    this.#expiredFiles = new ExpiredFiles(deps);
  }

  /** One round. Rejects when database or queue do not answer; the next round begins where that one ended. */
  async round(): Promise<void> {
    await this.#expiredFiles.round();
    await settleExports(this.deps);
    await this.#lostFollowUps.round();
  }
}

async function settleExports(deps: WorkerDeps): Promise<void> {
  const inTime: ExportRow[] = [];
  for (const row of await deps.exports.open(YOUNG_MS, BATCH)) {
    if (row.late) await deps.exports.raiseAbort(row.id, row.generation, LATE);
    if (Date.now() - row.deadlineAt.getTime() > GRACE_MS) await decideInItsPlace(deps, row);
    else inTime.push(row);
  }
  // What is asked of an engine that does not answer would be waited for without end.
  if (inTime.length > 0) await deps.queues.ping();
  for (const row of inTime) {
    const id = flowJobId({ exportId: row.id, generation: row.generation, step: 'merge', shard: 0 }, 'merge');
    const state = await deps.queues.queue(META_QUEUE).getJobState(id);
    if (state === 'unknown') await enterAgain(deps, row);
    else if (state === 'failed' || state === 'completed') await decideInItsPlace(deps, row);
  }
}

async function enterAgain(deps: WorkerDeps, row: ExportRow): Promise<void> {
  if (!(await deps.outbox.enterAgain(row.id, row.generation))) return;
  deps.log.warn({ exportId: row.id }, 'the queue lost this export; it is entered again');
  await deps.relay.run();
}

async function decideInItsPlace(deps: WorkerDeps, seen: ExportRow): Promise<void> {
  const row = await deps.exports.get(seen.id);
  if (!row || row.outcome || row.generation !== seen.generation) return;
  deps.log.warn({ exportId: row.id }, 'the merge cannot decide any more; deciding in its place');
  const jobs = await deps.jobs.all(row.id, row.generation);
  const error = jobs.find(({ state }) => state === 'failed')?.error;
  await settle(deps, row, { failure: row.abort ?? error ?? LOST });
}
