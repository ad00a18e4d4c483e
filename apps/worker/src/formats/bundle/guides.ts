/** What README.txt says of each format that is there. */
import { LISTING_FILE, LISTING_LONG_TEXTS_FILE } from '../resources/listing.js';
import { LONG_TEXTS_FILE } from '../xlsx/fragment.js';
import { MAX_CELL } from '../xlsx/text.js';
import type { BundleFile, BundleInfo } from './info.js';
import type { Key } from './languages/en.js';
import type { Speaker } from './languages/speaker.js';
import { wrap } from './text.js';

const DIVIDED_BY = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' } as const satisfies Record<
  string,
  Key
>;

export const isTable = ({ name }: BundleFile): boolean => name.endsWith('.csv');

/** Paragraphs about the files that are there, in the order of the bundle. */
export function formatGuides({ files, asked }: BundleInfo, speaker: Speaker): string[] {
  const has = (name: string) => files.some((file) => file.name === name);
  const csv = files.some(isTable)
    ? [
        speaker.say(asked.csv.labels ? 'csvLabels' : 'csv', {
          delimiter: speaker.say(DIVIDED_BY[asked.csv.delimiter ?? ',']),
        }),
        ...(asked.csv.escapeFormulas ? [speaker.say('csvFormulas')] : []),
        ...(has('relationships.csv') ? [speaker.say('csvRelationships')] : []),
      ]
    : [];
  return [
    ...csv,
    ...jsonGuide(files, speaker),
    ...workbookGuide(files, speaker),
    ...geoPackageGuide(files, speaker),
    ...flatGeobufGuide(files, speaker),
    ...parquetGuide(files, speaker),
    ...(has(LISTING_FILE) ? [speaker.say('resourceFiles', { file: LISTING_FILE })] : []),
    ...(has(LISTING_LONG_TEXTS_FILE)
      ? [speaker.say('workbookLong', { limit: MAX_CELL, file: LISTING_LONG_TEXTS_FILE })]
      : []),
  ];
}

function jsonGuide(files: readonly BundleFile[], speaker: Speaker): string[] {
  const named = (...names: string[]) => names.filter((name) => files.some((file) => file.name === name));
  const documents = named('parties.json', 'relationships.json');
  const lines = named('locations.geojsonl', 'parties.jsonl', 'relationships.jsonl');
  const inJson = (entity: string) =>
    speaker.list(named(`${entity}.json`, `${entity}.geojson`, `${entity}.jsonl`, `${entity}.geojsonl`));
  if (inJson('locations') === '') return [];
  return [
    ...(documents.length > 0 ? [speaker.say('jsonDocuments', { documents: speaker.list(documents) })] : []),
    ...(lines.length > 0 ? [speaker.say('jsonLines', { files: lines.join(', ') })] : []),
    speaker.say('jsonIds', {
      relationships: inJson('relationships'),
      parties: inJson('parties'),
      locations: inJson('locations'),
    }),
  ];
}

function workbookGuide(files: readonly BundleFile[], speaker: Speaker): string[] {
  const workbook = files.find(({ name, tables }) => name.endsWith('.xlsx') && name !== LISTING_FILE && tables);
  if (!workbook) return [];
  const sheets = workbook.tables?.flatMap(({ name, sheets = [name] }) => sheets) ?? [];
  return [
    speaker.say('workbook', { file: workbook.name, sheets: sheets.join(', ') }),
    speaker.say('workbookNumbers'),
    ...(files.some(({ name }) => name === LONG_TEXTS_FILE)
      ? [speaker.say('workbookLong', { limit: MAX_CELL, file: LONG_TEXTS_FILE })]
      : []),
  ];
}

function geoPackageGuide(files: readonly BundleFile[], speaker: Speaker): string[] {
  const geoPackage = files.find(({ name }) => name.endsWith('.gpkg'));
  if (!geoPackage) return [];
  const tables = geoPackage.tables?.map(({ name }) => name) ?? [];
  return [
    speaker.say('geoPackage', { file: geoPackage.name, tables: tables.join(', ') }),
    speaker.say('geoPackageIds'),
  ];
}

const LISTS = /^(?:parties|relationships|locations_without_geometry)\./;

function flatGeobufGuide(files: readonly BundleFile[], speaker: Speaker): string[] {
  const named = namesOf(files, '.fgb');
  const tables = named.filter((name) => LISTS.test(name));
  if (named.length === 0) return [];
  return [
    speaker.say('flatGeobuf', { files: named.join(', ') }),
    ...(tables.length > 0 ? [speaker.say('flatGeobufTables', { files: tables.join(', ') })] : []),
  ];
}

function parquetGuide(files: readonly BundleFile[], speaker: Speaker): string[] {
  const named = namesOf(files, '.parquet');
  if (named.length === 0) return [];
  return [
    speaker.say('parquet', { files: named.join(', ') }),
    ...(named.includes('locations.parquet') ? [speaker.say('geoParquet')] : []),
  ];
}

function namesOf(files: readonly BundleFile[], extension: string): string[] {
  return files.map(({ name }) => name).filter((name) => name.endsWith(extension));
}

/** How GDAL reads the geometries of locations.csv, by the way in which they were asked for. */
export function geometryGuide({ files, asked }: BundleInfo, speaker: Speaker): string[] {
  if (!files.some(({ name }) => name === 'locations.csv')) return [];
  switch (asked.csv.geometry) {
    case 'wkt':
      return [...wrap('', speaker.say('wkt'), 0), ...byName('geometry.wkt')];
    case 'geojson':
      return [...wrap('', speaker.say('geojsonColumn'), 0), ...byName('geometry.geojson')];
    case 'none':
      return wrap('', speaker.say('noGeometry'), 0);
    default:
      // GDAL's CSV driver takes WKT for a geometry, and EWKT for a text.
      return [
        ...wrap('', speaker.say('ewkt'), 0),
        '    ogr2ogr locations.gpkg locations.csv -dialect SQLite',
        '      -sql "SELECT *, GeomFromEWKT([geometry.ewkt]) AS geom FROM locations"',
      ];
  }
}

const byName = (column: string) => [
  '    ogr2ogr locations.gpkg locations.csv -a_srs EPSG:4326',
  `      -oo GEOM_POSSIBLE_NAMES=${column}`,
];
