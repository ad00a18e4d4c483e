/** A project as samples describe it, and how it is written into the database. */
import { createHash, randomUUID } from 'node:crypto';
import { uploadKey } from '@parcelpost/shared/db/services/uploads.js';
import { recordOwner } from '@parcelpost/shared/files/owner.js';
import type { AttributeField, AttributeSchemas } from '@parcelpost/shared/records.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import type pg from 'pg';
import { type CopyValue, copyRows } from './copy-rows.js';

/** JSON as text, since it may hold numbers that JavaScript's cannot. */
export type JsonText = string;

export interface SampleProject {
  organization: { slug: string; name: string };
  slug: string;
  name: string;
  description: string;
  country: string;
  access: 'public' | 'private';
  schemas: AttributeSchemas;
  locations(): Iterable<{
    id: string;
    type: string;
    area: number | null;
    geometry: JsonText | null;
    attributes: JsonText;
  }>;
  parties(): Iterable<{ id: string; name: string; type: string; attributes: JsonText }>;
  relationships(): Iterable<{
    id: string;
    party: string;
    spatialUnit: string;
    tenureType: string;
    attributes: JsonText;
  }>;
  resources(): Iterable<SampleResource>;
}

export interface SampleResource {
  id: string;
  name: string;
  description: string;
  /** Of its file, which is put into the platform's own storage. */
  content: Buffer;
  originalFile: string;
  mimeType: string;
  archived: boolean;
  links: { id: string; type: 'spatialunit' | 'party' | 'tenurerelationship' }[];
}

/** Id of the organization, which is made if there is none of this slug. */
export async function ensureOrganization(
  client: pg.ClientBase,
  organization: { slug: string; name: string },
): Promise<string> {
  await client.query('insert into organizations (slug, name) values ($1, $2) on conflict (slug) do nothing', [
    organization.slug,
    organization.name,
  ]);
  const { rows } = await client.query('select id from organizations where slug = $1', [organization.slug]);
  return rows[0].id as string;
}

/**
 * Makes a project without records, in the transaction that `client` is in.
 * @returns its id; undefined where the organization has a project of this slug already
 */
export async function createProject(
  client: pg.ClientBase,
  project: Pick<SampleProject, 'organization' | 'slug' | 'name' | 'description' | 'country' | 'access' | 'schemas'>,
): Promise<string | undefined> {
  const organizationId = await ensureOrganization(client, project.organization);
  const { rows } = await client.query(
    `insert into projects (organization_id, slug, name, description, country, access) values ($1, $2, $3, $4, $5, $6)
     on conflict (organization_id, slug) do nothing returning id`,
    [organizationId, project.slug, project.name, project.description, project.country, project.access],
  );
  const id = rows[0]?.id as string | undefined;
  if (id === undefined) return undefined;
  for (const [entity, fields] of Object.entries(project.schemas) as [string, AttributeField[]][]) {
    for (const [position, field] of fields.entries()) {
      await client.query(
        `insert into attribute_schemas (project_id, entity, position, name, label, type, applies_to) values ($1, $2, $3, $4, $5, $6, $7)`,
        [id, entity, position, field.name, field.label, field.type, field.when?.type ?? null],
      );
    }
  }
  return id;
}

type Columns<T> = { table: string; columns: readonly string[]; values: (record: T) => CopyValue[] };
type RecordOf<K extends 'locations' | 'parties' | 'relationships'> =
  ReturnType<SampleProject[K]> extends Iterable<infer T> ? T : never;

export const LOCATION_COLUMNS: Columns<RecordOf<'locations'>> = {
  table: 'spatial_units',
  columns: ['project_id', 'id', 'type', 'area', 'geometry', 'attributes'],
  values: (one) => [one.id, one.type, one.area, one.geometry, one.attributes],
};
export const PARTY_COLUMNS: Columns<RecordOf<'parties'>> = {
  table: 'parties',
  columns: ['project_id', 'id', 'name', 'type', 'attributes'],
  values: (one) => [one.id, one.name, one.type, one.attributes],
};
export const RELATIONSHIP_COLUMNS: Columns<RecordOf<'relationships'>> = {
  table: 'tenure_relationships',
  columns: ['project_id', 'id', 'party_id', 'spatial_unit_id', 'tenure_type', 'attributes'],
  values: (one) => [one.id, one.party, one.spatialUnit, one.tenureType, one.attributes],
};
const RESOURCE_COLUMNS: Columns<SampleResource & { fileId: string }> = {
  table: 'resources',
  columns: ['project_id', 'id', 'name', 'description', 'file', 'original_file', 'mime_type', 'archived', 'file_id'],
  values: (one) => [one.id, one.name, one.description, '', one.originalFile, one.mimeType, one.archived, one.fileId],
};

/** Writes the records of one kind, in their order. @returns how many */
export function copyRecords<T>(
  client: pg.ClientBase,
  projectId: string,
  kind: Columns<T>,
  records: Iterable<T>,
): Promise<number> {
  function* rows(): Generator<CopyValue[]> {
    for (const record of records) yield [projectId, ...kind.values(record)];
  }
  return copyRows(client, kind.table, kind.columns, rows());
}

/**
 * Writes a whole sample project in one transaction.
 * @param storage where the files of its resources are put, as if they had been uploaded
 * @returns false where the project was there already; nothing is changed then
 */
export async function writeProject(client: pg.ClientBase, project: SampleProject, storage: Storage): Promise<boolean> {
  await client.query('begin');
  try {
    const id = await createProject(client, project);
    if (id !== undefined) {
      await copyRecords(client, id, LOCATION_COLUMNS, project.locations());
      await copyRecords(client, id, PARTY_COLUMNS, project.parties());
      await copyRecords(client, id, RELATIONSHIP_COLUMNS, project.relationships());
      const resources: (SampleResource & { fileId: string })[] = [];
      for (const resource of project.resources()) {
        resources.push({ ...resource, fileId: await keepFile(client, project, resource, storage) });
      }
      await copyRecords(client, id, RESOURCE_COLUMNS, resources);
      await copyRows(
        client,
        'resource_links',
        ['project_id', 'resource_id', 'target_type', 'target_id'],
        resources.flatMap((resource) => resource.links.map((link) => [id, resource.id, link.type, link.id])),
      );
    }
    await client.query('commit');
    return id !== undefined;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Puts the file of a resource where uploads lie, and notes that it is the resource's. @returns its id */
async function keepFile(
  client: pg.ClientBase,
  { organization, slug }: SampleProject,
  { id, content, originalFile, mimeType }: SampleResource,
  storage: Storage,
): Promise<string> {
  const owner = recordOwner({ organization: organization.slug, project: slug }, id);
  const fileId = randomUUID();
  const key = uploadKey(fileId);
  await storage.put(key, content);
  await client.query(
    `insert into files (id, kind, name, media_type, storage_key, bytes, sha256, owner_kind, owner_id, pinned, arrived_at)
     values ($1, 'upload', $2, $3, $4, $5, $6, $7, $8, true, now())`,
    [fileId, nameOf(originalFile), mimeType, key, content.length, sha256(content), owner.kind, owner.id],
  );
  return fileId;
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

/** Of a path of any system. */
const nameOf = (path: string) => path.split(/[\\/]/).at(-1) as string;
