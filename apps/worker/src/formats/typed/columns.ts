/** The columns of tables whose columns have types: which there are, how they are named, and what each holds. */
import { ExportError } from '@parcelpost/shared/errors.js';
import { attributeColumns, type Column, described, type SchemaField } from '../csv/columns.js';
import type { TableEntity } from '../csv/tables.js';
import { fixedColumns, type TypedFragmentMeta } from './fragment.js';
import { type ColumnType, columnType } from './values.js';

/** A column of a table; what a format has beside the answers (a number of the row, the geometry) is not among them. */
export interface TypedColumn extends Column {
  columnType: ColumnType;
  /** Key of the attribute; undefined of a fixed column. */
  attribute: string | undefined;
}

/** What a format asks of its tables. */
export interface TableRules {
  /** Names of the columns that the format itself has. */
  reserved: readonly string[];
  /** As many columns as a table can have, those of the format included; none: as many as any table here. */
  most?: { columns: number; of: string };
}

/** What SQLite's usual build takes, and columns of a number and a geometry beside the answers. */
export const GEOPACKAGE_RULES: TableRules = {
  reserved: ['fid', 'geom'],
  most: { columns: 2000, of: 'a GeoPackage' },
};

/** Columns of all locations, parties or relationships whose shards left these. */
export function columnsOf(
  entity: TableEntity,
  metas: readonly TypedFragmentMeta[],
  form: readonly SchemaField[],
  rules: TableRules,
): TypedColumn[] {
  const own = metas.filter((meta) => meta.entity === entity);
  const found = new Map<string, number>();
  for (const [key, kinds] of own.flatMap(({ keys }) => keys)) found.set(key, (found.get(key) ?? 0) | kinds);
  const fixed = fixedColumns(entity);
  const kinds = fixed.map((_, i) => own.reduce((all, meta) => all | (meta.fixed[i] ?? 0), 0));
  return tableColumns(fixed, kinds, form, found, rules);
}

/**
 * The columns of a table: fixed ones, the form's in its order, the others by code point.
 *
 * Named as in the CSV, but many programs (SQLite, GDAL, DuckDB) take `ID` for `id`, and the format has columns of its own:
 * what would be a name again gets `_2` behind it, and so on. Throws a permanent ExportError when there are too many.
 * @param fixedKinds kinds of values that the fixed columns have
 * @param found keys of attributes, and the kinds of values that each has
 */
export function tableColumns(
  fixed: readonly Column[],
  fixedKinds: readonly number[],
  schema: readonly SchemaField[],
  found: ReadonlyMap<string, number>,
  { reserved, most }: TableRules = GEOPACKAGE_RULES,
): TypedColumn[] {
  const attributes = attributeColumns(fixed, schema, found.keys());
  const count = attributes.length + fixed.length;
  if (most && count + reserved.length > most.columns) {
    const message = `The records have ${count} different columns, more than the ${most.columns} that ${most.of} can have. Attribute names that differ from record to record usually are values in the place of names: correct them on the platform, or ask for another format.`;
    throw new ExportError('too-many-columns', message, true);
  }
  const taken = new Set(reserved);
  return [
    ...fixed.map((column, i) => ({ ...column, attribute: undefined, kinds: fixedKinds[i] ?? 0 })),
    ...attributes.map((column) => ({ ...column, kinds: found.get(column.attribute) ?? 0 })),
  ].map(({ attribute, kinds, ...column }) => {
    const name = freeName(column.name, taken);
    const source = attribute !== undefined && attribute !== name ? attribute : undefined;
    return { ...described({ ...column, source }), name, attribute, columnType: columnType(kinds, column.type) };
  });
}

function freeName(wanted: string, taken: Set<string>): string {
  // A name that is none, and characters that a statement cannot hold.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  const clean = wanted.replace(/\u0000|\p{Cs}/gu, '\ufffd') || 'attributes.';
  let name = clean;
  for (let i = 2; taken.has(fold(name)); i++) name = `${clean}_${i}`;
  taken.add(fold(name));
  return name;
}

/** As SQLite compares names: letters of ASCII without their case. */
function fold(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
