/** Polygons without end: each is known by its number, so that what is read back can be compared with what was written. */
import type { LocationRecord } from '@parcelpost/shared/records.js';
import type { Polygon, Position } from 'geojson';

const COLUMNS = 3600;
const ROWS = 1600;
/** Degrees from the middle of one polygon to that of the next. */
const STEP = 0.1;

/** Bytes of a polygon's record in a .shp: its header, its counts and its box, and a closed ring. */
export const recordBytes = (corners: number): number => 8 + 48 + 16 * (corners + 1);

export const idOf = (number: number): string => `l${number}`;

/**
 * The ring of a polygon, counter-clockwise and closed, as GeoJSON has it. Polygons fill the world between 80 degrees of
 * north and south row by row, and then once more, each a little smaller than the one before at its place.
 */
export function ringOf(number: number, corners: number): Position[] {
  const x = -180 + STEP * ((number % COLUMNS) + 0.5);
  const y = -80 + STEP * ((Math.floor(number / COLUMNS) % ROWS) + 0.5);
  const size = (STEP * 0.45) / (1 + Math.floor(number / (COLUMNS * ROWS)));
  const ring: Position[] = [];
  for (let i = 0; i < corners; i++) {
    const angle = (2 * Math.PI * i) / corners;
    ring.push([x + size * Math.cos(angle), y + size * Math.sin(angle)]);
  }
  ring.push(ring[0] as Position);
  return ring;
}

/** The location whose polygon that is. */
export function locationOf(number: number, corners: number): LocationRecord {
  const geometry: Polygon = { type: 'Polygon', coordinates: [ringOf(number, corners)] };
  return { id: idOf(number), type: 'PA', area: null, geometry, attributes: {} };
}
