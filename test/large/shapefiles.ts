/** More polygons than one shapefile can hold: through map, reduce, bundle and verify, and read by others. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { FILE_DATE, type Fragment, type StepContext } from '@parcelpost/worker/pipeline/step.js';
import { ShapefilesStep } from '@parcelpost/worker/pipeline/steps/shapefiles.js';
import { verifyFile } from '@parcelpost/worker/verify/verify-bundle.js';
import { bundled } from './bundled.js';
import { demand, gdalReads, npmReads, output, type ReadShapefile, unzipFindsWhole } from './judges.js';
import type { Measured } from './measured.js';
import type { LargeOptions } from './options.js';
import { locationOf, recordBytes } from './polygons.js';

/** As many as a worker reads of a large project at a time. */
const SHARD_RECORDS = 250_000;
const BATCH_RECORDS = 500;
/** What readers count in signed 32 bits. */
const MOST_BYTES = 2 ** 31 - 1;

const CONTEXT: StepContext = {
  options: {
    outputType: 'custom',
    formats: ['shapefiles'],
    csv: { bom: false, escapeFormulas: true },
    allowPartial: false,
  },
  schemas: {},
  project: 'large',
  date: FILE_DATE,
};

/** @returns what was found. Throws where anything is not as it was written */
export async function checkShapefiles(folder: string, options: LargeOptions, measured: Measured): Promise<string> {
  const { corners, shapefileBytes, maxShapefileBytes } = options;
  const step = new ShapefilesStep(maxShapefileBytes);
  const storage = new FileStorage(join(folder, 'storage'));
  const polygons = Math.ceil(shapefileBytes / recordBytes(corners));

  const fragments = await measured.part(`map ${polygons} polygons`, () => mapAll(step, storage, polygons, corners));
  const { files } = await measured.part(`reduce ${fragments.length} fragments`, () =>
    step.reduce('polygons', {
      context: CONTEXT,
      fragments,
      storage,
      open: (name) => opened(storage, `work/reduce/${name}`),
      signal: new AbortController().signal,
    }),
  );
  await storage.removePrefix('work/map');
  const shapefiles = files.filter(({ name }) => name.endsWith('.shp'));
  for (const { name, bytes } of files) demand(bytes <= (maxShapefileBytes ?? MOST_BYTES), `${name} has ${bytes} bytes`);

  const { zip, names } = await measured.part('zip, read back and verify', () =>
    bundled(storage, files, ['shapefiles']),
  );
  await storage.removePrefix('work');
  const { faults } = await measured.part('verify once more', () => verifyFile(zip));
  demand(faults.length === 0, `verify finds ${JSON.stringify(faults)}`);
  await measured.part('unzip -t', () => unzipFindsWhole(zip, names.length));

  const apart = join(folder, 'apart');
  await mkdir(apart);
  await measured.part('unzip', () => output('unzip', ['-q', zip, '-d', apart]));
  await rm(zip);
  let read = 0;
  for (const { name, rows } of shapefiles) {
    const base = join(apart, name.slice(0, -'.shp'.length));
    const npm = await measured.part(`npm’s shapefile reads ${name}`, () => npmReads(base, read, corners));
    const gdal = await measured.part(`GDAL reads ${name}`, () => gdalReads(`${base}.shp`));
    demand(
      sameShapefile(npm, gdal),
      `${name} is ${JSON.stringify(npm)} to npm’s shapefile and ${JSON.stringify(gdal)} to GDAL`,
    );
    demand(npm.features === rows, `${name} has ${npm.features} records where ${rows} were written`);
    read += npm.features;
  }
  demand(read === polygons, `${read} polygons were read of ${polygons}`);
  const told = shapefiles.map(({ name, bytes, rows }) => `${name} (${rows} polygons, ${bytes} bytes)`);
  return `${polygons} polygons in ${told.join(' and ')}: verify, unzip, GDAL and npm’s shapefile find all of them as they were`;
}

async function mapAll(
  step: ShapefilesStep,
  storage: FileStorage,
  polygons: number,
  corners: number,
): Promise<Fragment[]> {
  const fragments: Fragment[] = [];
  for (let shard = 0, from = 0; from < polygons; shard++, from += SHARD_RECORDS) {
    const mapper = step.createMapper('locations', CONTEXT, (name) => opened(storage, `work/map/${shard}/${name}`));
    const end = Math.min(polygons, from + SHARD_RECORDS);
    for (let at = from; at < end; at += BATCH_RECORDS) {
      const count = Math.min(BATCH_RECORDS, end - at);
      await mapper.add(Array.from({ length: count }, (_, i) => locationOf(at + i, corners)));
    }
    const left = await mapper.finish();
    demand(left.notices.length === 0, `the map left polygons out: ${JSON.stringify(left.notices)}`);
    fragments.push(...left.fragments);
  }
  return fragments;
}

const opened = async (storage: FileStorage, key: string) => Object.assign(await storage.create(key), { key });

/** GDAL prints extents with six digits. */
function sameShapefile(a: ReadShapefile, b: ReadShapefile): boolean {
  return (
    a.features === b.features && a.extent.every((value, i) => Math.abs(value - (b.extent[i] ?? Number.NaN)) < 1e-6)
  );
}
