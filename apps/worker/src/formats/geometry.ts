/** What every format needs to know of GeoJSON geometries (RFC 7946). */
import { ExportError } from '@parcelpost/shared/errors.js';
import type { Position } from 'geojson';

/** Platforms write an empty geometry as `[]`, and some as null. */
export function listOf<T>(items: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(items) ? items : [];
}

/** Those that are not empty. */
export function filled<T extends readonly unknown[]>(items: readonly T[] | null): readonly T[] {
  return listOf(items).filter((item) => listOf(item).length > 0);
}

/** Whether this is two finite numbers, or three. Platforms write an absent height as null too. */
export function isPosition(at: Position): boolean {
  if (!Array.isArray(at) || !Number.isFinite(at[0]) || !Number.isFinite(at[1])) return false;
  const z: unknown = at[2];
  return z === undefined || z === null || Number.isFinite(z);
}

/** Whether the last position of a ring is its first again, height included, as RFC 7946 and PostGIS ask. */
export function isClosed(ring: readonly Position[]): boolean {
  const first = ring[0];
  const last = ring[ring.length - 1];
  return first?.[0] === last?.[0] && first?.[1] === last?.[1] && (first?.[2] ?? 0) === (last?.[2] ?? 0);
}

/**
 * A closed ring, clockwise or not, as asked; one without area as it is. Positions count from the first one, so that
 * far-off coordinates cost no digits.
 */
export function turned(ring: readonly Position[], clockwise: boolean): readonly Position[] {
  const [x0 = 0, y0 = 0] = ring[0] as Position;
  let area = 0;
  let px = 0;
  let py = 0;
  for (let i = 1; i < ring.length; i++) {
    const position = ring[i] as Position;
    const x = (position[0] as number) - x0;
    const y = (position[1] as number) - y0;
    area += px * y - x * py;
    px = x;
    py = y;
  }
  return (clockwise ? area > 0 : area < 0) ? ring.toReversed() : ring;
}

/** The error for a geometry of a type that GeoJSON does not know. */
export function unknownGeometry(geometry: { type?: unknown }): ExportError {
  return new ExportError(
    'unknown-geometry',
    `A location has a geometry of type ${JSON.stringify(geometry.type)}, which GeoJSON does not know. The platform’s operator has to correct it.`,
    true,
  );
}
