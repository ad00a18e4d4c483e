/** Finds follow-ups that their queue lost, and has them entered again: released means sent, whatever a queue forgets. */
import { queueOfTask } from '@parcelpost/shared/signatures/registry.js';
import type { WorkerDeps } from './deps.js';
import { Rotation } from './rotation.js';

/** Follow-ups looked at in one round. */
const BATCH = 100;

type Deps = Pick<WorkerDeps, 'outbox' | 'queues' | 'relay' | 'log'>;

export class LostFollowUps {
  readonly #rotation: Rotation;

  /** @param ageMs a follow-up is left alone this long after it was entered */
  constructor(
    readonly deps: Deps,
    readonly ageMs: number,
    batch: number = BATCH,
  ) {
    this.#rotation = new Rotation(batch);
  }

  /** One round. A job that waits, for its turn or for a time, is not lost; only one that its queue does not know. */
  async round(): Promise<void> {
    const { outbox, queues, relay, log } = this.deps;
    const rows = await this.#rotation.next((after, limit) => outbox.onTheirWay(this.ageMs, after, limit));
    if (rows.length === 0) return;
    // What is asked of an engine that does not answer would be waited for without end.
    await queues.ping();
    const states = await Promise.all(rows.map(({ id, task }) => queues.queue(queueOfTask(task)).getJobState(id)));
    const lost = rows.filter((_, index) => states[index] === 'unknown').map(({ id }) => id);
    if (lost.length === 0 || (await outbox.sendAgain(lost)) === 0) return;
    log.warn({ followUps: lost }, 'the queue lost these follow-ups; they are entered again');
    await relay.run();
  }
}
