import type { Connection, Database } from '../database.js';

/** One file of a bundle, as the manifest lists it. */
export interface BundledFile {
  name: string;
  /** Records in it; null where the word makes no sense (a readme). */
  rows: number | null;
  bytes: number;
  sha256: string;
}

export interface NewFile {
  exportId: string;
  generation: number;
  /** The name under which people download it. */
  name: string;
  storageKey: string;
  mediaType: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
  contents: BundledFile[];
  expiresAt: Date;
}

export interface FileRow extends NewFile {
  id: string;
  createdAt: Date;
  removedAt: Date | null;
}

const COLUMNS = {
  id: 'id',
  exportId: 'export_id',
  generation: 'generation',
  name: 'name',
  storageKey: 'storage_key',
  mediaType: 'media_type',
  bytes: 'bytes',
  sha256: 'sha256',
  contents: 'contents',
  createdAt: 'created_at',
  expiresAt: 'expires_at',
  removedAt: 'removed_at',
} as const;

/** The rows of `files`: the bundles that exports left in storage. */
export class FileService {
  constructor(readonly db: Database) {}

  /** The bundle of an export's newest generation; undefined where it has none. */
  async ofExport(exportId: string): Promise<FileRow | undefined> {
    return this.db('files')
      .where({ export_id: exportId })
      .orderBy('generation', 'desc')
      .first<FileRow | undefined>(COLUMNS);
  }

  /** The bundles of several exports, in one query. */
  async ofExports(exportIds: readonly string[]): Promise<FileRow[]> {
    return this.db('files').whereIn('export_id', exportIds).select<FileRow[]>(COLUMNS);
  }

  async insert(trx: Connection, file: NewFile): Promise<void> {
    await trx('files').insert({
      export_id: file.exportId,
      generation: file.generation,
      name: file.name,
      storage_key: file.storageKey,
      media_type: file.mediaType,
      bytes: file.bytes,
      sha256: file.sha256,
      contents: JSON.stringify(file.contents),
      expires_at: file.expiresAt,
    });
  }
}
