/** The `geo` metadata of GeoParquet 1.1 (geoparquet.org/releases/v1.1.0), gathered from the geometries of a file. */
import { type Box, grown } from '../typed/geometry.js';
import { shapeOf } from '../typed/shape.js';

/** Columns that the format has beside those of the records. */
export const GEOMETRY = 'geometry';
export const BBOX = 'bbox';
/** Members of the column {@link BBOX}. */
export const SIDES = ['xmin', 'ymin', 'xmax', 'ymax'] as const;

const TYPES = ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon', 'GeometryCollection'];

/** Longitude and latitude in WGS 84, in this order; the format's default too, but said so that nobody has to know. */
const CRS84 = {
  $schema: 'https://proj.org/schemas/v0.5/projjson.schema.json',
  type: 'GeographicCRS',
  name: 'WGS 84 longitude-latitude',
  datum: {
    type: 'GeodeticReferenceFrame',
    name: 'World Geodetic System 1984',
    ellipsoid: { name: 'WGS 84', semi_major_axis: 6378137, inverse_flattening: 298.257223563 },
  },
  coordinate_system: {
    subtype: 'ellipsoidal',
    axis: [
      { name: 'Geodetic longitude', abbreviation: 'Lon', direction: 'east', unit: 'degree' },
      { name: 'Geodetic latitude', abbreviation: 'Lat', direction: 'north', unit: 'degree' },
    ],
  },
  id: { authority: 'OGC', code: 'CRS84' },
};

/** What is said of all geometries of a file. */
export class GeoMetadata {
  readonly #types = new Set<number>();
  #box: Box | null = null;
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  /**
   * @param wkb ISO Well-Known Binary, little-endian
   * @param box its extent; null where it is empty
   */
  add(wkb: Buffer, box: Box | null): void {
    const type = wkb.readUInt32LE(1);
    this.#types.add(type);
    this.#box = grown(this.#box, box);
    if (type >= 1000) this.#heights(wkb, shapeOf(wkb));
  }

  /** The text of the metadata. */
  toString(): string {
    const types = [...this.#types].sort((a, b) => a - b);
    return JSON.stringify({
      version: '1.1.0',
      primary_column: GEOMETRY,
      columns: {
        [GEOMETRY]: {
          encoding: 'WKB',
          geometry_types: types.map((type) => `${TYPES[(type % 1000) - 1]}${type >= 1000 ? ' Z' : ''}`),
          crs: CRS84,
          orientation: 'counterclockwise',
          edges: 'planar',
          ...(this.#box && { bbox: this.#bounds(this.#box) }),
          covering: { bbox: Object.fromEntries(SIDES.map((side) => [side, [BBOX, side]])) },
        },
      },
    });
  }

  #bounds([west, east, south, north]: Box): number[] {
    if (this.#low > this.#high) return [west, south, east, north];
    return [west, south, this.#low, east, north, this.#high];
  }

  #heights(wkb: Buffer, { runs, parts }: Pick<ReturnType<typeof shapeOf>, 'runs' | 'parts'>): void {
    for (const { at, count } of runs) {
      for (let i = 0; i < count; i++) {
        const height = wkb.readDoubleLE(at + 24 * i + 16);
        if (height < this.#low) this.#low = height;
        if (height > this.#high) this.#high = height;
      }
    }
    for (const part of parts) this.#heights(wkb, part);
  }
}
