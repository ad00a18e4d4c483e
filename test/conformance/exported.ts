/** A sample project as the database has it beside the bundle that the whole system made of it. */

import type { ApiClient } from '@parcelpost/infra/services/api-client.js';
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Feature, Geometry } from 'geojson';
import { expect } from 'vitest';
import { type Bundle, exportBundle } from '../support/bundle.js';
import { readFeatures } from '../support/gdal.js';
import { readCsv } from '../support/python.js';
import {
  readProject,
  type StoredLocation,
  type StoredProject,
  type StoredRecord,
  type Table,
} from './database-records.js';
import { cellText, type ExpectedTable, expectedTable } from './expected-table.js';
import { hasZ, positionsOf } from './normal-geometry.js';

const FIXED: Record<Table, string[]> = {
  relationships: ['id', 'party_id', 'spatial_unit_id', 'tenure_type'],
  parties: ['id', 'name', 'type'],
  locations: ['id', 'type', 'area', 'geometry.ewkt'],
};

/** The shapefile of each type of geometry. */
export const FAMILY_OF = {
  Point: 'points',
  LineString: 'linestrings',
  Polygon: 'polygons',
  MultiPoint: 'multipoints',
  MultiLineString: 'multilinestrings',
  MultiPolygon: 'multipolygons',
  GeometryCollection: undefined,
} as const satisfies Record<Geometry['type'], string | undefined>;

/** Why a location is in no shapefile, by the code of the manifest's warning. */
export type LeftOut = Record<
  'shapefile-null-geometry' | 'shapefile-empty-geometry' | 'shapefile-geometry-collection',
  StoredLocation[]
>;

export interface ReadTable {
  header: string[];
  rows: string[][];
  expected: ExpectedTable;
}

export interface Exported {
  stored: StoredProject;
  /** Of output type `shp`. */
  bundle: Bundle;
  /** Of the formats that are in no output type. */
  open: Bundle;
  /** The database's locations, by the shapefile that they belong in. */
  families: Map<string, StoredLocation[]>;
  leftOut: LeftOut;
  /** What GDAL reads from a family's shapefile. */
  features(family: string): Feature[];
  /** What Python reads from a CSV. */
  table(name: Table): ReadTable;
}

/** Exports a project by the API and unpacks its bundles beside `folder`; each file is read once, when it is first asked for. */
export async function exportProject(db: Database, api: ApiClient, project: string, folder: string): Promise<Exported> {
  const [bundle, open] = await Promise.all([
    exportBundle(api, project, { outputType: 'shp' }, folder),
    exportBundle(
      api,
      project,
      { formats: ['fgb', 'geojson', 'geojsonl', 'gpkg', 'parquet', 'xlsx'] },
      `${folder}-open`,
    ),
  ]);
  const stored = await readProject(db, project);
  const families = new Map<string, StoredLocation[]>();
  const leftOut: LeftOut = {
    'shapefile-null-geometry': [],
    'shapefile-empty-geometry': [],
    'shapefile-geometry-collection': [],
  };
  for (const location of stored.locations) {
    const { geometry } = location;
    const family = geometry && FAMILY_OF[geometry.type];
    if (geometry === null) leftOut['shapefile-null-geometry'].push(location);
    else if (!family) leftOut['shapefile-geometry-collection'].push(location);
    else if (positionsOf(geometry).length === 0) leftOut['shapefile-empty-geometry'].push(location);
    else if (families.has(family)) families.get(family)?.push(location);
    else families.set(family, [location]);
  }
  const features = once((family: string) => readFeatures(bundle.path(`${family}.shp`)));
  const table = once((name: Table): ReadTable => {
    const [header = [], ...rows] = readCsv(bundle.path(`${name}.csv`));
    return { header, rows, expected: expectedTable(FIXED[name], stored.forms[name], stored[name]) };
  });
  return { stored, bundle, open, families, leftOut, features, table };
}

function once<K, V>(read: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, read(key));
    return known.get(key) as V;
  };
}

/** Whether a shapefile of these has heights: then those that have none are at 0. */
export function isHigh(locations: readonly StoredLocation[]): boolean {
  return locations.some(({ geometry }) => hasZ(geometry));
}

/** The cells of one column, by the record's id. */
export function columnOf({ header, rows }: ReadTable, name: string): Map<string, string> {
  expect(header).toContain(name);
  const place = header.indexOf(name);
  return byId(
    rows,
    (row) => row[0] as string,
    (row) => row[place] as string,
  );
}

/** By id; fails where two have the same. */
export function byId<T, V>(items: readonly T[], id: (item: T) => string, value: (item: T) => V): Map<string, V> {
  const map = new Map(items.map((item) => [id(item), value(item)]));
  expect(map.size, 'ids given twice').toBe(items.length);
  return map;
}

/** The first differences between two maps, short enough to be read; none where they are equal. */
export function differences(expected: ReadonlyMap<string, unknown>, actual: ReadonlyMap<string, unknown>): object[] {
  const text = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));
  return [...new Set([...expected.keys(), ...actual.keys()])]
    .map((id) => ({ id, expected: text(expected.get(id)), actual: text(actual.get(id)) }))
    .filter((each) => each.expected !== each.actual)
    .slice(0, 3)
    .map((each) => ({ ...each, expected: each.expected.slice(0, 2000), actual: each.actual.slice(0, 2000) }));
}

/** Cells of each record in the order of the columns: as in the CSV, but without the geometry. */
export function expectedRows({ stored, table: asCsv }: Exported, table: Table) {
  const names = asCsv(table).expected.columns.filter((column) => column !== 'geometry.ewkt');
  const fixed = Object.keys(stored[table][0]?.fixed ?? {}).filter((column) => column !== 'geometry');
  const rows = byId(
    stored[table] as StoredRecord[],
    ({ id }) => id,
    (record) =>
      names.map((column) => {
        if (fixed.includes(column)) return `${record.fixed[column] ?? ''}`;
        const key = column.replace(/^attributes\./, '');
        return cellText(record.attributes.get(fixed.includes(key) ? key : column));
      }),
  );
  return { names, rows };
}
