/** `us-census/counties`: every county of the United States with its real boundary, out of npm's us-atlas. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { MultiPolygon, Polygon, Position } from 'geojson';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import type { SampleProject } from './project-data.js';

type Atlas = Topology<{ counties: GeometryCollection; states: GeometryCollection }>;

const EARTH_RADIUS_M = 6_371_008.8;
const RADIANS = Math.PI / 180;

/** The atlas is on a grid of some hundred metres; six decimals (10 cm) say all that it knows. */
const rounded = ([x = 0, y = 0]: Position): Position => [Math.round(x * 1e6) / 1e6, Math.round(y * 1e6) / 1e6];

/** Square metres on a sphere, positive where the ring runs counter-clockwise. */
function ringArea(ring: Position[]): number {
  let sum = 0;
  for (let i = 1; i < ring.length; i += 1) {
    const [x1 = 0, y1 = 0] = ring[i - 1] as Position;
    const [x2 = 0, y2 = 0] = ring[i] as Position;
    sum += (x1 - x2) * RADIANS * (2 + Math.sin(y1 * RADIANS) + Math.sin(y2 * RADIANS));
  }
  return (sum * EARTH_RADIUS_M ** 2) / 2;
}

/**
 * As RFC 7946 wants it: outer rings counter-clockwise, holes clockwise. The atlas has them the other way round, and has
 * islands that its grid flattened into a line: these go, unless there is nothing else of a county (Falls Church).
 */
function asMultiPolygon(geometry: Polygon | MultiPolygon): MultiPolygon {
  const polygons = (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates).map((rings) =>
    rings.map((ring) => ring.map(rounded)),
  );
  const solid = polygons
    .map((rings) => rings.filter((ring, place) => place === 0 || ringArea(ring) !== 0))
    .filter(([outer]) => outer && ringArea(outer) !== 0);
  return {
    type: 'MultiPolygon',
    coordinates: (solid.length > 0 ? solid : polygons.slice(0, 1)).map((rings) =>
      rings.map((ring, place) => (ringArea(ring) > 0 === (place === 0) ? ring : ring.reverse())),
    ),
  };
}

const areaOf = ({ coordinates }: MultiPolygon) => coordinates.flat().reduce((sum, ring) => sum + ringArea(ring), 0);

const nameOf = (properties: object | undefined) => String((properties as { name?: string } | undefined)?.name ?? '');

/** Reads the atlas and makes the project: counties are the spatial units, states the parties. */
export function counties(): SampleProject {
  const file = createRequire(import.meta.url).resolve('us-atlas/counties-10m.json');
  const atlas = JSON.parse(readFileSync(file, 'utf8')) as Atlas;
  const states = atlas.objects.states.geometries
    .map((state) => ({ fips: String(state.id), name: nameOf(state.properties) }))
    .sort((a, b) => a.fips.localeCompare(b.fips));
  const stateNames = new Map(states.map((state) => [state.fips, state.name]));
  const all = feature(atlas, atlas.objects.counties)
    .features.map((county) => ({
      fips: String(county.id),
      name: nameOf(county.properties),
      geometry: county.geometry as Polygon | MultiPolygon,
    }))
    .sort((a, b) => a.fips.localeCompare(b.fips));
  const stateOf = (fips: string) => fips.slice(0, 2);
  const countyCounts = new Map<string, number>();
  for (const { fips } of all) countyCounts.set(stateOf(fips), (countyCounts.get(stateOf(fips)) ?? 0) + 1);

  return {
    organization: { slug: 'us-census', name: 'US Census Bureau' },
    slug: 'counties',
    name: 'Counties of the United States',
    description: 'Counties and equivalents with their boundaries, 1 : 10,000,000',
    country: 'US',
    access: 'public',
    schemas: {
      spatialunit: [
        { name: 'name', label: 'County', type: 'text' },
        { name: 'fips', label: 'FIPS code', type: 'text' },
        { name: 'state', label: 'State or territory', type: 'text' },
      ],
      party: [
        { name: 'fips', label: 'FIPS code', type: 'text' },
        { name: 'counties', label: 'Number of counties', type: 'integer' },
      ],
      tenurerelationship: [{ name: 'basis', label: 'Basis', type: 'text' }],
    },
    *locations() {
      for (const county of all) {
        const geometry = asMultiPolygon(county.geometry);
        const attributes = {
          name: county.name,
          fips: county.fips,
          state: stateNames.get(stateOf(county.fips)) ?? null,
        };
        yield {
          id: county.fips,
          type: 'CB',
          area: Math.round(areaOf(geometry)),
          geometry: JSON.stringify(geometry),
          attributes: JSON.stringify(attributes),
        };
      }
    },
    *parties() {
      for (const { fips, name } of states) {
        yield {
          id: fips,
          name,
          type: 'GR',
          attributes: JSON.stringify({ fips, counties: countyCounts.get(fips) ?? 0 }),
        };
      }
    },
    *relationships() {
      for (const { fips } of all) {
        const attributes = JSON.stringify({ basis: 'County or equivalent of the state' });
        yield { id: `${stateOf(fips)}-${fips}`, party: stateOf(fips), spatialUnit: fips, tenureType: 'FH', attributes };
      }
    },
    *resources() {},
  };
}
