/**
 * From the platform's answers to our records. Each record's shape is checked in one tight loop, and attributes are
 * handed on as they were parsed, never copied: this runs once for every record of an export.
 */
import type { Geometry } from 'geojson';
import {
  type Attributes,
  type Entity,
  ExactNumber,
  type LocationRecord,
  type PartyRecord,
  type RecordOf,
  type RelationshipRecord,
  type ResourceRecord,
} from '../records.js';
import { type Parsed, roundCoordinates } from './json.js';

/** An answer that is JSON, but not of the shape agreed. `field` is a path into it, such as `results[3].party`. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  constructor(
    readonly field: string,
    wanted: string,
    value: unknown,
  ) {
    super(`${field} must be ${wanted}, not ${kindOf(value)}`);
  }
}

type Json = { readonly [key: string]: unknown };

const NO_ATTRIBUTES: Attributes = Object.freeze({});

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof ExactNumber) return 'a number';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'a boolean' : 'a number';
}

/** Whether a parsed value is a JSON object. */
function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

function object(value: unknown, field: string): Json {
  if (!isObject(value)) throw new ShapeError(field, 'an object', value);
  return value;
}

/** The text of a field that must be there; `place` is made only when it is not. */
function text(record: Json, key: string, place: () => string): string {
  const value = record[key];
  if (typeof value !== 'string') throw new ShapeError(`${place()}.${key}`, 'text', value);
  return value;
}

/** The text of a field that may be absent or null, which is then empty. */
function optionalText(record: Json, key: string, place: () => string): string {
  return record[key] == null ? '' : text(record, key, place);
}

function attributes(record: Json, place: () => string): Attributes {
  const value = record.attributes;
  if (value == null) return NO_ATTRIBUTES;
  if (!isObject(value)) throw new ShapeError(`${place()}.attributes`, 'an object or null', value);
  return value as Attributes;
}

function geometry(feature: Json, place: () => string): Geometry | null {
  const value = feature.geometry;
  if (value == null) return null;
  const { type, coordinates, geometries } = object(value, `${place()}.geometry`);
  if (typeof type !== 'string') throw new ShapeError(`${place()}.geometry.type`, 'text', type);
  const [parts, key] = type === 'GeometryCollection' ? [geometries, 'geometries'] : [coordinates, 'coordinates'];
  if (!Array.isArray(parts)) throw new ShapeError(`${place()}.geometry.${key}`, 'a list', parts);
  return value as Geometry;
}

function area(properties: Json, place: () => string): number | ExactNumber | null {
  const value = properties.area;
  if (value == null) return null;
  if (typeof value === 'number' || value instanceof ExactNumber) return value;
  throw new ShapeError(`${place()}.properties.area`, 'a number or null', value);
}

function location(feature: Json, place: () => string): LocationRecord {
  const properties = feature.properties;
  if (!isObject(properties)) throw new ShapeError(`${place()}.properties`, 'an object', properties);
  const within = () => `${place()}.properties`;
  return {
    id: text(properties, 'id', within),
    type: text(properties, 'type', within),
    area: area(properties, place),
    geometry: geometry(feature, place),
    attributes: attributes(properties, within),
  };
}

function party(record: Json, place: () => string): PartyRecord {
  return {
    id: text(record, 'id', place),
    name: text(record, 'name', place),
    type: text(record, 'type', place),
    attributes: attributes(record, place),
  };
}

function relationship(record: Json, place: () => string): RelationshipRecord {
  return {
    id: text(record, 'id', place),
    party: text(record, 'party', place),
    spatialUnit: text(record, 'spatial_unit', place),
    tenureType: text(record, 'tenure_type', place),
    attributes: attributes(record, place),
  };
}

function resource(record: Json, place: () => string): ResourceRecord {
  const { archived, links } = record;
  if (archived != null && typeof archived !== 'boolean') {
    throw new ShapeError(`${place()}.archived`, 'a boolean', archived);
  }
  if (links != null && !Array.isArray(links)) throw new ShapeError(`${place()}.links`, 'a list', links);
  return {
    id: text(record, 'id', place),
    name: text(record, 'name', place),
    description: optionalText(record, 'description', place),
    file: text(record, 'file', place),
    originalFile: optionalText(record, 'original_file', place),
    mimeType: optionalText(record, 'mime_type', place),
    archived: archived ?? false,
    links: (links ?? []).map((item: unknown, index) => {
      const within = () => `${place()}.links[${index}]`;
      const link = object(item, within());
      return { id: text(link, 'id', within), type: text(link, 'type', within) };
    }),
  };
}

const READERS: { [E in Entity]: (record: Json, place: () => string) => RecordOf[E] } = {
  relationships: relationship,
  parties: party,
  locations: location,
  resources: resource,
};

/** One page of a list. `count` is that of the whole list, where the platform tells it. */
export interface ListPage<E extends Entity> {
  records: RecordOf[E][];
  count: number | null;
  next: string | null;
}

/**
 * Reads one answer of a list (`{count, next, results}`; `results` of locations is a GeoJSON FeatureCollection).
 * Missing or null `attributes` become an empty object. Throws {@link ShapeError} naming the field that is wrong.
 */
export function readList<E extends Entity>(entity: E, answer: Parsed): ListPage<E> {
  const list = object(answer.value, 'the answer');
  const next = list.next ?? null;
  if (next !== null && typeof next !== 'string') throw new ShapeError('next', 'a URL or null', next);
  const count = list.count ?? null;
  if (count !== null && !isCount(count)) throw new ShapeError('count', 'a whole number or null', count);
  let items = list.results;
  let name = 'results';
  if (entity === 'locations') {
    items = object(items, 'results').features;
    name = 'results.features';
  }
  if (!Array.isArray(items)) throw new ShapeError(name, 'a list', items);
  const read = READERS[entity];
  let index = 0;
  const place = () => `${name}[${index}]`;
  const records = new Array<RecordOf[E]>(items.length);
  for (; index < items.length; index++) {
    const item: unknown = items[index];
    if (!isObject(item)) throw new ShapeError(place(), 'an object', item);
    records[index] = read(item, place);
  }
  if (answer.exact && entity === 'locations') {
    for (const record of records as LocationRecord[]) roundCoordinates(record.geometry);
  }
  return { records, count, next };
}

/** Reads the number of records in a list. Throws {@link ShapeError} if the answer does not tell it. */
export function readCount(answer: unknown): number {
  const { count } = object(answer, 'the answer');
  if (!isCount(count)) throw new ShapeError('count', 'a whole number', count);
  return count;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
