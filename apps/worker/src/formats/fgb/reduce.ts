/** The reduce half of FlatGeobuf: the shards' fragments in, a file for each type of geometry out. */
import { join } from 'node:path';
import { type Column, described, type SchemaField } from '../csv/columns.js';
import type { TableEntity } from '../csv/tables.js';
import { damaged } from '../damaged.js';
import type { FileSink } from '../sink.js';
import { noTally, type Tally, tally } from '../tally.js';
import { columnsOf, type TableRules } from '../typed/columns.js';
import { isLayer, TABLE_NAMES, type TableFigures, type TableName, WITHOUT_GEOMETRY } from '../typed/fragment.js';
import { LAYERS, storedBox, storedWkb } from '../typed/geometry.js';
import { readTypedRows, type TypedFragment, type TypedRow, tablesOf } from '../typed/read.js';
import { type Shape, shapeOf } from '../typed/shape.js';
import { FeatureWriter } from './feature.js';
import { FlatBuffer } from './flatbuffer.js';
import { Layer } from './layer.js';

/** Columns that a GeoPackage has itself: who turns one file into the other keeps the names of ours. */
const RULES: TableRules = { reserved: ['fid', 'geom'] };

export interface FlatGeobufOptions {
  entity: TableEntity;
  /** The form's questions. */
  form: readonly SchemaField[];
  /** A folder that is empty, on a local disk, for the features whose order is not known yet. */
  folder: string;
  signal: AbortSignal;
}

/** What the files do not have as it was. */
export interface FlatGeobufNotes {
  /** Locations among those without a geometry, since an index has no place for an empty one. */
  empty: Tally;
  /** Locations whose positions have height 0 because others of their file have heights. */
  raised: Tally;
  /** Collections without their members that were empty. */
  emptyMembers: Tally;
}

export interface FlatGeobufFile {
  name: string;
  rows: number;
  columns: Column[];
}

/**
 * Writes the FlatGeobuf files of one entity (flatgeobuf.org, version 3.0): of locations one for each type of geometry that
 * they have, with a packed Hilbert R-tree, and one without geometries where there is need of it; of parties and
 * relationships one without geometries, also where there are none.
 *
 * One type a file, as in shapefiles and GeoPackages: its header then names the type, which programs otherwise must look for
 * in every feature before they can draw the first. GDAL makes a layer of an unknown type of a mixed file, QGIS several after
 * reading all of it. `flatgeobuf` of npm writes neither an index nor a stream, so that the writer is ours.
 *
 * The features lie in the folder until their order is known. Memory: 48 bytes a location. The same records, however they
 * were divided, make the same bytes. Throws an ExportError that is not permanent where a fragment is damaged.
 */
export async function writeFlatGeobuf(
  fragments: readonly TypedFragment[],
  { entity, form, folder, signal }: FlatGeobufOptions,
  open: (name: string) => Promise<FileSink>,
): Promise<{ files: FlatGeobufFile[]; notes: FlatGeobufNotes }> {
  const metas = fragments.map(({ meta }) => meta);
  const columns = columnsOf(entity, metas, form, RULES);
  const figures = tablesOf(metas);
  const buffer = new FlatBuffer();
  const notes: FlatGeobufNotes = { empty: noTally(), raised: noTally(), emptyMembers: noTally() };
  const layers = new Map<TableName, { layer: Layer; writer: FeatureWriter }>();
  const layerOf = async (name: TableName) => {
    const known = layers.get(name);
    if (known) return known;
    const { rows, z }: TableFigures = figures.get(name) ?? { rows: 0, z: { some: false, all: false }, box: null };
    const geometryType = isLayer(name) ? LAYERS.indexOf(name) + 1 : 0;
    const fields = { name, geometryType, z: z.some, columns };
    const layer = await Layer.create(fields, join(folder, `${name}.features`), rows);
    const made = { layer, writer: new FeatureWriter(buffer, columns, z.some) };
    layers.set(name, made);
    return made;
  };
  try {
    if (entity !== 'locations') await layerOf(entity);
    for await (const rows of readTypedRows(fragments, () => columns, signal)) {
      for (const row of rows) {
        const { table, shape } = placed(row, notes);
        const { layer, writer } = layers.get(table) ?? (await layerOf(table));
        if (shape && writer.z && !shape.z) tally(notes.raised, idOf(row));
        const wkb = row.geometry ? storedWkb(row.geometry) : EMPTY;
        layer.add(writer.feature(wkb, shape, row.values), shape && row.geometry && storedBox(row.geometry));
      }
      for (const { layer } of layers.values()) await layer.drain();
    }
    const files: FlatGeobufFile[] = [];
    for (const table of TABLE_NAMES) {
      const layer = layers.get(table)?.layer;
      if (!layer) continue;
      const name = `${table}.fgb`;
      const sink = await open(name);
      try {
        await layer.write({
          write: (chunk) => {
            signal.throwIfAborted();
            return sink.write(chunk);
          },
        });
        await sink.commit();
      } catch (error) {
        await sink.abort();
        throw error;
      }
      files.push({ name, rows: layer.features, columns: columns.map(described) });
    }
    return { files, notes };
  } finally {
    for (const { layer } of layers.values()) await layer.close();
  }
}

const EMPTY = Buffer.alloc(0);

/** The file that a row belongs in, and its geometry there. */
function placed(row: TypedRow, notes: FlatGeobufNotes): { table: TableName; shape: Shape | null } {
  if (!row.geometry) return { table: row.table, shape: null };
  let shape: Shape;
  try {
    shape = shapeOf(storedWkb(row.geometry));
  } catch (error) {
    throw damaged((error as Error).message);
  }
  if (shape.positions === 0) {
    tally(notes.empty, idOf(row));
    return { table: WITHOUT_GEOMETRY, shape: null };
  }
  if (shape.leftOut > 0) tally(notes.emptyMembers, idOf(row));
  return { table: row.table, shape };
}

/** The first of the fixed columns. */
function idOf({ values }: TypedRow): string {
  return `${values[0] ?? ''}`;
}
