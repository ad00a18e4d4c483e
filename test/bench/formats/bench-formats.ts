/** Measures each case at each size, beside another program that writes the same from the same records. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FormatCase, Layer } from './cases.js';
import { findOgr, HOW_TO_INSTALL, type Ogr, type ProgramTook, timeOgr, writeSource } from './ogr.js';
import type { FormatsOptions } from './options.js';
import { runProcess } from './own-process.js';
import { type MadeData, makeData } from './pages.js';
import type { Task, Took } from './step-process.js';

/** One case at one size. */
export interface FormatRun {
  name: string;
  parcels: number;
  /** Records that were mapped. */
  rows: number;
  map: Took;
  reduce: Took;
  /** What another program took; or why there is none. */
  other: { program: string; took: ProgramTook } | { why: string };
}

/** Throws where a step fails, or its files do not hold all records. */
export async function benchFormats(options: FormatsOptions, log: (line: string) => void): Promise<FormatRun[]> {
  const { sizes, cases, compare } = options;
  const ogr = compare ? findOgr() : undefined;
  if (compare)
    log(ogr ? `compared with ogr2ogr of ${ogr.version}` : `there is no ogr2ogr to compare with; ${HOW_TO_INSTALL}`);
  const folder = await mkdtemp(join(tmpdir(), 'parcelpost-bench-'));
  const runs: FormatRun[] = [];
  try {
    const at = options.data === undefined ? join(folder, 'data') : resolve(options.data);
    await mkdir(at, { recursive: true });
    const data = await makeData(at, Math.max(...sizes));
    for (const parcels of sizes) {
      const source = ogr && (await writeSource(data, parcels, layersOf(cases, ogr)));
      for (const measured of cases) {
        const run = await measure({ measured, parcels, data, folder: join(folder, 'work'), options, ogr, source });
        runs.push(run);
        log(`${parcels} parcels, ${run.name}: ${(run.map.cpu + run.reduce.cpu).toFixed(2)} s of a processor`);
      }
      if (source) await rm(source);
    }
    return runs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function layersOf(cases: readonly FormatCase[], { drivers }: Ogr): Layer[] {
  return [...new Set(cases.flatMap(({ ogr }) => (ogr && drivers.has(ogr.driver) ? ogr.layers : [])))];
}

interface Measured {
  measured: FormatCase;
  parcels: number;
  data: MadeData;
  folder: string;
  options: FormatsOptions;
  ogr: Ogr | undefined;
  source: string | undefined;
}

async function measure(input: Measured): Promise<FormatRun> {
  const { measured, parcels, data, folder, options } = input;
  const { name } = measured;
  try {
    const half = (half: Task['half']): Promise<Took> => {
      const task: Task = { half, name, parcels, data, folder };
      const profile = options.profile && ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
      const named = profile ? [...profile, `--cpu-prof-name=${name}-${half}-${parcels}.cpuprofile`] : [];
      return runProcess<Took>('step-process', task, named);
    };
    await mkdir(folder, { recursive: true });
    const map = await half('map');
    const reduce = await half('reduce');
    if (reduce.bytes > 0 && reduce.rows !== map.rows) {
      throw new Error(`the files of ${name} hold ${reduce.rows} of ${map.rows} records`);
    }
    return { name, parcels, rows: map.rows, map, reduce, other: await compared(input) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compared({ measured, folder, options, ogr, source }: Measured): Promise<FormatRun['other']> {
  if (!options.compare) return { why: 'not asked for' };
  if (!measured.ogr) return { why: measured.why ?? '' };
  if (!ogr || source === undefined) return { why: 'no ogr2ogr here' };
  if (ogr.drivers.has(measured.ogr.driver)) {
    return { program: 'ogr2ogr', took: await timeOgr(measured.ogr, source, join(folder, 'ogr')) };
  }
  if (measured.name !== 'parquet') return { why: `this ogr2ogr writes no ${measured.ogr.driver}` };
  const file = join(folder, 'files', createHash('sha1').update('locations.parquet').digest('hex'));
  return { program: 'parquet-wasm', took: await runProcess<ProgramTook>('parquet-process', file) };
}
