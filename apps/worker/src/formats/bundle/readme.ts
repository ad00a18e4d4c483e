/** README.txt and shp_readme.txt: what the files are, for people who know nothing of where they come from. */

import type { Column } from '../csv/columns.js';
import { FAMILIES, type Family } from '../shapefile/shape.js';
import { LONG_TEXTS_FILE } from '../xlsx/fragment.js';
import { type BundleFile, type BundleInfo, type BundleWarning, familyOf } from './info.js';
import { missingNotice, missingSection } from './missing.js';
import { shapefileColumns } from './shp-columns.js';
import { amount, definitions, heading, moment, oneLine, textFile, wrap } from './text.js';

/** Warnings of missing parts; README.txt tells of these elsewhere, and each by itself. */
const MISSING_CODES = new Set(['records-missing', 'file-missing']);

/** README.txt: what is missing, project, organization, who asked, when, counts per file, columns, warnings. */
export function renderReadme(info: BundleInfo): string {
  const { project, organization, software, files } = info;
  const hasShapefiles = files.some((file) => familyOf(file.name));
  const hasTables = files.some(isTable);
  return textFile([
    ...wrap('', `Land tenure records of the project ${project.name} (${organization.name})`, 0),
    '',
    ...missingNotice(info.missing),
    ...wrap('', `${software.name} ${software.version} read them from the platform on which the project is kept.`, 0),
    ...heading('This export'),
    ...definitions([
      ['Project', `${project.name} (${project.slug})`],
      ...(oneLine(project.description) === '' ? [] : [['Description', project.description] as const]),
      ...(oneLine(project.country) === '' ? [] : [['Country', project.country] as const]),
      ['Organization', `${organization.name} (${organization.slug})`],
      ['Asked for', `${info.asked.outputType} (${info.asked.formats.join(', ')})`],
      ...provenance(info),
    ]),
    ...missingSection(info.missing),
    ...heading('Files'),
    ...definitions([
      ...files.map((file) => [file.name, counts(file)] as const),
      ['README.txt', 'this text'],
      ['manifest.json', 'the same for programs, with a SHA-256 checksum of every file'],
    ]),
    ...heading('How to read them'),
    ...paragraphs([
      hasTables &&
        `The .csv files are tables: UTF-8, cells divided by ${DIVIDED_BY[info.asked.csv.delimiter ?? ',']}, the first line has the names of the columns${info.asked.csv.labels ? ', the second the questions as the form puts them' : ''}. A list is written with commas between its items, a nested answer as JSON, and what was not answered is empty.`,
      hasTables &&
        info.asked.csv.escapeFormulas &&
        "A text that a spreadsheet would take for a formula (one that begins with = + - @, a tab or a line end) has an apostrophe ' before it, which is not part of the answer.",
      files.some((file) => file.name === 'relationships.csv') &&
        'relationships.csv says which party holds what right to which location: party_id is an id in parties.csv, spatial_unit_id is an id in locations.csv.',
      ...jsonGuide(files),
      ...workbookGuide(files),
      ...geoPackageGuide(files),
      'Geometries are in longitude and latitude, WGS 84 (EPSG:4326).',
      hasShapefiles && 'shp_readme.txt tells more of the shapefiles, and how to join them to the tables.',
    ]),
    ...(files.some((file) => file.name === 'locations.csv') ? GEOMETRY_GUIDES[info.asked.csv.geometry ?? 'ewkt'] : []),
    ...columnSection(files),
    ...heading('Warnings'),
    ...warningLines(
      info.warnings.filter(({ code }) => !MISSING_CODES.has(code)),
      info.missing.parts.length > 0
        ? 'None but for what is missing.'
        : 'None: every record is in every file that it belongs in.',
    ),
  ]);
}

function provenance({ provenance }: BundleInfo): [string, string][] {
  if (!provenance) return [];
  return [
    ['Asked for by', provenance.requestedBy.name],
    ['Asked for at', moment(provenance.requestedAt)],
    ['Export', provenance.exportId],
    ['Bundle', provenance.bundle],
  ];
}

const SHAPES: Record<Family, string> = {
  points: 'single points',
  linestrings: 'single lines',
  polygons: 'single areas, with or without holes',
  multipoints: 'groups of points',
  multilinestrings: 'groups of lines',
  multipolygons: 'groups of areas',
};

/** shp_readme.txt: why there is a shapefile for each geometry type, which exist, how to join them to the CSVs. */
export function renderShpReadme(info: BundleInfo): string {
  const shapefiles = info.files.filter((file) => familyOf(file.name));
  const present = new Set(shapefiles.map((file) => familyOf(file.name)));
  const absent = FAMILIES.filter((family) => !present.has(family));
  const lacking = info.missing.parts.some(({ step }) => step === 'locations' || step?.startsWith('shapefiles.'));
  return textFile([
    ...wrap(
      '',
      `Shapefiles of the locations of the project ${info.project.name} (${info.organization.name}), and how to use them`,
      0,
    ),
    ...heading('Why there are several'),
    ...paragraphs([
      'A shapefile can hold one type of geometry only, but the locations of a project may be points, lines, areas, or groups of these. So there is one shapefile for each type of geometry that the project has.',
    ]),
    ...heading('Which there are'),
    ...definitions([
      ...shapefiles.map((file) => {
        const family = familyOf(file.name) as Family;
        return [file.name, `${amount(file.rows ?? 0, 'location', 'locations')}: ${SHAPES[family]}`] as const;
      }),
      ...absent.map(
        (family) => [`(no ${family})`, `${lacking ? 'what is here' : 'the project'} has no ${SHAPES[family]}`] as const,
      ),
    ]),
    '',
    ...paragraphs([
      lacking &&
        'Not all locations of the project are here: README.txt tells under What is missing which are not, and why.',
      'Each .shp needs the files of the same name beside it: .shx (index), .dbf (table), .prj (coordinate system: WGS 84, EPSG:4326) and .cpg (text encoding: UTF-8). Open the .shp. A name that ends in _2 is the continuation of a file that was full.',
      'Heights are kept. Where some locations of a file have heights and others have none, those have height 0.',
    ]),
    ...heading('How to join them to the tables'),
    ...(info.files.some(isTable)
      ? joinGuide(info.asked.shapefileAttributes ?? false, shapefiles[0]?.name)
      : wrap('', 'This bundle has no tables: the export was asked for without them.', 0)),
    ...shapefileColumns(info),
    ...heading(
      info.asked.shapefileAttributes ? 'What is not in the shapefiles as it was given' : 'Locations in no shapefile',
    ),
    ...warningLines(
      info.warnings.filter((warning) => warning.code.startsWith('shapefile-')),
      lacking ? 'None of those that are here.' : 'None: every location is in one of the shapefiles.',
    ),
  ]);
}

const DIVIDED_BY = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'vertical bars' } as const;

/** GDAL's CSV driver takes WKT for a geometry, and EWKT for a text. */
const EWKT_GUIDE = [
  ...wrap(
    '',
    'The column geometry.ewkt of locations.csv is EWKT: WKT after SRID=4326;, as PostGIS takes it. GDAL takes it for a text unless it is told:',
    0,
  ),
  '    ogr2ogr locations.gpkg locations.csv -dialect SQLite',
  '      -sql "SELECT *, GeomFromEWKT([geometry.ewkt]) AS geom FROM locations"',
];

const readByGdal = (text: string, column: string) => [
  ...wrap('', `${text} GDAL finds it by its name:`, 0),
  `    ogr2ogr locations.gpkg locations.csv -a_srs EPSG:4326`,
  `      -oo GEOM_POSSIBLE_NAMES=${column}`,
];

/** How the geometries of locations.csv are read, by the way in which they were asked for. */
const GEOMETRY_GUIDES = {
  ewkt: EWKT_GUIDE,
  wkt: readByGdal('The column geometry.wkt of locations.csv is Well-Known Text.', 'geometry.wkt'),
  geojson: readByGdal('The column geometry.geojson of locations.csv is GeoJSON (RFC 7946).', 'geometry.geojson'),
  none: wrap('', 'locations.csv has no geometries: the export was asked for without them.', 0),
} as const;

function joinGuide(attributes: boolean, shapefile = 'polygons.shp'): string[] {
  const layer = shapefile.replace(/\.shp$/, '');
  return [
    ...paragraphs([
      attributes
        ? 'Their tables have the answers too, as far as a shapefile can: it cuts long texts and the names of columns. The .csv files have everything whole.'
        : 'Their tables have two columns, id and type. Everything else is in the .csv files, because a shapefile cuts long texts and the names of columns.',
      'To see the answers of a location, join on id: the id of a shape is the id in locations.csv, and the spatial_unit_id in relationships.csv, whose party_id is the id in parties.csv.',
      'In QGIS: open the .shp and locations.csv, then in the properties of the shapefile layer, under Joins, add a join with locations as the layer and id as both fields.',
      'With GDAL:',
    ]),
    `    ogr2ogr joined.gpkg ${layer}.shp -dialect SQLite -sql "SELECT a.*, b.*`,
    `      FROM ${layer} a JOIN 'locations.csv'.locations b ON a.id = b.id"`,
  ];
}

function jsonGuide(files: readonly BundleFile[]): (string | false)[] {
  const named = (...names: string[]) => names.filter((name) => files.some((file) => file.name === name));
  const documents = named('parties.json', 'relationships.json');
  const lines = named('locations.geojsonl', 'parties.jsonl', 'relationships.jsonl');
  const inJson = (entity: string) =>
    named(`${entity}.json`, `${entity}.geojson`, `${entity}.jsonl`, `${entity}.geojsonl`);
  if (inJson('locations').length === 0) return [];
  return [
    documents.length > 0 &&
      `locations.geojson is GeoJSON (RFC 7946), ${documents.join(' and ')} are JSON: every record with its answers as they were given, in their own types, under attributes by the names of the questions. A question that a record was not asked is absent there; one that it left open may be null.`,
    lines.length > 0 &&
      `${lines.join(', ')} have one record a line (newline-delimited JSON, without record separators), for programs that read record by record.`,
    `In ${inJson('relationships').join(' and ')}, party_id is an id in ${inJson('parties').join(' and ')}, spatial_unit_id is an id in ${inJson('locations').join(' and ')}.`,
  ];
}

function workbookGuide(files: readonly BundleFile[]): (string | false)[] {
  const workbook = files.find(({ name }) => name.endsWith('.xlsx'));
  if (!workbook) return [];
  return [
    `${workbook.name} is a workbook for LibreOffice, Excel and their like, with the sheets ${workbook.tables?.flatMap(({ name, sheets = [name] }) => sheets).join(', ')}. In the sheet relationships, party_id is an id in the sheet parties, spatial_unit_id is an id in the sheet locations. A list is written with commas between its items, a nested answer as JSON.`,
    'Whole numbers of more than 15 digits are texts there, since a spreadsheet would lose the digits behind; and no text is a formula. A character that a workbook cannot hold is written as its number, such as _x0001_.',
    files.some((file) => file.name === LONG_TEXTS_FILE) &&
      `A text of more than 32,767 characters is cut in its cell, which says so; ${LONG_TEXTS_FILE} has it whole, by sheet, id and column.`,
  ];
}

function geoPackageGuide(files: readonly BundleFile[]): (string | false)[] {
  const geoPackage = files.find(({ name }) => name.endsWith('.gpkg'));
  if (!geoPackage) return [];
  const names = geoPackage.tables?.map(({ name }) => name) ?? [];
  return [
    `${geoPackage.name} is a GeoPackage for QGIS, ArcGIS, GDAL and every program that reads SQLite. It has the tables ${names.join(', ')}. There is a layer for each type of geometry that the project has, with all answers as columns of their own types; a column whose answers are of several types is one of texts.`,
    'In the table relationships, party_id is the id of one of the parties, spatial_unit_id is the id of a location. A list is written with commas between its items, a nested answer as JSON.',
  ];
}

function isTable(file: BundleFile): boolean {
  return file.name.endsWith('.csv');
}

function counts(file: BundleFile): string {
  const bytes = amount(file.bytes, 'byte', 'bytes');
  return file.rows === null ? bytes : `${amount(file.rows, 'record', 'records')}, ${bytes}`;
}

function paragraphs(texts: readonly (string | false)[]): string[] {
  return texts.flatMap((text) => (text === false ? [] : wrap('', text, 0)));
}

/** Files with the same columns share a list. */
function columnSection(files: readonly BundleFile[]): string[] {
  const tables = new Map<string, { names: string[]; columns: readonly Column[] }>();
  const described = files.flatMap(({ name, columns, tables = [] }) => [
    ...(columns ? [{ name, columns }] : []),
    ...tables.map((table) => ({ name: `${name} (${table.name})`, columns: table.columns })),
  ]);
  for (const { name, columns } of described) {
    const key = JSON.stringify(columns);
    const table = tables.get(key) ?? { names: [], columns };
    table.names.push(name);
    tables.set(key, table);
  }
  const sections = [...tables.values()].flatMap(({ names, columns }) => [
    '',
    ...wrap('', names.join(', '), 0),
    ...definitions(columns.map(({ name, label, type }) => [name, label === name ? `(${type})` : `${label} (${type})`])),
  ]);
  return sections.length === 0 ? [] : [...heading('Columns'), ...sections.slice(1)];
}

function warningLines(warnings: readonly BundleWarning[], none: string): string[] {
  if (warnings.length === 0) return wrap('', none, 0);
  return warnings.flatMap(({ message, count, ids }) => {
    const sample = ids.length === 0 ? '' : ` (id ${ids.join(', ')}${count > ids.length ? ' and others' : ''})`;
    return wrap('* ', `${message}${sample}.`, 2);
  });
}
