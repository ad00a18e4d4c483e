/** FlatGeobuf files (flatgeobuf.org, version 3): header, index, that each feature is where the index has it, ids and references. */
import type { ByteReader } from '../byte-reader.js';
import { type CheckContext, type CheckedFile, type FormatCheck, partsOf } from '../context.js';

/** `fgb`, version 3. */
const MAGIC = Buffer.from('66676203', 'hex');
const MAGIC_BYTES = 8;
const ENTRY = 40;
/** A header or a feature that is longer is none. */
const LONGEST = 256 * 1024 * 1024;

/** Slots of the format's tables. */
const HEADER = { columns: 7, features: 8, nodeSize: 9 };
const FEATURE = { properties: 1 };
const NAME = 0;
const TYPE = 1;

/** Bytes of a property by the number of its type; texts and the like come behind their length. */
const WIDTHS = new Map([
  [2, 1],
  [7, 8],
  [10, 8],
]);
const TEXTS = new Set([11, 13]);

export const flatGeobufCheck: FormatCheck = {
  extensions: ['.fgb'],
  rank: (name) => (partsOf(name).base === 'relationships' ? 1 : 0),
  check: checkFlatGeobuf,
};

interface Column {
  name: string;
  type: number;
}

async function checkFlatGeobuf(file: CheckedFile, context: CheckContext): Promise<number | null> {
  try {
    return await readFile(file, context);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    file.fault('flatgeobuf-structure', error.message);
    return null;
  }
}

async function readFile(file: CheckedFile, { links }: CheckContext): Promise<number> {
  const { reader } = file;
  const magic = await bytes(reader, MAGIC_BYTES, 'it ends within its first bytes');
  if (!magic.subarray(0, MAGIC.length).equals(MAGIC)) throw new RangeError('it does not begin as the format has it');
  const header = await sized(reader, 'its header');
  const { columns, features, nodeSize } = headerOf(header);
  const starts = nodeSize > 0 ? await leafPositions(reader, features, nodeSize) : undefined;

  const { folder, base } = partsOf(file.name);
  const family = `fgb ${folder}`;
  const list = base === 'parties' || base === 'relationships' ? base : 'locations';
  const begin = reader.position;
  let rows = 0;
  for (; await reader.fill(1); rows++) {
    if (starts && starts[rows] !== reader.position - begin) {
      file.fault('flatgeobuf-structure', `feature ${rows + 1} is not where the index has it`);
    }
    const feature = await sized(reader, `feature ${rows + 1}`);
    const values = textsOf(feature, columns);
    const [id, party, location] = ['id', 'party_id', 'spatial_unit_id'].map((name) => values.get(name));
    if (id === undefined) file.fault('flatgeobuf-structure', `feature ${rows + 1} has no id`);
    else links.add(family, list, id, file, rows + 1);
    if (list !== 'relationships') continue;
    if (party) links.follow(family, 'parties', party, file, rows + 1);
    if (location) links.follow(family, 'locations', location, file, rows + 1);
  }
  if (rows !== features) {
    file.fault('flatgeobuf-structure', `it has ${rows} features where its header says ${features}`);
  }
  return rows;
}

async function bytes(reader: ByteReader, count: number, otherwise: string): Promise<Buffer> {
  if (!(await reader.fill(count))) throw new RangeError(otherwise);
  return reader.take(count);
}

/** A FlatBuffer behind its size. */
async function sized(reader: ByteReader, what: string): Promise<Buffer> {
  const early = `it ends within ${what}`;
  const size = (await bytes(reader, 4, early)).readUInt32LE(0);
  if (size > LONGEST) throw new RangeError(`${what} is said to have ${size} bytes`);
  return bytes(reader, size, early);
}

function headerOf(header: Buffer): { columns: Column[]; features: number; nodeSize: number } {
  const root = header.readUInt32LE(0);
  const featuresAt = field(header, root, HEADER.features);
  const nodeSizeAt = field(header, root, HEADER.nodeSize);
  const columnsAt = field(header, root, HEADER.columns);
  const columns: Column[] = [];
  if (columnsAt !== undefined) {
    const vector = referred(header, columnsAt);
    for (let i = 0, at = vector + 4; i < header.readUInt32LE(vector); i++, at += 4) {
      const column = referred(header, at);
      const [nameAt, typeAt] = [field(header, column, NAME), field(header, column, TYPE)];
      const name = nameAt === undefined ? '' : vectorBytes(header, referred(header, nameAt)).toString('utf8');
      columns.push({ name, type: typeAt === undefined ? 0 : header.readUInt8(typeAt) });
    }
  }
  return {
    columns,
    features: featuresAt === undefined ? 0 : Number(header.readBigUInt64LE(featuresAt)),
    nodeSize: nodeSizeAt === undefined ? 16 : header.readUInt16LE(nodeSizeAt),
  };
}

/** Where the index has each feature, behind itself. Memory: 8 bytes a feature. */
async function leafPositions(reader: ByteReader, features: number, nodeSize: number): Promise<Float64Array> {
  let above = 0;
  for (let level = features; level > 1 || above === 0; ) {
    level = Math.ceil(level / nodeSize);
    above += level;
  }
  const early = 'it ends within its index';
  for (let i = 0; i < above; i++) await bytes(reader, ENTRY, early);
  const starts = new Float64Array(features);
  for (let i = 0; i < features; i++) starts[i] = Number((await bytes(reader, ENTRY, early)).readBigUInt64LE(32));
  return starts;
}

/** The texts among a feature's properties, by the names of their columns. */
function textsOf(feature: Buffer, columns: readonly Column[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const from = field(feature, feature.readUInt32LE(0), FEATURE.properties);
  if (from === undefined) return found;
  const properties = vectorBytes(feature, referred(feature, from));
  for (let at = 0; at < properties.length; ) {
    const column = columns[properties.readUInt16LE(at)];
    if (!column) throw new RangeError('a feature has a property that is no column');
    at += 2;
    if (TEXTS.has(column.type)) {
      const end = at + 4 + properties.readUInt32LE(at);
      if (end > properties.length) throw new RangeError(`a feature's ${column.name} ends early`);
      found.set(column.name, properties.subarray(at + 4, end));
      at = end;
    } else {
      const width = WIDTHS.get(column.type);
      if (width === undefined) throw new RangeError(`the column ${column.name} is of a type that is none of ours`);
      at += width;
    }
  }
  return found;
}

/** Where a table has a field; undefined where it was left out. */
function field(buffer: Buffer, table: number, slot: number): number | undefined {
  const vtable = table - buffer.readInt32LE(table);
  const entry = 4 + 2 * slot;
  const offset = entry < buffer.readUInt16LE(vtable) ? buffer.readUInt16LE(vtable + entry) : 0;
  return offset === 0 ? undefined : table + offset;
}

function referred(buffer: Buffer, at: number): number {
  return at + buffer.readUInt32LE(at);
}

function vectorBytes(buffer: Buffer, at: number): Buffer {
  const end = at + 4 + buffer.readUInt32LE(at);
  if (end > buffer.length) throw new RangeError('a list in it ends early');
  return buffer.subarray(at + 4, end);
}
