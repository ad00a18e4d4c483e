/**
 * The records that the platform API answers with, and that every step of an export reads.
 * Shapes follow the platform's REST API; geometries are GeoJSON (RFC 7946) in WGS 84.
 */
import type { Geometry } from 'geojson';

/** The record lists of a project that an export may read, in the order in which bundles present them. */
export const ENTITIES = ['relationships', 'parties', 'locations', 'resources'] as const;
export type Entity = (typeof ENTITIES)[number];

/** Path of each entity's list below `/api/v1/organizations/:org/projects/:project/`. */
export const ENTITY_PATHS: Record<Entity, string> = {
  relationships: 'relationships/tenure/',
  parties: 'parties/',
  locations: 'spatial/',
  resources: 'resources/',
};

/**
 * A number whose text a JavaScript number cannot carry digit for digit (an identity number past 2^53, say).
 * `text` is the JSON number token as it came in; formats write it as it stands.
 */
export class ExactNumber {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
  toJSON(): string {
    return this.text;
  }
}

export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | ExactNumber
  | AttributeValue[]
  | { [key: string]: AttributeValue };

/** What a form's author asked: any key, any value. Keys such as `id`, `a.b` or `__proto__` are legal. */
export type Attributes = { readonly [name: string]: AttributeValue };

/** A spatial unit (parcel, building, right-of-way …). `geometry` is null where none was recorded. */
export interface LocationRecord {
  id: string;
  type: string;
  /** Square metres, where the platform knows it. */
  area: number | ExactNumber | null;
  geometry: Geometry | null;
  attributes: Attributes;
}

/** A person (`IN`), corporation (`CO`) or group (`GR`); other codes pass through. */
export interface PartyRecord {
  id: string;
  name: string;
  type: string;
  attributes: Attributes;
}

/** A tenure relationship: which party holds what right to which spatial unit. */
export interface RelationshipRecord {
  id: string;
  party: string;
  spatialUnit: string;
  tenureType: string;
  attributes: Attributes;
}

export interface ResourceRecord {
  id: string;
  name: string;
  description: string;
  file: string;
  originalFile: string;
  mimeType: string;
  archived: boolean;
  links: { id: string; type: string }[];
}

export interface RecordOf {
  relationships: RelationshipRecord;
  parties: PartyRecord;
  locations: LocationRecord;
  resources: ResourceRecord;
}

/** One question of a project's form. `when.type` limits it to records of these types; it is a column all the same. */
export interface AttributeField {
  name: string;
  label: string;
  type: string;
  when?: { type: string[] } | undefined;
}

/** The platform's own names for what the schemas describe. */
export interface AttributeSchemas {
  spatialunit?: AttributeField[] | undefined;
  party?: AttributeField[] | undefined;
  tenurerelationship?: AttributeField[] | undefined;
}

/** The project itself, as the platform answers it. */
export interface ProjectInfo {
  id: string;
  slug: string;
  name: string;
  organization: { slug: string; name: string };
  description: string;
  country: string;
  access: 'public' | 'private';
  archived: boolean;
  /** Records of each entity; only platforms that count ahead (ours does) have it. */
  counts?: Partial<Record<Entity, number>> | undefined;
  /**
   * Cursors at which each shard of an entity begins, when asked with `shard_size`; only our platform has it.
   * The first shard begins without a cursor and is written as an empty string.
   */
  shards?: Partial<Record<Entity, string[]>> | undefined;
  /**
   * What state the records of each list are in: another text after every change of them, never the same for two states.
   * Only platforms that know it (ours does) have it.
   */
  dataVersions?: Partial<Record<Entity, string>> | undefined;
  /** Id of the consistent view in which this was answered, where one was asked for and had; only our platform has it. */
  snapshot?: string | undefined;
  attributeSchemas?: AttributeSchemas | undefined;
}
