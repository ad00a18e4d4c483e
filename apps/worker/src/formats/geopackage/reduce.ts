/** The reduce half of a GeoPackage: the shards' fragments in, an SQLite database out. */
import { type Column, described, type SchemaField } from '../csv/columns.js';
import type { TableEntity } from '../csv/tables.js';
import { columnsOf, GEOPACKAGE_RULES, type TypedColumn } from '../typed/columns.js';
import { isLayer, type TableFigures, type TableName, WITHOUT_GEOMETRY } from '../typed/fragment.js';
import { LAYERS, SRS_ID, storedBox } from '../typed/geometry.js';
import { entityOf, readTypedRows, type TypedFragment, tablesOf } from '../typed/read.js';
import type { StoredValue } from '../typed/values.js';
import { Database, type Statement } from './database.js';
import { SpatialIndex } from './rtree.js';
import { createTable, NEW_GEOPACKAGE } from './schema.js';

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
  fragments: readonly TypedFragment[],
  { form, date, signal }: GeoPackageOptions,
): Promise<WrittenTable[]> {
  const metas = fragments.map(({ meta }) => meta);
  const columns = new Map(
    (['locations', 'parties', 'relationships'] as const).map((entity) => [
      entity,
      columnsOf(entity, metas, form(entity), GEOPACKAGE_RULES),
    ]),
  );
  const columnsFor = (entity: TableEntity) => columns.get(entity) ?? [];
  const tables = tablesOf(metas);
  const database = await Database.create(file);
  try {
    database.run(NEW_GEOPACKAGE);
    const writers = new Map<TableName, TableWriter>();
    for (const [name, figures] of tables) {
      const own = columnsFor(entityOf(name));
      describeTable(database, name, figures, own, date);
      writers.set(name, new TableWriter(database, name, own, figures.box));
    }
    for await (const rows of readTypedRows(fragments, columnsFor, signal)) {
      for (const { table, geometry, values } of rows) writers.get(table)?.insert(geometry, values);
    }
    const written = [...writers].map(([name, writer]) => {
      writer.finish();
      return { name, rows: writer.rows, columns: writer.columns.map(described) };
    });
    database.run('commit');
    return written;
  } finally {
    database.close();
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

  insert(geometry: Buffer | null, values: readonly StoredValue[]): void {
    this.rows++;
    const box = geometry && storedBox(geometry);
    if (box) this.#index?.add(this.rows, box);
    this.#statement.run(this.#index ? [this.rows, geometry, ...values] : [this.rows, ...values]);
  }

  /** Call once, after the last row. */
  finish(): void {
    this.#index?.finish();
  }
}
