/**
 * Does what the queue alone would leave undone: brings exports to their outcome whose merge failed, vanished, or ended
 * without a decision, whose deadline has passed, or that are to stop while nobody works on them; enters lost follow-ups
 * again; removes expired bundles, and parts that nobody tried again. Runs on every worker; compare-and-set makes that safe.
 */
import type { JobKey } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { ExportFailure } from '@parcelpost/shared/errors.js';
import { EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { flowJobId } from '@parcelpost/shared/queues/relay.js';
import { conclude } from './conclude.js';
import type { WorkerDeps } from './deps.js';
import { ExpiredFiles } from './expired-files.js';
import { KeptParts } from './kept-parts.js';
import { LostFollowUps } from './lost-follow-ups.js';
import { Rotation } from './rotation.js';

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

/** The same of one whose turn never came. */
const NEVER_LET_IN: ExportFailure = {
  ...LATE,
  message: 'The export waited for its turn for all the time it is given: many exports were asked for. Try again later.',
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
  readonly #open = new Rotation(BATCH);
  readonly #stopping = new Rotation(BATCH);
  readonly #lostFollowUps: LostFollowUps;
  readonly #expiredFiles: ExpiredFiles;
  readonly #keptParts: KeptParts;

  constructor(readonly deps: WorkerDeps) {
    this.#lostFollowUps = new LostFollowUps(deps, YOUNG_MS);
    this.#expiredFiles = new ExpiredFiles(deps);
    this.#keptParts = new KeptParts(deps);
  }

  /** One round. Rejects when database or queue do not answer; the next round begins where that one ended. */
  async round(): Promise<void> {
    const { deps } = this;
    await this.#expiredFiles.round();
    await this.#keptParts.round();
    await settleStopping(deps, await this.#stopping.next((...page) => deps.exports.stopping(...page)));
    await settleOpen(deps, await this.#open.next((...page) => deps.exports.open(YOUNG_MS, ...page)));
    await this.#lostFollowUps.round();
  }
}

/** Exports that are to stop. Where work runs, it stops by itself and the merge decides; where none does, nobody need wait. */
async function settleStopping(deps: WorkerDeps, rows: readonly (ExportRow & { late: boolean })[]): Promise<void> {
  if (rows.length === 0) return;
  for (const row of rows) {
    if (!row.late || row.abort) continue;
    await deps.writes.stop(row, row.waitingSince === null ? LATE : NEVER_LET_IN);
  }
  const [stuck, inTime] = parted(rows, (row) => Date.now() - row.deadlineAt.getTime() > GRACE_MS);
  for (const row of stuck) await decideInItsPlace(deps, row);
  if (inTime.length === 0) return;
  // What is asked of an engine that does not answer would be waited for without end.
  await deps.queues.ping();
  const busy = new Set<string>();
  for (const key of await deps.jobs.active(inTime.map(({ id }) => id))) {
    if (!busy.has(key.exportId) && (await isRunning(deps, key))) busy.add(key.exportId);
  }
  for (const row of inTime) if (!busy.has(row.id)) await decideInItsPlace(deps, row);
}

/** Whether a worker has this in hand: a plan that waits for its shards, or what a killed worker left, is in nobody's. */
async function isRunning({ queues }: WorkerDeps, key: JobKey): Promise<boolean> {
  const queue = queues.queue(key.kind === 'merge' ? META_QUEUE : EXPORT_QUEUE);
  return (await queue.getJobState(flowJobId(key, key.kind))) === 'active';
}

async function settleOpen(deps: WorkerDeps, rows: readonly ExportRow[]): Promise<void> {
  if (rows.length > 0) await deps.queues.ping();
  for (const row of rows) {
    const id = flowJobId({ exportId: row.id, generation: row.generation, step: 'merge', shard: 0 }, 'merge');
    const state = await deps.queues.queue(META_QUEUE).getJobState(id);
    if (state === 'unknown') await enterAgain(deps, row);
    else if (state === 'failed' || state === 'completed') await decideInItsPlace(deps, row);
  }
}

function parted<T>(all: readonly T[], first: (one: T) => boolean): [T[], T[]] {
  return [all.filter(first), all.filter((one) => !first(one))];
}

async function enterAgain(deps: WorkerDeps, row: ExportRow): Promise<void> {
  if (!(await deps.writes.enterAgain(row))) return;
  deps.log.warn({ exportId: row.id }, 'the queue lost this export; it is entered again');
  await deps.relay.run();
}

async function decideInItsPlace(deps: WorkerDeps, seen: ExportRow): Promise<void> {
  const row = await deps.exports.get(seen.id);
  if (!row || row.outcome || row.generation !== seen.generation) return;
  deps.log.warn({ exportId: row.id }, 'the merge cannot decide any more; deciding in its place');
  const jobs = await deps.jobs.all(row.id, row.generation);
  const failed = jobs.filter(({ state }) => state === 'failed');
  // What failed below a merge may be a part that the request can do without.
  const error = (failed.find(({ kind }) => kind === 'merge') ?? failed[0])?.error;
  await conclude(deps, row, { failure: row.abort ?? error ?? LOST });
}
