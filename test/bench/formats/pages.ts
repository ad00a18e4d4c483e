/** The made-up records on disk: pages as the platform answers them, and lines of features for other programs. */
import { createReadStream, createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

/** The records of a project of so many parcels, a page at a time, read by the code that reads the platform's answers. */
export async function* readPages<E extends Entity>(
  data: MadeData,
  entity: E,
  parcels: number,
): AsyncGenerator<RecordOf[E][], void, undefined> {
  let left = countOf(entity, parcels);
  const input = createReadStream(pagesFile(data, entity));
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (left <= 0) return;
      const { records } = readList(entity, parseExactly(line));
      yield records.slice(0, left);
      left -= records.length;
    }
  } finally {
    input.destroy();
  }
  if (left > 0) throw new Error(`${pagesFile(data, entity)} has ${left} records less than it should`);
}
