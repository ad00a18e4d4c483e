/** Removes parts of exports that nobody tried again in time, and what a killed worker has not cleared away. */
import { KeptPartsService } from '@parcelpost/shared/db/services/kept-parts.js';
import type { WorkerDeps } from './deps.js';
import { besideBundles } from './keys.js';
import { Rotation } from './rotation.js';

/** Exports cleared in one round. */
const BATCH = 20;

type Deps = Pick<WorkerDeps, 'db' | 'storage' | 'log'>;

export class KeptParts {
  readonly #rotation = new Rotation(BATCH);
  readonly #parts: KeptPartsService;

  constructor(readonly deps: Deps) {
    this.#parts = new KeptPartsService(deps.db);
  }

  /** One round. First from storage, then from the rows: what a killed worker left half done is done again. */
  async round(): Promise<void> {
    const { storage, log } = this.deps;
    for (const { id } of await this.#rotation.next((...page) => this.#parts.over(...page))) {
      const cleared = await this.#parts
        .clear(id, async (parts) => {
          for (const prefix of besideBundles(parts)) await storage.removePrefix(prefix);
        })
        .catch((error: unknown) => {
          log.warn({ err: error, exportId: id }, 'kept parts could not be removed; a later round tries again');
          return false;
        });
      if (cleared) log.info({ exportId: id }, 'what was left beside bundles removed');
    }
  }
}
