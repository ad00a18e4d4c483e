/** One finished shapefile: .shp, .shx, .dbf, .prj and .cpg, written front to back. */
import { damaged } from '../damaged.js';
import type { Frame } from '../frames.js';
import { ByteWriter, type FileSink } from '../sink.js';
import type { ShapefilePiece } from './fragment.js';
import { copyRaised, FILE_HEADER, RECORD_HEADER } from './record.js';
import { type Family, SHAPE_TYPES, Z_TYPE } from './shape.js';
import { TABLE_END, type TableLayout } from './table.js';

/** WGS 84, longitude and latitude, in ESRI's words; GDAL knows it as EPSG:4326. */
const PROJECTION =
  'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],' +
  'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]';

const INDEX_ENTRY = 8;

/** What a shapefile will hold; known before its first byte is written, since sinks take bytes in order only. */
export interface VolumePlan {
  /** Without extension. */
  name: string;
  pieces: ShapefilePiece[];
  rows: number;
  /** Size of the .shp. */
  shpBytes: number;
}

/** What all shapefiles of a family have in common. */
export interface FamilyPlan {
  family: Family;
  /** Every record has Z as soon as one has. */
  z: boolean;
  table: TableLayout;
  date: Date;
}

/** A file that was written; `rows` is null where the word makes no sense. */
export interface WrittenFile {
  name: string;
  rows: number | null;
  bytes: number;
}

type Part = { name: string; sink: FileSink; out: ByteWriter; expected: number; written: number };

/** Writes one shapefile. Ends in {@link commit} or {@link abort}. */
export class VolumeWriter {
  readonly #parts: Part[] = [];
  #rows = 0;
  #offset = FILE_HEADER;

  private constructor(
    readonly family: FamilyPlan,
    readonly plan: VolumePlan,
  ) {}

  static async open(
    family: FamilyPlan,
    plan: VolumePlan,
    openFile: (name: string) => Promise<FileSink>,
  ): Promise<VolumeWriter> {
    const volume = new VolumeWriter(family, plan);
    const heads = [
      { extension: 'shp', head: fileHeader(family, plan, plan.shpBytes), expected: plan.shpBytes },
      { extension: 'shx', head: fileHeader(family, plan, indexBytes(plan.rows)), expected: indexBytes(plan.rows) },
      {
        extension: 'dbf',
        head: family.table.header(plan.rows, family.date),
        expected: family.table.bytes(plan.rows),
      },
      { extension: 'prj', head: Buffer.from(PROJECTION), expected: PROJECTION.length },
      { extension: 'cpg', head: Buffer.from('UTF-8'), expected: 5 },
    ];
    try {
      for (const { extension, head, expected } of heads) {
        const name = `${plan.name}.${extension}`;
        const part = { name, sink: await openFile(name), out: new ByteWriter(), expected, written: 0 };
        part.out.append(head);
        volume.#parts.push(part);
      }
    } catch (error) {
      await volume.abort();
      throw error;
    }
    return volume;
  }

  /**
   * Appends the frame's records and rows, numbered on from those before.
   * @param columns places of the fragment's attributes among the table's fields, see {@link TableLayout.writeRow}
   */
  async write(frame: Frame, columns?: readonly number[]): Promise<void> {
    const [shp, shx, dbf] = this.#parts as [Part, Part, Part];
    const { records, table } = frame;
    const { table: layout, z } = this.family;
    // Records that stay as they are go over in one piece and are numbered there.
    const start = z ? 0 : shp.out.reserve(records.length);
    if (!z) shp.out.bytes.set(records, start);
    let at = 0;
    let field = 0;
    for (let i = 0; i < frame.rows; i++) {
      const content = records.readInt32BE(at + 4) * 2;
      this.#rows++;
      if (!z) shp.out.view.setInt32(start + at, this.#rows);
      const written = z ? copyRaised(records, at, content, this.#rows, shp.out) : content;
      at += RECORD_HEADER + content;

      const entry = shx.out.reserve(INDEX_ENTRY);
      shx.out.view.setInt32(entry, this.#offset / 2);
      shx.out.view.setInt32(entry + 4, written / 2);
      this.#offset += RECORD_HEADER + written;

      field = layout.writeRow(table, field, columns, dbf.out);
    }
    if (at !== records.length || field !== table.length) throw damaged('its records and rows do not match');
    for (const part of [shp, shx, dbf]) if (part.out.full) await flush(part);
  }

  /** Makes the files visible; refuses to if one is not as long as its header says. */
  async commit(): Promise<WrittenFile[]> {
    const dbf = this.#parts[2] as Part;
    dbf.out.fill(TABLE_END, 1);
    for (const part of this.#parts) {
      await flush(part);
      if (part.written !== part.expected) {
        throw damaged(`${part.name} came to ${part.written} bytes where ${part.expected} were announced`);
      }
    }
    for (const part of this.#parts) await part.sink.commit();
    return this.#parts.map(({ name, written }, i) => ({ name, rows: i < 3 ? this.#rows : null, bytes: written }));
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.#parts.map((part) => part.sink.abort()));
  }
}

async function flush(part: Part): Promise<void> {
  part.written += part.out.length;
  await part.out.flush(part.sink);
}

const indexBytes = (rows: number): number => FILE_HEADER + INDEX_ENTRY * rows;

/** The header that .shp and .shx share; lengths count 16-bit words. */
function fileHeader({ family, z }: FamilyPlan, { pieces }: VolumePlan, bytes: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER);
  header.writeInt32BE(9994, 0);
  header.writeInt32BE(bytes / 2, 24);
  header.writeInt32LE(1000, 28);
  header.writeInt32LE(SHAPE_TYPES[family] + (z ? Z_TYPE : 0), 32);
  const lowest = (pick: (piece: ShapefilePiece) => number) =>
    pieces.reduce((low, piece) => Math.min(low, pick(piece)), Number.POSITIVE_INFINITY);
  header.writeDoubleLE(
    lowest((piece) => piece.minX),
    36,
  );
  header.writeDoubleLE(
    lowest((piece) => piece.minY),
    44,
  );
  header.writeDoubleLE(-lowest((piece) => -piece.maxX), 52);
  header.writeDoubleLE(-lowest((piece) => -piece.maxY), 60);
  if (z) {
    // Records that were raised lie at 0, so that a piece with any of them counts it in.
    const heights = pieces.flatMap((piece) => [...(piece.z ?? []), ...(piece.flatRows > 0 ? [0] : [])]);
    header.writeDoubleLE(Math.min(...heights), 68);
    header.writeDoubleLE(Math.max(...heights), 76);
  }
  return header;
}
