/** Parquet files: their footer, the metadata of GeoParquet, their rows counted, ids and references. */
import { type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { type CheckContext, type CheckedFile, type FormatCheck, partsOf } from '../context.js';

export const parquetCheck: FormatCheck = {
  extensions: ['.parquet'],
  rank: (name) => (partsOf(name).base === 'relationships' ? 2 : 1),
  check: checkParquet,
};

async function checkParquet(file: CheckedFile, context: CheckContext): Promise<number | null> {
  const random = await context.random(file.name);
  const source = {
    byteLength: random.size,
    async slice(start: number, end = random.size): Promise<ArrayBuffer> {
      const bytes = await random.read(start, end - 1);
      return new Uint8Array(bytes).buffer;
    },
  };
  try {
    const metadata = await parquetMetadataAsync(source);
    const { base } = partsOf(file.name);
    if (base === 'locations') checkGeo(file, metadata);
    return await checkRows(file, context, source, metadata, base);
  } catch (error) {
    context.signal?.throwIfAborted();
    file.fault('parquet-structure', `it cannot be read: ${(error as Error).message}`);
    return null;
  }
}

/** A row group's ids at a time. */
async function checkRows(
  file: CheckedFile,
  { links, signal }: CheckContext,
  source: Parameters<typeof parquetMetadataAsync>[0],
  metadata: FileMetaData,
  base: string,
): Promise<number> {
  const family = `parquet ${partsOf(file.name).folder}`;
  const columns = base === 'relationships' ? ['id', 'party_id', 'spatial_unit_id'] : ['id'];
  let rows = 0;
  for (const { num_rows } of metadata.row_groups) {
    signal?.throwIfAborted();
    const rowEnd = rows + Number(num_rows);
    const records = await parquetReadObjects({ file: source, metadata, columns, rowStart: rows, rowEnd });
    if (records.length !== Number(num_rows)) {
      file.fault('parquet-structure', `a row group has ${records.length} rows where it says ${num_rows}`);
    }
    for (const { id, party_id: party, spatial_unit_id: location } of records) {
      rows++;
      if (typeof id !== 'string') file.fault('parquet-structure', `row ${rows} has no id`);
      else links.add(family, base, Buffer.from(id), file, rows);
      if (base !== 'relationships') continue;
      if (typeof party === 'string') links.follow(family, 'parties', Buffer.from(party), file, rows);
      if (typeof location === 'string') links.follow(family, 'locations', Buffer.from(location), file, rows);
    }
  }
  if (rows !== Number(metadata.num_rows)) {
    file.fault('parquet-structure', `it has ${rows} rows where its footer says ${metadata.num_rows}`);
  }
  return rows;
}

function checkGeo(file: CheckedFile, { key_value_metadata: pairs = [], schema }: FileMetaData): void {
  const text = pairs.find(({ key }) => key === 'geo')?.value;
  const primary = text === undefined ? undefined : (JSON.parse(text) as { primary_column?: string }).primary_column;
  if (primary === undefined || !schema.some(({ name }) => name === primary)) {
    file.fault('parquet-structure', 'it does not say which column has its geometries');
  }
}
