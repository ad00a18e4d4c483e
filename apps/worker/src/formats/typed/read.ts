/** Fragments of typed rows, read back for the reduce halves. */
import type { TableEntity } from '../csv/tables.js';
import { damaged } from '../damaged.js';
import { type Frame, FrameReader } from '../frames.js';
import type { TypedColumn } from './columns.js';
import {
  type DecodedRow,
  decodeRows,
  fixedColumns,
  TABLE_NAMES,
  type TableFigures,
  type TableName,
  type TypedFragmentMeta,
} from './fragment.js';
import { grown } from './geometry.js';
import { valueFor } from './values.js';

/** A fragment at rest. `open` is called once, when its turn comes. */
export interface TypedFragment {
  meta: TypedFragmentMeta;
  open(): AsyncIterable<Uint8Array>;
}

/** A row whose values are one for each column of its table, null where there is none; each of its column's type. */
export type TypedRow = DecodedRow;

/** Whose records a table has. */
export function entityOf(name: TableName): TableEntity {
  return name === 'parties' || name === 'relationships' ? name : 'locations';
}

/** The tables that these fragments come to, in the order of {@link TABLE_NAMES}: those of parties and relationships always. */
export function tablesOf(metas: readonly TypedFragmentMeta[]): Map<TableName, TableFigures> {
  const tables = new Map<TableName, TableFigures>();
  for (const name of TABLE_NAMES) {
    const found = metas.flatMap(({ tables }) => tables[name] ?? []);
    if (found.length === 0 && entityOf(name) === 'locations') continue;
    tables.set(name, {
      rows: found.reduce((sum, { rows }) => sum + rows, 0),
      z: { some: found.some(({ z }) => z.some), all: found.every(({ z }) => z.all) },
      box: found.reduce((box, each) => grown(box, each.box), null as TableFigures['box']),
    });
  }
  return tables;
}

/**
 * All rows, a frame's at once, in the order of the fragments. Throws an ExportError that is not permanent where a
 * fragment does not read back as it was written, and the signal's reason once it is aborted.
 */
export async function* readTypedRows(
  fragments: readonly TypedFragment[],
  columnsOf: (entity: TableEntity) => readonly TypedColumn[],
  signal: AbortSignal,
): AsyncGenerator<TypedRow[], void, undefined> {
  for (const { meta, open } of fragments) {
    const columns = columnsOf(meta.entity);
    const places = placesOf(meta, columns);
    const counts = new Map<TableName, number>();
    const frames = new FrameReader(open());
    try {
      for (let rows = 0; rows < meta.rows; ) {
        signal.throwIfAborted();
        const frame = await frames.next();
        const decoded = decode(frame, columns, places);
        for (const { table } of decoded) {
          if (entityOf(table) !== meta.entity || !meta.tables[table]) throw damaged(`it has rows of ${table}`);
          counts.set(table, (counts.get(table) ?? 0) + 1);
        }
        yield decoded;
        rows += frame.rows;
      }
      await frames.expectEnd();
    } finally {
      await frames.close();
    }
    for (const name of TABLE_NAMES) {
      const [found = 0, written = 0] = [counts.get(name), meta.tables[name]?.rows];
      if (found !== written) throw damaged(`${name} has ${found} rows where ${written} were written`);
    }
  }
}

/** The place in the table of each of a fragment's columns. */
function placesOf({ entity, keys }: TypedFragmentMeta, columns: readonly TypedColumn[]): number[] {
  const places = new Map(columns.map(({ attribute }, i) => [attribute, i]));
  return [...fixedColumns(entity).keys(), ...keys.map(([key]) => places.get(key) ?? -1)];
}

function decode({ records, rows }: Frame, columns: readonly TypedColumn[], places: readonly number[]): DecodedRow[] {
  try {
    return decodeRows(records, rows, columns.length, (values, column, value) => {
      const place = places[column] ?? -1;
      const target = columns[place];
      if (!target) throw new RangeError(`it has a value of column ${column}, which it has not`);
      values[place] = valueFor(target.columnType, value);
    });
  } catch (error) {
    throw damaged((error as Error).message);
  }
}
