/** The .dbf of a shapefile: dBase III as its header says, and its ids those of the locations. */
import { isUtf8 } from 'node:buffer';
import { type CheckContext, type CheckedFile, type FormatCheck, partsOf } from '../context.js';
import { shown, trimmed } from '../links.js';

const HEADER = 32;
const DESCRIPTOR = 32;
const TERMINATOR = 0x0d;
const END = 0x1a;
const EXISTS = 0x20;
const DELETED = 0x2a;
/** An id that may have been cut: as long as a field can be, or short of it by less than a character. */
const MAYBE_CUT = 251;

interface Field {
  name: string;
  at: number;
  width: number;
}

export const tableCheck: FormatCheck = { extensions: ['.dbf'], rank: () => 1, check: checkTable };

async function checkTable(file: CheckedFile, context: CheckContext): Promise<number> {
  const { folder, base } = partsOf(file.name);
  if (!context.has(`${folder}${base}.shp`)) file.fault('shapefile-part-missing', `${base}.shp is not there`);
  const { reader } = file;
  const fault = (message: string) => file.fault('shapefile-table', message);
  if (!(await reader.fill(HEADER))) {
    fault(`it has ${file.bytes} bytes, fewer than its header`);
    return 0;
  }
  const head = Buffer.from(reader.take(HEADER));
  const rows = head.readUInt32LE(4);
  const headerBytes = head.readUInt16LE(8);
  const width = head.readUInt16LE(10);
  if (head[0] !== 0x03) fault('it does not begin as a dBase III table does');
  const expected = headerBytes + rows * width;
  if (file.bytes !== expected + 1 && file.bytes !== expected) {
    fault(
      `its header says ${rows} records of ${width} bytes, which come to ${expected + 1} bytes, but it has ${file.bytes}`,
    );
  }
  if (headerBytes < HEADER + 1 || !(await reader.fill(headerBytes - HEADER))) {
    fault('its header breaks off');
    return 0;
  }
  const fields = readFields(Buffer.from(reader.take(headerBytes - HEADER)), fault);
  const last = fields.at(-1);
  if (!last || last.at + last.width !== width) fault(`its fields do not make up its records of ${width} bytes`);
  const columns = file.listed?.columns;
  if (columns && fields.length !== columns.length) {
    fault(`it has ${fields.length} fields where the manifest lists ${columns.length}`);
  }
  const id = fields.find(({ name }) => name === 'id');
  let found = 0;
  for (; found < rows; found++) {
    if (reader.buffered < width && !(await reader.fill(width))) {
      fault(`it ends after ${found} of ${rows} records`);
      return found;
    }
    const row = reader.take(width);
    if (row[0] !== EXISTS)
      fault(`record ${found + 1} ${row[0] === DELETED ? 'is marked as deleted' : 'does not begin as one does'}`);
    if (!isUtf8(row)) file.fault('encoding', `record ${found + 1} holds bytes that are no UTF-8`);
    if (id) lookUp(row.subarray(id.at, id.at + id.width), file, context, folder, found + 1);
  }
  const rest = await reader.rest(1);
  if (rest === undefined || (rest.length === 1 && rest[0] !== END)) fault('behind its last record is more');
  await compareCount(file, context, `${folder}${base}.shp`, rows);
  return found;
}

function readFields(descriptors: Buffer, fault: (message: string) => void): Field[] {
  const fields: Field[] = [];
  let at = 1;
  let from = 0;
  for (; from + DESCRIPTOR <= descriptors.length && descriptors[from] !== TERMINATOR; from += DESCRIPTOR) {
    const zero = descriptors.indexOf(0, from);
    const name = descriptors.toString('utf8', from, Math.min(zero < 0 ? from + 11 : zero, from + 11));
    const width = descriptors[from + 16] as number;
    fields.push({ name, at, width });
    at += width;
  }
  if (descriptors[from] !== TERMINATOR) fault('its fields have no end');
  const names = new Set(fields.map(({ name }) => name));
  if (names.size !== fields.length) fault('two of its fields have the same name');
  return fields;
}

/** The record's id among those of the locations, wherever in the folder these are listed. */
function lookUp(cell: Buffer, file: CheckedFile, { links }: CheckContext, folder: string, row: number): void {
  const id = trimmed(cell);
  if (id.length >= MAYBE_CUT) return;
  const ids = links.of(`csv ${folder}`, 'locations');
  if (ids && !ids.has(id))
    file.fault('id-unknown', `record ${row} has the id ${shown(id)}, which is no id in locations.csv`);
}

async function compareCount(file: CheckedFile, context: CheckContext, shapes: string, rows: number): Promise<void> {
  const index = shapes.replace(/\.shp$/, '.shx');
  const entries = (context.sizeOf(index) - 100) / 8;
  if (context.has(index) && Number.isInteger(entries) && entries !== rows) {
    file.fault('shapefile-table', `it has ${rows} records where the shapefile has ${entries} shapes`);
  }
}
