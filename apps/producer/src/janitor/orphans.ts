/**
 * Objects in storage that no row stands for: left by processes that were killed between storage and row, or by writers that came
 * too late. Storage is listed as a stream, and looked up in the database page by page; all keys are never in memory.
 */

import type { Database } from '@parcelpost/shared/db/database.js';
import { type KnownExport, KnownObjects } from '@parcelpost/shared/db/services/known-objects.js';
import type { Logger } from '@parcelpost/shared/log.js';
import { type ObjectPlace, placeOf } from '@parcelpost/shared/storage/layout.js';
import type { ListedObject, Storage } from '@parcelpost/shared/storage/storage.js';

/** Objects looked up together. */
const PAGE = 500;

/**
 * Why an object is one: `no-row`, there is no such export or upload; `left-over`, its export is decided and does not need it;
 * `probe`, the doctor was killed while it tried the storage.
 */
export interface Orphan extends ListedObject {
  why: 'no-row' | 'left-over' | 'probe';
  /** The export that it is a left-over of. */
  exportId?: string;
}

/** One page of a listing. */
export interface OrphanPage {
  looked: number;
  orphans: Orphan[];
  /** Objects that are none of this service's, as far as their keys tell; never removed. */
  unknown: ListedObject[];
}

export class Orphans {
  readonly #known: KnownObjects;

  constructor(readonly deps: { db: Database; storage: Storage; log: Logger }) {
    this.#known = new KnownObjects(deps.db);
  }

  /**
   * Goes through all of storage once.
   * @param safeMs objects that were changed within so many milliseconds are left alone: their rows may be about to be written
   */
  async *find(safeMs: number): AsyncGenerator<OrphanPage, void, undefined> {
    const before = Date.now() - safeMs;
    let page: ListedObject[] = [];
    for await (const object of this.deps.storage.list()) {
      page.push(object);
      if (page.length < PAGE) continue;
      yield await this.#look(page, before);
      page = [];
    }
    if (page.length > 0) yield await this.#look(page, before);
  }

  /**
   * Removes orphans. Those of an export go while its row is held, and only if they still are ones: a try that begins at this
   * moment finds them, or finds them gone, and never sees them vanish.
   * @returns those that were removed; what storage refuses is logged, and found again
   */
  async remove(orphans: readonly Orphan[]): Promise<Orphan[]> {
    const removed: Orphan[] = [];
    const ofExports = new Map<string | undefined, Orphan[]>();
    for (const orphan of orphans) {
      const group = ofExports.get(orphan.exportId);
      if (group) group.push(orphan);
      else ofExports.set(orphan.exportId, [orphan]);
    }
    for (const [exportId, group] of ofExports) {
      if (exportId === undefined) {
        removed.push(...(await this.#removeAll(group)));
        continue;
      }
      const done = await this.#known.holding(exportId, (known) =>
        this.#removeAll(group.filter(({ key }) => isLeftOver(placeOf(key), known))),
      );
      removed.push(...(done ?? []));
    }
    return removed;
  }

  async #removeAll(orphans: readonly Orphan[]): Promise<Orphan[]> {
    const { storage, log } = this.deps;
    const removed: Orphan[] = [];
    for (const orphan of orphans) {
      try {
        await storage.remove(orphan.key);
        removed.push(orphan);
      } catch (error) {
        log.warn({ err: error, key: orphan.key }, 'an orphan could not be removed; a later pass tries again');
      }
    }
    return removed;
  }

  async #look(page: readonly ListedObject[], before: number): Promise<OrphanPage> {
    const placed = page
      .filter(({ modified }) => modified.getTime() < before)
      .map((object) => ({ object, place: placeOf(object.key) }));
    const ids = (kind: 'upload' | 'export') => [
      ...new Set(placed.flatMap(({ place }) => (place.kind === kind ? [place.id] : []))),
    ];
    const [uploads, exports] = await Promise.all([
      this.#known.uploads(ids('upload')),
      this.#known.exports(ids('export')),
    ]);
    const orphans: Orphan[] = [];
    const unknown: ListedObject[] = [];
    for (const { object, place } of placed) {
      if (place.kind === 'probe') orphans.push({ ...object, why: 'probe' });
      else if (place.kind === 'unknown') unknown.push(object);
      else if (place.kind === 'upload') {
        if (!uploads.has(place.id)) orphans.push({ ...object, why: 'no-row' });
      } else {
        const known = exports.get(place.id);
        if (!known) orphans.push({ ...object, why: 'no-row' });
        else if (isLeftOver(place, known)) orphans.push({ ...object, why: 'left-over', exportId: place.id });
        else if (place.part === 'other') unknown.push(object);
      }
    }
    return { looked: page.length, orphans, unknown };
  }
}

/** Nothing of an export in flight, or whose parts are kept or yet to be cleared away; else all but bundles that have a row. */
function isLeftOver(place: ObjectPlace, { open, parts, bundles }: KnownExport): boolean {
  if (place.kind !== 'export' || open || parts || place.part === 'other') return false;
  return place.part === 'work' || !bundles.some((key) => key.startsWith(`${place.folder}/`));
}
