/** What every format needs to know of GeoJSON geometries (RFC 7946). */
import { ExportError } from '@parcelpost/shared/errors.js';
import type { Position } from 'geojson';

/** Platforms write an empty geometry as `[]`, and some as null. */
export function listOf<T>(items: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(items) ? items : [];
}

/** Whether the last position of a ring is its first again, height included, as RFC 7946 and PostGIS ask. */
export function isClosed(ring: readonly Position[]): boolean {
  const first = ring[0];
  const last = ring[ring.length - 1];
  return first?.[0] === last?.[0] && first?.[1] === last?.[1] && (first?.[2] ?? 0) === (last?.[2] ?? 0);
}

/** The error for a geometry of a type that GeoJSON does not know. */
export function unknownGeometry(geometry: { type?: unknown }): ExportError {
  return new ExportError(
    'unknown-geometry',
    `A location has a geometry of type ${JSON.stringify(geometry.type)}, which GeoJSON does not know. The platform’s operator has to correct it.`,
    true,
  );
}
