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

  /** The bundles of several exports, of all their generations, in one query. */
  async ofExports(exportIds: readonly string[]): Promise<FileRow[]> {
    return this.db('files').whereIn('export_id', exportIds).select<FileRow[]>(COLUMNS);
  }

  /** Bundles of earlier generations that are still in storage. */
  async ofEarlier(exportId: string, generation: number): Promise<Pick<FileRow, 'id' | 'storageKey'>[]> {
    return this.db('files')
      .where({ export_id: exportId, removed_at: null })
      .andWhere('generation', '<', generation)
      .select<Pick<FileRow, 'id' | 'storageKey'>[]>({ id: 'id', storageKey: 'storage_key' });
  }

  /**
   * Bundles whose time is over and that are not removed yet, in the order of their ids; none of an export in flight.
   * @param after the id behind which to go on
   */
  async expired(after: string | undefined, limit: number): Promise<Pick<FileRow, 'id' | 'exportId' | 'storageKey'>[]> {
    const query = this.db('files')
      .join('exports', 'exports.id', 'files.export_id')
      .whereNull('files.removed_at')
      .where('files.expires_at', '<', this.db.fn.now())
      .whereNotNull('exports.outcome')
      .orderBy('files.id')
      .limit(limit)
      .select<Pick<FileRow, 'id' | 'exportId' | 'storageKey'>[]>({
        id: 'files.id',
        exportId: 'files.export_id',
        storageKey: 'files.storage_key',
      });
    if (after !== undefined) query.where('files.id', '>', after);
    return query;
  }

  /** Notes that bundles are gone from storage. The rows stay, and say so. */
  async noteRemoved(ids: readonly string[]): Promise<void> {
    await this.db('files').whereIn('id', ids).whereNull('removed_at').update({ removed_at: this.db.fn.now() });
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
