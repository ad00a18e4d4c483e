/** The map half of the JSON files: batches of records in, lines of JSON out. */
import type { Attributes, RecordOf } from '@parcelpost/shared/records.js';
import { AttributeOrder } from '../attribute-order.js';
import { MAX_COLUMNS } from '../csv/columns.js';
import type { TableEntity } from '../csv/tables.js';
import { noTally, type Tally, tally } from '../tally.js';
import { GEOMETRY_NOTES, type GeometryNote, noNotes } from './geometry.js';
import { featureJson, partyJson, relationshipJson } from './records.js';

/** What the reduce half must know of a fragment; plain JSON. */
export interface JsonFragmentMeta {
  rows: number;
  bytes: number;
  /** Keys of attributes that no question of the form has, for the description of the file; as many as a table could have. */
  keys: string[];
}

/** Locations of whose geometries there is something to say. */
export type NotedGeometries = Partial<Record<GeometryNote, Tally>>;

/** Writes a record as JSON; `note` says what befell its geometry. */
type Writer<R> = (record: R, keys: readonly string[], note: (what: GeometryNote) => void) => string;

const WRITERS: { [E in TableEntity]: Writer<RecordOf[E]> } = {
  relationships: relationshipJson,
  parties: partyJson,
  locations(record, keys, note) {
    const notes = noNotes();
    const json = featureJson(record, keys, notes);
    for (const what of GEOMETRY_NOTES) if (notes[what]) note(what);
    return json;
  },
};

/**
 * Writes the records of one shard as JSON, each on a line of its own, in UTF-8: a location as a GeoJSON Feature (RFC
 * 7946), a party or relationship as an object. No raw line end is within a line.
 */
export class JsonFragmentEncoder<E extends TableEntity> {
  readonly #write: Writer<RecordOf[E]>;
  readonly #form: ReadonlySet<string>;
  readonly #order: AttributeOrder;
  readonly #keys = new Set<string>();
  readonly #noted: NotedGeometries = {};
  #last: readonly string[] = [];
  #rows = 0;
  #bytes = 0;

  /** @param form names of the form's questions, in its order */
  constructor(entity: E, form: readonly string[]) {
    this.#write = WRITERS[entity] as Writer<RecordOf[E]>;
    this.#form = new Set(form);
    this.#order = new AttributeOrder(form);
  }

  /** The bytes of a batch. Throws a permanent ExportError for a geometry of a type that GeoJSON does not know. */
  encode(records: readonly RecordOf[E][]): Buffer {
    let text = '';
    for (const record of records) {
      const keys = this.#keysOf(record.attributes);
      text += this.#write(record, keys, (what) => {
        this.#noted[what] ??= noTally();
        tally(this.#noted[what], record.id);
      });
      text += '\n';
    }
    const bytes = Buffer.from(text, 'utf8');
    this.#rows += records.length;
    this.#bytes += bytes.length;
    return bytes;
  }

  /** Call once, after the last batch. */
  finish(): { meta: JsonFragmentMeta; noted: NotedGeometries } {
    return { meta: { rows: this.#rows, bytes: this.#bytes, keys: [...this.#keys] }, noted: this.#noted };
  }

  #keysOf(attributes: Attributes): readonly string[] {
    const keys = this.#order.keysOf(attributes);
    if (keys !== this.#last) {
      for (const key of keys) if (!this.#form.has(key) && this.#keys.size < MAX_COLUMNS) this.#keys.add(key);
      this.#last = keys;
    }
    return keys;
  }
}
