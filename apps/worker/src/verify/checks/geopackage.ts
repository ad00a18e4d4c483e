/** GeoPackages (OGC 12-128r19): SQLite's own checks, the tables that must be there, counts, indexes, ids and references. */
import { rmSync } from 'node:fs';
import type { Database } from 'node-sqlite3-wasm';
import type { CheckContext, CheckedFile, FormatCheck } from '../context.js';

const APPLICATION_ID = 0x47504b47;
const REQUIRED = ['gpkg_spatial_ref_sys', 'gpkg_contents', 'gpkg_geometry_columns'];
const MOST_TOLD = 5;

export const geoPackageCheck: FormatCheck = { extensions: ['.gpkg'], rank: () => 2, check: checkGeoPackage };

async function checkGeoPackage(file: CheckedFile, context: CheckContext): Promise<number | null> {
  const path = await context.copy(file.name);
  const { default: sqlite } = await import('node-sqlite3-wasm');
  let database: Database | undefined;
  try {
    database = new sqlite.Database(path, { readOnly: true });
    return checkDatabase(database, file, context);
  } catch (error) {
    file.fault('geopackage-damaged', `SQLite cannot read it: ${(error as Error).message}`);
    return null;
  } finally {
    database?.close();
    rmSync(`${path}.lock`, { recursive: true, force: true });
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

function checkDatabase(database: Database, file: CheckedFile, { links }: CheckContext): number {
  const all = <T>(sql: string) => database.all(sql) as T[];
  const count = (sql: string) => Number(Object.values(database.get(sql) as object)[0]);
  if (count('pragma application_id') !== APPLICATION_ID) {
    file.fault('geopackage-damaged', 'it does not say that it is a GeoPackage');
  }
  for (const row of all<object>(`pragma integrity_check(${MOST_TOLD})`)) {
    const [said] = Object.values(row);
    if (said !== 'ok') file.fault('geopackage-damaged', String(said).replaceAll('\n', ' '));
  }
  const names = new Set(
    all<{ name: string }>(`select name from sqlite_master where type = 'table'`).map(({ name }) => name),
  );
  for (const name of REQUIRED) if (!names.has(name)) file.fault('geopackage-table', `the table ${name} is not there`);
  const tables = file.listed?.tables ?? [];
  let rows = 0;
  for (const { name, rows: said, columns } of tables) {
    if (!names.has(name)) {
      file.fault('geopackage-table', `the table ${name} is not there, which the manifest lists`);
      continue;
    }
    const found = count(`select count(*) from ${quoted(name)}`);
    rows += found;
    if (found !== said) file.fault('row-count', `${name} has ${found} rows where the manifest says ${said}`);
    const own = new Set(all<{ name: string }>(`pragma table_info(${quoted(name)})`).map((column) => column.name));
    for (const column of columns) {
      if (!own.has(column.name)) file.fault('geopackage-table', `${name} has no column ${column.name}`);
    }
    // The index itself is asked for by a module that SQLite need not have; the table of its entries is one like others.
    const index = `rtree_${name}_geom_rowid`;
    if (names.has(index)) checkLayer(count, file, name, index);
  }
  checkReferences(
    all,
    count,
    file,
    tables.map(({ name }) => name).filter((name) => names.has(name)),
    links,
  );
  return rows;
}

function checkLayer(count: (sql: string) => number, file: CheckedFile, name: string, index: string): void {
  const bad = count(`select count(*) from ${quoted(name)} where geom is not null and substr(geom, 1, 2) <> x'4750'`);
  if (bad > 0) file.fault('geopackage-table', `${bad} geometries of ${name} do not begin as GeoPackage has them`);
  const lost = count(
    `select count(*) from ${quoted(index)} i left join ${quoted(name)} t on t.rowid = i.rowid where t.rowid is null`,
  );
  if (lost > 0) file.fault('geopackage-table', `the spatial index of ${name} has ${lost} entries of no feature`);
}

function checkReferences(
  all: <T>(sql: string) => T[],
  count: (sql: string) => number,
  file: CheckedFile,
  tables: readonly string[],
  links: CheckContext['links'],
): void {
  const others = ['parties', 'relationships'];
  const locations = tables.filter((name) => !others.includes(name));
  const lists: [string, string][] = [
    ...others.filter((name) => tables.includes(name)).map((name): [string, string] => [name, quoted(name)]),
    ['locations', `(${locations.map((name) => `select id from ${quoted(name)}`).join(' union all ')})`],
  ];
  for (const [name, source] of lists) {
    if (name === 'locations' && locations.length === 0) continue;
    const twice = all<{ id: string }>(`select id from ${source} group by id having count(*) > 1 limit ${MOST_TOLD}`);
    for (const { id } of twice) file.fault('id-repeated', `${name} have the id ${JSON.stringify(id)} more than once`);
  }
  if (!tables.includes('relationships')) return;
  const lost = (column: string, source: string) =>
    count(`select count(*) from relationships where ${column} not in (select id from ${source})`);
  const found = [
    tables.includes('parties') ? lost('party_id', 'parties') : 0,
    locations.length > 0 ? lost('spatial_unit_id', lists.at(-1)?.[1] ?? '') : 0,
  ];
  const sum = (found[0] as number) + (found[1] as number);
  if (sum > 0) {
    links.dangling.set(file.name, { count: sum, examples: [`${found[0]} to no party, ${found[1]} to no location`] });
  }
}
