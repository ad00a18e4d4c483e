/**
 * Brings follow-ups to their end whose queue lets them down: released means sent, whatever a queue forgets. Runs on every
 * worker; what is entered twice is one job, and what is ended twice ends once.
 */
import { databaseIsAway } from '@parcelpost/shared/db/away.js';
import type { FollowUpEnd } from '@parcelpost/shared/db/services/follow-ups.js';
import type { EnRoute } from '@parcelpost/shared/db/services/outbox.js';
import { agreesWith, collectJobId, followUpJobId } from '@parcelpost/shared/queues/follow-up-job.js';
import { META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { queueOfTask } from '@parcelpost/shared/signatures/registry.js';
import { endFollowUp, seenInQueue } from './collect.js';
import type { WorkerDeps } from './deps.js';
import { Rotation } from './rotation.js';

/** Follow-ups looked at in one round. */
const BATCH = 100;
/** No token that was sealed for a follow-up is good for longer. */
const SEALED_MS = 7 * 24 * 3_600_000;

export type LostDeps = Pick<WorkerDeps, 'outbox' | 'followUps' | 'writes' | 'queues' | 'relay' | 'metrics' | 'log'>;

const GIVEN_UP: FollowUpEnd = {
  error: { code: 'lost', message: 'The queue has given this follow-up up without a word of what became of it.' },
};

export class LostFollowUps {
  readonly #rotation: Rotation;

  /** @param ageMs a follow-up is left alone this long after it was entered */
  constructor(
    readonly deps: LostDeps,
    readonly ageMs: number,
    readonly batch: number = BATCH,
  ) {
    this.#rotation = new Rotation(batch);
  }

  /**
   * One round: what another service did not end in time fails; what a queue lost is entered again; what a queue has ended, and
   * the database has not, is ended. A job that waits, for its turn or for a time, is not lost.
   */
  async round(): Promise<void> {
    const { outbox, followUps, writes, queues, relay, log } = this.deps;
    await followUps.forgetSealed(SEALED_MS, this.batch);
    const overdue = await outbox.overdue(this.batch);
    const rows = await this.#rotation.next((after, limit) => outbox.onTheirWay(this.ageMs, after, limit));
    if (overdue.length + rows.length === 0) return;
    // What is asked of an engine that does not answer would be waited for without end.
    await queues.ping();
    for (const row of overdue) await this.#look(row, () => this.#endOverdue(row));
    const looks = await Promise.all(rows.map((row) => this.#look(row, () => this.#isLost(row))));
    const lost = rows.flatMap(({ id }, index) => (looks[index] ? [id] : []));
    if (lost.length === 0 || (await writes.sendAgain(lost)) === 0) return;
    log.warn({ followUps: lost }, 'the queue lost these follow-ups; they are entered again');
    await relay.run();
  }

  /** One follow-up about which nothing can be found out keeps no other from being looked after. */
  async #look<T>({ id, exportId, task }: EnRoute, look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (databaseIsAway(error)) throw error;
      const about = { err: error, followUpId: id, exportId, task };
      this.deps.log.warn(about, 'this follow-up could not be looked for in its queue; a later round tries again');
      return undefined;
    }
  }

  /** Whether a follow-up is to be entered again. Ends one that its queue has ended. */
  async #isLost(row: EnRoute): Promise<boolean> {
    return row.routed ? this.#isLostElsewhere(row) : this.#isLostHere(row);
  }

  async #isLostHere(row: EnRoute): Promise<boolean> {
    const queue = this.deps.queues.queue(queueOfTask(row.task));
    const id = followUpJobId(row);
    const state = await queue.getJobState(id);
    if (state === 'unknown') return true;
    if (state !== 'failed' && state !== 'completed') return false;
    const [job, agreed] = await Promise.all([queue.getJob(id), this.deps.outbox.get(row.id)]);
    if (job && agreed && !agreesWith(agreed, job.data)) {
      // Somebody put a job of his own in the place of this one.
      await job.remove();
      return true;
    }
    this.deps.log.error({ followUpId: row.id, reason: job?.failedReason }, 'a follow-up ended in its queue alone');
    await endFollowUp(this.deps, row, GIVEN_UP);
    return false;
  }

  /** A task of another service: its own job says what became of it, whether or not the one above it ever runs. */
  async #isLostElsewhere(row: EnRoute): Promise<boolean> {
    const seen = await seenInQueue(this.deps, row);
    if (typeof seen === 'object') await endFollowUp(this.deps, row, seen);
    if (seen !== 'unknown') return false;
    const meta = this.deps.queues.queue(META_QUEUE);
    const above = await meta.getJobState(collectJobId(row));
    if (['waiting', 'active', 'delayed', 'prioritized'].includes(above)) return false;
    if (above !== 'unknown') await meta.remove(collectJobId(row));
    return true;
  }

  async #endOverdue(row: EnRoute): Promise<void> {
    const seen = await seenInQueue(this.deps, row);
    const seconds = (row.options.timeout ?? 0) / 1000;
    const late = { code: 'timeout', message: `The other service did not end the task within ${seconds} seconds.` };
    await endFollowUp(this.deps, row, typeof seen === 'object' ? seen : { error: late });
    if (seen !== 'running') return;
    // Best left undone; one that is in hand cannot be taken away, and what it comes to changes nothing.
    const queue = this.deps.queues.queue(queueOfTask(row.task));
    await queue.remove(followUpJobId(row)).catch(() => {});
  }
}
