/** The map half of all formats whose columns have types: batches of records in, rows of typed values out. */
import type { Attributes, AttributeValue, LocationRecord, RecordOf } from '@parcelpost/shared/records.js';
import type { Column } from '../csv/columns.js';
import { TABLES, type TableEntity } from '../csv/tables.js';
import { frameOf } from '../frames.js';
import { ByteWriter } from '../sink.js';
import { noTally, type Tally, tally } from '../tally.js';
import { grown, LAYERS, type Layer, toStored } from './geometry.js';
import { classify, KINDS, type Kind, type StoredValue } from './values.js';

/** Rows of one table, as far as they are in a fragment. */
export interface TableFigures {
  rows: number;
  /** Whether some, or all, of its geometries have heights; false for a table without geometries. */
  z: { some: boolean; all: boolean };
  /** West, east, south, north; null where there is no position. */
  box: [number, number, number, number] | null;
}

/** What the reduce half must know of a fragment; plain JSON. */
export interface TypedFragmentMeta {
  entity: TableEntity;
  rows: number;
  bytes: number;
  tables: Record<string, TableFigures>;
  /** Keys of attributes in the order in which they were met, and the kinds of values that each has; numbers behind the fixed columns. */
  keys: [key: string, kinds: number][];
  /** Kinds of values of the fixed columns. */
  fixed: number[];
}

/** What a fragment's records had that typed rows cannot hold. */
export interface Unheld {
  /** A coordinate is not a finite number: the location is among those without a geometry. */
  notFinite: Tally;
  /** A text has a character that is none (U+0000, half a surrogate pair): it is replaced. */
  characters: Tally;
}

/** Locations without a geometry have a table of their own, since a layer is one of geometries. */
export const WITHOUT_GEOMETRY = 'locations_without_geometry';

/** Tables in the order of the file; a row's first byte is the place of its own here. */
export const TABLE_NAMES = [...LAYERS, WITHOUT_GEOMETRY, 'parties', 'relationships'] as const;
export type TableName = (typeof TABLE_NAMES)[number];

export const isLayer = (name: TableName): name is Layer => (LAYERS as readonly string[]).includes(name);

/** Fixed columns; the geometry has a column of its own kind. */
export function fixedColumns(entity: TableEntity): readonly Column[] {
  return TABLES[entity].fixed.filter(({ type }) => type !== 'geometry');
}

const FIXED: { [E in TableEntity]: (record: RecordOf[E]) => AttributeValue[] } = {
  relationships: ({ id, party, spatialUnit, tenureType }) => [id, party, spatialUnit, tenureType],
  parties: ({ id, name, type }) => [id, name, type],
  locations: ({ id, type, area }) => [id, type, area],
};

/** A frame is closed when its rows have this many bytes. */
const FRAME_BYTES = 64 * 1024;

/** Not characters: SQLite's text, and that of any program in C, would end there; UTF-8 has no place for the others. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const NO_CHARACTER = /\u0000|\p{Cs}/gu;
/** Quicker to ask: halves of pairs too, which mostly are whole ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const PERHAPS_NO_CHARACTER = /[\u0000\ud800-\udfff]/;

/**
 * Encodes the records of one shard. A row is its table (a byte), the bytes of its geometry behind their number, then the
 * number of its values, and each value: column number, kind (a byte), and a real number, a 64-bit integer, a byte, or a
 * text in UTF-8 behind the number of its bytes. Numbers of bytes, values and columns are UInt32LE; all is little-endian.
 */
export class TypedFragmentEncoder<E extends TableEntity> {
  readonly #fixedOf: (record: RecordOf[E]) => AttributeValue[];
  readonly #fixedKinds: number[];
  readonly #columns = new Map<string, { number: number; kinds: number }>();
  readonly #tables: Record<string, TableFigures> = {};
  readonly #unheld: Unheld = { notFinite: noTally(), characters: noTally() };
  readonly #out = new ByteWriter(2 * FRAME_BYTES);
  #replaced = false;
  #frameRows = 0;
  #rows = 0;
  #bytes = 0;

  constructor(readonly entity: E) {
    this.#fixedOf = FIXED[entity] as (record: RecordOf[E]) => AttributeValue[];
    this.#fixedKinds = fixedColumns(entity).map(() => 0);
  }

  /** Takes a batch; returns the frames that are ready. Throws a permanent ExportError for an unknown type of geometry. */
  encode(records: readonly RecordOf[E][]): Buffer[] {
    const frames: Buffer[] = [];
    for (const record of records) {
      this.#replaced = false;
      if (this.entity === 'locations') this.#location(record as LocationRecord);
      else this.#table(this.entity);
      this.#values(this.#fixedOf(record), record.attributes);
      if (this.#replaced) tally(this.#unheld.characters, record.id);
      this.#frameRows++;
      if (this.#out.length >= FRAME_BYTES) frames.push(this.#closeFrame());
    }
    return frames;
  }

  /** The last frame, if any. Call once. */
  finish(): { frames: Buffer[]; meta: TypedFragmentMeta; unheld: Unheld } {
    const frames = this.#frameRows > 0 ? [this.#closeFrame()] : [];
    const keys = [...this.#columns].map(([key, { kinds }]): [string, number] => [key, kinds]);
    const { entity } = this;
    const meta = { entity, rows: this.#rows, bytes: this.#bytes, tables: this.#tables, keys, fixed: this.#fixedKinds };
    return { frames, meta, unheld: this.#unheld };
  }

  #location({ id, geometry }: LocationRecord): void {
    const stored = geometry && toStored(geometry);
    if (geometry && !stored) tally(this.#unheld.notFinite, id);
    if (!stored) {
      this.#table(WITHOUT_GEOMETRY);
      return;
    }
    const figures = this.#begin(stored.layer);
    figures.z = { some: figures.z.some || stored.z, all: stored.z && (figures.z.all || figures.rows === 1) };
    figures.box = grown(figures.box, stored.box);
    this.#uint(stored.bytes.length);
    this.#out.append(stored.bytes);
  }

  #table(name: TableName): void {
    this.#begin(name);
    this.#uint(0);
  }

  #begin(name: TableName): TableFigures {
    this.#tables[name] ??= { rows: 0, z: { some: false, all: false }, box: null };
    const figures = this.#tables[name];
    figures.rows++;
    this.#byte(TABLE_NAMES.indexOf(name));
    return figures;
  }

  #values(fixed: readonly AttributeValue[], attributes: Attributes): void {
    const countAt = this.#out.reserve(4);
    let count = 0;
    for (let i = 0; i < fixed.length; i++) {
      const held = classify(fixed[i]);
      if (!held) continue;
      this.#fixedKinds[i] = (this.#fixedKinds[i] ?? 0) | held.kind;
      this.#value(i, held.kind, held.value);
      count++;
    }
    for (const key of Object.keys(attributes)) {
      let column = this.#columns.get(key);
      if (!column) {
        column = { number: fixed.length + this.#columns.size, kinds: 0 };
        this.#columns.set(key, column);
      }
      const held = classify(attributes[key]);
      if (!held) continue;
      column.kinds |= held.kind;
      this.#value(column.number, held.kind, held.value);
      count++;
    }
    this.#out.view.setUint32(countAt, count, true);
  }

  #value(column: number, kind: Kind, value: StoredValue): void {
    const out = this.#out;
    const at = out.reserve(5);
    out.view.setUint32(at, column, true);
    out.bytes[at + 4] = kind;
    if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'boolean') this.#byte(value ? 1 : 0);
    else this.#number(value ?? 0);
  }

  #number(value: number | bigint): void {
    const at = this.#out.reserve(8);
    if (typeof value === 'bigint') this.#out.view.setBigInt64(at, value, true);
    else this.#out.view.setFloat64(at, value, true);
  }

  #text(text: string): void {
    let clean = text;
    if (PERHAPS_NO_CHARACTER.test(text)) {
      clean = text.replace(NO_CHARACTER, '\ufffd');
      if (clean !== text) this.#replaced = true;
    }
    const at = this.#out.reserve(4);
    const bytes = this.#out.utf8(clean);
    this.#out.view.setUint32(at, bytes, true);
  }

  #byte(value: number): void {
    // The offset first: making room may move the bytes.
    const at = this.#out.reserve(1);
    this.#out.bytes[at] = value;
  }

  #uint(value: number): void {
    const at = this.#out.reserve(4);
    this.#out.view.setUint32(at, value, true);
  }

  #closeFrame(): Buffer {
    const frame = frameOf(this.#frameRows, this.#out.take());
    this.#rows += this.#frameRows;
    this.#bytes += frame.length;
    this.#frameRows = 0;
    return frame;
  }
}

/** A row as it was encoded. */
export interface DecodedRow {
  table: TableName;
  geometry: Buffer | null;
  /** Each in its place, null elsewhere. */
  values: StoredValue[];
}

/**
 * The rows of a frame, in their order. Throws a RangeError where it does not read back.
 * @param width how many values a row gets
 * @param placed puts a value of one of the fragment's own columns into its place
 */
export function decodeRows(
  records: Buffer,
  rows: number,
  width: number,
  placed: (values: StoredValue[], column: number, value: StoredValue) => void,
): DecodedRow[] {
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  let at = 0;
  const uint = () => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const take = (bytes: number) => {
    if (at + bytes > records.length) throw new RangeError('a row ends early');
    at += bytes;
    return at - bytes;
  };
  const value = (kind: number): StoredValue => {
    switch (kind) {
      case KINDS.boolean:
        return records[take(1)] === 1;
      case KINDS.long:
        return view.getBigInt64(take(8), true);
      case KINDS.integer:
      case KINDS.real:
        return view.getFloat64(take(8), true);
      default: {
        const bytes = uint();
        const start = take(bytes);
        return records.toString('utf8', start, at);
      }
    }
  };
  const decoded: DecodedRow[] = [];
  for (let row = 0; row < rows; row++) {
    const table = TABLE_NAMES[records[take(1)] ?? -1];
    if (!table) throw new RangeError('a row has no table');
    const bytes = uint();
    const start = take(bytes);
    const geometry = bytes > 0 ? records.subarray(start, at) : null;
    const values = new Array<StoredValue>(width).fill(null);
    for (let left = uint(); left > 0; left--) {
      const column = uint();
      placed(values, column, value(records[take(1)] ?? 0));
    }
    decoded.push({ table, geometry, values });
  }
  if (at !== records.length) throw new RangeError('a row is longer than it was');
  return decoded;
}
