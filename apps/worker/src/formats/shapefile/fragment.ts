/** The map half of the shapefiles: locations in, one fragment for each family of geometries out. */
import type { Geometry } from 'geojson';
import { frameOf } from '../frames.js';
import { ByteWriter } from '../sink.js';
import { mergeTallies, noTally, type Tally, tally } from '../tally.js';
import { isForBatch, RecordBatch, raisedBy, writeRecord } from './record.js';
import { type Box, emptyBox, FAMILIES, type Family, type LeftOutReason, type Shape, toShape } from './shape.js';
import { type FieldWidths, fieldBytes } from './table.js';

/** What a shapefile takes of a location. */
export interface ShapefileFeature {
  id: string;
  type: string;
  geometry: Geometry | null;
}

/** Totals of consecutive records, which headers need before the first record is written. */
export interface ShapefilePiece {
  rows: number;
  /** Bytes in the fragment. */
  bytes: number;
  /** Bytes of the .shp records as they stand. */
  shpBytes: number;
  /** Bytes by which they grow if the file turns out to be one with Z. */
  raisedBy: number;
  /** Records without Z, which would be raised to height 0. */
  flatRows: number;
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
  /** Range of the heights; null where no record has any. */
  z: [number, number] | null;
}

/** What the reduce half must know of one family's fragment; plain JSON. */
export interface ShapefileFragmentMeta {
  family: Family;
  rows: number;
  bytes: number;
  pieces: ShapefilePiece[];
  widths: FieldWidths;
  /** Records whose id or type did not fit its field. */
  cut: Tally;
}

export type LeftOut = Partial<Record<LeftOutReason, Tally>>;

/** Bytes of one family's fragment; they follow those given out before. */
export interface FamilyChunk {
  family: Family;
  bytes: Buffer;
}

/** A frame is closed when its records have this many bytes; it stays larger only for a geometry that is. */
const FRAME_BYTES = 64 * 1024;

/** A piece is what cannot be divided between a shapefile and the one that follows when it is full. */
const PIECE_BYTES = 32 * 1024 * 1024;

/**
 * Encodes the locations of one shard. Which geometries are left out is said in {@link toShape}; ids and types are kept
 * as UTF-8, cut at 254 bytes between two characters.
 */
export class ShapefileFragmentEncoder {
  readonly #families = new Map<Family, FamilyEncoder>();
  readonly #leftOut: LeftOut = {};
  readonly #pieceBytes: number;

  constructor(options: { pieceBytes?: number } = {}) {
    this.#pieceBytes = options.pieceBytes ?? PIECE_BYTES;
  }

  /** Takes locations; returns what is ready to be written, each family's bytes in order. Throws a permanent ExportError
   * for a geometry of a type that GeoJSON does not know. */
  add(features: Iterable<ShapefileFeature>): FamilyChunk[] {
    const chunks: FamilyChunk[] = [];
    for (const { id, type, geometry } of features) {
      const shape = toShape(geometry);
      if (typeof shape === 'string') {
        this.#leftOut[shape] ??= noTally();
        tally(this.#leftOut[shape], id);
        continue;
      }
      let encoder = this.#families.get(shape.family);
      if (!encoder) {
        encoder = new FamilyEncoder(shape.family, this.#pieceBytes);
        this.#families.set(shape.family, encoder);
      }
      const bytes = encoder.add(shape, id, type);
      if (bytes) chunks.push({ family: shape.family, bytes });
    }
    return chunks;
  }

  /** The last bytes, and a meta for each family that has any record. Call once. */
  finish(): { chunks: FamilyChunk[]; metas: ShapefileFragmentMeta[]; leftOut: LeftOut } {
    const encoders = FAMILIES.flatMap((family) => this.#families.get(family) ?? []);
    return {
      chunks: encoders
        .map((encoder) => ({ family: encoder.family, bytes: encoder.closeFrame() }))
        .filter(({ bytes }) => bytes.length > 0),
      metas: encoders.map((encoder) => encoder.meta()),
      leftOut: this.#leftOut,
    };
  }
}

/** Adds up what the shards left out; ids of the first shards come first. */
export function mergeLeftOut(shards: readonly LeftOut[]): LeftOut {
  const merged: LeftOut = {};
  for (const shard of shards) {
    for (const [reason, found] of Object.entries(shard) as [LeftOutReason, Tally][]) {
      merged[reason] = mergeTallies([merged[reason] ?? noTally(), found]);
    }
  }
  return merged;
}

/** One family's records and table rows on their way into frames. */
class FamilyEncoder {
  readonly #records = new ByteWriter(2 * FRAME_BYTES);
  readonly #table = new ByteWriter(FRAME_BYTES / 2);
  readonly #batch = new RecordBatch();
  readonly #pieces: ShapefilePiece[] = [];
  readonly #widths: FieldWidths = { id: 1, type: 1 };
  readonly #cut: Tally = noTally();
  #frameRows = 0;
  #piece = newPiece();

  constructor(
    readonly family: Family,
    readonly pieceBytes: number,
  ) {}

  add(shape: Shape, id: string, type: string): Buffer | undefined {
    if (isForBatch(shape)) {
      this.#batch.add(shape);
      if (this.#batch.isFull) this.#batch.flush(this.family, this.#records);
    } else {
      this.#batch.flush(this.family, this.#records);
      writeRecord(shape, this.#records);
    }
    const cutId = this.#field('id', id);
    const cutType = this.#field('type', type);
    if (cutId || cutType) tally(this.#cut, id);
    this.#frameRows++;
    count(this.#piece, shape);
    return this.#records.length >= FRAME_BYTES ? this.closeFrame() : undefined;
  }

  closeFrame(): Buffer {
    if (this.#frameRows === 0) return Buffer.alloc(0);
    this.#batch.flush(this.family, this.#records);
    const records = this.#records.take();
    const table = this.#table.take();
    const frame = frameOf(this.#frameRows, records, table);
    this.#frameRows = 0;
    this.#piece.bytes += frame.length;
    this.#piece.shpBytes += records.length;
    if (this.#piece.shpBytes >= this.pieceBytes) this.#closePiece();
    return frame;
  }

  meta(): ShapefileFragmentMeta {
    this.#closePiece();
    return {
      family: this.family,
      rows: this.#pieces.reduce((sum, piece) => sum + piece.rows, 0),
      bytes: this.#pieces.reduce((sum, piece) => sum + piece.bytes, 0),
      pieces: this.#pieces,
      widths: this.#widths,
      cut: this.#cut,
    };
  }

  #closePiece(): void {
    const { box, flatPoints, ...totals } = this.#piece;
    if (totals.bytes === 0) return;
    this.#pieces.push({
      ...totals,
      raisedBy: raisedBy(this.family, totals.flatRows, flatPoints),
      minX: box.minX,
      minY: box.minY,
      maxX: box.maxX,
      maxY: box.maxY,
      z: box.minZ <= box.maxZ ? [box.minZ, box.maxZ] : null,
    });
    this.#piece = newPiece();
  }

  /** Appends a length byte and a text; says whether it was cut. */
  #field(name: keyof FieldWidths, text: string): boolean {
    const { bytes, cut } = fieldBytes(text);
    const at = this.#table.reserve(1 + bytes.length);
    this.#table.bytes[at] = bytes.length;
    this.#table.bytes.set(bytes, at + 1);
    if (bytes.length > this.#widths[name]) this.#widths[name] = bytes.length;
    return cut;
  }
}

interface OpenPiece {
  rows: number;
  bytes: number;
  shpBytes: number;
  flatRows: number;
  flatPoints: number;
  box: Box;
}

const newPiece = (): OpenPiece => ({ rows: 0, bytes: 0, shpBytes: 0, flatRows: 0, flatPoints: 0, box: emptyBox() });

function count(piece: OpenPiece, shape: Shape): void {
  piece.rows++;
  if (!shape.z) {
    piece.flatRows++;
    piece.flatPoints += shape.points;
  }
  const { box } = piece;
  if (shape.box.minX < box.minX) box.minX = shape.box.minX;
  if (shape.box.minY < box.minY) box.minY = shape.box.minY;
  if (shape.box.maxX > box.maxX) box.maxX = shape.box.maxX;
  if (shape.box.maxY > box.maxY) box.maxY = shape.box.maxY;
  if (shape.box.minZ < box.minZ) box.minZ = shape.box.minZ;
  if (shape.box.maxZ > box.maxZ) box.maxZ = shape.box.maxZ;
}
