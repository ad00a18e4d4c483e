/** What is promised of the format `gpkg`, judged by GDAL and by Python's sqlite3. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readMixedFeatures } from '../support/gdal.js';
import { type ReadGeoPackage, readGeoPackages, type SqliteCell } from '../support/geopackage.js';
import { TABLES, type Table } from './database-records.js';
import { byId, differences, type Exported, expectedRows } from './exported.js';
import { hasZ, normal, positionsOf } from './normal-geometry.js';

const LAYER_OF: Record<string, string> = {
  Point: 'points',
  LineString: 'linestrings',
  Polygon: 'polygons',
  MultiPoint: 'multipoints',
  MultiLineString: 'multilinestrings',
  MultiPolygon: 'multipolygons',
  GeometryCollection: 'geometrycollections',
};
const WITHOUT = 'locations_without_geometry';

/** Tests the GeoPackage of a bundle of `organization/slug`; `of` is asked when a test runs. */
export function testGeoPackage(project: string, of: () => Exported): void {
  const name = `${project.split('/')[1]}.gpkg`;
  let known: ReadGeoPackage | undefined;
  const read = () => {
    known ??= readGeoPackages([of().open.path(name)])[0];
    return known as ReadGeoPackage;
  };
  /** Names of the tables that a kind of record is in. */
  const tablesOf = (table: Table) =>
    table === 'locations' ? Object.keys(read().tables).filter((each) => each === WITHOUT || isLayer(each)) : [table];

  test('the GeoPackage has no fault to SQLite, the tables of the standard, and a layer for each type of geometry', () => {
    const { applicationId, userVersion, faults, tables } = read();
    expect({ applicationId, userVersion, faults }).toEqual({
      applicationId: 0x47504b47,
      userVersion: 10300,
      faults: [],
    });
    const { locations } = of().stored;
    const layers = new Set(locations.map(({ geometry }) => (geometry ? (LAYER_OF[geometry.type] as string) : WITHOUT)));
    const own = Object.keys(tables).filter((each) => !each.startsWith('gpkg_'));
    expect(own.toSorted()).toEqual([...layers, 'parties', 'relationships'].sort());
    expect(tables.gpkg_contents?.rows.map(([table, kind]) => [table, kind]).sort()).toEqual(
      own.map((table) => [table, isLayer(table) ? 'features' : 'attributes']).sort(),
    );
    for (const [layer, column, , srs, z, m] of tables.gpkg_geometry_columns?.rows ?? []) {
      const heights = locations.flatMap(({ geometry }) =>
        geometry && LAYER_OF[geometry.type] === layer ? [hasZ(geometry)] : [],
      );
      const expected = heights.every((each) => each) ? '1' : heights.some((each) => each) ? '2' : '0';
      expect([column, srs, z, m]).toEqual(['geom', { integer: '4326' }, { integer: expected }, { integer: '0' }]);
    }
  });

  test('ogrinfo reads every layer without a word of warning, in EPSG:4326 and within its extent', () => {
    const { open, stored } = of();
    for (const layer of tablesOf('locations').filter(isLayer)) {
      const warned = execFileSync('sh', [
        '-c',
        'ogrinfo -al -so "$1" "$2" 2>&1 >/dev/null',
        'sh',
        open.path(name),
        layer,
      ]);
      expect(warned.toString()).toBe('');
      const text = execFileSync('ogrinfo', ['-al', '-so', open.path(name), layer], { encoding: 'utf8' });
      const own = stored.locations.filter(({ geometry }) => geometry && LAYER_OF[geometry.type] === layer);
      expect(text).toContain(`Feature Count: ${own.length}`);
      expect(text).toContain('ID["EPSG",4326]');
      const places = own.flatMap(({ geometry }) => positionsOf(geometry));
      const contents = read().tables.gpkg_contents?.rows.find(([table]) => table === layer);
      const least = (axis: 0 | 1) =>
        places.reduce((all, each) => Math.min(all, each[axis] as number), Number.POSITIVE_INFINITY);
      const most = (axis: 0 | 1) =>
        places.reduce((all, each) => Math.max(all, each[axis] as number), Number.NEGATIVE_INFINITY);
      const box = contents?.slice(5, 9).map((cell) => (cell as { real: number } | null)?.real);
      if (places.length > 0) expect(box).toEqual([least(0), least(1), most(0), most(1)]);
    }
  });

  test('GDAL reads every geometry to the last bit, each in the layer of its type', () => {
    const { open, stored } = of();
    const actual = new Map<string, unknown>();
    for (const layer of tablesOf('locations').filter(isLayer)) {
      for (const { properties, geometry } of readMixedFeatures(open.path(name), layer)) {
        if (positionsOf(geometry).length > 0) actual.set(properties?.id, [layer, normal(geometry, true)]);
      }
    }
    const filled = stored.locations.filter(({ geometry }) => positionsOf(geometry).length > 0);
    const wanted = byId(
      filled,
      ({ id }) => id,
      ({ geometry }) => [LAYER_OF[geometry?.type ?? ''], normal(geometry, true)],
    );
    expect(differences(wanted, actual)).toEqual([]);
  });

  test.each(TABLES)(
    '%s in the GeoPackage, read by Python, have the database’s values, every digit of them',
    (table) => {
      const { names, rows: wanted } = expectedRows(of(), table);
      const records = tablesOf(table).flatMap((each) => {
        const { columns = [], rows = [] } = read().tables[each] ?? {};
        const own = columns.filter((column) => column.name !== 'fid' && column.name !== 'geom');
        expect(own.map((column) => column.name)).toEqual(names);
        return rows.map((row) => row.slice(-own.length).map((cell, i) => asText(cell, own[i]?.type)));
      });
      const actual = byId(
        records,
        (row) => row[0] as string,
        (row) => row,
      );
      expect(differences(wanted, actual)).toEqual([]);
    },
  );

  test('columns have the type of what is in them, and the form’s words beside them', () => {
    const { stored } = of();
    const { tables } = read();
    const labels = new Map(
      tables.gpkg_data_columns?.rows.map(([table, column, , title]) => [`${table} ${column}`, title]),
    );
    for (const table of TABLES) {
      for (const { name: question, label } of stored.forms[table]) {
        for (const each of tablesOf(table)) {
          const column = [`attributes.${question}`, question].find((name) =>
            tables[each]?.columns.some((found) => found.name === name),
          );
          if (column && label !== column) expect(labels.get(`${each} ${column}`)).toBe(label);
        }
      }
      for (const each of tablesOf(table)) {
        const { columns = [], rows = [] } = tables[each] ?? {};
        for (const [place, { name, type }] of columns.entries()) {
          const kinds = new Set(rows.flatMap((row) => (row[place] === null ? [] : [kindOf(row[place] as SqliteCell)])));
          if (type === 'TEXT')
            expect(
              [...kinds].filter((kind) => kind !== 'text'),
              `${each}.${name}`,
            ).toEqual([]);
          if (/^(INTEGER|BOOLEAN)$/.test(type)) expect([...kinds].filter((kind) => kind !== 'integer')).toEqual([]);
          if (type === 'REAL') expect([...kinds].filter((kind) => kind !== 'real')).toEqual([]);
        }
      }
    }
  });
}

function isLayer(table: string): boolean {
  return Object.values(LAYER_OF).includes(table);
}

function kindOf(cell: SqliteCell): string {
  if (typeof cell === 'string') return 'text';
  return Object.keys(cell ?? {})[0] ?? 'null';
}

/** A cell as the CSV would have it, so that it can be compared whatever its column's type. */
function asText(cell: SqliteCell, type: string | undefined): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if ('blob' in cell) return cell.blob;
  if ('real' in cell) return `${cell.real}`;
  return type === 'BOOLEAN' ? (cell.integer === '1' ? 'true' : 'false') : cell.integer;
}
