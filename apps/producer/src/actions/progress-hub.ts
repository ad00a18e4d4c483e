/**
 * Tells watchers how their exports are getting on. However many watch, there is one subscription to the queues, and one query
 * for all exports that are watched: when something was heard of one of them, twice a second at most but for an end, which
 * is told at once, and once a second in any case, since news can be lost. While nobody watches there is neither.
 */
import type { Logger } from '@parcelpost/shared/log.js';
import type { ExportNow } from './look-at-exports.js';

/** Called when there is something new of an export; with undefined if it is no more. */
export type Listener = (update: Update | undefined) => void;

/** How an export stands; what is made of that for watchers is made once for all of them. */
export class Update {
  readonly #made = new Map<string, Buffer>();

  /** @param kept what was made of the one before */
  constructor(
    readonly now: ExportNow,
    readonly kept: Map<string, Buffer>,
  ) {}

  /**
   * Bytes made of this update.
   * @param kind names what `make` makes of it; where the same was made of the one before, the very same buffer is given
   */
  bytes(kind: string, make: (now: ExportNow) => string): Buffer {
    let bytes = this.#made.get(kind);
    if (!bytes) {
      const fresh = Buffer.from(make(this.now));
      const before = this.kept.get(kind);
      bytes = before?.equals(fresh) ? before : fresh;
      this.kept.set(kind, bytes);
      this.#made.set(kind, bytes);
    }
    return bytes;
  }
}

interface Watched {
  listeners: Set<Listener>;
  last: Update | undefined;
  kept: Map<string, Buffer>;
}

export interface HubOptions {
  look: (ids: string[]) => Promise<Map<string, ExportNow>>;
  /** Begins to hear of exports with which something happens, undefined for any of them; returns how to end it. */
  subscribe?: (heard: (exportId: string | undefined) => void) => () => Promise<void>;
  log: Logger;
  /** Milliseconds between two looks, however much is heard. */
  pauseMs?: number;
  /** Milliseconds after which all that are watched are looked at, though nothing was heard of them. */
  idleMs?: number;
}

export class ProgressHub {
  readonly #watched = new Map<string, Watched>();
  readonly #options: Required<Omit<HubOptions, 'subscribe'>> & Pick<HubOptions, 'subscribe'>;
  /** To be looked at next. */
  #due = new Set<string>();
  /** Whether one of these has ended. */
  #urgent = false;
  #next: NodeJS.Timeout | undefined;
  #rounds: NodeJS.Timeout | undefined;
  #looking = false;
  /** When the last look ended. */
  #looked = Number.NEGATIVE_INFINITY;
  #unsubscribe: (() => Promise<void>) | undefined;

  constructor(options: HubOptions) {
    this.#options = { pauseMs: 500, idleMs: 1000, ...options };
  }

  /** Exports that are being watched. */
  get size(): number {
    return this.#watched.size;
  }

  /** Begins to watch an export; what is known of it is told at once. @returns what ends it */
  watch(id: string, listener: Listener): () => void {
    this.#begin();
    const watched = this.#watched.get(id) ?? { listeners: new Set(), last: undefined, kept: new Map() };
    this.#watched.set(id, watched);
    watched.listeners.add(listener);
    const known = watched.last;
    // One that was decided may have been tried again since: its end would be taken for the last word.
    if (known && (known.now.state === 'waiting' || known.now.state === 'running')) listener(known);
    else this.hear(id);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0 && this.#watched.get(id) === watched) this.#watched.delete(id);
      if (this.#watched.size === 0) this.#end();
    };
  }

  /** Something has happened to an export, or (undefined) to any: what anybody watches of that is looked at soon. */
  hear(id: string | undefined): void {
    for (const one of id === undefined ? this.#watched.keys() : [id]) if (this.#watched.has(one)) this.#due.add(one);
    this.#soon();
  }

  /** An export is decided: whoever watches it waits for just that, so that it is looked at without a pause. */
  hearEnd(id: string): void {
    if (!this.#watched.has(id)) return;
    this.#due.add(id);
    this.#urgent = true;
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#soon();
  }

  #begin(): void {
    if (this.#rounds) return;
    this.#rounds = setInterval(() => this.hear(undefined), this.#options.idleMs);
    this.#unsubscribe = this.#options.subscribe?.((id) => this.hear(id));
  }

  #end(): void {
    clearInterval(this.#rounds);
    clearTimeout(this.#next);
    this.#rounds = undefined;
    this.#next = undefined;
    this.#due.clear();
    this.#urgent = false;
    const ending = this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    ending?.catch((error: unknown) => this.#options.log.warn({ err: error }, 'the queues are still listened to'));
  }

  #soon(): void {
    // A slow database is not asked again before it has answered.
    if (this.#next || this.#looking || this.#due.size === 0) return;
    const wait = this.#urgent ? 0 : Math.max(0, this.#looked + this.#options.pauseMs - Date.now());
    this.#next = setTimeout(() => {
      this.#next = undefined;
      void this.#look();
    }, wait);
  }

  async #look(): Promise<void> {
    const ids = [...this.#due];
    this.#due = new Set();
    this.#urgent = false;
    this.#looking = true;
    try {
      const found = await this.#options.look(ids);
      for (const id of ids) this.#tell(id, found.get(id));
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the progress of exports could not be read; the next look tries again');
    }
    this.#looking = false;
    this.#looked = Date.now();
    this.#soon();
  }

  #tell(id: string, now: ExportNow | undefined): void {
    const watched = this.#watched.get(id);
    if (!watched) return;
    watched.last = now && new Update(now, watched.kept);
    for (const listener of [...watched.listeners]) listener(watched.last);
  }
}
