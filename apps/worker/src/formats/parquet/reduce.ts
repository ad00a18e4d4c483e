/** The reduce half of Parquet: the shards' fragments in, a file of an entity's records out. */
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import { type Column, described, type SchemaField } from '../csv/columns.js';
import type { TableEntity } from '../csv/tables.js';
import { asBuffer, type ByteSink } from '../sink.js';
import { columnsOf, type TableRules, type TypedColumn } from '../typed/columns.js';
import { storedBox, storedWkb } from '../typed/geometry.js';
import { readTypedRows, type TypedFragment, type TypedRow } from '../typed/read.js';
import { type Cell, cellOf, parquetSchema } from './columns.js';
import { BBOX, GEOMETRY, GeoMetadata } from './geo.js';

/** A row group is closed at so many rows, or when its values take about so many bytes of memory. */
const GROUP_ROWS = 50_000;
const GROUP_BYTES = 32 * 1024 * 1024;
/** What a cell takes beside its text. */
const CELL_BYTES = 16;

const RULES: Record<TableEntity, TableRules> = {
  locations: { reserved: [GEOMETRY, BBOX] },
  parties: { reserved: [] },
  relationships: { reserved: [] },
};

const GEOMETRY_COLUMNS: readonly Column[] = [
  { name: GEOMETRY, label: 'Geometry, longitude and latitude in WGS 84 (WKB)', type: 'geometry' },
  { name: BBOX, label: 'Extent of the geometry, by which programs skip what is elsewhere', type: 'object' },
];

export interface ParquetOptions {
  entity: TableEntity;
  /** The form's questions. */
  form: readonly SchemaField[];
  /** Stands in the file as what wrote it. */
  createdBy: string;
  signal: AbortSignal;
  /** Rows of a row group at most. */
  groupRows?: number;
}

/**
 * Writes the records of one entity as Parquet, compressed by Snappy: locations as GeoParquet 1.1, geometries of all types
 * in one column of ISO WKB, with their extents in a covering column; parties and relationships as plain Parquet.
 *
 * Rows keep the order of the fragments, in row groups that depend on the rows alone: the same records, however they were
 * divided, make the same bytes. Memory: one row group. Throws an ExportError that is not permanent where a fragment is
 * damaged.
 */
export async function writeParquet(
  fragments: readonly TypedFragment[],
  { entity, form, createdBy, signal, groupRows = GROUP_ROWS }: ParquetOptions,
  sink: ByteSink,
): Promise<{ rows: number; columns: Column[] }> {
  const columns = columnsOf(
    entity,
    fragments.map(({ meta }) => meta),
    form,
    RULES[entity],
  );
  const geo = entity === 'locations' ? new GeoMetadata() : undefined;
  const bytes = new SinkWriter(sink);
  const writer = new ParquetWriter({ writer: bytes, schema: parquetSchema(columns, geo !== undefined), createdBy });
  let group = new RowGroup(columns, geo);
  let rows = 0;
  for await (const batch of readTypedRows(fragments, () => columns, signal)) {
    for (const row of batch) {
      group.add(row);
      if (group.rows < groupRows && group.bytes < GROUP_BYTES) continue;
      await group.write(writer);
      rows += group.rows;
      group = new RowGroup(columns, geo);
    }
  }
  if (group.rows > 0) await group.write(writer);
  rows += group.rows;
  if (geo) writer.kvMetadata = [{ key: 'geo', value: `${geo}` }];
  writer.finish();
  if (rows === 0) bytes.typeNoGroups();
  await bytes.flush();
  return { rows, columns: [...columns.map(described), ...(geo ? GEOMETRY_COLUMNS : [])] };
}

/** In Thrift's compact protocol: rows, a 64-bit integer, 0; then row groups, a list of none. */
const NO_GROUPS = Buffer.from([0x16, 0, 0x19, 0]);
const STRUCT = 12;

/** Hands a row group's bytes on as soon as it is written. */
class SinkWriter extends ByteWriter {
  constructor(readonly sink: ByteSink) {
    super(64 * 1024);
  }

  /**
   * Mends the footer of a file without row groups. The library cannot tell of what an empty list would be, and says 0,
   * which Arrow's reader in Rust, for one, refuses: it is a list of structs.
   */
  typeNoGroups(): void {
    const bytes = asBuffer(this.getBytes());
    bytes[bytes.lastIndexOf(NO_GROUPS) + NO_GROUPS.length - 1] = STRUCT;
  }

  async flush(): Promise<void> {
    const written = this.getBytes().slice();
    this.index = 0;
    await this.sink.write(written);
  }
}

/** Rows as columns, until they are enough. */
class RowGroup {
  rows = 0;
  bytes = 0;
  readonly #cells: Cell[][];
  readonly #geometries: (Uint8Array | null)[] = [];
  readonly #boxes: (Record<string, number> | null)[] = [];

  constructor(
    readonly columns: readonly TypedColumn[],
    readonly geo: GeoMetadata | undefined,
  ) {
    this.#cells = columns.map(() => []);
  }

  add({ geometry, values }: TypedRow): void {
    this.rows++;
    this.bytes += CELL_BYTES * values.length;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? null;
      if (typeof value === 'string') this.bytes += 2 * value.length;
      this.#cells[i]?.push(cellOf(this.columns[i]?.columnType ?? 'TEXT', value));
    }
    if (!this.geo) return;
    const box = geometry && storedBox(geometry);
    const wkb = geometry && storedWkb(geometry);
    if (wkb) this.geo.add(wkb, box);
    this.bytes += wkb?.length ?? 0;
    this.#geometries.push(wkb);
    this.#boxes.push(box && { xmin: box[0], ymin: box[2], xmax: box[1], ymax: box[3] });
  }

  async write(writer: ParquetWriter): Promise<void> {
    const columnData: ColumnSource[] = this.columns.map(({ name }, i) => ({ name, data: this.#cells[i] ?? [] }));
    if (this.geo) {
      // No two are alike: looking for those that are would cost more than the writing, and nobody asks for their least.
      columnData.push(
        { name: GEOMETRY, data: this.#geometries, encoding: 'PLAIN', statistics: false },
        { name: BBOX, data: this.#boxes, encoding: 'PLAIN' },
      );
    }
    await writer.write({ columnData, rowGroupSize: this.rows });
  }
}
