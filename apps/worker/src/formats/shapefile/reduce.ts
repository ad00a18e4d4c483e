/** The reduce half of the shapefiles: one family's fragments in, finished shapefiles out. */
import type { Column, SchemaField } from '../csv/columns.js';
import { damaged } from '../damaged.js';
import { FrameReader } from '../frames.js';
import type { FileSink } from '../sink.js';
import { mergeTallies, noTally, type Tally } from '../tally.js';
import { type PlannedFields, planFields } from './fields.js';
import type { ShapefileFragmentMeta, ShapefilePiece } from './fragment.js';
import { FILE_HEADER } from './record.js';
import type { Family } from './shape.js';
import { TABLE_COLUMNS, TableLayout } from './table.js';
import { type FamilyPlan, type VolumePlan, VolumeWriter, type WrittenFile } from './volume.js';

/** A family's fragment at rest. `open` is called once, when its turn comes. */
export interface ShapefileFragment {
  meta: ShapefileFragmentMeta;
  open(): AsyncIterable<Uint8Array>;
}

export interface ShapefileReduceOptions {
  /** Date of the last change, in the table's header. */
  date: Date;
  /** The form's questions; given where attributes are asked for in the table, and the fragments hold them. */
  form?: readonly SchemaField[] | undefined;
  /** Opens a file of the bundle by name; it is committed when its shapefile is whole, aborted when anything fails. */
  openFile(name: string): Promise<FileSink>;
  /** Most bytes of a .shp or .dbf; 2 GiB - 1 unless a test says less, since readers count in signed 32 bits. */
  maxBytes?: number;
}

export interface ShapefileResult {
  rows: number;
  files: WrittenFile[];
  /** Records whose id or type did not fit the 254 bytes of a field. */
  cut: Tally;
  /** Of the table. */
  columns: readonly Column[];
  /** What befell attributes on their way into the table. */
  attributes: Pick<PlannedFields, 'leftOut' | 'cut'> & { replaced: Tally; trimmed: Tally };
}

/**
 * Writes `<family>.shp` and its companions, and `<family>_2.shp` and so on when one is full. The records keep the order
 * of the fragments. Without any record there is no file.
 *
 * One pass: numbers, offsets, extents and lengths come from the metas and are checked against what was written. If any
 * record has Z, the whole family is written as the Z type and its other records lie at height 0. Memory: one frame, and
 * one chunk for each component. Throws an ExportError (not permanent) where a fragment is damaged.
 */
export async function reduceShapefile(
  family: Family,
  fragments: readonly ShapefileFragment[],
  { date, form, openFile, maxBytes = 2 ** 31 - 1 }: ShapefileReduceOptions,
): Promise<ShapefileResult> {
  const metas = fragments.map((fragment) => fragment.meta);
  for (const meta of metas) {
    if (meta.family !== family)
      throw new TypeError(`a fragment of ${meta.family} was given to the reduce of ${family}`);
  }
  const { fields, ...attributes } = planFields(
    form ?? [],
    metas.map((meta) => meta.attributes ?? []),
  );
  const widths = {
    id: metas.reduce((widest, meta) => Math.max(widest, meta.widths.id), 1),
    type: metas.reduce((widest, meta) => Math.max(widest, meta.widths.type), 1),
  };
  const familyPlan: FamilyPlan = {
    family,
    z: metas.some((meta) => meta.pieces.some((piece) => piece.z !== null)),
    table: new TableLayout(widths, fields),
    date,
  };
  const plans = planVolumes(familyPlan, metas, maxBytes);
  const places = new Map(fields.map(({ attribute }, place) => [attribute, TABLE_COLUMNS.length + place]));
  const files: WrittenFile[] = [];
  const volumes = new VolumeSequence(familyPlan, plans, openFile, files);
  try {
    for (const { meta, open } of fragments) {
      if (meta.pieces.length === 0) continue;
      const columns = meta.attributes?.map(([key]) => places.get(key) ?? -1);
      const frames = new FrameReader(open());
      try {
        for (const piece of meta.pieces) await copyPiece(piece, frames, columns, await volumes.next());
        await frames.expectEnd();
      } finally {
        await frames.close();
      }
    }
    await volumes.commit();
  } catch (error) {
    await volumes.abort();
    throw error;
  }
  return {
    rows: plans.reduce((sum, plan) => sum + plan.rows, 0),
    files,
    cut: mergeTallies(metas.map((meta) => meta.cut)),
    columns: [...TABLE_COLUMNS, ...fields.map(({ column }) => column)],
    attributes: {
      ...attributes,
      replaced: mergeTallies(metas.map((meta) => meta.replaced ?? noTally())),
      trimmed: mergeTallies(metas.map((meta) => meta.trimmed ?? noTally())),
    },
  };
}

async function copyPiece(
  piece: ShapefilePiece,
  frames: FrameReader,
  columns: readonly number[] | undefined,
  volume: VolumeWriter,
): Promise<void> {
  let rows = 0;
  for (let bytes = 0; bytes < piece.bytes; ) {
    const frame = await frames.next();
    await volume.write(frame, columns);
    bytes += frame.bytes;
    rows += frame.rows;
  }
  if (rows !== piece.rows) throw damaged(`${rows} records where ${piece.rows} were written`);
}

/** Fills shapefiles in order, a piece at a time. */
function planVolumes(
  { family, z, table }: FamilyPlan,
  metas: readonly ShapefileFragmentMeta[],
  maxBytes: number,
): VolumePlan[] {
  const plans: VolumePlan[] = [];
  for (const piece of metas.flatMap((meta) => meta.pieces)) {
    const shpBytes = piece.shpBytes + (z ? piece.raisedBy : 0);
    let plan = plans.at(-1);
    if (!plan || plan.shpBytes + shpBytes > maxBytes || table.bytes(plan.rows + piece.rows) > maxBytes) {
      const name = plans.length === 0 ? family : `${family}_${plans.length + 1}`;
      plan = { name, pieces: [], rows: 0, shpBytes: FILE_HEADER };
      plans.push(plan);
    }
    plan.pieces.push(piece);
    plan.rows += piece.rows;
    plan.shpBytes += shpBytes;
  }
  return plans;
}

/** Opens each planned shapefile when its first piece comes, and commits it before the next. */
class VolumeSequence {
  #next = 0;
  #left = 0;
  #open: VolumeWriter | undefined;

  constructor(
    readonly family: FamilyPlan,
    readonly plans: readonly VolumePlan[],
    readonly openFile: (name: string) => Promise<FileSink>,
    readonly files: WrittenFile[],
  ) {}

  /** The shapefile that takes the next piece. */
  async next(): Promise<VolumeWriter> {
    if (this.#left === 0) {
      await this.commit();
      const plan = this.plans[this.#next++] as VolumePlan;
      this.#left = plan.pieces.length;
      this.#open = await VolumeWriter.open(this.family, plan, this.openFile);
    }
    this.#left--;
    return this.#open as VolumeWriter;
  }

  async commit(): Promise<void> {
    if (!this.#open) return;
    this.files.push(...(await this.#open.commit()));
    this.#open = undefined;
  }

  async abort(): Promise<void> {
    await this.#open?.abort();
  }
}
