/** Resources of projects: files, and the records that they belong to. */
import type { Connection } from '../database.js';
import type { ProjectAddress } from './projects.js';

export const LINK_TYPES = ['spatialunit', 'party', 'tenurerelationship'] as const;

/** A record that a resource belongs to. */
export interface ResourceLink {
  id: string;
  type: (typeof LINK_TYPES)[number];
}

export interface NewResource {
  projectId: string;
  id: string;
  name: string;
  description: string;
  /** A file that was uploaded here. */
  fileId: string;
  links: readonly ResourceLink[];
}

/** The file of a resource, as it is sent. */
export interface ResourceFile {
  name: string;
  storageKey: string;
  mediaType: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
  createdAt: Date;
}

export class ResourceService {
  /**
   * Looks for the records that links name, in one query.
   * @returns of each link whether its record is in the project
   */
  async findLinked(db: Connection, projectId: string, links: readonly ResourceLink[]): Promise<boolean[]> {
    if (links.length === 0) return [];
    const { rows } = await db.raw<{ rows: { found: boolean }[] }>(
      `select case l.type
           when 'spatialunit' then exists (select from spatial_units r where r.project_id = p.id and r.id = l.id)
           when 'party' then exists (select from parties r where r.project_id = p.id and r.id = l.id)
           else exists (select from tenure_relationships r where r.project_id = p.id and r.id = l.id)
         end as found
       from (select cast(:projectId as uuid) as id) p,
         unnest(cast(:ids as text[]), cast(:types as text[])) with ordinality as l (id, type, nth)
       order by l.nth`,
      { projectId, ids: links.map(({ id }) => id), types: links.map(({ type }) => type) },
    );
    return rows.map(({ found }) => found);
  }

  /**
   * Adds a resource and its links, in the transaction that it is given. The file is not to go to another one meanwhile.
   * @returns false where the file has found its place by now; then nothing was added
   */
  async add(trx: Connection, { projectId, id, name, description, fileId, links }: NewResource): Promise<boolean> {
    const { rowCount } = await trx.raw<{ rowCount: number }>(
      `insert into resources (project_id, id, name, description, file, original_file, mime_type, file_id)
       select :projectId, :id, :name, :description, '', name, media_type, id
       from files where id = :fileId and owner_kind = 'user' for no key update`,
      { projectId, id, name, description, fileId },
    );
    if (rowCount === 0) return false;
    if (links.length === 0) return true;
    await trx('resource_links').insert(
      links.map((link) => ({ project_id: projectId, resource_id: id, target_type: link.type, target_id: link.id })),
    );
    return true;
  }

  /** The file of a resource; undefined where there is none, or it lies elsewhere. Whether somebody may have it is not asked. */
  async file(
    db: Connection,
    { organization, project }: ProjectAddress,
    resourceId: string,
  ): Promise<ResourceFile | undefined> {
    const { rows } = await db.raw<{ rows: ResourceFile[] }>(
      `select f.name, f.storage_key as "storageKey", f.media_type as "mediaType", f.bytes, f.sha256,
         f.created_at as "createdAt"
       from resources r
       join projects p on p.id = r.project_id join organizations o on o.id = p.organization_id
       join files f on f.id = r.file_id and f.owner_kind = 'record' and f.removed_at is null
       where o.slug = :organization and p.slug = :project and r.id = :resourceId`,
      { organization, project, resourceId },
    );
    return rows[0];
  }
}
