/** `locations.parquet` (GeoParquet), `parties.parquet`, `relationships.parquet`: the records for data analysis. */
import { SOFTWARE_VERSION } from '@parcelpost/shared/version.js';
import type { TableEntity } from '../../formats/csv/tables.js';
import { writeParquet } from '../../formats/parquet/reduce.js';
import { formOf } from '../forms.js';
import { HashingWriter } from '../hashing-writer.js';
import type { Reduced, ReduceInput } from '../step.js';
import { type TypedOutput, typedFragments } from './typed-output.js';

async function reduce(entity: TableEntity, input: ReduceInput): Promise<Reduced> {
  const { context, open, signal } = input;
  const name = `${entity}.parquet`;
  const target = await open(name);
  const writer = new HashingWriter(target);
  try {
    const form = formOf(entity, context.schemas);
    const options = { entity, form, createdBy: `Parcelpost version ${SOFTWARE_VERSION}`, signal };
    const { rows, columns } = await writeParquet(typedFragments(input), options, writer);
    const sha256 = await writer.commit();
    return { files: [{ name, key: target.key, rows, bytes: writer.bytes, sha256, columns }], warnings: [] };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

const output = (entity: TableEntity): TypedOutput => ({
  name: `parquet-${entity}`,
  format: 'parquet',
  entities: [entity],
  file: `${entity}.parquet`,
  reduce: (input) => reduce(entity, input),
});

export const parquetOutputs: readonly TypedOutput[] = [output('relationships'), output('parties'), output('locations')];
