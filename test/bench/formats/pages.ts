/** The made-up records on disk: pages as the platform answers them, and lines of features for other programs. */
import { closeSync, createWriteStream, existsSync, openSync, readSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseExactly } from '@parcelpost/shared/platform-client/json.js';
import { readList } from '@parcelpost/shared/platform-client/shapes.js';
import { ENTITIES, type Entity, type RecordOf } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import { countOf, madeRecords } from './records.js';

/** Records of a page, as exports ask for them. */
const PAGE = 500;

/** Where the records of a run lie. */
export interface MadeData {
  folder: string;
  /** Parcels that there are; smaller projects are their beginning. */
  parcels: number;
}

export const pagesFile = ({ folder }: MadeData, entity: Entity) => join(folder, `${entity}.pages`);

/** Lines of GeoJSON; `text`: of locations whose geometry is a text among the properties. */
export const linesFile = ({ folder }: MadeData, entity: Entity | 'text') => join(folder, `${entity}.geojsonl`);

/** Makes the records of so many parcels, unless the folder has as many from an earlier run. */
export async function makeData(folder: string, parcels: number): Promise<MadeData> {
  const marker = join(folder, 'parcels');
  const there = existsSync(marker) ? Number(await readFile(marker, 'utf8')) : 0;
  if (there >= parcels) return { folder, parcels: there };
  const data = { folder, parcels };
  for (const entity of ENTITIES) {
    const count = countOf(entity, parcels);
    await pipeline(Readable.from(pages(entity, count)), createWriteStream(pagesFile(data, entity)));
    await pipeline(Readable.from(lines(entity, count, false)), createWriteStream(linesFile(data, entity)));
  }
  await pipeline(Readable.from(lines('locations', parcels, true)), createWriteStream(linesFile(data, 'text')));
  writeFileSync(marker, String(parcels));
  return data;
}

function* pages(entity: Entity, count: number): Generator<string> {
  const ended = (answers: unknown[]) => {
    const results = entity === 'locations' ? { type: 'FeatureCollection', features: answers } : answers;
    return `${JSON.stringify({ count, next: null, previous: null, results })}\n`;
  };
  let answers: unknown[] = [];
  for (const { answer } of madeRecords(entity, count)) {
    answers.push(answer);
    if (answers.length < PAGE) continue;
    yield ended(answers);
    answers = [];
  }
  if (answers.length > 0) yield ended(answers);
}

function* lines(entity: Entity, count: number, asText: boolean): Generator<string> {
  let text = '';
  for (const { feature } of madeRecords(entity, count)) {
    const { geometry, properties } = feature;
    const wanted = asText
      ? { ...feature, geometry: null, properties: { ewkt: ewkt(geometry), ...properties } }
      : feature;
    text += `${JSON.stringify(wanted)}\n`;
    if (text.length < 1 << 20) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** Of the polygons that there are; none of our own code, which is what is measured. */
function ewkt(geometry: Geometry): string {
  if (geometry.type !== 'Polygon') throw new Error(`the records have polygons alone, not a ${geometry.type}`);
  const rings = geometry.coordinates.map((ring) => `(${ring.map((position) => position.join(' ')).join(',')})`);
  return `SRID=4326;POLYGON (${rings.join(',')})`;
}

/**
 * The records of a project of so many parcels, a page at a time, read by the code that reads the platform's answers. All of
 * the work is done when a page is asked for, none meanwhile.
 */
export function* readPages<E extends Entity>(
  data: MadeData,
  entity: E,
  parcels: number,
): Generator<RecordOf[E][], void, undefined> {
  let left = countOf(entity, parcels);
  for (const line of readLines(pagesFile(data, entity))) {
    const { records } = readList(entity, parseExactly(line));
    yield records.slice(0, left);
    left -= records.length;
    if (left <= 0) return;
  }
  throw new Error(`${pagesFile(data, entity)} has ${left} records less than it should`);
}

const CHUNK = 1024 * 1024;
const LF = 0x0a;

function* readLines(file: string): Generator<string, void, undefined> {
  const handle = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafeSlow(CHUNK);
    let parts: Buffer[] = [];
    for (let count = readSync(handle, chunk); count > 0; count = readSync(handle, chunk)) {
      let at = 0;
      for (let end = chunk.indexOf(LF); end !== -1 && end < count; end = chunk.indexOf(LF, at)) {
        parts.push(Buffer.from(chunk.subarray(at, end)));
        yield Buffer.concat(parts).toString('utf8');
        parts = [];
        at = end + 1;
      }
      parts.push(Buffer.from(chunk.subarray(at, count)));
    }
  } finally {
    closeSync(handle);
  }
}
