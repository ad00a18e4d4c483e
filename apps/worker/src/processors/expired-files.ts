/** Removes bundles whose time is over, and those that were not decided on. Their rows stay, and say so. */
import type { FileService } from '@parcelpost/shared/db/services/files.js';
import type { RemovalReason } from '@parcelpost/shared/db/tasks/bundle-tasks.js';
import type { WorkerDeps } from './deps.js';
import { folderOfBundle } from './keys.js';
import { Rotation } from './rotation.js';

/** Bundles removed in one round, of each kind. */
const BATCH = 50;

type Deps = Pick<WorkerDeps, 'files' | 'storage' | 'writes' | 'log'>;

export class ExpiredFiles {
  readonly #expired = new Rotation(BATCH);
  readonly #lost = new Rotation(BATCH);

  constructor(readonly deps: Deps) {}

  /** One round. First from storage, then from the rows: what a killed worker left half done is done again. */
  async round(): Promise<void> {
    const { files } = this.deps;
    await this.#remove(
      await this.#expired.next((...page) => files.expired(...page)),
      'expired',
      'expired bundles removed',
    );
    await this.#remove(
      await this.#lost.next((...page) => files.lost(...page)),
      'undecided',
      'bundles that nobody decided on removed',
    );
  }

  async #remove(bundles: Awaited<ReturnType<FileService['expired']>>, why: RemovalReason, done: string): Promise<void> {
    const { storage, writes, log } = this.deps;
    const removed: string[] = [];
    for (const { id, exportId, storageKey } of bundles) {
      try {
        await storage.removePrefix(folderOfBundle(storageKey));
        removed.push(id);
      } catch (error) {
        log.warn({ err: error, exportId }, 'a bundle could not be removed; a later round tries again');
      }
    }
    if (removed.length === 0) return;
    await writes.noteRemoved(removed, why);
    log.info({ files: removed.length }, done);
  }
}
