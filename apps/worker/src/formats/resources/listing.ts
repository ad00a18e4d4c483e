/** `resources.xlsx`: what the resource files of a bundle are, and which records they belong to. */
import type { Writable } from 'node:stream';
import type { AttributeValue, ResourceRecord } from '@parcelpost/shared/records.js';
import type { Column } from '../csv/columns.js';
import { plainRows } from '../xlsx/plain.js';
import { type WrittenSheet, writeWorkbook } from '../xlsx/workbook.js';

export const LISTING_FILE = 'resources.xlsx';

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
  const fragment = plainRows(resources.map(rowOf), 'the platform');
  return writeWorkbook([{ name: 'resources', fixed: COLUMNS, schema: [], fragments: [fragment] }], output, {
    date,
    signal,
  });
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
