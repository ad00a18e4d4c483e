/** GDAL's ogr2ogr, which writes the same formats from the same records, for comparison. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { peakMib } from '../process-usage.js';
import type { Layer, OgrCase } from './cases.js';
import { linesFile, type MadeData } from './pages.js';
import { countOf } from './records.js';

/** How to have it. */
export const HOW_TO_INSTALL = 'GDAL: apt-get install gdal-bin, or brew install gdal';

export interface Ogr {
  version: string;
  /** Names of the formats that it can write. */
  drivers: ReadonlySet<string>;
}

/** What a run of a program took. */
export interface ProgramTook {
  seconds: number;
  /** Of the processor, in user and system mode. */
  cpu: number;
  /** MiB; undefined where the system does not tell. */
  peak: number | undefined;
}

/** The ogr2ogr of this machine; undefined where there is none. */
export function findOgr(): Ogr | undefined {
  try {
    const ask = (option: string) => execFileSync('ogr2ogr', [option], { encoding: 'utf8' });
    const writable = ask('--formats').matchAll(/^ {2}(.+?) -[\w,-]*vector[\w,-]*- \(\w*w/gm);
    return {
      version: ask('--version').split(',')[0] ?? '',
      drivers: new Set([...writable].map(([, name]) => name as string)),
    };
  } catch {
    return undefined;
  }
}

/** Writes the source of a project of so many parcels: a GeoPackage without indexes, which it reads quickest. */
export async function writeSource(data: MadeData, parcels: number, layers: readonly Layer[]): Promise<string> {
  const file = join(data.folder, `source-${parcels}.gpkg`);
  await rm(file, { force: true });
  for (const layer of layers) {
    const count = countOf(layer === 'text' ? 'locations' : layer, parcels);
    const options = ['-f', 'GPKG', '-nln', layer, '-limit', `${count}`, '-lco', 'SPATIAL_INDEX=NO'];
    await timed('ogr2ogr', [...(existsSync(file) ? ['-update'] : []), ...options, file, linesFile(data, layer)]);
  }
  return file;
}

/** Has it write one format. Throws where it fails, with what it said. */
export async function timeOgr(ogr: OgrCase, source: string, folder: string): Promise<ProgramTook> {
  await mkdir(folder, { recursive: true });
  const output = join(folder, `output.${ogr.extension}`);
  try {
    return await timed('ogr2ogr', ['-f', ogr.driver, output, source, ...ogr.layers, ...(ogr.options ?? [])]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How often a program's memory is looked at, in ms; its last look may be so long before its end. */
const LOOK_MS = 50;

/** Runs a program under a shell, which alone can tell what its children used (POSIX, `times`). */
async function timed(program: string, args: readonly string[]): Promise<ProgramTook> {
  const script = '"$@" & echo $!; wait $!; status=$?; times; exit $status';
  const start = performance.now();
  const child = spawn('sh', ['-c', script, 'sh', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, said]: string[][] = [[], []];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out?.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => said?.push(text));
  let peak: number | undefined;
  const look = setInterval(async () => {
    const pid = Number(out?.join('').split('\n')[0]);
    if (pid > 0) peak = (await peakMib(pid)) ?? peak;
  }, LOOK_MS);
  try {
    const code = await new Promise<number | null>((done, failed) => {
      child.once('error', failed);
      child.once('close', done);
    });
    const seconds = (performance.now() - start) / 1000;
    if (code !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${said?.join('').slice(0, 2000)}`);
    return { seconds, cpu: childSeconds(out?.join('') ?? ''), peak };
  } finally {
    clearInterval(look);
  }
}

/** The second line of `times` is that of the children: `0m1.230000s 0m0.040000s`. */
function childSeconds(text: string): number {
  const [line] = [...text.matchAll(/^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/gm)].slice(-1);
  if (!line) throw new Error(`the shell did not tell what its children used: ${text}`);
  const [minutes, rest, systemMinutes, systemRest] = line.slice(1).map(Number) as [number, number, number, number];
  return 60 * (minutes + systemMinutes) + rest + systemRest;
}
