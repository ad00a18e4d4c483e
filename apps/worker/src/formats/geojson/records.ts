/** The objects that records become in JSON: their members, and how the manifest describes them. */
import type { Attributes, LocationRecord, PartyRecord, RelationshipRecord } from '@parcelpost/shared/records.js';
import { type Column, compareCodePoints, described, type SchemaField } from '../csv/columns.js';
import { TABLES, type TableEntity } from '../csv/tables.js';
import { toJson } from '../json.js';
import { type GeometryNotes, geometryJson } from './geometry.js';

/** The attributes as a JSON object; `keys` are all of its members, in their order. */
function attributesJson(attributes: Attributes, keys: readonly string[]): string {
  let out = '';
  for (const key of keys) {
    out += `${out === '' ? '' : ','}${JSON.stringify(key)}:${toJson(attributes[key] ?? null)}`;
  }
  return `{${out}}`;
}

/** A GeoJSON Feature (RFC 7946, 3.2). */
export function featureJson(record: LocationRecord, keys: readonly string[], notes: GeometryNotes): string {
  const attributes = attributesJson(record.attributes, keys);
  return (
    `{"type":"Feature","id":${toJson(record.id)},` +
    `"properties":{"type":${toJson(record.type)},"area":${toJson(record.area)},"attributes":${attributes}},` +
    `"geometry":${geometryJson(record.geometry, notes)}}`
  );
}

/** A party, or a relationship, whose members bear the names of the CSV's columns. */
export function partyJson({ id, name, type, attributes }: PartyRecord, keys: readonly string[]): string {
  return `{"id":${toJson(id)},"name":${toJson(name)},"type":${toJson(type)},"attributes":${attributesJson(attributes, keys)}}`;
}

export function relationshipJson(record: RelationshipRecord, keys: readonly string[]): string {
  return (
    `{"id":${toJson(record.id)},"party_id":${toJson(record.party)},"spatial_unit_id":${toJson(record.spatialUnit)},` +
    `"tenure_type":${toJson(record.tenureType)},"attributes":${attributesJson(record.attributes, keys)}}`
  );
}

/**
 * What a record's object holds, for manifest and readme: its fixed members, `attributes`, and each attribute as
 * `attributes.<key>`: the form's in its order, then the others by code point.
 * @param found keys that records have
 */
export function memberColumns(entity: TableEntity, form: readonly SchemaField[], found: Iterable<string>): Column[] {
  const fields = new Map<string, SchemaField>();
  for (const field of form) if (!fields.has(field.name)) fields.set(field.name, field);
  const others = [...new Set(found)].filter((key) => !fields.has(key)).sort(compareCodePoints);
  return [
    ...TABLES[entity].fixed.filter(({ type }) => type !== 'geometry'),
    { name: 'attributes', label: 'Answers to the form’s questions, by their names', type: 'object' },
    ...[...fields.values()].map((field) => ({ ...described(field), name: `attributes.${field.name}` })),
    ...others.map((key) => ({ name: `attributes.${key}`, label: key, type: 'unspecified' })),
  ];
}
