/** `resources.xlsx`: what the resource files of a bundle are, and which records they belong to. */
import type { Writable } from 'node:stream';
import type { AttributeValue, ResourceRecord } from '@parcelpost/shared/records.js';
import type { Column } from '../csv/columns.js';
import type { CsvRow } from '../csv/fragment.js';
import { type CsvReduceOptions, type CsvTable, reduceCsv } from '../csv/reduce.js';
import type { ByteSink } from '../sink.js';
import { noTally, type Tally, tally } from '../tally.js';
import { cellValue } from '../xlsx/cell.js';
import { LONG_TEXTS_COLUMNS, longTextsEncoder } from '../xlsx/fragment.js';
import { plainRows } from '../xlsx/plain.js';
import { MAX_CELL } from '../xlsx/text.js';
import { type WrittenSheet, writeWorkbook } from '../xlsx/workbook.js';

export const LISTING_FILE = 'resources.xlsx';
/** Has what no cell of it can hold: a long description, or the ids of thousands of records that share a file. */
export const LISTING_LONG_TEXTS_FILE = 'resources_long_texts.csv';

const SHEET = 'resources';

/** A resource as the listing tells it. */
export interface ListedResource extends ResourceRecord {
  /** Its file's name in the bundle; empty where it is not there. */
  inBundle: string;
  /** Of its file; null where it is not there. */
  bytes: number | null;
}

const column = (name: string, label: string, type: string): Column => ({ name, label, type });

const COLUMNS: readonly Column[] = [
  column('id', 'Identifier of the resource', 'text'),
  column('name', 'Name of the resource', 'text'),
  column('description', 'Description', 'text'),
  column('file', 'Name of its file in this bundle; empty where it is missing', 'text'),
  column('bytes', 'Size of the file', 'integer'),
  column('original_file', 'Name under which the file was uploaded', 'text'),
  column('mime_type', 'Media type, as the platform tells it', 'text'),
  column('archived', 'Whether the resource is archived', 'boolean'),
  column('locations', 'Identifiers of the locations that it belongs to', 'text'),
  column('parties', 'Identifiers of the parties that it belongs to', 'text'),
  column('relationships', 'Identifiers of the tenure relationships that it belongs to', 'text'),
];

const LINKED = ['spatialunit', 'party', 'tenurerelationship'];

/** Writes the workbook, and ends the output. Rows in the order given. */
export async function writeListing(
  resources: readonly ListedResource[],
  output: Writable,
  { date, signal }: { date: Date; signal: AbortSignal },
): Promise<WrittenSheet[]> {
  const fragment = plainRows(resources.map(rowOf), LISTING_LONG_TEXTS_FILE);
  return writeWorkbook([{ name: SHEET, fixed: COLUMNS, schema: [], fragments: [fragment] }], output, {
    date,
    signal,
  });
}

/** The texts that {@link writeListing} cuts. */
export interface LongListingTexts {
  /** As {@link LONG_TEXTS_COLUMNS} has them. */
  rows: CsvRow[];
  /** Resources that have one. */
  cut: Tally;
}

export function longTextsOf(resources: readonly ListedResource[]): LongListingTexts {
  const rows: CsvRow[] = [];
  const cut = noTally();
  for (const resource of resources) {
    const had = rows.length;
    for (const [i, value] of rowOf(resource).map(cellValue).entries()) {
      if (typeof value !== 'string' || value.length <= MAX_CELL) continue;
      rows.push({ fixed: [SHEET, resource.id, COLUMNS[i]?.name ?? '', value], attributes: {} });
    }
    if (rows.length > had) tally(cut, resource.id);
  }
  return { rows, cut };
}

/** Writes them whole, as CSV. */
export async function writeLongListingTexts(
  { rows }: LongListingTexts,
  sink: ByteSink,
  csv: Omit<CsvReduceOptions, 'fixed' | 'schema'>,
): Promise<CsvTable> {
  const encoder = longTextsEncoder(csv);
  const bytes = encoder.encode(rows);
  async function* all() {
    yield bytes;
  }
  return reduceCsv([{ meta: encoder.finish(), open: all }], sink, { ...csv, fixed: LONG_TEXTS_COLUMNS, schema: [] });
}

function rowOf(resource: ListedResource): AttributeValue[] {
  const { id, name, description, inBundle, bytes, originalFile, mimeType, archived, links } = resource;
  const linked = LINKED.map((type) =>
    links
      .filter((link) => link.type === type)
      .map((link) => link.id)
      .join(', '),
  );
  return [id, name, description, inBundle, bytes, originalFile, mimeType, archived, ...linked];
}
