/** The order of a record's answers: that of the columns of a table. */
import type { Attributes } from '@parcelpost/shared/records.js';
import { compareCodePoints } from './csv/columns.js';

/** Puts the keys of attributes in one order for all records. */
export class AttributeOrder {
  readonly #rank: ReadonlyMap<string, number>;
  #keys: readonly string[] = [];
  #ordered: readonly string[] = [];

  /** @param form names of the form's questions, in its order */
  constructor(form: readonly string[]) {
    this.#rank = new Map(form.map((name, place) => [name, place]));
  }

  /** Keys of a record: the form's in its order, then the others by code point. */
  keysOf(attributes: Attributes): readonly string[] {
    const keys = Object.keys(attributes);
    // Most records have the keys of the one before.
    if (keys.length !== this.#keys.length || keys.some((key, i) => key !== this.#keys[i])) {
      const rank = (key: string) => this.#rank.get(key) ?? Number.POSITIVE_INFINITY;
      this.#keys = keys;
      this.#ordered = keys.toSorted((a, b) => {
        const [x, y] = [rank(a), rank(b)];
        return x === y ? compareCodePoints(a, b) : x - y;
      });
    }
    return this.#ordered;
  }
}
