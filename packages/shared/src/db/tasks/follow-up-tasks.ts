/** What is done to follow-ups, as tasks. */
import { defineTask, type TaskMaker } from '../../tasks/task.js';
import type { FollowUpEnd, FollowUpKey, FollowUps, Replayed, Settled } from '../services/follow-ups.js';
import type { OutboxService } from '../services/outbox.js';

export class FollowUpTasks {
  /** Ends one, and releases what follows from that; see {@link FollowUps.settle}. */
  readonly settle: TaskMaker<{ key: FollowUpKey; end: FollowUpEnd }, Settled>;
  /** Has one called again that failed; see {@link FollowUps.replay}. */
  readonly replay: TaskMaker<{ id: string }, Replayed>;
  /** Has those entered again that their queues lost; its result is how many. */
  readonly sendAgain: TaskMaker<{ ids: readonly string[] }, number>;

  constructor({ followUps, outbox }: { followUps: FollowUps; outbox: OutboxService }) {
    this.settle = defineTask({
      name: 'follow-ups.settle',
      service: followUps,
      run: ({ service, trx, input: { key, end } }) => service.settle(trx, key, end),
    });
    this.replay = defineTask({
      name: 'follow-ups.replay',
      service: followUps,
      run: ({ service, trx, input }) => service.replay(trx, input.id),
    });
    this.sendAgain = defineTask({
      name: 'follow-ups.send-again',
      service: outbox,
      run: ({ service, trx, input }) => service.sendAgain(input.ids, trx),
    });
  }
}
