/** Records that the made-up sample does not have: names in every script, and groups of one member. */
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Geometry } from 'geojson';
import { projectId } from './database-records.js';

const square = (x: number, y: number, z: number) => [
  [x, y, z],
  [x + 0.001, y, z],
  [x + 0.001, y + 0.001, z + 1.5],
  [x, y + 0.001, z],
  [x, y, z],
];

/** One for each script, the last with a character beyond the basic plane; ids, types and names of attributes alike. */
export const HARD_LOCATIONS: { id: string; type: string; attribute: string; geometry: Geometry }[] = [
  { id: 'Żółw-7', type: 'Parcelle élevée', attribute: 'Größe', geometry: { type: 'Point', coordinates: [0.1, 51.5] } },
  {
    id: 'Участок №7',
    type: 'Жилой дом',
    attribute: 'Площадь',
    geometry: { type: 'MultiPoint', coordinates: [[0.1, 51.5, 7.25]] },
  },
  {
    id: 'قطعة ٧',
    type: 'أرض زراعية',
    attribute: 'المساحة',
    geometry: {
      type: 'MultiLineString',
      coordinates: [
        [
          [0.1, 51.5],
          [0.2, 51.6],
        ],
      ],
    },
  },
  {
    id: 'खेत ७',
    type: 'सामुदायिक सीमा',
    attribute: 'क्षेत्रफल',
    geometry: { type: 'MultiPolygon', coordinates: [[square(0.1, 51.5, 12.125)]] },
  },
  {
    id: '地块 七 𠮷',
    type: '"公园", 第一',
    attribute: '面积 𠮷',
    geometry: { type: 'Polygon', coordinates: [square(-0.3, 51.4, 0.5)] },
  },
];

/** Adds them to a project. */
export async function addHardLocations(db: Database, project: string): Promise<void> {
  const id = await projectId(db, project);
  await db('spatial_units').insert(
    HARD_LOCATIONS.map(({ attribute, geometry, ...location }) => ({
      project_id: id,
      ...location,
      geometry: JSON.stringify(geometry),
      attributes: JSON.stringify({ [attribute]: `${attribute}: 7` }),
    })),
  );
}
