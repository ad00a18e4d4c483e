/** What files say of each other: ids that one has and another refers to. */
import type { CheckedFile } from './context.js';
import { IdSet } from './ids.js';

/** A relationship's references that lead nowhere, in one file. */
interface Dangling {
  count: number;
  examples: string[];
}

const EXAMPLES = 3;
const SPACE = 0x20;

/** Codes of the manifest's warnings by which a bundle itself tells of such relationships. */
export const DECLARED = /^(?:party|location)-absent$/;

/** The lists of records of one format in one folder refer to each other: `csv` of `shp/`, say. */
export class Links {
  readonly #ids = new Map<string, IdSet>();
  readonly dangling = new Map<string, Dangling>();

  /** The ids of a list so far. */
  of(family: string, list: string): IdSet | undefined {
    return this.#ids.get(`${family} ${list}`);
  }

  /** Notes a record's id; one that the list has already is told as a fault of the file. */
  add(family: string, list: string, id: Buffer, file: CheckedFile, row: number): void {
    const key = `${family} ${list}`;
    let ids = this.#ids.get(key);
    if (!ids) {
      ids = new IdSet();
      this.#ids.set(key, ids);
    }
    if (!ids.add(id)) file.fault('id-repeated', `row ${row} has the id ${shown(id)}, which is there already`);
    // A shapefile's table is filled up with blanks, so that it cannot tell those at the end of an id.
    if (id.at(-1) === SPACE) ids.add(trimmed(id));
  }

  /** Looks whether the record that a relationship refers to is there; all of what it refers to is read before it. */
  follow(family: string, list: 'parties' | 'locations', id: Buffer, file: CheckedFile, row: number): void {
    const ids = this.of(family, list);
    if (!ids || ids.has(id)) return;
    const found = this.dangling.get(file.name) ?? { count: 0, examples: [] };
    this.dangling.set(file.name, found);
    found.count++;
    if (found.examples.length < EXAMPLES) {
      found.examples.push(`row ${row} refers to ${shown(id)}, which is no id in ${list}`);
    }
  }

  /** Lets go of what a format's lists hold. */
  forget(family: string): void {
    for (const key of [...this.#ids.keys()]) if (key.startsWith(`${family} `)) this.#ids.delete(key);
  }
}

/** An id without the blanks at its end. */
export function trimmed(id: Buffer): Buffer {
  let end = id.length;
  while (end > 0 && id[end - 1] === SPACE) end--;
  return id.subarray(0, end);
}

/** An id for people, cut where it is long. */
export function shown(id: Buffer): string {
  const text = id.toString('utf8');
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
