/** What is measured: steps of the pipeline, and how another program writes the same. */
import type { ExportOptions, Format } from '@parcelpost/shared/export-request.js';
import type { Entity } from '@parcelpost/shared/records.js';

/** Layers of the source that the other program reads; `text` has locations with their geometry as a text. */
export type Layer = Entity | 'text';

/** The same by `ogr2ogr`: what it is told before the name of its output, and behind that of its source. */
export interface OgrCase {
  driver: string;
  extension: string;
  layers: readonly Layer[];
  options?: readonly string[];
}

export interface FormatCase {
  name: string;
  format: Format;
  /** Of the request. */
  options?: Partial<ExportOptions>;
  /** Of the pipeline's steps, where the step is. */
  file: string;
  /** Step and output as the pipeline has them, and the entities that are mapped. */
  step: string;
  output: string;
  entities: readonly Entity[];
  /** Undefined where there is nothing to compare with, and `why` says so. */
  ogr?: OgrCase;
  why?: string;
  /** Rows that are wanted of a core in a second. */
  wanted?: number;
}

const TABLES = ['locations', 'parties', 'relationships'] as const;

const csv = (entity: 'relationships' | 'parties' | 'locations'): FormatCase => ({
  name: `csv-${entity}`,
  format: 'csv',
  file: 'csv-tables',
  step: entity,
  output: 'csv',
  entities: [entity],
  ogr: {
    driver: 'CSV',
    extension: 'csv',
    layers: [entity],
    options: entity === 'locations' ? ['-lco', 'GEOMETRY=AS_WKT'] : [],
  },
  wanted: 150_000,
});

const json = (format: 'geojson' | 'geojsonl', driver: string, options: readonly string[] = []): FormatCase => ({
  name: format,
  format,
  file: 'json-files',
  step: 'locations-json',
  output: format,
  entities: ['locations'],
  ogr: { driver, extension: format, layers: ['locations'], options },
});

export const CASES: readonly FormatCase[] = [
  csv('relationships'),
  csv('parties'),
  csv('locations'),
  {
    name: 'shp',
    format: 'shapefiles',
    file: 'shapefiles',
    step: 'shapefiles',
    output: 'polygons',
    entities: ['locations'],
    ogr: {
      driver: 'ESRI Shapefile',
      extension: 'shp',
      layers: ['locations'],
      options: ['-select', 'id,type', '-lco', 'ENCODING=UTF-8'],
    },
    wanted: 200_000,
  },
  {
    name: 'shp-attributes',
    format: 'shapefiles',
    options: { shapefileAttributes: true },
    file: 'shapefiles',
    step: 'shapefiles',
    output: 'polygons',
    entities: ['locations'],
    ogr: { driver: 'ESRI Shapefile', extension: 'shp', layers: ['locations'], options: ['-lco', 'ENCODING=UTF-8'] },
  },
  json('geojson', 'GeoJSON', ['-lco', 'RFC7946=YES']),
  json('geojsonl', 'GeoJSONSeq'),
  {
    name: 'xlsx',
    format: 'xlsx',
    file: 'workbook',
    step: 'xlsx',
    output: 'workbook',
    entities: TABLES,
    ogr: { driver: 'XLSX', extension: 'xlsx', layers: ['text', 'parties', 'relationships'] },
  },
  {
    name: 'gpkg',
    format: 'gpkg',
    file: 'typed-tables',
    step: 'typed-tables',
    output: 'gpkg',
    entities: TABLES,
    ogr: { driver: 'GPKG', extension: 'gpkg', layers: TABLES },
  },
  {
    name: 'fgb',
    format: 'fgb',
    file: 'typed-tables',
    step: 'typed-tables',
    output: 'fgb-locations',
    entities: ['locations'],
    ogr: { driver: 'FlatGeobuf', extension: 'fgb', layers: ['locations'] },
  },
  {
    name: 'parquet',
    format: 'parquet',
    file: 'typed-tables',
    step: 'typed-tables',
    output: 'parquet-locations',
    entities: ['locations'],
    ogr: { driver: 'Parquet', extension: 'parquet', layers: ['locations'], options: ['-lco', 'COMPRESSION=SNAPPY'] },
  },
  {
    name: 'resources',
    format: 'resources',
    file: 'resources',
    step: 'resources',
    output: 'files',
    entities: ['resources'],
    why: 'a file for each row',
  },
  {
    name: 'references',
    format: 'csv',
    file: 'references',
    step: 'references',
    output: 'ids',
    entities: TABLES,
    why: 'makes no file',
  },
];

/** The case of this name. Throws where there is none. */
export function caseNamed(name: string): FormatCase {
  const found = CASES.find((each) => each.name === name);
  if (!found)
    throw new Error(
      `there is no format ${JSON.stringify(name)}; there are ${CASES.map((each) => each.name).join(', ')}`,
    );
  return found;
}

/** The options of a request for one case alone. */
export function requestOf({ format, options }: FormatCase): ExportOptions {
  return {
    outputType: 'custom',
    formats: [format],
    csv: { bom: false, escapeFormulas: true },
    allowPartial: false,
    ...options,
  };
}
