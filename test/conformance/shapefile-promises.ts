/** What is promised of the shapefiles in a bundle, judged by GDAL. */
import type { Geometry } from 'geojson';
import { expect, test } from 'vitest';
import { layerSummary } from '../support/gdal.js';
import { byId, differences, type Exported, isHigh } from './exported.js';
import { normal, positionsOf, turn } from './normal-geometry.js';

/** Tests the shapefiles of one bundle; `of` is asked when a test runs. */
export function testShapefiles(of: () => Exported): void {
  test('every shapefile has a feature for each of the database’s records, in EPSG:4326, within their extent', () => {
    const { bundle, families } = of();
    expect(families.size).toBeGreaterThan(0);
    for (const [family, locations] of families) {
      const summary = layerSummary(bundle.path(`${family}.shp`));
      expect(summary, family).toMatchObject({ features: locations.length, crs: 'EPSG:4326' });
      expect(summary.geometry.startsWith('3D '), `${family}: ${summary.geometry}`).toBe(isHigh(locations));
      const positions = locations.flatMap(({ geometry }) => positionsOf(geometry));
      const extreme = (axis: 0 | 1, pick: (a: number, b: number) => number) =>
        positions.map((position) => position[axis] as number).reduce((a, b) => pick(a, b));
      const extent = [extreme(0, Math.min), extreme(1, Math.min), extreme(0, Math.max), extreme(1, Math.max)];
      // ogrinfo prints six decimals.
      expect(summary.extent.map((value, i) => Math.abs(value - (extent[i] as number)) < 6e-7)).toEqual(
        Array(4).fill(true),
      );
    }
  });

  test('every geometry, id and type that GDAL reads is the database’s, and none is missing or added', () => {
    const { families, features } = of();
    for (const [family, locations] of families) {
      const z = isHigh(locations);
      const shape = (geometry: Geometry | null) => asGroup(normal(geometry, z));
      const actual = byId(
        features(family),
        ({ properties }) => properties?.id,
        ({ properties, geometry }) => [properties, shape(geometry)],
      );
      const expected = byId(
        locations,
        ({ id }) => id,
        ({ id, fixed, geometry }) => [{ id, type: fixed.type }, shape(geometry)],
      );
      expect(differences(expected, actual), family).toEqual([]);
    }
  });

  test('outer rings run clockwise, holes counter-clockwise, and all are closed', () => {
    const { families, features } = of();
    let rings = 0;
    for (const family of ['polygons', 'multipolygons'].filter((name) => families.has(name))) {
      for (const { geometry, properties } of features(family)) {
        const { coordinates } = asGroup(geometry) as { coordinates: number[][][][] };
        for (const [place, ring] of coordinates.flatMap((member) => [...member.entries()])) {
          rings += 1;
          expect(ring.at(-1), properties?.id).toEqual(ring[0]);
          // A ring that is flat runs neither way.
          if (place === 0 ? turn(ring) > 0 : turn(ring) < 0) expect.fail(`ring ${place} of ${properties?.id}`);
        }
      }
    }
    expect(rings).toBeGreaterThan(100);
  });

  test('every shapefile says beside it that its table is UTF-8 and its coordinates are WGS 84', () => {
    const { bundle, families } = of();
    for (const family of families.keys()) {
      expect(bundle.text(`${family}.cpg`).trim()).toBe('UTF-8');
      expect(bundle.text(`${family}.prj`)).toMatch(/^GEOGCS\["GCS_WGS_1984",DATUM\["D_WGS_1984"/);
    }
  });
}

/** A line or polygon as a group of one, since a shapefile does not tell them apart; which file it is in does. */
function asGroup(geometry: unknown): { type: string; coordinates: unknown[] } {
  const { type, coordinates } = geometry as { type: string; coordinates: unknown[] };
  return /^(Line|Poly)/.test(type) ? { type: `Multi${type}`, coordinates: [coordinates] } : { type, coordinates };
}
