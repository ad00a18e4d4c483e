/**
 * Removes bundles whose time is over, and those that were not decided on: first from everybody's reach, then from storage. Their
 * rows stay, and say so. One worker at a time does, a bounded number in a round.
 */
import { Chores } from '@parcelpost/shared/db/services/chores.js';
import { RemovalService, type ToClear } from '@parcelpost/shared/db/services/removals.js';
import type { WorkerDeps } from './deps.js';
import { folderOfBundle } from './keys.js';
import { Rotation } from './rotation.js';

/** Bundles put out of reach in one round, of each kind, and removed from storage. */
const BATCH = 50;

type Deps = Pick<WorkerDeps, 'db' | 'storage' | 'writes' | 'metrics' | 'log'> & {
  settings: Pick<WorkerDeps['settings'], 'removalGraceMs'>;
};

export class ExpiredFiles {
  readonly #toClear = new Rotation(BATCH);
  readonly #removals: RemovalService;
  readonly #chores: Chores;

  constructor(readonly deps: Deps) {
    this.#removals = new RemovalService(deps.db);
    this.#chores = new Chores(deps.db);
  }

  /** One round. What a killed worker left half done is done again: a bundle out of reach stays noted until its bytes are gone. */
  async round(): Promise<void> {
    const { settings } = this.deps;
    if (!(await this.#removals.any(settings.removalGraceMs))) return;
    await this.#chores.alone('bundles', async (goOn) => {
      await this.#take();
      const over = await this.#toClear.next((...page) => this.#removals.toClear(...page, settings.removalGraceMs));
      await this.#clear(over, goOn);
    });
  }

  async #take(): Promise<void> {
    const { writes, log } = this.deps;
    for (const why of ['expired', 'undecided'] as const) {
      const taken = await writes.takeOver(why, BATCH);
      if (taken > 0) log.info({ files: taken, why }, 'bundles put out of reach');
    }
  }

  async #clear(bundles: readonly ToClear[], goOn: () => Promise<boolean>): Promise<void> {
    const { storage, metrics, log } = this.deps;
    const cleared: ToClear[] = [];
    for (const bundle of bundles) {
      if (!(await goOn())) break;
      try {
        await storage.removePrefix(folderOfBundle(bundle.storageKey));
        cleared.push(bundle);
      } catch (error) {
        log.warn({ err: error, exportId: bundle.exportId }, 'a bundle could not be removed; a later round tries again');
      }
    }
    if (cleared.length === 0) return;
    await this.#removals.noteCleared(cleared.map(({ id }) => id));
    const bytes = cleared.reduce((sum, one) => sum + one.bytes, 0);
    metrics.removed('bundle', cleared.length, bytes);
    log.info({ files: cleared.length, bytes }, 'bundles removed from storage');
  }
}
