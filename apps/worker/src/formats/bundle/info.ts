/** What README.txt, shp_readme.txt and manifest.json are made from. */
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { MissingPart } from '@parcelpost/shared/export-result.js';
import type { Column } from '../csv/columns.js';
import type { LeftOut } from '../shapefile/fragment.js';
import { FAMILIES, type Family, type LeftOutReason } from '../shapefile/shape.js';
import type { Tally } from '../tally.js';

/** A file of the bundle. */
export interface BundleFile {
  /** Path inside the bundle. */
  name: string;
  /** Records in it; null where the word makes no sense (a readme, say). */
  rows: number | null;
  /** Size before compression. */
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
  /** Of a table; absent elsewhere. */
  columns?: readonly Column[];
  /** The tables inside a workbook or a GeoPackage; absent elsewhere. */
  tables?: readonly BundleTable[];
  /** Id of the resource whose file it is; absent elsewhere. */
  resource?: string;
}

/** A table inside a file that has several. */
export interface BundleTable {
  name: string;
  /** Of a workbook: names of the sheets that it takes, itself, and `locations (2)` and so on where it is long. */
  sheets?: readonly string[];
  rows: number;
  columns: readonly Column[];
}

/** Something that whoever reads the files must know. */
export interface BundleWarning {
  /** For programs. */
  code: string;
  /** For people: what happened to how many records, and where they are found instead. */
  message: string;
  /** Records that it befell. */
  count: number;
  /** Identifiers of the first ten of them. */
  ids: readonly string[];
  /** What its text names, such as `file`, for those who tell it in another language. */
  values?: Readonly<Record<string, string | number>>;
}

/** A part that is not in the bundle. */
export interface MissingEntry extends MissingPart {
  /** For people, at the beginning of a sentence: `Records 2,501 to 5,000 of parties`, `polygons.shp`. */
  what: string;
  /** Whether that is more than one thing. */
  several: boolean;
}

/** What is not in the bundle; both empty where it is whole. */
export interface Missing {
  parts: readonly MissingEntry[];
  /** What they come to: `5,000 of 60,000 parties`, `polygons.shp`. */
  summary: readonly string[];
}

/** Who asked for the export, when, and what it is called. */
export interface Provenance {
  exportId: string;
  /** Name of the zip. */
  bundle: string;
  requestedBy: { id: string; name: string };
  requestedAt: Date;
}

/** The options of a request that bear on what is in the bundle. */
export type AskedOptions = Omit<ExportOptions, 'unchangedSince' | 'provenance'>;

/**
 * All that the texts of a bundle tell: of the data and of what was asked, and nothing of the moment, so that the same
 * data and options make the same bytes.
 */
export interface BundleInfo {
  /** Language of the readmes: a tag of {@link LANGUAGE_TAGS}. */
  language: string;
  software: { name: string; version: string };
  organization: { slug: string; name: string };
  project: { slug: string; name: string; description: string; country: string };
  asked: AskedOptions;
  /** Whether all records are of one moment, and not of the moments at which each page of them was read. */
  consistent: boolean;
  /** Of the request itself; only where it asked that its bundle bear that, since no two bundles are the same then. */
  provenance?: Provenance;
  /** The files written so far, in the order of the bundle. */
  files: readonly BundleFile[];
  warnings: readonly BundleWarning[];
  missing: Missing;
}

const REASONS: Record<LeftOutReason, { code: string; text: string }> = {
  nullGeometry: { code: 'null-geometry', text: 'no geometry was recorded' },
  emptyGeometry: { code: 'empty-geometry', text: 'the geometry is empty' },
  geometryCollection: {
    code: 'geometry-collection',
    text: 'the geometry is a collection of several types, which no shapefile can hold',
  },
  notFinite: { code: 'not-finite', text: 'a coordinate is not a finite number' },
  tooFewPoints: {
    code: 'too-few-points',
    text: 'a line has fewer than two points, or a ring fewer than three corners',
  },
};

/** A warning for each reason for which locations are in no shapefile; `inCsv`: the bundle has locations.csv too. */
export function leftOutWarnings(leftOut: LeftOut, inCsv: boolean): BundleWarning[] {
  return (Object.keys(REASONS) as LeftOutReason[]).flatMap((reason) => {
    const found = leftOut[reason];
    if (!found || found.count === 0) return [];
    const { code, text } = REASONS[reason];
    const message = `${locations(found.count)} left out of the shapefiles${inCsv ? ' and in locations.csv only' : ''}: ${text}`;
    return [{ code: `shapefile-${code}`, message, ...found }];
  });
}

/** The warning for texts that did not fit a shapefile's table; none where all did. */
export function cutWarnings(family: Family, cut: Tally, inCsv: boolean): BundleWarning[] {
  if (cut.count === 0) return [];
  const message =
    `${locations(cut.count)} in ${family}.dbf with an id or type cut to the 254 bytes that a dBase field can hold` +
    (inCsv ? '; locations.csv has it whole' : '');
  return [{ code: 'shapefile-text-cut', message, ...cut, values: { file: `${family}.dbf` } }];
}

function locations(count: number): string {
  return count === 1 ? '1 location is' : `${count} locations are`;
}

/** The family whose shapefile a .shp file is (also a second one, `polygons_2.shp`); undefined for other files. */
export function familyOf(name: string): Family | undefined {
  const base = /(?:^|\/)([a-z]+)(?:_\d+)?\.shp$/.exec(name)?.[1];
  return FAMILIES.find((family) => family === base);
}
