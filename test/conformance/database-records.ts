/** A project's records as the database has them, asked by plain SQL: the truth that bundles are held against. */
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Geometry } from 'geojson';
import { type ExactJson, readJsonExactly } from '../support/python.js';

export type Attributes = ReadonlyMap<string, ExactJson>;

export interface StoredRecord {
  id: string;
  /** What stands in the table's fixed columns, by the names that the CSV gives them. */
  fixed: Record<string, string | number | null>;
  attributes: Attributes;
}

export interface StoredLocation extends StoredRecord {
  geometry: Geometry | null;
}

export interface StoredProject {
  locations: StoredLocation[];
  parties: StoredRecord[];
  relationships: StoredRecord[];
  /** The form's questions in its order, by the CSV that they are columns of. */
  forms: Record<Table, Question[]>;
}

export interface Question {
  name: string;
  label: string;
  type: string;
}

export const TABLES = ['locations', 'parties', 'relationships'] as const;
export type Table = (typeof TABLES)[number];

const QUERIES: Record<Table, string> = {
  locations: `select id, type, area, geometry::text, attributes::text from spatial_units where project_id = ?`,
  parties: `select id, name, type, attributes::text from parties where project_id = ?`,
  relationships: `select id, party_id, spatial_unit_id, tenure_type, attributes::text from tenure_relationships
    where project_id = ?`,
};
const FORMS: Record<Table, string> = {
  locations: 'spatialunit',
  parties: 'party',
  relationships: 'tenurerelationship',
};

/** Id of `organization/project`. */
export async function projectId(db: Database, project: string): Promise<string> {
  const { rows } = await db.raw(
    'select p.id from projects p join organizations o on o.id = p.organization_id where o.slug = ? and p.slug = ?',
    project.split('/'),
  );
  return rows[0].id;
}

/** Reads all of a project, numbers of attributes as the tokens that they are. */
export async function readProject(db: Database, project: string): Promise<StoredProject> {
  const id = await projectId(db, project);
  const forms = {} as Record<Table, Question[]>;
  const records = {} as Record<Table, (StoredRecord & { geometry?: string | null })[]>;
  for (const table of TABLES) {
    const form = await db.raw(
      'select name, label, type from attribute_schemas where project_id = ? and entity = ? order by position',
      [id, FORMS[table]],
    );
    forms[table] = form.rows;
    const { rows } = await db.raw(QUERIES[table], [id]);
    const attributes = readJsonExactly(rows.map((row: { attributes: string }) => row.attributes));
    records[table] = rows.map(({ attributes: _, geometry, ...fixed }: Record<string, string>, i: number) => ({
      id: fixed.id,
      fixed,
      attributes: attributes[i],
      geometry,
    }));
  }
  return {
    ...records,
    locations: records.locations.map((each) => ({
      ...each,
      geometry: each.geometry ? JSON.parse(each.geometry) : null,
    })),
    forms,
  };
}

/** Values of every attribute of a table, lists' items and members' values among them. */
export function* valuesOf(records: readonly StoredRecord[]): Generator<ExactJson> {
  for (const { attributes } of records) for (const value of attributes.values()) yield* deepValues(value);
}

function* deepValues(value: ExactJson): Generator<ExactJson> {
  yield value;
  if (Array.isArray(value)) for (const item of value) yield* deepValues(item);
  else if (value instanceof Map) for (const item of value.values()) yield* deepValues(item);
}
