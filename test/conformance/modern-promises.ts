/** What is promised of the formats `fgb` and `parquet`, judged by GDAL and by Apache Arrow's reader. */
import type { Geometry } from 'geojson';
import { expect, test } from 'vitest';
import { readFlatGeobufs } from '../support/flatgeobuf.js';
import { layerSummary } from '../support/gdal.js';
import { readParquetFile, readParquetFooter } from '../support/parquet.js';
import { cellText as readText } from '../support/typed-cells.js';
import { TABLES } from './database-records.js';
import { byId, differences, type Exported, expectedRows, isHigh } from './exported.js';
import { hasZ, normal, positionsOf } from './normal-geometry.js';

const WITHOUT = 'locations_without_geometry';

/** Tests the bundle with these formats; `of` is asked when a test runs. */
export function testModern(of: () => Exported): void {
  /** The locations of each FlatGeobuf file. */
  const layers = () => {
    const found = new Map<string, StoredLocations>();
    for (const location of of().stored.locations) {
      const { geometry } = location;
      const empty = positionsOf(geometry).length === 0;
      const name = empty || !geometry ? WITHOUT : `${geometry.type.toLowerCase()}s`;
      found.set(name, [...(found.get(name) ?? []), location]);
    }
    return found;
  };

  test('there is a FlatGeobuf file for each type of geometry, of that type, in WGS 84, with heights where it has any', () => {
    const { open } = of();
    const wanted = ['parties', 'relationships', ...layers().keys()].map((name) => `${name}.fgb`);
    expect(open.names.filter((name) => name.endsWith('.fgb')).sort()).toEqual(wanted.sort());
    for (const [name, locations] of layers()) {
      const summary = layerSummary(open.path(`${name}.fgb`));
      expect(summary.features).toBe(locations.length);
      if (name === WITHOUT) continue;
      expect(summary.crs).toBe('EPSG:4326');
      expect(summary.geometry.startsWith('3D ')).toBe(isHigh(locations));
    }
  });

  test('GDAL reads every geometry of the FlatGeobuf files to the last bit', () => {
    const { open, stored } = of();
    const names = [...layers().keys()];
    const read = readFlatGeobufs(names.map((layer) => ({ path: open.path(`${layer}.fgb`), layer })));
    const actual = new Map(
      read.flatMap(({ rows, geometries }, i) =>
        rows.map((row, at) => [row[0] as string, [names[i], normal(geometries[at] ?? null, true)]] as const),
      ),
    );
    const wanted = byId(
      stored.locations,
      ({ id }) => id,
      ({ geometry }) => {
        const kept = withoutEmpty(geometry);
        return [kept ? `${kept.type.toLowerCase()}s` : WITHOUT, kept && normal(kept, true)];
      },
    );
    expect(differences(wanted, actual)).toEqual([]);
  });

  test('Arrow reads every geometry of locations.parquet to the last bit, heights only where they were recorded', async () => {
    const { open, stored } = of();
    const bytes = open.bytes('locations.parquet');
    const { rows, geometries } = readParquetFile(bytes);
    const actual = new Map(rows.map((row, i) => [row[0] as string, normal(geometries[i] ?? null)]));
    const wanted = byId(
      stored.locations,
      ({ id }) => id,
      ({ geometry }) => normal(geometry),
    );
    expect(differences(wanted, actual)).toEqual([]);
    const geo = JSON.parse((await readParquetFooter(bytes)).metadata.get('geo') ?? '');
    const types = stored.locations.flatMap(({ geometry }) =>
      geometry ? [`${geometry.type}${hasZ(geometry) ? ' Z' : ''}`] : [],
    );
    expect(geo.columns.geometry.geometry_types.toSorted()).toEqual([...new Set(types)].sort());
  });

  test.each(TABLES)('%s in FlatGeobuf and Parquet have the database’s values, every digit of them', (table) => {
    const { open, stored } = of();
    const { names, rows: wanted } = expectedRows(of(), table);
    const layerNames = table === 'locations' ? [...layers().keys()] : [table];
    const read = readFlatGeobufs(layerNames.map((layer) => ({ path: open.path(`${layer}.fgb`), layer })));
    const rows = read.flatMap(({ columns, rows: all }) => {
      expect(columns.map(({ name }) => name)).toEqual(names);
      return all.map((row) => row.map((cell, i) => readText(cell, columns[i]?.type)));
    });
    expect(differences(wanted, rowsById(rows))).toEqual([]);

    const parquet = readParquetFile(open.bytes(`${table}.parquet`));
    const own = table === 'locations' ? -1 : parquet.columns.length;
    expect(parquet.columns.slice(0, own).map(({ name }) => name)).toEqual(names);
    const cells = parquet.rows.map((row) => row.slice(0, own).map((cell) => (cell === null ? '' : `${cell}`)));
    expect(differences(wanted, rowsById(cells))).toEqual([]);
    expect(parquet.rows.length).toBe(stored[table].length);
  });

  test('what FlatGeobuf files do not have as it was is counted in the manifest', () => {
    const { warnings } = JSON.parse(of().open.text('manifest.json')) as { warnings: { code: string; count: number }[] };
    const counted = new Map(warnings.map(({ code, count }) => [code, count]));
    const all = [...layers()];
    const empty =
      layers()
        .get(WITHOUT)
        ?.filter(({ geometry }) => geometry !== null).length ?? 0;
    const raised = all
      .filter(([name, locations]) => name !== WITHOUT && isHigh(locations))
      .flatMap(([, locations]) => locations.filter(({ geometry }) => !hasZ(geometry)));
    expect(counted.get('fgb-empty-geometry') ?? 0).toBe(empty);
    expect(counted.get('fgb-height-added') ?? 0).toBe(raised.length);
  });
}

type StoredLocations = Exported['stored']['locations'];

function rowsById(rows: readonly string[][]): Map<string, string[]> {
  return byId(
    rows,
    (row) => row[0] as string,
    (row) => row,
  );
}

function withoutEmpty(geometry: Geometry | null): Geometry | null {
  if (positionsOf(geometry).length === 0 || geometry?.type !== 'GeometryCollection') {
    return positionsOf(geometry).length === 0 ? null : geometry;
  }
  return { ...geometry, geometries: geometry.geometries.flatMap((each) => withoutEmpty(each) ?? []) };
}
