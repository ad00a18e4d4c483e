/** The map half of the shapefiles: locations in, one fragment for each family of geometries out. */
import type { Attributes } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import { checkColumnCount } from '../csv/columns.js';
import { frameOf } from '../frames.js';
import { ByteWriter } from '../sink.js';
import { mergeTallies, noTally, type Tally, tally } from '../tally.js';
import { KINDS } from '../typed/values.js';
import { isForBatch, RecordBatch, raisedBy, writeRecord } from './record.js';
import { type Box, emptyBox, FAMILIES, type Family, type LeftOutReason, type Shape, toShape } from './shape.js';
import { type FieldWidths, fieldLength } from './table.js';
import { type FieldFigures, fieldValue, measureNumber, noFigures } from './values.js';

/** What a shapefile takes of a location. */
export interface ShapefileFeature {
  id: string;
  type: string;
  geometry: Geometry | null;
  /** For the table, where attributes are asked for there. */
  attributes?: Attributes;
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
  /** Attributes in the order in which they were met, which numbers their columns; only where they are asked for. */
  attributes?: [key: string, figures: FieldFigures][];
  /** Records with U+0000, or half of a surrogate pair, in the text of an attribute: a table gets � in its place. */
  replaced?: Tally;
  /** Records with a text that ends in spaces, which a field cannot tell from its own filling. */
  trimmed?: Tally;
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

/** A text would end at the one for many readers; UTF-8 has no place for the other. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const NO_CHARACTER = /\u0000|\p{Cs}/gu;

export interface ShapefileEncoderOptions {
  /** Whether the table gets every attribute, beside id and type. */
  attributes?: boolean;
  pieceBytes?: number;
}

/**
 * Encodes the locations of one shard. Which geometries are left out is said in {@link toShape}; ids and types are kept
 * as UTF-8, cut at 254 bytes between two characters.
 */
export class ShapefileFragmentEncoder {
  readonly #families = new Map<Family, FamilyEncoder>();
  readonly #leftOut: LeftOut = {};
  readonly #options: Required<ShapefileEncoderOptions>;

  constructor({ attributes = false, pieceBytes = PIECE_BYTES }: ShapefileEncoderOptions = {}) {
    this.#options = { attributes, pieceBytes };
  }

  /** Takes locations; returns what is ready to be written, each family's bytes in order. Throws a permanent ExportError
   * for a geometry of a type that GeoJSON does not know, and for too many different attributes. */
  add(features: Iterable<ShapefileFeature>): FamilyChunk[] {
    const chunks: FamilyChunk[] = [];
    for (const feature of features) {
      const { id, geometry } = feature;
      const shape = toShape(geometry);
      if (typeof shape === 'string') {
        this.#leftOut[shape] ??= noTally();
        tally(this.#leftOut[shape], id);
        continue;
      }
      let encoder = this.#families.get(shape.family);
      if (!encoder) {
        encoder = new FamilyEncoder(shape.family, this.#options);
        this.#families.set(shape.family, encoder);
      }
      const bytes = encoder.add(shape, feature);
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
  readonly #columns = new Map<string, { number: number; figures: FieldFigures }>();
  readonly #replaced: Tally = noTally();
  readonly #trimmed: Tally = noTally();
  #frameRows = 0;
  #piece = newPiece();

  constructor(
    readonly family: Family,
    readonly options: Required<ShapefileEncoderOptions>,
  ) {}

  add(shape: Shape, { id, type, attributes = {} }: ShapefileFeature): Buffer | undefined {
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
    if (this.options.attributes) this.#attributes(id, attributes);
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
    if (this.#piece.shpBytes >= this.options.pieceBytes) this.#closePiece();
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
      ...(this.options.attributes && {
        attributes: [...this.#columns].map(([key, { figures }]): [string, FieldFigures] => [key, figures]),
        replaced: this.#replaced,
        trimmed: this.#trimmed,
      }),
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

  /** Appends a text, and takes it into the widths; says whether it was cut. */
  #field(name: keyof FieldWidths, text: string): boolean {
    const { bytes, cut } = this.#text(text);
    if (bytes > this.#widths[name]) this.#widths[name] = bytes;
    return cut;
  }

  /** Appends the record's values, as TableLayout reads them. */
  #attributes(id: string, attributes: Attributes): void {
    const countAt = this.#table.reserve(2);
    let count = 0;
    let replaced = false;
    let trimmed = false;
    for (const key of Object.keys(attributes)) {
      const { number, figures } = this.#column(key);
      const value = fieldValue(attributes[key]);
      if (!value) continue;
      let { text } = value;
      figures.kinds |= value.kind;
      if (value.kind === KINDS.text) {
        const clean = text.replace(NO_CHARACTER, '\ufffd');
        replaced ||= clean !== text;
        trimmed ||= clean.endsWith(' ');
        text = clean;
      } else if (value.kind & (KINDS.integer | KINDS.long | KINDS.real)) measureNumber(figures, text);
      const at = this.#table.reserve(2);
      this.#table.bytes.writeUInt16LE(number, at);
      const { bytes, cut } = this.#text(text);
      if (bytes > figures.bytes) figures.bytes = bytes;
      if (cut) tally(figures.cut, id);
      count++;
    }
    this.#table.bytes.writeUInt16LE(count, countAt);
    if (replaced) tally(this.#replaced, id);
    if (trimmed) tally(this.#trimmed, id);
  }

  #column(key: string) {
    let column = this.#columns.get(key);
    if (!column) {
      checkColumnCount(this.#columns.size + 1);
      column = { number: this.#columns.size, figures: noFigures() };
      this.#columns.set(key, column);
    }
    return column;
  }

  /** Appends a byte of length and a text, cut to what a field holds. */
  #text(text: string): { bytes: number; cut: boolean } {
    const table = this.#table;
    const at = table.reserve(1);
    const written = table.utf8(text);
    const bytes = fieldLength(table.bytes, at + 1, written);
    table.length = at + 1 + bytes;
    table.bytes[at] = bytes;
    return { bytes, cut: bytes < written };
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
