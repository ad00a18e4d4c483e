/** Our JSON files: one record a line, within a document or by themselves. */
import { isUtf8 } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import { type CheckContext, type CheckedFile, type FormatCheck, partsOf } from '../context.js';

const LF = 0x0a;
const COMMA = 0x2c;
/** A record that is longer is none. */
const LONGEST = 256 * 1024 * 1024;

/** What stands before the records of a document, and behind them, each on a line of its own. */
const FRAMES: Record<string, { head: string; tail: string } | undefined> = {
  '.geojson': { head: '{"type":"FeatureCollection","features":[', tail: ']}' },
  '.json': { head: '[', tail: ']' },
};

interface JsonRecord {
  type?: unknown;
  id?: unknown;
  party_id?: unknown;
  spatial_unit_id?: unknown;
  geometry?: { type?: unknown; coordinates?: unknown; geometries?: unknown } | null;
  properties?: unknown;
}

export const jsonCheck: FormatCheck = {
  extensions: ['.geojson', '.json', '.geojsonl', '.jsonl'],
  rank: (name) => (partsOf(name).base === 'relationships' ? 1 : 0),
  check: checkJson,
};

async function checkJson(file: CheckedFile, context: CheckContext): Promise<number> {
  const { folder, base, extension } = partsOf(file.name);
  const frame = FRAMES[extension];
  const family = `${frame ? 'json' : 'jsonl'} ${folder}`;
  let rows = 0;
  let ended = frame === undefined;
  let line = 0;
  let open = false; // the record before has a comma behind it
  for await (const text of lines(file)) {
    line++;
    if (frame && line === 1) {
      if (text.toString() !== frame.head) file.fault('json-syntax', 'it does not begin as the document that it is');
      continue;
    }
    if (frame && text.toString('latin1', 0, 3) === frame.tail) {
      if (open) file.fault('json-syntax', 'its last record has a comma behind it');
      ended = true;
      open = false;
      continue;
    }
    if (frame && ended) file.fault('json-syntax', `line ${line} stands behind the end of the document`);
    if (frame && rows > 0 && !open) file.fault('json-syntax', `line ${line - 1} has no comma behind it`);
    rows++;
    open = frame !== undefined && text.at(-1) === COMMA;
    checkRecord(open ? text.subarray(0, -1) : text, { file, context, family, base, row: rows });
  }
  if (!ended) file.fault('json-syntax', 'it has no end');
  return rows;
}

interface Place {
  file: CheckedFile;
  context: CheckContext;
  family: string;
  base: string;
  row: number;
}

function checkRecord(text: Buffer, { file, context: { links }, family, base, row }: Place): void {
  if (!isUtf8(text)) file.fault('encoding', `record ${row} holds bytes that are no UTF-8`);
  let record: JsonRecord;
  try {
    record = JSON.parse(text.toString('utf8'));
  } catch (error) {
    file.fault('json-syntax', `record ${row} is no JSON: ${(error as Error).message}`);
    return;
  }
  if (typeof record !== 'object' || record === null || typeof record.id !== 'string') {
    file.fault('json-record', `record ${row} has no id`);
    return;
  }
  links.add(family, base, Buffer.from(record.id), file, row);
  if (base === 'locations') {
    const { type, geometry, properties } = record;
    const isGeometry =
      geometry === null ||
      (typeof geometry === 'object' &&
        typeof geometry.type === 'string' &&
        Array.isArray(geometry.coordinates ?? geometry.geometries));
    if (type !== 'Feature' || !isGeometry || typeof properties !== 'object') {
      file.fault('json-record', `record ${row} is no GeoJSON feature`);
    }
  }
  if (base !== 'relationships') return;
  if (typeof record.party_id === 'string') links.follow(family, 'parties', Buffer.from(record.party_id), file, row);
  if (typeof record.spatial_unit_id === 'string') {
    links.follow(family, 'locations', Buffer.from(record.spatial_unit_id), file, row);
  }
}

/** Lines without their ends. The last one must have one. */
async function* lines(file: CheckedFile): AsyncGenerator<Buffer, void, undefined> {
  const { reader }: { reader: ByteReader } = file;
  let begun: Buffer[] = [];
  let length = 0;
  for (let chunk = await reader.chunk(); chunk; chunk = await reader.chunk()) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      const piece = chunk.subarray(from, end);
      yield begun.length > 0 ? Buffer.concat([...begun, piece]) : piece;
      begun = [];
      length = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    length += chunk.length - from;
    if (length > LONGEST) throw new Error(`a line has more than ${LONGEST} bytes`);
    begun.push(Buffer.from(chunk.subarray(from)));
  }
  if (begun.length > 0) {
    file.fault('json-syntax', 'its last line has no end');
    yield Buffer.concat(begun);
  }
}
