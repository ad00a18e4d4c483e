/** What README.txt says of the formats for maps on the web, and for data analysis. */
import { LAYERS } from '../typed/geometry.js';
import type { BundleFile } from './info.js';

/** Of FlatGeobuf; nothing where there is none. */
export function flatGeobufGuide(files: readonly BundleFile[]): (string | false)[] {
  const named = namesOf(files, '.fgb');
  if (named.length === 0) return [];
  const layers = named.filter((name) => (LAYERS as readonly string[]).includes(name.replace(/\.fgb$/, '')));
  const others = named.filter((name) => !layers.includes(name));
  return [
    `${named.join(', ')} ${named.length === 1 ? 'is' : 'are'} FlatGeobuf, for QGIS, GDAL and maps on the web, with all answers as columns of their own types. ${
      layers.length > 0
        ? 'There is a file for each type of geometry; its index lets a program read only what it shows. '
        : ''
    }${others.length > 0 ? `${others.join(', ')} ${others.length === 1 ? 'is a table' : 'are tables'} without geometries. ` : ''}The format has no dates by themselves: a program may show the first moment of the day.`,
  ];
}

/** Of Parquet; nothing where there is none. */
export function parquetGuide(files: readonly BundleFile[]): (string | false)[] {
  const named = namesOf(files, '.parquet');
  if (named.length === 0) return [];
  return [
    `${named.join(', ')} ${named.length === 1 ? 'is' : 'are'} Parquet, for DuckDB, Python (pandas, GeoPandas), R (arrow), QGIS and their like, with all answers as columns of their own types.`,
    named.includes('locations.parquet') &&
      'locations.parquet is GeoParquet 1.1: the column geometry has the geometries of all types (WKB), the column bbox their extents.',
  ];
}

function namesOf(files: readonly BundleFile[], extension: string): string[] {
  return files.map(({ name }) => name).filter((name) => name.endsWith(extension));
}
