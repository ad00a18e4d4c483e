/** Apache Arrow's own reader (Rust, in WebAssembly) as the judge of our Parquet files. */
import { tableFromIPC } from 'apache-arrow';
import type { Geometry } from 'geojson';
import { ParquetFile, readParquet } from 'parquet-wasm/node';
import { readWkb } from './gdal.js';

/** What a cell holds: dates as `2024-02-29`, extents as west, south, east, north. */
export type ParquetCell = string | number | bigint | boolean | number[] | null;

export interface ReadParquet {
  columns: { name: string; type: string }[];
  /** Without the geometry. */
  rows: ParquetCell[][];
  /** Of each row; null where it has none. */
  geometries: (Geometry | null)[];
}

/** Reads a file whole. */
export function readParquetFile(bytes: Uint8Array): ReadParquet {
  const table = tableFromIPC(readParquet(bytes).intoIPCStream());
  const fields = table.schema.fields.map(({ name, type }) => ({ name, type: `${type}` }));
  const vectors = fields.map((_, i) => table.getChildAt(i));
  const all = Array.from({ length: table.numRows }, (_, row) => vectors.map((vector) => vector?.get(row) ?? null));
  const at = fields.findIndex(({ name, type }) => name === 'geometry' && type === 'Binary');
  return {
    columns: fields.filter((_, i) => i !== at),
    rows: all.map((cells) => cells.map((cell, i) => cellOf(cell, fields[i]?.type ?? '')).filter((_, i) => i !== at)),
    geometries: all.map((cells) => (at < 0 || cells[at] === null ? null : readWkb(Buffer.from(cells[at])))),
  };
}

function cellOf(cell: unknown, type: string): ParquetCell {
  if (cell === null) return null;
  if (type.startsWith('Date')) return new Date(Number(cell)).toISOString().slice(0, 10);
  if (type.startsWith('Struct')) return Object.values((cell as { toJSON(): Record<string, number> }).toJSON());
  return cell as ParquetCell;
}

export interface ParquetFooter {
  /** By key. */
  metadata: Map<string, string>;
  createdBy: string | undefined;
  /** Of each row group. */
  groups: { rows: number; compression: string[] }[];
}

/** What the end of a file says of it. */
export async function readParquetFooter(bytes: Uint8Array): Promise<ParquetFooter> {
  const file = await ParquetFile.fromFile(new Blob([new Uint8Array(bytes)]));
  const footer = file.metadata();
  const about = footer.fileMetadata();
  return {
    metadata: about.keyValueMetadata() as Map<string, string>,
    createdBy: about.createdBy(),
    groups: footer.rowGroups().map((group) => ({
      rows: group.numRows(),
      compression: group.columns().map((column) => `${column.compression()}`),
    })),
  };
}
