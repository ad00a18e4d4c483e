/** What is done to bundles once nobody needs them, as tasks. */
import { defineTask, type TaskMaker } from '../../tasks/task.js';
import type { FileService, RemovedBundle } from '../services/files.js';

/** Why a bundle went: its time was over, a later try has one, or it is not what was decided on. */
export type RemovalReason = 'expired' | 'replaced' | 'undecided';

export class BundleTasks {
  /** Notes that bundles are gone from storage; its result are those that nobody had noted before. */
  readonly noteRemoved: TaskMaker<{ ids: readonly string[]; why: RemovalReason }, RemovedBundle[]>;

  constructor(files: FileService) {
    this.noteRemoved = defineTask({
      name: 'files.note-removed',
      service: files,
      run: ({ service, trx, input }) => service.noteRemoved(input.ids, trx),
    });
  }
}
