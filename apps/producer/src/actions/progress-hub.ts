/** Tells watchers how far their exports are: one query for all of them, and none while nobody watches. */
import type { ExportProgress } from '@parcelpost/shared/db/services/exports.js';
import type { Logger } from '@parcelpost/shared/log.js';

/** Called with each look at an export; with undefined if it is no more. */
export type Listener = (progress: ExportProgress | undefined) => void;

export class ProgressHub {
  readonly #watched = new Map<string, Set<Listener>>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(
    readonly look: (ids: string[]) => Promise<Map<string, ExportProgress>>,
    readonly log: Logger,
    readonly intervalMs = 250,
  ) {}

  /** Exports that are being watched. */
  get size(): number {
    return this.#watched.size;
  }

  /** Begins to watch an export. @returns what ends it */
  watch(id: string, listener: Listener): () => void {
    const listeners = this.#watched.get(id) ?? new Set();
    listeners.add(listener);
    this.#watched.set(id, listeners);
    this.#timer ??= setInterval(() => void this.#round(), this.intervalMs);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#watched.get(id) === listeners) this.#watched.delete(id);
      if (this.#watched.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    };
  }

  /** Looks at once at an export that something was heard of, if anybody watches it. */
  async hear(id: string): Promise<void> {
    if (this.#watched.has(id)) await this.#tell([id]);
  }

  async #round(): Promise<void> {
    // A slow database is not asked again before it has answered.
    if (this.#looking) return;
    this.#looking = true;
    await this.#tell([...this.#watched.keys()]);
    this.#looking = false;
  }

  async #tell(ids: string[]): Promise<void> {
    try {
      const progress = await this.look(ids);
      for (const id of ids) for (const listener of [...(this.#watched.get(id) ?? [])]) listener(progress.get(id));
    } catch (error) {
      this.log.warn({ err: error }, 'the progress of exports could not be read; the next look tries again');
    }
  }
}
