/** manifest.json: the bundle, described for programs. */
import { described } from '../csv/columns.js';
import type { BundleInfo } from './info.js';

/** Raised whenever a reader of the old shape would go wrong. */
const MANIFEST_VERSION = 2;

/**
 * The text of manifest.json. Files are all those given, in their order; the manifest cannot list itself. Bytes are sizes
 * before compression, checksums hexadecimal SHA-256, times ISO 8601 in UTC; `rows` is null for what has no records.
 */
export function renderManifest(info: BundleInfo): string {
  const { software, organization, project, asked, consistent, provenance } = info;
  const manifest = {
    about:
      `What is in this bundle: land tenure records of the project ${project.name} (${organization.name}). ` +
      `${info.missing.parts.length > 0 ? 'Not all of them: see missing. ' : ''}README.txt says the same for people.`,
    manifestVersion: MANIFEST_VERSION,
    software,
    export: { asked, consistent, ...provenance },
    organization,
    project,
    files: info.files.map(({ name, rows, bytes, sha256, columns, tables, resource }) => ({
      name,
      rows,
      bytes,
      sha256,
      ...(resource !== undefined && { resource }),
      ...(columns && { columns: columns.map(described) }),
      ...(tables && { tables: tables.map((table) => ({ ...table, columns: table.columns.map(described) })) }),
    })),
    missing: info.missing.parts.map(({ what: _what, several: _several, ...part }) => part),
    warnings: info.warnings.map(({ code, message, count, ids }) => ({ code, message, count, ids })),
  };
  return `${JSON.stringify(manifest, null, 2).replace(/^\{\n {2}/, '{ ')}\n`;
}
