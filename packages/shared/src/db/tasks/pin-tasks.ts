/** What is done to the time of an export's files, as tasks. */
import { defineTask, type TaskMaker } from '../../tasks/task.js';
import { type Pin, PinService } from '../services/pins.js';

export class PinTasks {
  /** Keeps the files; see {@link PinService.pin}. */
  readonly pin: TaskMaker<{ id: string; until: Date | null; by: Pin['by'] }, void>;
  /** Keeps them no longer; see {@link PinService.unpin}. */
  readonly unpin: TaskMaker<{ id: string }, boolean>;
  /** Has their time be over; see {@link PinService.expire}. */
  readonly expire: TaskMaker<{ id: string }, boolean>;

  constructor() {
    const service = new PinService();
    this.pin = defineTask({
      name: 'exports.pin',
      service,
      run: ({ trx, input: { id, until, by } }) => service.pin(trx, id, { until, by }),
    });
    this.unpin = defineTask({
      name: 'exports.unpin',
      service,
      run: ({ trx, input }) => service.unpin(trx, input.id),
    });
    this.expire = defineTask({
      name: 'exports.expire',
      service,
      run: ({ trx, input }) => service.expire(trx, input.id),
    });
  }
}
