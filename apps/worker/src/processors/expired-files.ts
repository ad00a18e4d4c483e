/** Removes bundles whose time is over. Their rows stay, and say so. */
import type { WorkerDeps } from './deps.js';
import { folderOfBundle } from './keys.js';
import { Rotation } from './rotation.js';

/** Bundles removed in one round. */
const BATCH = 50;

type Deps = Pick<WorkerDeps, 'files' | 'storage' | 'log'>;

export class ExpiredFiles {
  readonly #rotation = new Rotation(BATCH);

  constructor(readonly deps: Deps) {}

  /** One round. First from storage, then from the rows: what a killed worker left half done is done again. */
  async round(): Promise<void> {
    const { files, storage, log } = this.deps;
    const removed: string[] = [];
    for (const { id, exportId, storageKey } of await this.#rotation.next((...page) => files.expired(...page))) {
      try {
        await storage.removePrefix(folderOfBundle(storageKey));
        removed.push(id);
      } catch (error) {
        log.warn({ err: error, exportId }, 'an expired bundle could not be removed; a later round tries again');
      }
    }
    if (removed.length === 0) return;
    await files.noteRemoved(removed);
    log.info({ files: removed.length }, 'expired bundles removed');
  }
}
