/** For each format a reader that shares no code with what writes it, and what it finds of a record. */
import type { Format } from '@parcelpost/shared/export-request.js';
import type { Geometry } from 'geojson';
import { type DbaseCell, readDbase } from '../../support/dbase.js';
import { readFlatGeobufs } from '../../support/flatgeobuf.js';
import { readFeatures, readMixedFeatures, readWkt } from '../../support/gdal.js';
import { type ReadGeoPackage, readGeoPackages, type SqliteCell, type SqliteTable } from '../../support/geopackage.js';
import { readParquetFile } from '../../support/parquet.js';
import type { OpenBundle } from '../../support/planted-bundle.js';
import { type ExactJson, readCsv, readJsonExactly } from '../../support/python.js';
import { readWorkbooks } from '../../support/workbook.js';

/** What a format keeps of a value: itself, or itself as a text that says the same. */
export type Found = { text: string } | { number: string } | { truth: boolean } | { json: ExactJson } | undefined;

export interface ReadLocations {
  /** Geometry by id; no entry where the format has no such record. `undefined` where it keeps none by design. */
  geometries: Map<string, Geometry | null> | undefined;
  /** Values by id and column, under the names that the file has. */
  cells: Map<string, Map<string, Found>>;
}

export interface Reader {
  format: Format;
  /** Who reads it. */
  by: string;
  read(files: Unpacked): ReadLocations;
}

/** A bundle on disk. */
export interface Unpacked {
  bundle: OpenBundle;
  path(name: string): string;
}

const text = (value: string): Found => ({ text: value });

export const READERS: readonly Reader[] = [
  {
    format: 'csv',
    by: 'Python’s csv, and GDAL for the geometries',
    read({ path }) {
      const [header = [], ...rows] = readCsv(path('locations.csv'));
      const place = header.indexOf('geometry.ewkt');
      const texts = rows.map((row) => (row[place] ?? '').replace(/^SRID=4326;/, ''));
      // GDAL does not read what is not finite.
      const finite = texts.map((each) => (/nan|inf/i.test(each) ? '' : each));
      const geometries = readWkt(finite);
      return {
        geometries: new Map(
          rows.map(([id = ''], i) => [
            id,
            finite[i] === texts[i] ? (geometries[i] ?? null) : notFinite(texts[i] ?? ''),
          ]),
        ),
        cells: new Map(rows.map((row) => [row[0] ?? '', new Map(header.map((name, i) => [name, text(row[i] ?? '')]))])),
      };
    },
  },
  {
    format: 'shapefiles',
    by: 'GDAL, and Python for the tables',
    read({ bundle, path }) {
      const names = [...bundle.files.keys()].filter((name) => name.endsWith('.shp'));
      const features = names.flatMap((name) => readFeatures(path(name)));
      const rows = readDbase(names.map((name) => path(name.replace(/shp$/, 'dbf')))).flat();
      return {
        geometries: new Map(features.map(({ properties, geometry }) => [properties?.id, geometry])),
        cells: new Map(
          rows.map((row) => [
            row.id?.[1] ?? '',
            new Map(Object.entries(row).map(([name, cell]) => [name, dbase(cell)])),
          ]),
        ),
      };
    },
  },
  {
    format: 'xlsx',
    by: 'openpyxl',
    read({ path }) {
      const [header = [], ...rows] =
        readWorkbooks([path('made.xlsx')])[0]?.find(({ name }) => name === 'locations')?.rows ?? [];
      const cell = (value: unknown): Found =>
        value === null ? undefined : typeof value === 'object' ? (value as { number: string }) : plain(value);
      return {
        geometries: undefined,
        cells: new Map(
          rows.map((row) => [row[0] as string, new Map(header.map((name, i) => [name as string, cell(row[i])]))]),
        ),
      };
    },
  },
  {
    format: 'gpkg',
    by: 'Python’s sqlite3, and GDAL for the geometries',
    read({ path }) {
      const { tables } = readGeoPackages([path('made.gpkg')])[0] as ReadGeoPackage;
      const own = Object.keys(tables).filter((name) => !/^(gpkg_|parties|relationships)/.test(name));
      const geometries = new Map<string, Geometry | null>();
      const cells: ReadLocations['cells'] = new Map();
      for (const name of own) {
        const { columns = [], rows = [] } = tables[name] ?? {};
        for (const row of rows) {
          const found = new Map(columns.map((column, i) => [column.name, sqlite(row[i] ?? null, column.type)]));
          const id = (found.get('id') as { text: string }).text;
          geometries.set(id, null);
          cells.set(id, found);
        }
        if (!columns.some((column) => column.name === 'geom')) continue;
        const high = new Map(rows.map((row) => [row[id(columns)] as string, hasHeights(row[geom(columns)] ?? null)]));
        for (const { properties, geometry } of readMixedFeatures(path('made.gpkg'), name)) {
          geometries.set(properties?.id, high.get(properties?.id) ? geometry : flat(geometry));
        }
      }
      return { geometries, cells };
    },
  },
  { format: 'geojson', by: 'Python’s json', read: ({ bundle }) => readJson(bundle.text('locations.geojson')) },
  {
    format: 'geojsonl',
    by: 'Python’s json',
    read: ({ bundle }) => readJson(`{"features":[${bundle.text('locations.geojsonl').trim().split('\n').join(',')}]}`),
  },
  {
    format: 'fgb',
    by: 'GDAL',
    read({ bundle, path }) {
      const names = [...bundle.files.keys()]
        .filter((name) => name.endsWith('.fgb') && !/^(parties|relationships)/.test(name))
        .map((name) => name.replace(/\.fgb$/, ''));
      const read = readFlatGeobufs(names.map((layer) => ({ path: path(`${layer}.fgb`), layer })));
      const geometries = new Map<string, Geometry | null>();
      const cells: ReadLocations['cells'] = new Map();
      for (const { columns, rows, geometries: own } of read) {
        for (const [i, row] of rows.entries()) {
          geometries.set(row[0] as string, own[i] ?? null);
          cells.set(
            row[0] as string,
            new Map(columns.map(({ name, type }, at) => [name, sqlite(row[at] ?? null, type)])),
          );
        }
      }
      return { geometries, cells };
    },
  },
  {
    format: 'parquet',
    by: 'Apache Arrow (Rust)',
    read({ bundle }) {
      const { columns, rows, geometries } = readParquetFile(bundle.bytes('locations.parquet'));
      return {
        geometries: new Map(rows.map((row, i) => [row[0] as string, geometries[i] ?? null])),
        cells: new Map(
          rows.map((row) => [row[0] as string, new Map(columns.map(({ name }, i) => [name, plain(row[i])]))]),
        ),
      };
    },
  },
];

function readJson(source: string): ReadLocations {
  const [document] = readJsonExactly([source]) as [Map<string, ExactJson>];
  const features = document.get('features') as Map<string, ExactJson>[];
  const attributes = (feature: Map<string, ExactJson>) =>
    (feature.get('properties') as Map<string, ExactJson>).get('attributes') as Map<string, ExactJson>;
  return {
    geometries: new Map(
      features.map((each) => [each.get('id') as string, loose(each.get('geometry')) as Geometry | null]),
    ),
    cells: new Map(
      features.map((each) => [
        each.get('id') as string,
        new Map([...attributes(each)].map(([name, json]): [string, Found] => [name, { json }])),
      ]),
    ),
  };
}

/** JSON with its numbers as JavaScript has them. */
function loose(value: ExactJson | undefined): unknown {
  if (Array.isArray(value)) return value.map(loose);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, loose(item)]));
  if (value !== null && typeof value === 'object') return Number(value.number);
  return value ?? null;
}

function plain(value: unknown): Found {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'boolean') return { truth: value };
  return typeof value === 'number' || typeof value === 'bigint' ? { number: `${value}` } : text(`${value}`);
}

function sqlite(cell: SqliteCell, type = ''): Found {
  if (cell === null) return undefined;
  if (typeof cell === 'string') return text(cell);
  if ('blob' in cell) return text(cell.blob);
  if ('real' in cell) return { number: `${cell.real}` };
  return /BOOL/i.test(type) ? { truth: cell.integer === '1' } : { number: cell.integer };
}

type Columns = SqliteTable['columns'];
const id = (columns: Columns) => columns.findIndex(({ name }) => name === 'id');
const geom = (columns: Columns) => columns.findIndex(({ name }) => name === 'geom');

/** Bytes of the extent in a GeoPackage's geometry, by its code (OGC 12-128r19, 2.1.3). */
const EXTENTS = [0, 32, 48, 48, 64];

/** Whether a GeoPackage's geometry says that it has heights: GDAL gives every one of a layer some. */
function hasHeights(cell: SqliteCell): boolean {
  if (cell === null || typeof cell !== 'object' || !('blob' in cell)) return false;
  const blob = Buffer.from(cell.blob, 'hex');
  const wkb = 8 + (EXTENTS[((blob[3] as number) >> 1) & 7] ?? 0);
  return blob.readUInt32LE(wkb + 1) > 1000;
}

/** Without the heights of 0 that GDAL gives to what has none. */
function flat(geometry: Geometry | null): Geometry | null {
  const cut = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    return typeof value[0] === 'number' ? (value[2] === 0 ? value.slice(0, 2) : value) : value.map(cut);
  };
  if (geometry?.type === 'GeometryCollection') {
    return { ...geometry, geometries: geometry.geometries.map((each) => flat(each) as Geometry) };
  }
  return geometry && ({ ...geometry, coordinates: cut(geometry.coordinates) } as Geometry);
}

function dbase([type, value]: DbaseCell): Found {
  if (value === '') return undefined;
  if (type === 'N') return { number: value };
  if (type === 'L') return { truth: value === 'T' };
  return text(type === 'D' ? value.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3') : value);
}

/** A geometry of EWKT with numbers that only JavaScript reads. */
function notFinite(ewkt: string): Geometry {
  const [, type = '', body = ''] = /^(\w+)\s*\(([^()]*)\)$/.exec(ewkt) ?? [];
  const positions = body.split(',').map((each) =>
    each
      .trim()
      .split(/\s+/)
      .map((word) => (/nan/i.test(word) ? Number.NaN : /inf/i.test(word) ? Number.POSITIVE_INFINITY : Number(word))),
  );
  return (
    type === 'POINT' ? { type: 'Point', coordinates: positions[0] } : { type: 'LineString', coordinates: positions }
  ) as Geometry;
}
