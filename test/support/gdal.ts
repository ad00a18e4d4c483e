/** GDAL as the judge of what the formats wrote: its tools are asked, none of our code reads the files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Feature, Geometry } from 'geojson';

/**
 * Every feature of a shapefile, as GDAL reads it: coordinates to the last bit, in the order of the file. A line or
 * polygon of one part is never a multi-geometry: a shapefile does not tell.
 */
export function readFeatures(file: string): Feature[] {
  // Lines and polygons must be promoted, since it refuses layers of single and multi; points must not.
  const promote = /Line|Polygon/.test(layerSummary(file).geometry) ? ['-nlt', 'PROMOTE_TO_MULTI'] : [];
  // Without a geometry there is no record in a shapefile.
  return features([file], promote).map((each) => ({
    ...each,
    geometry: withoutLoneMembers(each.geometry as Geometry),
  }));
}

/**
 * Every feature of a layer in a file that tells single geometries from groups of one, such as GeoJSON; the only layer
 * unless one is named. As {@link readFeatures}, but each geometry is of the type that it is, null where there is none, and
 * a position without height has height 0, since a layer is either flat or high to GDAL. Of the properties only id is read.
 */
export function readMixedFeatures(file: string, layer?: string): Feature<Geometry | null>[] {
  const source = ['-select', 'id', file, ...(layer === undefined ? [] : [layer])];
  return features(source, ['-nlt', 'GEOMETRY', '-dim', 'XYZ']);
}

function features(source: string[], options: string[]): Feature<Geometry | null>[] {
  // Its GeoJSON and WKT round to 15 digits and turn rings about; its WKB does neither.
  const geometries = readGeometries(source, options);
  return run(['-f', 'GeoJSONSeq', '/vsistdout/', ...source])
    .filter((line) => line.startsWith('{'))
    .map((line, i) => ({ ...JSON.parse(line), geometry: geometries[i] }));
}

/**
 * Geometries in Well-Known Text, as GDAL reads them: coordinates to the last bit, null where the text is empty.
 * Throws when GDAL does not understand one.
 */
export function readWkt(texts: readonly string[]): (Geometry | null)[] {
  const folder = mkdtempSync(join(tmpdir(), 'parcelpost-wkt-'));
  try {
    const file = join(folder, 'texts.csv');
    writeFileSync(file, ['id,WKT', ...texts.map((text, i) => `${i},"${text}"`), ''].join('\n'));
    // A layer of texts is one of 2D geometries to it, unless it is told otherwise.
    const [flat, high] = ['XY', 'XYZ'].map((dimensions) =>
      readGeometries([file], ['-select', 'id', '-dim', dimensions]),
    );
    const geometries = texts.map((text, i) => (/ Z /.test(text) ? high : flat)?.[i] ?? null);
    for (const [i, text] of texts.entries()) {
      if (text !== '' && !geometries[i]) throw new Error(`GDAL cannot read ${text.slice(0, 200)}`);
    }
    return geometries;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The geometry of every feature of a file, null where it has none. */
function readGeometries(source: string[], options: string[]): (Geometry | null)[] {
  return run([
    '-f',
    'PGDump',
    '-lco',
    'CREATE_TABLE=OFF',
    '-lco',
    'GEOMETRY_NAME=wkb_geometry',
    ...options,
    '/vsistdout/',
    ...source,
  ])
    .filter((line) => line.startsWith('INSERT INTO'))
    .map((line) => {
      const wkb = /^INSERT INTO \S+ \("wkb_geometry".*? VALUES \('([0-9A-F]+)'/.exec(line)?.[1];
      return wkb === undefined ? null : readWkb(Buffer.from(wkb, 'hex'));
    });
}

/** Undoes what the promotion of lines and polygons did. */
function withoutLoneMembers(geometry: Geometry): Geometry {
  if (!/^Multi(Line|Poly)/.test(geometry.type)) return geometry;
  const { type, coordinates } = geometry as { type: string; coordinates: unknown[] };
  if (coordinates.length !== 1) return geometry;
  return { type: type.slice('Multi'.length), coordinates: coordinates[0] } as Geometry;
}

function run(args: string[]): string[] {
  return execFileSync('ogr2ogr', args, { maxBuffer: 1 << 30 })
    .toString('utf8')
    .split('\n');
}

/** Little-endian WKB, ISO's or with the flags of PostGIS and GDAL, to GeoJSON. */
export function readWkb(wkb: Buffer): Geometry {
  let at = 0;
  const take = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const count = () => wkb.readUInt32LE(take(4));
  const many = <T>(read: () => T): T[] => Array.from({ length: count() }, read);
  const geometry = (): Geometry => {
    take(1);
    const word = count();
    if (word & 0x20000000) take(4);
    const high = (word & 0x80000000) !== 0 || (word & 0xffff) > 1000;
    const kind = (word & 0xffff) % 1000;
    const dimensions = high ? 3 : 2;
    const position = () => Array.from({ length: dimensions }, () => wkb.readDoubleLE(take(8)));
    const line = () => many(position);
    if (kind === 7) return { type: 'GeometryCollection', geometries: many(geometry) };
    const members = () => many(() => (geometry() as { coordinates: unknown }).coordinates);
    const read = [position, line, () => many(line), members, members, members][kind - 1];
    const type = ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon'][kind - 1];
    if (!read) throw new Error(`no reader for WKB type ${word}`);
    return { type, coordinates: read() } as Geometry;
  };
  return geometry();
}

export interface LayerSummary {
  geometry: string;
  features: number;
  extent: number[];
  /** Such as EPSG:4326; undefined where GDAL does not recognize it. */
  crs: string | undefined;
  text: string;
}

/** What `ogrinfo -al -so` says of a file's only layer. Throws when it warns of anything. */
export function layerSummary(file: string): LayerSummary {
  const text = execFileSync('ogrinfo', ['-al', '-so', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  const ids = [...text.matchAll(/ID\["(\w+)",(\d+)\]\]$/gm)].at(-1);
  return {
    geometry: field('Geometry'),
    features: Number(field('Feature Count')),
    extent: [...field('Extent').matchAll(/-?[\d.]+(?:e[+-]?\d+)?/g)].map(([number]) => Number(number)),
    crs: ids && `${ids[1]}:${ids[2]}`,
    text,
  };
}
