import type { FileOwner } from '../../files/owner.js';
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

/** A bundle that has a row. */
export interface KeptFile extends NewFile {
  id: string;
}

export interface FileRow extends KeptFile {
  owner: FileOwner;
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

/** A bundle belongs to a project once its export is decided, and is nobody else's business before. */
const DECIDED = { kind: 'bundle', owner_kind: 'project' } as const;

/** A bundle that is gone from storage. */
export type RemovedBundle = Pick<FileRow, 'id' | 'exportId' | 'generation'>;
type Stored = Pick<FileRow, 'id' | 'exportId' | 'storageKey'>;

/** The rows of `files` that are bundles: those that exports left in storage, and those that lost the race to be one. */
export class FileService {
  constructor(readonly db: Database) {}

  /** The bundles of several exports, of all their generations, in one query; none that is not decided. */
  async ofExports(exportIds: readonly string[]): Promise<FileRow[]> {
    const owner = this.db.raw(`json_build_object('kind', owner_kind, 'id', owner_id) as owner`);
    return this.db('files').whereIn('export_id', exportIds).andWhere(DECIDED).select<FileRow[]>(COLUMNS, owner);
  }

  /** Bundles of earlier generations that are still in storage. */
  async ofEarlier(exportId: string, generation: number): Promise<Pick<FileRow, 'id' | 'storageKey'>[]> {
    return this.db('files')
      .where({ export_id: exportId, removed_at: null, ...DECIDED })
      .andWhere('generation', '<', generation)
      .select<Pick<FileRow, 'id' | 'storageKey'>[]>({ id: 'id', storageKey: 'storage_key' });
  }

  /**
   * Bundles whose time is over and that are not removed yet, in the order of their ids; none of an export in flight.
   * @param after the id behind which to go on
   */
  async expired(after: string | undefined, limit: number): Promise<Stored[]> {
    return this.#stored(after, limit)
      .where('files.owner_kind', 'project')
      .where('files.expires_at', '<', this.db.fn.now())
      .whereNotNull('exports.outcome');
  }

  /**
   * Bundles that still belong to who asked though their export is decided, or tried again: other ones were decided on, or
   * none. In the order of their ids.
   * @param after the id behind which to go on
   */
  async lost(after: string | undefined, limit: number): Promise<Stored[]> {
    return this.#stored(after, limit)
      .where('files.owner_kind', 'user')
      .where((over) =>
        over.whereNotNull('exports.outcome').orWhere('exports.generation', '>', this.db.ref('files.generation')),
      );
  }

  #stored(after: string | undefined, limit: number) {
    const query = this.db('files')
      .join('exports', 'exports.id', 'files.export_id')
      .where('files.kind', 'bundle')
      .whereNull('files.removed_at')
      .orderBy('files.id')
      .limit(limit)
      .select<Stored[]>({ id: 'files.id', exportId: 'files.export_id', storageKey: 'files.storage_key' });
    return after === undefined ? query : query.where('files.id', '>', after);
  }

  /** Notes that bundles are gone from storage. The rows stay, and say so. @returns those of which it was not noted before */
  async noteRemoved(ids: readonly string[], db: Connection = this.db): Promise<RemovedBundle[]> {
    return db('files')
      .whereIn('id', ids)
      .whereNull('removed_at')
      .update({ removed_at: db.fn.now() })
      .returning<RemovedBundle[]>(['id', 'export_id as exportId', 'generation']);
  }

  /** Notes that what an export has brought to storage beside what was decided on is gone. */
  async noteLostRemoved(exportId: string, generation: number): Promise<void> {
    await this.db('files')
      .where({ export_id: exportId, kind: 'bundle', owner_kind: 'user', removed_at: null })
      .andWhere('generation', '<=', generation)
      .update({ removed_at: this.db.fn.now() });
  }

  /** Writes the row of a bundle that is in storage. @param owner who asked, until the decision gives it to the project */
  async insert(db: Connection, file: NewFile, owner: FileOwner): Promise<KeptFile> {
    const [row] = await db('files')
      .insert({
        export_id: file.exportId,
        generation: file.generation,
        name: file.name,
        storage_key: file.storageKey,
        media_type: file.mediaType,
        bytes: file.bytes,
        sha256: file.sha256,
        contents: JSON.stringify(file.contents),
        expires_at: file.expiresAt,
        arrived_at: db.fn.now(),
        owner_kind: owner.kind,
        owner_id: owner.id,
      })
      .returning<{ id: string }[]>('id');
    if (!row) throw new Error('PostgreSQL returned no row of what it inserted');
    return { ...file, id: row.id };
  }
}
