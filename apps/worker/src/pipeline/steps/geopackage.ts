/** `<project>.gpkg`: the records as a GeoPackage, with a layer for each type of geometry, and tables of parties and relationships. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { writeGeoPackage } from '../../formats/geopackage/reduce.js';
import { safeName } from '../../formats/safe-name.js';
import { removeTemporary, temporaryFolder } from '../../temporary-folders.js';
import { formOf } from '../forms.js';
import { HashingWriter } from '../hashing-writer.js';
import type { Reduced, ReduceInput } from '../step.js';
import { type TypedOutput, typedFragments } from './typed-output.js';

/**
 * SQLite goes back and forth in its file, which storage cannot: the file is made in a folder of its own for what is
 * temporary (`TMPDIR`), streamed into storage, and removed. What a killed worker leaves there the next one clears.
 */
async function reduce(input: ReduceInput): Promise<Reduced> {
  const { context, open, signal } = input;
  const name = `${safeName(context.project)}.gpkg`;
  const folder = await temporaryFolder('gpkg');
  try {
    const file = join(folder, 'file.gpkg');
    const tables = await writeGeoPackage(file, typedFragments(input), {
      form: (entity) => formOf(entity, context.schemas),
      date: context.date,
      signal,
    });
    const target = await open(name);
    const writer = new HashingWriter(target);
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024, signal }))
        await writer.write(chunk);
      const sha256 = await writer.commit();
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      return { files: [{ name, key: target.key, rows, bytes: writer.bytes, sha256, tables }], warnings: [] };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await removeTemporary(folder);
  }
}

export const geoPackageOutput: TypedOutput = {
  name: 'gpkg',
  format: 'gpkg',
  entities: ['locations', 'parties', 'relationships'],
  file: 'the GeoPackage',
  reduce,
};
