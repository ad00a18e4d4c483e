/** What readers of GeoJSON are to be told of geometries. */
import type { BundleWarning } from '../bundle/info.js';
import { amount } from '../bundle/text.js';
import { mergeTallies } from '../tally.js';
import type { NotedGeometries } from './fragment.js';
import { GEOMETRY_NOTES, type GeometryNote } from './geometry.js';

const NOTES: Record<GeometryNote, { code: string; one: string; many: string; text: string }> = {
  notFinite: {
    code: 'geojson-not-finite',
    one: 'is without its geometry',
    many: 'are without their geometries',
    text: 'a coordinate is not a finite number, which JSON cannot hold',
  },
  tooFewPoints: {
    code: 'geojson-too-few-points',
    one: 'has a geometry that GeoJSON does not allow',
    many: 'have geometries that GeoJSON does not allow',
    text: 'a line has fewer than two points, or a ring fewer than three corners; it is written as it was recorded',
  },
  outOfRange: {
    code: 'geojson-out-of-range',
    one: 'lies where no place on Earth is',
    many: 'lie where no place on Earth is',
    text: 'a longitude is past 180 degrees or a latitude past 90; it is written as it was recorded',
  },
  antimeridian: {
    code: 'geojson-antimeridian',
    one: 'has a line of more than 180 degrees of longitude',
    many: 'have lines of more than 180 degrees of longitude',
    text: 'it may be meant to cross the antimeridian, but many programs draw it around the world; it is written as it was recorded, not cut in two',
  },
};

/**
 * A warning for each thing that befell geometries.
 * @param shards what each shard's map noted
 * @param files the GeoJSON files of the bundle
 */
export function geometryWarnings(shards: readonly NotedGeometries[], files: readonly string[]): BundleWarning[] {
  return GEOMETRY_NOTES.flatMap((note) => {
    const found = mergeTallies(shards.flatMap((shard) => shard[note] ?? []));
    if (found.count === 0) return [];
    const { code, one, many, text } = NOTES[note];
    const message = `${amount(found.count, 'location', 'locations')} in ${files.join(' and ')} ${found.count === 1 ? one : many}: ${text}`;
    return [{ code, message, ...found }];
  });
}
