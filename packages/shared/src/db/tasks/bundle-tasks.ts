/** What is done to bundles once nobody needs them, as tasks. */
import { defineTask, type TaskMaker } from '../../tasks/task.js';
import type { FileService, RemovedBundle } from '../services/files.js';
import type { Over, RemovalService } from '../services/removals.js';

/** Why a bundle went: its time was over, a later try has one, or it is not what was decided on. */
export type RemovalReason = 'expired' | 'replaced' | 'undecided';

export class BundleTasks {
  /**
   * Notes that bundles are out of reach, and, unless a later try has replaced them, gone from storage: those may be being read.
   * Its result are those that nobody had noted before.
   */
  readonly noteRemoved: TaskMaker<{ ids: readonly string[]; why: RemovalReason }, RemovedBundle[]>;
  /** Puts bundles that are over out of reach; see {@link RemovalService.take}. */
  readonly takeOver: TaskMaker<{ why: Over; limit: number }, RemovedBundle[]>;

  constructor(files: FileService, removals: RemovalService) {
    this.noteRemoved = defineTask({
      name: 'files.note-removed',
      service: files,
      run: ({ service, trx, input }) => service.noteRemoved(input.ids, input.why !== 'replaced', trx),
    });
    this.takeOver = defineTask({
      name: 'files.put-out-of-reach',
      service: removals,
      run: ({ service, trx, input }) => service.take(trx, input.why, input.limit),
    });
  }
}
