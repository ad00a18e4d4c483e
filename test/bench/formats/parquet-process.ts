/**
 * Parquet by Arrow's writer in Rust (WebAssembly), where ogr2ogr cannot write it: reads a file of ours whole, and writes its
 * records anew, by columns from the beginning. Takes the file's name as its argument, prints a {@link ProgramTook}.
 */
import { readFileSync } from 'node:fs';
import { Compression, readParquet, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm/node';
import type { ProgramTook } from './ogr.js';

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error('this process is started by npm run bench:formats');
const bytes = readFileSync(JSON.parse(given) as string);
const [start, before] = [performance.now(), process.cpuUsage()];
const written = writeParquet(
  readParquet(bytes),
  new WriterPropertiesBuilder().setCompression(Compression.SNAPPY).build(),
);
const { user, system } = process.cpuUsage(before);
if (written.length === 0) throw new Error('nothing was written');
const took: ProgramTook = {
  seconds: (performance.now() - start) / 1000,
  cpu: (user + system) / 1e6,
  peak: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(took)}\n`);
