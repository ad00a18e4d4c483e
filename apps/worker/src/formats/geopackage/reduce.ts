/** The reduce half of a GeoPackage: the shards' fragments in, an SQLite database out. */
import type { Column, SchemaField } from '../csv/columns.js';
import type { TableEntity } from '../csv/tables.js';
import { damaged } from '../damaged.js';
import { FrameReader } from '../frames.js';
import { grown, LAYERS, SRS_ID, storedBox } from './binary.js';
import { Database, type Statement } from './database.js';
import {
  decodeRows,
  fixedColumns,
  type GeoPackageFragmentMeta,
  isLayer,
  TABLE_NAMES,
  type TableFigures,
  type TableName,
  WITHOUT_GEOMETRY,
} from './fragment.js';
import { SpatialIndex } from './rtree.js';
import { createTable, NEW_GEOPACKAGE, type TypedColumn, tableColumns } from './schema.js';
import { type StoredValue, valueFor } from './values.js';

/** A fragment at rest. `open` is called once, when its turn comes. */
export interface GeoPackageFragment {
  meta: GeoPackageFragmentMeta;
  open(): AsyncIterable<Uint8Array>;
}

export interface GeoPackageOptions {
  /** The form's questions for each entity. */
  form(entity: TableEntity): readonly SchemaField[];
  /** Stands in the contents as the moment of the last change. */
  date: Date;
  signal: AbortSignal;
}

/** A table as it was written. */
export interface WrittenTable {
  name: string;
  rows: number;
  columns: Column[];
}

const GEOMETRY_TYPES = [
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
];

const DESCRIPTIONS: Record<Exclude<TableName, (typeof LAYERS)[number]>, string> = {
  [WITHOUT_GEOMETRY]: 'Locations of which no geometry was recorded',
  parties: 'Parties',
  relationships: 'Tenure relationships: party_id is an id in parties, spatial_unit_id is an id of a location',
};

/**
 * Writes a GeoPackage into a file that does not exist yet: a layer for each type of geometry that the locations have, all
 * of them with all of the locations' columns; tables of the locations without a geometry (where there are any), of the parties and of the
 * relationships. Rows keep the order of the fragments.
 *
 * SQLite goes back and forth in its file, so that this needs one on a local disk. Memory: one frame and SQLite's cache.
 * The same fragments, however they were divided, make the same bytes. Throws a permanent ExportError when there are too many columns,
 * one that is not permanent where a fragment is damaged.
 */
export async function writeGeoPackage(
  file: string,
  fragments: readonly GeoPackageFragment[],
  { form, date, signal }: GeoPackageOptions,
): Promise<WrittenTable[]> {
  const metas = fragments.map(({ meta }) => meta);
  const columns = new Map(
    (['locations', 'parties', 'relationships'] as const).map((entity) => [
      entity,
      columnsOf(entity, metas, form(entity)),
    ]),
  );
  const tables = tablesOf(metas);
  const database = await Database.create(file);
  try {
    database.run(NEW_GEOPACKAGE);
    const writers = new Map<TableName, TableWriter>();
    for (const [name, figures] of tables) {
      const own = columns.get(entityOf(name)) ?? [];
      describeTable(database, name, figures, own, date);
      writers.set(name, new TableWriter(database, name, own, figures.box));
    }
    for (const { meta, open } of fragments) {
      const frames = new FrameReader(open());
      try {
        const places = placesOf(meta, columns.get(meta.entity) ?? []);
        for (let rows = 0; rows < meta.rows; ) {
          signal.throwIfAborted();
          const frame = await frames.next();
          for (const { table, geometry, values } of readRows(frame.records, frame.rows)) {
            const writer = writers.get(table);
            if (!writer || entityOf(table) !== meta.entity) throw damaged(`it has rows of ${table}`);
            writer.insert(geometry, values, places);
          }
          rows += frame.rows;
        }
        await frames.expectEnd();
      } finally {
        await frames.close();
      }
    }
    const written = [...tables].map(([name, { rows }]) => {
      const writer = writers.get(name) as TableWriter;
      writer.finish();
      if (writer.rows !== rows) throw damaged(`${name} has ${writer.rows} rows where ${rows} were written`);
      const columns = writer.columns.map(({ name, label, type }) => ({ name, label, type }));
      return { name, rows, columns };
    });
    database.run('commit');
    return written;
  } finally {
    database.close();
  }
}

function entityOf(name: TableName): TableEntity {
  return name === 'parties' || name === 'relationships' ? name : 'locations';
}

/** The tables that there are, in the order of the file: those of parties and relationships always. */
function tablesOf(metas: readonly GeoPackageFragmentMeta[]): Map<TableName, TableFigures> {
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

function columnsOf(
  entity: TableEntity,
  metas: readonly GeoPackageFragmentMeta[],
  form: readonly SchemaField[],
): TypedColumn[] {
  const own = metas.filter((meta) => meta.entity === entity);
  const found = new Map<string, number>();
  for (const [key, kinds] of own.flatMap(({ keys }) => keys)) found.set(key, (found.get(key) ?? 0) | kinds);
  const fixed = fixedColumns(entity);
  const kinds = fixed.map((_, i) => own.reduce((all, meta) => all | (meta.fixed[i] ?? 0), 0));
  return tableColumns(fixed, kinds, form, found);
}

/** The place in the table of each of a fragment's columns. */
function placesOf({ entity, keys }: GeoPackageFragmentMeta, columns: readonly TypedColumn[]): number[] {
  const places = new Map(columns.map(({ attribute }, i) => [attribute, i]));
  return [...fixedColumns(entity).keys(), ...keys.map(([key]) => places.get(key) ?? -1)];
}

function readRows(records: Buffer, rows: number) {
  try {
    return [...decodeRows(records, rows)];
  } catch (error) {
    throw damaged((error as Error).message);
  }
}

function describeTable(
  database: Database,
  name: TableName,
  { z, box }: TableFigures,
  columns: readonly TypedColumn[],
  date: Date,
): void {
  const geometry = isLayer(name) ? GEOMETRY_TYPES[LAYERS.indexOf(name)] : undefined;
  database.run(createTable(name, geometry, columns));
  const [west, east, south, north] = box ?? [null, null, null, null];
  const description = isLayer(name) ? `Locations: ${name}` : DESCRIPTIONS[name];
  const kind = geometry ? 'features' : 'attributes';
  database.insert('INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
    ...[name, kind, name, description, date.toISOString()],
    ...[west, south, east, north, geometry ? SRS_ID : null],
  ]);
  if (geometry) {
    // 0 prohibits heights, 1 has them everywhere, 2 leaves them to each geometry.
    database.insert('INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, ?)', [
      ...[name, 'geom', geometry, SRS_ID],
      ...[z.all ? 1 : z.some ? 2 : 0, 0],
    ]);
  }
  for (const { name: column, label, type } of columns) {
    if (label === column) continue;
    database.insert('INSERT INTO gpkg_data_columns VALUES (?, ?, NULL, ?, ?, NULL, NULL)', [name, column, label, type]);
  }
}

/** Fills one table. */
class TableWriter {
  rows = 0;
  readonly #statement: Statement;
  readonly #index: SpatialIndex | undefined;

  /** @param box extent of a layer */
  constructor(
    database: Database,
    name: TableName,
    readonly columns: readonly TypedColumn[],
    box: TableFigures['box'],
  ) {
    this.#index = isLayer(name) ? new SpatialIndex(database, name, box) : undefined;
    const count = columns.length + (this.#index ? 2 : 1);
    this.#statement = database.prepare(`INSERT INTO "${name}" VALUES (${Array(count).fill('?').join(', ')})`);
  }

  insert(
    geometry: Buffer | null,
    values: readonly [column: number, value: StoredValue][],
    places: readonly number[],
  ): void {
    this.rows++;
    const row: (StoredValue | Buffer)[] = [this.rows];
    if (this.#index) row.push(geometry);
    const box = geometry && storedBox(geometry);
    if (box) this.#index?.add(this.rows, box);
    const first = row.length;
    for (let i = 0; i < this.columns.length; i++) row.push(null);
    for (const [column, value] of values) {
      const place = places[column] ?? -1;
      const target = this.columns[place];
      if (!target) throw damaged(`it has a value of column ${column}, which it has not`);
      row[first + place] = valueFor(target.sqlType, value);
    }
    this.#statement.run(row);
  }

  /** Call once, after the last row. */
  finish(): void {
    this.#index?.finish();
  }
}
