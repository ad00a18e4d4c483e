/** What is done to bulk work, as tasks. */
import type { JsonValue } from '../../export-result.js';
import { defineTask, type TaskMaker } from '../../tasks/task.js';
import type { BulkItem, BulkService, ItemEnd, NewBulk } from '../services/bulks.js';

type Created = Awaited<ReturnType<BulkService['create']>>;

export class BulkWorkTasks {
  /** Records what was asked for; see {@link BulkService.create}. */
  readonly create: TaskMaker<{ bulk: NewBulk; mostOpen: number }, Created>;
  /** Takes an item in hand; see {@link BulkService.take}. */
  readonly take: TaskMaker<{ leaseMs: number; after: string }, BulkItem | undefined>;
  /** Notes the generation that a retry has found. */
  readonly expect: TaskMaker<{ item: BulkItem; generation: number }, void>;
  /** Answers an item. */
  readonly answer: TaskMaker<{ item: BulkItem; state: ItemEnd; answer: JsonValue }, void>;
  /** Puts an item off, or all of its bulk that wait. */
  readonly postpone: TaskMaker<{ item: BulkItem; ms: number; all: boolean }, void>;
  /** Skips all that wait; its result is how many. */
  readonly cancel: TaskMaker<{ id: string }, number>;

  constructor(bulks: BulkService) {
    const service = bulks;
    this.create = defineTask({
      name: 'bulk.create',
      service,
      run: ({ trx, input }) => service.create(trx, input.bulk, input.mostOpen),
    });
    this.take = defineTask({
      name: 'bulk.take',
      service,
      run: ({ trx, input }) => service.take(trx, input.leaseMs, input.after),
    });
    this.expect = defineTask({
      name: 'bulk.expect',
      service,
      run: ({ trx, input: { item, generation } }) => service.expect(trx, item, generation),
    });
    this.answer = defineTask({
      name: 'bulk.answer',
      service,
      run: ({ trx, input: { item, state, answer } }) => service.answer(trx, item, state, answer),
    });
    this.postpone = defineTask({
      name: 'bulk.postpone',
      service,
      run: ({ trx, input: { item, ms, all } }) => service.postpone(trx, item, ms, all),
    });
    this.cancel = defineTask({
      name: 'bulk.cancel',
      service,
      run: ({ trx, input }) => service.cancel(trx, input.id),
    });
  }
}
