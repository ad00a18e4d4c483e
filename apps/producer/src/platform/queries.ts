/**
 * The read API's SQL. A page is one query: it decides on the permission, gives the count, and assembles the JSON of the
 * records as text, so that the digits of numbers and the order of keys come out as they went in, and nothing here is parsed.
 */

import { MAY_SEE } from '@parcelpost/shared/db/services/projects.js';
import type { Entity } from '@parcelpost/shared/records.js';
import { cursorSql } from './cursor.js';

/** One record list: its table, and the fields of a record, selected from a row `r` of it, in the platform API's shapes. */
interface EntitySql {
  table: string;
  fields: string;
}

// NaN and the infinities are no JSON; such an area is null, as an unknown one is.
const AREA = `case when r.area > '-Infinity' and r.area < 'Infinity' then r.area end`;

const LINKS = `coalesce((
  select json_agg(link) from (
    select l.target_id as id, l.target_type as type from resource_links l
    where l.project_id = r.project_id and l.resource_id = r.id order by l.target_type, l.target_id) link), '[]')`;

// A file that is kept here is read from here.
const FILE = `case when r.file_id is null then r.file else cast(:resources as text) || r.id || '/file' end as file`;

const ENTITY_SQL: Record<Entity, EntitySql> = {
  locations: {
    table: 'spatial_units',
    fields: `'Feature' as type, r.geometry, properties
      from (select r.id, r.type, ${AREA} as area, r.attributes offset 0) properties`,
  },
  parties: { table: 'parties', fields: 'r.id, r.name, r.type, r.attributes' },
  relationships: {
    table: 'tenure_relationships',
    fields: 'r.id, r.party_id as party, r.spatial_unit_id as spatial_unit, r.tenure_type, r.attributes',
  },
  resources: {
    table: 'resources',
    fields: `r.id, r.name, r.description, ${FILE}, r.original_file, r.mime_type, r.archived, ${LINKS} as links`,
  },
};

const text = (column: string) => `to_json(${column})::text`;

/** The project of `:organization`/`:project`, and whether user `:user` may see it: no row where there is none. */
const WHO = `select p.*, o.slug as organization_slug, o.name as organization_name, ${MAY_SEE} as allowed
  from projects p join organizations o on o.id = p.organization_id
  where o.slug = :organization and p.slug = :project`;

/**
 * One page of an entity: `records` is the JSON array of its records, null if there are none; `next` is the cursor of the
 * page that follows, null if none does up to `until`. Bindings: organization, project, user, after and until (positions;
 * the page's records lie behind the one and not behind the other), skip (records), size; resources: the address below which
 * files are read that are kept here.
 *
 * PostgreSQL writes `json` columns into an array as they stand, and `json` is sent without a cast: at a thousand records a
 * page, each cast and each `||` would cost as much as reading the rows.
 */
export function pageSql(entity: Entity): string {
  const { table, fields } = ENTITY_SQL[entity];
  return `with who as (${WHO}), page as (
    select json_agg(record) as records, max(position) as last, count(*) as n from (
      select r.position, record from ${table} r cross join lateral (select ${fields}) record
      where r.project_id = (select id from who where allowed) and r.position > cast(:after as bigint)
        and r.position <= cast(:until as bigint)
      order by r.position offset cast(:skip as bigint) limit cast(:size as bigint)) ordered)
  select who.allowed::text as allowed, page.n::text as n, page.records, ${count(entity)}::text as count,
    case when (select max(r.position) from ${table} r
        where r.project_id = who.id and r.position <= cast(:until as bigint)) > page.last
      then ${cursorSql('page.last')} end as next
  from who, page`;
}

/** The count of an entity, in the project `who`. */
const count = (entity: Entity) =>
  `coalesce((select c.n from project_counts c where c.project_id = who.id and c.entity = '${entity}'), 0)`;

/** What state the records of an entity are in; a list that never had any is in one of its own. */
const version = (entity: Entity) =>
  `'"${entity}":"' || coalesce((select c.version::text from project_counts c where c.project_id = who.id and c.entity = '${entity}'), 'none') || '"'`;

/** The fields that forms ask of one kind of record, in the form's order; null if they ask none. */
const schema = (entity: string) => `(select '"${entity}":[' || string_agg(
    '{"name":' || ${text('a.name')} || ',"label":' || ${text('a.label')} || ',"type":' || ${text('a.type')}
    || case when a.applies_to is null then '' else ',"when":{"type":' || to_json(a.applies_to)::text || '}' end || '}',
    ',' order by a.position) || ']'
  from attribute_schemas a where a.project_id = who.id and a.entity = '${entity}')`;

/** Cursors at which shards of `:shardSize` records begin: one pass over the index, whatever their number. */
const shards = (entity: Entity) => `'"${entity}":[""' || coalesce((
    select string_agg(',"' || ${cursorSql('before')} || '"', '' order by before) from (
      select lag(r.position) over ranked as before, row_number() over ranked as nth
      from ${ENTITY_SQL[entity].table} r where r.project_id = who.id
      window ranked as (order by r.position)) numbered
    where nth > 1 and (nth - 1) % cast(:shardSize as bigint) = 0), '') || ']'`;

/**
 * The project itself, as JSON text in `body`. Bindings: organization, project, user, and shardSize if `sharded`.
 * An entity without records has one shard, the empty one.
 */
export function projectSql(sharded: boolean): string {
  return `with who as (${WHO}) select who.allowed::text as allowed, case when who.allowed then
    '{"id":' || ${text('who.id')} || ',"slug":' || ${text('who.slug')} || ',"name":' || ${text('who.name')}
    || ',"organization":{"slug":' || ${text('who.organization_slug')} || ',"name":' || ${text('who.organization_name')}
    || '},"description":' || ${text('who.description')} || ',"country":' || ${text('who.country')}
    || ',"access":' || ${text('who.access')} || ',"archived":' || who.archived::text
    || ',"counts":{"locations":' || ${count('locations')} || ',"parties":' || ${count('parties')}
    || ',"relationships":' || ${count('relationships')} || ',"resources":' || ${count('resources')}
    || '},"data_versions":{' || concat_ws(',', ${version('locations')}, ${version('parties')}, ${version('relationships')}, ${version('resources')})
    || '},"attribute_schemas":{'
    || concat_ws(',', ${schema('spatialunit')}, ${schema('party')}, ${schema('tenurerelationship')}) || '}'
    ${sharded ? `|| ',"shards":{' || concat_ws(',', ${shards('locations')}, ${shards('parties')}, ${shards('relationships')}, ${shards('resources')}) || '}'` : ''}
    || '}' else '' end as body
  from who`;
}
