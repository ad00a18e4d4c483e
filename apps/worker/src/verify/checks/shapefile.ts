/** Shapefiles (ESRI Shapefile Technical Description, 1998): all parts there, headers, records, index, bounds, rings. */
import type { ByteReader } from '../byte-reader.js';
import { type CheckContext, type CheckedFile, type FormatCheck, partsOf } from '../context.js';
import { type Bounds, checkShape, noBounds, widened } from './shape.js';

const HEADER = 100;
const RECORD_HEADER = 8;
const INDEX_ENTRY = 8;
const NULL_SHAPE = 0;
const SHAPE_TYPES = new Set([1, 3, 5, 8, 11, 13, 15, 18]);
const PARTS = ['.shx', '.dbf', '.prj', '.cpg'];

interface Header {
  type: number;
  bounds: Bounds;
}

export const shapeCheck: FormatCheck = { extensions: ['.shp'], rank: () => 1, check: checkShp };

async function checkShp(file: CheckedFile, context: CheckContext): Promise<number> {
  const { folder, base } = partsOf(file.name);
  for (const extension of PARTS) {
    if (!context.has(`${folder}${base}${extension}`))
      file.fault('shapefile-part-missing', `${base}${extension} is not there, without which it cannot be read`);
  }
  const header = await readHeader(file);
  if (!header) return 0;
  const index = context.open(`${folder}${base}.shx`);
  try {
    return await checkRecords(file, header, index && (await index.fill(HEADER)) ? skipped(index) : undefined);
  } finally {
    await index?.close();
  }
}

const skipped = (index: ByteReader) => {
  index.take(HEADER);
  return index;
};

async function readHeader(file: CheckedFile): Promise<Header | undefined> {
  const { reader } = file;
  if (!(await reader.fill(HEADER))) {
    file.fault('shapefile-header', `it has ${file.bytes} bytes, fewer than its header`);
    return undefined;
  }
  const header = Buffer.from(reader.take(HEADER));
  const type = header.readInt32LE(32);
  const words = header.readInt32BE(24);
  if (header.readInt32BE(0) !== 9994 || header.readInt32LE(28) !== 1000) {
    file.fault('shapefile-header', 'it does not begin as a shapefile does');
  }
  if (!SHAPE_TYPES.has(type)) file.fault('shapefile-header', `its shape type is ${type}`);
  if (words * 2 !== file.bytes) {
    file.fault('shapefile-header', `its header says ${words * 2} bytes, but it has ${file.bytes}`);
  }
  const at = (offset: number) => header.readDoubleLE(offset);
  return { type, bounds: { minX: at(36), minY: at(44), maxX: at(52), maxY: at(60), minZ: at(68), maxZ: at(76) } };
}

async function checkRecords(file: CheckedFile, header: Header, index: ByteReader | undefined): Promise<number> {
  const { reader } = file;
  let bounds = noBounds();
  let rows = 0;
  for (let offset = HEADER; reader.buffered > 0 || (await reader.fill(1)); ) {
    if (!(await reader.fill(RECORD_HEADER))) {
      file.fault('shapefile-record', `after record ${rows} are bytes that are no record`);
      break;
    }
    const head = reader.take(RECORD_HEADER);
    const number = head.readInt32BE(0);
    const length = head.readInt32BE(4) * 2;
    rows++;
    if (number !== rows) file.fault('shapefile-record', `record ${rows} is numbered ${number}`);
    if (length < 4 || offset + RECORD_HEADER + length > file.bytes) {
      file.fault('shapefile-record', `record ${rows} says that it has ${length} bytes, which are not there`);
      break;
    }
    await compareIndex(file, index, rows, offset, length);
    if (!(await reader.fill(length))) {
      file.fault('shapefile-record', `record ${rows} breaks off`);
      break;
    }
    const content = reader.take(length);
    const type = content.readInt32LE(0);
    if (type !== NULL_SHAPE && type !== header.type) {
      file.fault('shapefile-record', `record ${rows} is of shape type ${type} in a file of type ${header.type}`);
    } else if (type !== NULL_SHAPE) {
      const own = checkShape(content, type, (code, message) => file.fault(code, `record ${rows}: ${message}`));
      if (own) bounds = widened(bounds, own);
    }
    offset += RECORD_HEADER + length;
  }
  if (index && (await index.fill(1)))
    file.fault('shapefile-index', `the .shx has more entries than the ${rows} records`);
  compareBounds(file, header, bounds, rows);
  return rows;
}

async function compareIndex(
  file: CheckedFile,
  index: ByteReader | undefined,
  row: number,
  offset: number,
  length: number,
): Promise<void> {
  if (!index) return;
  if (index.buffered < INDEX_ENTRY && !(await index.fill(INDEX_ENTRY))) {
    file.fault('shapefile-index', `the .shx has no entry for record ${row}`);
    return;
  }
  const entry = index.take(INDEX_ENTRY);
  const [said, saidLength] = [entry.readInt32BE(0) * 2, entry.readInt32BE(4) * 2];
  if (said !== offset || saidLength !== length) {
    file.fault(
      'shapefile-index',
      `the .shx has record ${row} at byte ${said} with ${saidLength} bytes, but it is at ${offset} with ${length}`,
    );
  }
}

function compareBounds(file: CheckedFile, { type, bounds }: Header, found: Bounds, rows: number): void {
  if (rows === 0 || found.minX > found.maxX) return;
  const keys: (keyof Bounds)[] =
    type > 10 ? ['minX', 'minY', 'maxX', 'maxY', 'minZ', 'maxZ'] : ['minX', 'minY', 'maxX', 'maxY'];
  for (const key of keys) {
    if (bounds[key] !== found[key])
      file.fault('shapefile-bounds', `its header says ${key} ${bounds[key]}, but its records come to ${found[key]}`);
  }
}

/** The index: its header alone, and its length; its entries are compared with the records where these are read. */
export const shapeIndexCheck: FormatCheck = {
  extensions: ['.shx'],
  rank: () => 1,
  async check(file, context) {
    const { folder, base } = partsOf(file.name);
    if (!context.has(`${folder}${base}.shp`)) file.fault('shapefile-part-missing', `${base}.shp is not there`);
    const header = await readHeader(file);
    if (!header) return 0;
    const entries = (file.bytes - HEADER) / INDEX_ENTRY;
    if (!Number.isInteger(entries)) file.fault('shapefile-index', 'its length is no number of entries');
    return Math.floor(entries);
  },
};

/** What has to stand in the small files. */
export const projectionCheck: FormatCheck = {
  extensions: ['.prj', '.cpg'],
  rank: () => 1,
  async check(file) {
    const text = (await file.reader.rest(64 * 1024))?.toString('latin1') ?? '';
    const isEncoding = file.name.endsWith('.cpg');
    if (isEncoding && text !== 'UTF-8') {
      file.fault('shapefile-table', `it says that the table is in ${JSON.stringify(text.slice(0, 40))}, not in UTF-8`);
    }
    if (!isEncoding && !/^GEOGCS\[.*D_WGS_1984.*Degree/.test(text)) {
      file.fault('shapefile-projection', 'it does not say that coordinates are degrees in WGS 84');
    }
    return null;
  },
};
