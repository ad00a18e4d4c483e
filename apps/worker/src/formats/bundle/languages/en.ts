/** The readmes in English: the model of all others. `{name}` stands for a value; forms go by the value `{count}`. */
import type { Text } from './speaker.js';

export const en = {
  title: 'Land tenure records of the project {project} ({organization})',
  source: '{software} read them from the platform on which the project is kept.',
  notWhole: 'THIS EXPORT IS NOT WHOLE. Missing: {what}. Which they are, and why, is told below under {heading}.',
  thisExport: 'This export',
  project: 'Project',
  description: 'Description',
  country: 'Country',
  organization: 'Organization',
  askedFor: 'Asked for',
  read: 'Read',
  readAtOnce: 'all as it was at one moment',
  readByPage: 'page by page, and not at one moment: what was changed meanwhile may not fit together',
  askedBy: 'Asked for by',
  askedAt: 'Asked for at',
  export: 'Export',
  bundle: 'Bundle',

  missing: 'What is missing',
  missingRange: 'Records {first} to {last} of {list}',
  missingOne: 'Record {first} of {list}',
  missingEmpty: 'Part {part} of {list}, in which no records were counted,',
  missingAre: '{what} are missing: {why}.',
  missingIs: '{what} is missing: {why}.',
  missingShare: '{part} of {all}',
  missingEverywhere:
    'They are missing in every file; what is there may refer to them. Counted in the order of the platform.',
  missingAgain: 'Trying the export again soon on its page reads only what is missing.',

  relationships: 'relationships',
  parties: 'parties',
  locations: 'locations',
  resources: 'resources',
  countRelationships: { one: '{count} relationship', other: '{count} relationships' },
  countParties: { one: '{count} party', other: '{count} parties' },
  countLocations: { one: '{count} location', other: '{count} locations' },
  countResources: { one: '{count} resource', other: '{count} resources' },
  countRecords: { one: '{count} record', other: '{count} records' },
  countBytes: { one: '{count} byte', other: '{count} bytes' },

  files: 'Files',
  fileReadme: 'this text',
  fileManifest: 'the same for programs, with a SHA-256 checksum of every file',

  howToRead: 'How to read them',
  csv: 'The .csv files are tables: UTF-8, cells divided by {delimiter}, the first line has the names of the columns. A list is written with commas between its items, a nested answer as JSON, and what was not answered is empty.',
  csvLabels:
    'The .csv files are tables: UTF-8, cells divided by {delimiter}, the first line has the names of the columns, the second the questions as the form puts them. A list is written with commas between its items, a nested answer as JSON, and what was not answered is empty.',
  commas: 'commas',
  semicolons: 'semicolons',
  tabs: 'tabs',
  bars: 'vertical bars',
  csvFormulas:
    "A text that a spreadsheet would take for a formula (one that begins with = + - @, a tab or a line end) has an apostrophe ' before it, which is not part of the answer.",
  csvRelationships:
    'relationships.csv says which party holds what right to which location: party_id is an id in parties.csv, spatial_unit_id is an id in locations.csv.',
  jsonDocuments:
    'locations.geojson is GeoJSON (RFC 7946), {documents} are JSON: every record with its answers as they were given, in their own types, under attributes by the names of the questions. A question that a record was not asked is absent there; one that it left open may be null.',
  jsonLines:
    '{files} have one record a line (newline-delimited JSON, without record separators), for programs that read record by record.',
  jsonIds: 'In {relationships}, party_id is an id in {parties}, spatial_unit_id is an id in {locations}.',
  workbook:
    '{file} is a workbook for LibreOffice, Excel and their like, with the sheets {sheets}. In the sheet relationships, party_id is an id in the sheet parties, spatial_unit_id is an id in the sheet locations. A list is written with commas between its items, a nested answer as JSON.',
  workbookNumbers:
    'Whole numbers of more than 15 digits are texts there, since a spreadsheet would lose the digits behind; and no text is a formula. A character that a workbook cannot hold is written as its number, such as _x0001_.',
  workbookLong:
    'A text of more than {limit} characters is cut in its cell, which says so; {file} has it whole, by sheet, id and column.',
  geoPackage:
    '{file} is a GeoPackage for QGIS, ArcGIS, GDAL and every program that reads SQLite. It has the tables {tables}. There is a layer for each type of geometry that the project has, with all answers as columns of their own types; a column whose answers are of several types is one of texts.',
  geoPackageIds:
    'In the table relationships, party_id is the id of one of the parties, spatial_unit_id is the id of a location. A list is written with commas between its items, a nested answer as JSON.',
  flatGeobuf:
    '{files} are FlatGeobuf, for QGIS, GDAL and maps on the web: a file for each type of geometry, whose index lets a program read only what it shows, with all answers as columns of their own types. The format has no dates by themselves: a program may show the first moment of the day.',
  flatGeobufTables: '{files} are tables without geometries.',
  parquet:
    '{files} are Parquet, for DuckDB, Python (pandas, GeoPandas), R (arrow), QGIS and their like, with all answers as columns of their own types.',
  geoParquet:
    'locations.parquet is GeoParquet 1.1: the column geometry has the geometries of all types (WKB), the column bbox their extents.',
  resourceFiles:
    '{file} tells what each of the resource files is, and which records it belongs to. The files are as they were uploaded.',
  geometries: 'Geometries are in longitude and latitude, WGS 84 (EPSG:4326).',
  seeShapefiles: 'shp_readme.txt tells more of the shapefiles, and how to join them to the tables.',
  ewkt: 'The column geometry.ewkt of locations.csv is EWKT: WKT after SRID=4326;, as PostGIS takes it. GDAL takes it for a text unless it is told:',
  wkt: 'The column geometry.wkt of locations.csv is Well-Known Text. GDAL finds it by its name:',
  geojsonColumn: 'The column geometry.geojson of locations.csv is GeoJSON (RFC 7946). GDAL finds it by its name:',
  noGeometry: 'locations.csv has no geometries: the export was asked for without them.',
  columns: 'Columns',

  warnings: 'Warnings',
  warningsNone: 'None: every record is in every file that it belongs in.',
  warningsNoneElse: 'None but for what is missing.',
  sample: '(id {ids})',
  sampleOfMore: '(id {ids} and others)',

  shpTitle: 'Shapefiles of the locations of the project {project} ({organization}), and how to use them',
  whySeveral: 'Why there are several',
  shpWhy:
    'A shapefile can hold one type of geometry only, but the locations of a project may be points, lines, areas, or groups of these. So there is one shapefile for each type of geometry that the project has.',
  which: 'Which there are',
  points: 'single points',
  linestrings: 'single lines',
  polygons: 'single areas, with or without holes',
  multipoints: 'groups of points',
  multilinestrings: 'groups of lines',
  multipolygons: 'groups of areas',
  shpIsThere: '{locations}: {shapes}',
  shpAbsent: '(no {family})',
  shpProjectHasNone: 'the project has no {shapes}',
  shpHereAreNone: 'what is here has no {shapes}',
  shpLacking: 'Not all locations of the project are here: README.txt tells under {heading} which are not, and why.',
  shpParts:
    'Each .shp needs the files of the same name beside it: .shx (index), .dbf (table), .prj (coordinate system: WGS 84, EPSG:4326) and .cpg (text encoding: UTF-8). Open the .shp. A name that ends in _2 is the continuation of a file that was full.',
  shpHeights:
    'Heights are kept. Where some locations of a file have heights and others have none, those have height 0.',
  howToJoin: 'How to join them to the tables',
  shpNoTables: 'This bundle has no tables: the export was asked for without them.',
  joinTwo:
    'Their tables have two columns, id and type. Everything else is in the .csv files, because a shapefile cuts long texts and the names of columns.',
  joinAll:
    'Their tables have the answers too, as far as a shapefile can: it cuts long texts and the names of columns. The .csv files have everything whole.',
  joinById:
    'To see the answers of a location, join on id: the id of a shape is the id in locations.csv, and the spatial_unit_id in relationships.csv, whose party_id is the id in parties.csv.',
  joinQgis:
    'In QGIS: open the .shp and locations.csv, then in the properties of the shapefile layer, under Joins, add a join with locations as the layer and id as both fields.',
  joinGdal: 'With GDAL:',
  shpFields: 'Names of the columns',
  shpFieldNames:
    'The tables have every answer too. The name of a column has ten bytes at most, and each is a letter, a digit or an underscore: the answers stand under these names, and manifest.json has the same for programs.',
  shpFieldTypes:
    'Behind a name is its type: C is a text of so many bytes, N a number of so many characters and decimals, D a date, L true (T) or false (F); what was not answered is blank. An empty text is as no answer, and spaces at the end of a text are lost. A list is written with commas between its items, a nested answer as JSON.',
  shpLeftOut: 'Locations in no shapefile',
  shpChanged: 'What is not in the shapefiles as it was given',
  shpAllThere: 'None: every location is in one of the shapefiles.',
  shpNoneOfThese: 'None of those that are here.',
  onlyInCsv: ' and in locations.csv only',
} as const satisfies Record<string, Text>;

/** Every text of the readmes. */
export type Key = keyof typeof en;
