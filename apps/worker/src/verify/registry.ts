/** Which check is for which file. A new format is listed here. */
import { csvCheck } from './checks/csv.js';
import { tableCheck } from './checks/dbf.js';
import { flatGeobufCheck } from './checks/flatgeobuf.js';
import { geoPackageCheck } from './checks/geopackage.js';
import { jsonCheck } from './checks/json.js';
import { parquetCheck } from './checks/parquet.js';
import { projectionCheck, shapeCheck, shapeIndexCheck } from './checks/shapefile.js';
import { workbookCheck } from './checks/workbook.js';
import { type FormatCheck, partsOf } from './context.js';

const CHECKS: readonly FormatCheck[] = [
  csvCheck,
  shapeCheck,
  shapeIndexCheck,
  tableCheck,
  projectionCheck,
  jsonCheck,
  workbookCheck,
  geoPackageCheck,
  flatGeobufCheck,
  parquetCheck,
];

const BY_EXTENSION = new Map(CHECKS.flatMap((check) => check.extensions.map((extension) => [extension, check])));

/** The check of a file; undefined of one of which only the bytes are checked, such as a readme or a photograph. */
export function checkFor(name: string): FormatCheck | undefined {
  const { folder, extension } = partsOf(name);
  // What people uploaded may be of any format, and broken.
  if (name === MANIFEST || (folder === RESOURCES && !OUR_OWN.has(name))) return undefined;
  return BY_EXTENSION.get(extension.toLowerCase());
}

export const MANIFEST = 'manifest.json';
const RESOURCES = 'resources/';
/** What in that folder nobody uploaded. */
const OUR_OWN = new Set([`${RESOURCES}resources.xlsx`, `${RESOURCES}resources_long_texts.csv`]);
