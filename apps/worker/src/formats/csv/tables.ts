/** The three tables of a bundle: their fixed columns, and how a record fills them. */
import type { Entity, LocationRecord, PartyRecord, RecordOf, RelationshipRecord } from '@parcelpost/shared/records.js';
import { toEwkt, toWkt } from '../ewkt.js';
import { geometryJson, noNotes } from '../geojson/geometry.js';
import type { Column } from './columns.js';
import type { CsvRow } from './fragment.js';

/** Entities that become a CSV of their own. */
export type TableEntity = Exclude<Entity, 'resources'>;

export interface Table<R> {
  /** Name inside the bundle. */
  file: string;
  fixed: readonly Column[];
  row(record: R): CsvRow;
}

const column = (name: string, label: string, type: string): Column => ({ name, label, type });

const relationships: Table<RelationshipRecord> = {
  file: 'relationships.csv',
  fixed: [
    column('id', 'Identifier of the tenure relationship', 'text'),
    column('party_id', 'Identifier of the party that holds the right (the id of one of the parties)', 'text'),
    column('spatial_unit_id', 'Identifier of the spatial unit it is held to (the id of one of the locations)', 'text'),
    column('tenure_type', 'Code of the kind of tenure', 'text'),
  ],
  row: (record) => ({
    fixed: [record.id, record.party, record.spatialUnit, record.tenureType],
    attributes: record.attributes,
  }),
};

const parties: Table<PartyRecord> = {
  file: 'parties.csv',
  fixed: [
    column('id', 'Identifier of the party', 'text'),
    column('name', 'Name of the party', 'text'),
    column('type', 'IN individual, CO corporation, GR group', 'text'),
  ],
  row: (record) => ({ fixed: [record.id, record.name, record.type], attributes: record.attributes }),
};

const locations: Table<LocationRecord> = {
  file: 'locations.csv',
  fixed: [
    column('id', 'Identifier of the spatial unit', 'text'),
    column('type', 'Code of the kind of spatial unit', 'text'),
    column('area', 'Area in square metres, where the platform knows it', 'decimal'),
    column(
      'geometry.ewkt',
      'Geometry as EWKT, longitude and latitude in WGS 84 (SRID 4326); empty where none was recorded',
      'geometry',
    ),
  ],
  row: (record) => ({
    fixed: [record.id, record.type, record.area, toEwkt(record.geometry)],
    attributes: record.attributes,
  }),
};

/** How the geometry of a location is written into its CSV, if at all. */
export type CsvGeometry = 'ewkt' | 'wkt' | 'geojson' | 'none';

const GEOMETRIES: Record<Exclude<CsvGeometry, 'ewkt' | 'none'>, { label: string; write: typeof toWkt }> = {
  wkt: {
    label: 'Geometry as WKT, longitude and latitude in WGS 84 (EPSG:4326); empty where none was recorded',
    write: toWkt,
  },
  geojson: {
    label: 'Geometry as GeoJSON (RFC 7946); empty where none was recorded',
    write: (geometry) => {
      const json = geometryJson(geometry, noNotes());
      return json === 'null' ? '' : json;
    },
  },
};

/**
 * The table of an entity whose geometry is written so. As GeoJSON a geometry with a coordinate that is not finite is
 * empty, since JSON has no such numbers.
 */
export function csvTable<E extends TableEntity>(entity: E, geometry: CsvGeometry): Table<RecordOf[E]> {
  if (entity !== 'locations' || geometry === 'ewkt') return TABLES[entity];
  return locationsWith(geometry) as unknown as Table<RecordOf[E]>;
}

function locationsWith(geometry: Exclude<CsvGeometry, 'ewkt'>): Table<LocationRecord> {
  const fixed = locations.fixed.filter(({ type }) => type !== 'geometry');
  if (geometry === 'none') {
    return {
      ...locations,
      fixed,
      row: ({ id, type, area, attributes }) => ({ fixed: [id, type, area], attributes }),
    };
  }
  const { label, write } = GEOMETRIES[geometry];
  return {
    ...locations,
    fixed: [...fixed, column(`geometry.${geometry}`, label, 'geometry')],
    row: (record) => ({
      fixed: [record.id, record.type, record.area, write(record.geometry)],
      attributes: record.attributes,
    }),
  };
}

/** By entity, with geometries as EWKT; files and fixed columns are a promise to those who read bundles. */
export const TABLES: { readonly [E in TableEntity]: Table<RecordOf[E]> } = { relationships, parties, locations };
