/**
 * The spatial index of a layer: SQLite's R*Tree in its own tables, as the extension gpkg_rtree_index has it (OGC 12-128r18,
 * F.3), with the triggers by which programs that edit the layer keep it up.
 *
 * SQLite's WebAssembly is built without R*Tree, so that its tables are written here, packed: nodes as sqlite.org/rtree.html
 * and rtree.c have them, full, of neighbours along a Hilbert curve. The layer is indexed in batches, so that memory is that
 * of one batch, and of a box for every node.
 */
import { hilbert } from '../hilbert.js';
import type { Database, Statement } from './database.js';
import { quoted } from './schema.js';

/** West, east, south, north. */
type Box = readonly [number, number, number, number];

/** A node has a head of 4 bytes, and cells of 24: a number and four coordinates in single precision, all big-endian. */
const HEAD = 4;
const CELL = 24;
const CELLS = 51;
/** What rtree.c makes of pages of 4,096 bytes. */
const NODE = HEAD + CELLS * CELL;
const ROOT = 1;

/** Locations that are put in order at once; a multiple of what a node holds. */
const BATCH = CELLS * 1280;

interface Entry {
  /** Of a feature in a leaf, of a node above. */
  number: number;
  box: Box;
}

/** Fills the index of one layer. Takes features in the order of their numbers. */
export class SpatialIndex {
  readonly #database: Database;
  readonly #layer: string;
  readonly #extent: Box;
  readonly #batch: Entry[] = [];
  readonly #leaves: Entry[] = [];
  readonly #batchSize: number;
  readonly #node: Statement;
  readonly #rowid: Statement;
  readonly #parent: Statement;
  #next = ROOT + 1;

  /** @param extent of the layer; null where nothing has a place */
  constructor(database: Database, layer: string, extent: Box | null, batchSize = BATCH) {
    this.#database = database;
    this.#layer = layer;
    this.#extent = extent ?? [0, 0, 0, 0];
    this.#batchSize = batchSize;
    const name = indexName(layer);
    database.run(`
      pragma writable_schema = on;
      INSERT INTO sqlite_schema VALUES ('table', '${name}', '${name}', 0, 'CREATE VIRTUAL TABLE "${name}" USING rtree(id, minx, maxx, miny, maxy)');
      pragma writable_schema = off;
      CREATE TABLE "${name}_rowid"(rowid INTEGER PRIMARY KEY,nodeno);
      CREATE TABLE "${name}_node"(nodeno INTEGER PRIMARY KEY,data);
      CREATE TABLE "${name}_parent"(nodeno INTEGER PRIMARY KEY,parentnode);
      INSERT INTO gpkg_extensions VALUES ('${layer}', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec131/#extension_rtree', 'write-only');`);
    this.#node = database.prepare(`INSERT INTO "${name}_node" VALUES (?, ?)`);
    this.#rowid = database.prepare(`INSERT INTO "${name}_rowid" VALUES (?, ?)`);
    this.#parent = database.prepare(`INSERT INTO "${name}_parent" VALUES (?, ?)`);
  }

  add(fid: number, box: Box): void {
    this.#batch.push({ number: fid, box });
    if (this.#batch.length >= this.#batchSize) this.#writeLeaves();
  }

  /** Writes what is above the leaves, and the triggers. Call once. */
  finish(): void {
    this.#writeLeaves();
    let level: Entry[] = this.#leaves;
    let depth = level.length > 0 ? 1 : 0;
    for (; level.length > CELLS; depth++) level = grouped(level).map((entries) => this.#writeNode(entries));
    this.#node.run([ROOT, nodeOf(level, depth)]);
    for (const { number } of level) this.#parent.run([number, ROOT]);
    this.#database.run(triggers(this.#layer));
  }

  /** Leaves of the batch, along the curve; features are entered in the order of their numbers again, as tables like it. */
  #writeLeaves(): void {
    const order = this.#batch
      .map((entry) => ({ entry, at: hilbert(entry.box, this.#extent) }))
      .sort((a, b) => a.at - b.at || a.entry.number - b.entry.number)
      .map(({ entry }) => entry);
    const nodeOfFeature = new Map<number, number>();
    for (const entries of grouped(order)) {
      const number = this.#next++;
      this.#node.run([number, nodeOf(entries, 0)]);
      this.#leaves.push({ number, box: around(entries) });
      for (const entry of entries) nodeOfFeature.set(entry.number, number);
    }
    for (const { number } of this.#batch) this.#rowid.run([number, nodeOfFeature.get(number) ?? ROOT]);
    this.#batch.length = 0;
  }

  #writeNode(entries: readonly Entry[]): Entry {
    const number = this.#next++;
    this.#node.run([number, nodeOf(entries, 0)]);
    for (const entry of entries) this.#parent.run([entry.number, number]);
    return { number, box: around(entries) };
  }
}

const indexName = (layer: string) => `rtree_${layer}_geom`;

function grouped(entries: readonly Entry[]): Entry[][] {
  const groups: Entry[][] = [];
  for (let at = 0; at < entries.length; at += CELLS) groups.push(entries.slice(at, at + CELLS));
  return groups;
}

function around(entries: readonly Entry[]): Box {
  const [first, ...others] = entries as [Entry, ...Entry[]];
  return others.reduce<Box>(
    (all, { box }) => [
      Math.min(all[0], box[0]),
      Math.max(all[1], box[1]),
      Math.min(all[2], box[2]),
      Math.max(all[3], box[3]),
    ],
    first.box,
  );
}

/** The bytes of a node. Its first two bytes are the height of the tree, in the root; elsewhere they are 0. */
function nodeOf(entries: readonly Entry[], depth: number): Buffer {
  const node = Buffer.alloc(NODE);
  node.writeUInt16BE(depth, 0);
  node.writeUInt16BE(entries.length, 2);
  for (const [i, { number, box }] of entries.entries()) {
    const at = HEAD + i * CELL;
    node.writeBigInt64BE(BigInt(number), at);
    for (const [side, value] of box.entries()) node.writeFloatBE(outward(value, side % 2 === 1), at + 8 + 4 * side);
  }
  return node;
}

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/** The nearest number of single precision on the side asked for: no box may be smaller than what it is around. */
function outward(value: number, up: boolean): number {
  single[0] = value;
  const near = single[0] as number;
  if (up ? near >= value : near <= value) return near;
  if (near === 0) return up ? 2 ** -149 : -(2 ** -149);
  bits[0] = (bits[0] as number) + (near > 0 === up ? 1 : -1);
  return single[0] as number;
}

/** The triggers of the extension, to the letter of version 1.3. */
function triggers(layer: string): string {
  const [table, index] = [quoted(layer), quoted(indexName(layer))];
  const name = (suffix: string) => quoted(`${indexName(layer)}_${suffix}`);
  const filled = '(NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))';
  const empty = '(NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))';
  const insert = `INSERT OR REPLACE INTO ${index} VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom"));`;
  const remove = `DELETE FROM ${index} WHERE id = OLD."fid";`;
  return `
CREATE TRIGGER ${name('insert')} AFTER INSERT ON ${table} WHEN (new."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom")) BEGIN ${insert} END;
CREATE TRIGGER ${name('update1')} AFTER UPDATE OF "geom" ON ${table} WHEN OLD."fid" = NEW."fid" AND ${filled} BEGIN ${insert} END;
CREATE TRIGGER ${name('update2')} AFTER UPDATE OF "geom" ON ${table} WHEN OLD."fid" = NEW."fid" AND ${empty} BEGIN ${remove} END;
CREATE TRIGGER ${name('update3')} AFTER UPDATE ON ${table} WHEN OLD."fid" != NEW."fid" AND ${filled} BEGIN ${remove} ${insert} END;
CREATE TRIGGER ${name('update4')} AFTER UPDATE ON ${table} WHEN OLD."fid" != NEW."fid" AND ${empty} BEGIN DELETE FROM ${index} WHERE id IN (OLD."fid", NEW."fid"); END;
CREATE TRIGGER ${name('delete')} AFTER DELETE ON ${table} WHEN old."geom" NOT NULL BEGIN ${remove} END;`;
}
