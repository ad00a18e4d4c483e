/** What other programs say of our files. Each throws with what they complain of. */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { open as openShapefile } from 'shapefile';
import { layerSummary } from '../support/gdal.js';
import { idOf, ringOf } from './polygons.js';

/** Runs a program to its end. @returns what it prints. Throws where it fails, or complains of anything */
export async function output(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, complaints] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0 || complaints.trim() !== '') {
    throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${complaints || said.slice(-2000)}`);
  }
  return said;
}

/** Whether unzip and zipinfo find a zip whole, with so many entries. @returns the lines of zipinfo's list */
export async function unzipFindsWhole(zip: string, entries: number): Promise<string[]> {
  const tested = await output('unzip', ['-tq', zip]);
  demand(tested.includes('No errors detected'), `unzip says of ${zip}: ${tested}`);
  // Its header and its last line count differently from the list where it has not understood a zip64.
  const head = await output('zipinfo', ['-h', zip]);
  demand(head.includes(`number of entries: ${entries}`), `zipinfo says of ${zip}: ${head}`);
  const list = (await output('zipinfo', ['-1', zip])).split('\n').filter((name) => name !== '');
  demand(list.length === entries, `zipinfo lists ${list.length} entries of ${entries}`);
  return list;
}

export interface ReadShapefile {
  features: number;
  /** West, south, east, north. */
  extent: number[];
}

/** Whether GDAL reads a shapefile of polygons to its end, all geometries valid, and without a warning. */
export async function gdalReads(shp: string): Promise<ReadShapefile> {
  const { features, extent, geometry, crs } = layerSummary(shp);
  const layer = basename(shp, '.shp');
  demand(geometry === 'Polygon' && crs === 'EPSG:4326', `GDAL takes ${shp} for ${geometry} in ${crs}`);
  // The summary is that of the headers: every record is read, too.
  const sql = `SELECT COUNT(*) AS n, SUM(ST_IsValid(geometry)) AS valid, COUNT(DISTINCT id) AS ids FROM ${layer}`;
  const text = await output('ogrinfo', ['-q', '-dialect', 'sqlite', '-sql', sql, shp]);
  const [n, valid, ids] = ['n', 'valid', 'ids'].map((name) =>
    Number(new RegExp(`^ {2}${name} \\(.*\\) = (\\d+)$`, 'm').exec(text)?.[1]),
  );
  demand(
    n === features && valid === features && ids === features,
    `GDAL reads ${n} records of ${features} in ${shp}, ${valid} of them valid, with ${ids} different ids`,
  );
  return { features, extent };
}

/**
 * Whether npm's shapefile reads polygons and ids one by one as they were made, from number `first` on.
 * @returns how many there are, and their extent
 */
export async function npmReads(base: string, first: number, corners: number): Promise<ReadShapefile> {
  const source = await openShapefile(`${base}.shp`, `${base}.dbf`, { encoding: 'utf8' });
  const extent = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number];
  let features = 0;
  for (let next = await source.read(); !next.done; next = await source.read()) {
    const number = first + features++;
    const { properties, geometry } = next.value;
    // Shapefiles have outer rings clockwise.
    const ring = ringOf(number, corners).reverse();
    const read = geometry.type === 'Polygon' && geometry.coordinates.length === 1 ? geometry.coordinates[0] : undefined;
    const same =
      read?.length === ring.length &&
      read.every(([x, y], i) => x === ring[i]?.[0] && y === ring[i]?.[1]) &&
      properties?.id === idOf(number) &&
      properties.type === 'PA';
    demand(same, `record ${features} of ${base}.shp is not polygon ${number}: ${JSON.stringify(next.value)}`);
    for (const [x, y] of ring as [number, number][]) {
      if (x < extent[0]) extent[0] = x;
      if (y < extent[1]) extent[1] = y;
      if (x > extent[2]) extent[2] = x;
      if (y > extent[3]) extent[3] = y;
    }
  }
  const said = source.bbox;
  demand(
    extent.every((value, i) => value === said[i]),
    `${base}.shp says that its extent is ${said}, but it is ${extent}`,
  );
  return { features, extent };
}

/** Throws where something does not hold. */
export function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
