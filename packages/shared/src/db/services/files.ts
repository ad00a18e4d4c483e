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

export interface FileRow extends Omit<KeptFile, 'expiresAt'> {
  owner: FileOwner;
  /** The later of its own time and its export's pin; null: until somebody unpins. */
  expiresAt: Date | null;
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
  removedAt: 'removed_at',
} as const;

/** A bundle belongs to a project once its export is decided, and is nobody else's business before. */
const DECIDED = { kind: 'bundle', owner_kind: 'project' } as const;

/** A bundle that nobody can reach any more. */
export type RemovedBundle = Pick<FileRow, 'id' | 'exportId' | 'generation'>;

/** The rows of `files` that are bundles: those that exports left in storage, and those that lost the race to be one. */
export class FileService {
  constructor(readonly db: Database) {}

  /** The bundles of several exports, of all their generations, in one query; none that is not decided. */
  async ofExports(exportIds: readonly string[]): Promise<FileRow[]> {
    const rest = this.db.raw(
      `json_build_object('kind', owner_kind, 'id', owner_id) as owner,
       nullif(greatest(files.expires_at, (
         select e.pinned_until from exports e where e.id = files.export_id)), 'infinity') as "expiresAt"`,
    );
    return this.db('files').whereIn('export_id', exportIds).andWhere(DECIDED).select<FileRow[]>(COLUMNS, rest);
  }

  /** The ids of bundles of earlier generations that are still in reach. */
  async ofEarlier(exportId: string, generation: number): Promise<string[]> {
    return this.db('files')
      .where({ export_id: exportId, removed_at: null, ...DECIDED })
      .andWhere('generation', '<', generation)
      .pluck('id');
  }

  /**
   * Notes that bundles are out of reach. The rows stay, and say so.
   * @param gone whether they are gone from storage too; else whoever clears it finds them by their rows
   * @returns those of which it was not noted before
   */
  async noteRemoved(ids: readonly string[], gone: boolean, db: Connection = this.db): Promise<RemovedBundle[]> {
    return db('files')
      .whereIn('id', ids)
      .whereNull('removed_at')
      .update({ removed_at: db.fn.now(), cleared_at: gone ? db.fn.now() : null })
      .returning<RemovedBundle[]>(['id', 'export_id as exportId', 'generation']);
  }

  /** Notes that what an export has brought to storage beside what was decided on is gone. */
  async noteLostRemoved(exportId: string, generation: number): Promise<void> {
    await this.db('files')
      .where({ export_id: exportId, kind: 'bundle', owner_kind: 'user', removed_at: null })
      .andWhere('generation', '<=', generation)
      .update({ removed_at: this.db.fn.now(), cleared_at: this.db.fn.now() });
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
