/** GDAL as the judge of what the formats wrote: its tools are asked, none of our code reads the files. */
import { execFileSync } from 'node:child_process';
import type { Feature, Geometry } from 'geojson';

/**
 * Every feature of a file, as GDAL reads it: coordinates to the last bit, in the order of the file. A line or polygon
 * of one part is never a multi-geometry: a shapefile does not tell.
 */
export function readFeatures(file: string): Feature[] {
  // Its GeoJSON and WKT round to 15 digits and turn rings about; its WKB does neither.
  // Lines and polygons must be promoted, since it refuses layers of single and multi; points must not.
  const promote = /Point/.test(layerSummary(file).geometry) ? [] : ['-nlt', 'PROMOTE_TO_MULTI'];
  const geometries = run(['-f', 'PGDump', '-lco', 'CREATE_TABLE=OFF', ...promote, '/vsistdout/', file])
    .filter((line) => line.startsWith('INSERT INTO'))
    .map((line) => readWkb(Buffer.from(/VALUES \('([0-9A-F]+)'/.exec(line)?.[1] ?? '', 'hex')));
  return run(['-f', 'GeoJSONSeq', '/vsistdout/', file])
    .filter((line) => line.startsWith('{'))
    .map((line, i) => ({ ...JSON.parse(line), geometry: geometries[i] }));
}

function run(args: string[]): string[] {
  return execFileSync('ogr2ogr', args, { maxBuffer: 1 << 30 })
    .toString('utf8')
    .split('\n');
}

/** Little-endian EWKB, as PostGIS has it, to GeoJSON. */
function readWkb(wkb: Buffer): Geometry {
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
    const dimensions = word & 0x80000000 ? 3 : 2;
    const position = () => Array.from({ length: dimensions }, () => wkb.readDoubleLE(take(8)));
    const line = () => many(position);
    const members = () => many(() => (geometry() as { coordinates: unknown }).coordinates);
    const read = [position, line, () => many(line), members, members, members][(word & 0xff) - 1];
    const type = ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon'][(word & 0xff) - 1];
    if (!read) throw new Error(`no reader for WKB type ${word}`);
    const coordinates = read();
    if (/^Multi(Line|Poly)/.test(type ?? '') && coordinates.length === 1) {
      return { type: type?.slice('Multi'.length), coordinates: coordinates[0] } as Geometry;
    }
    return { type, coordinates } as Geometry;
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
