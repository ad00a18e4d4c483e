/**
 * One half of one step over one project, in a process of its own, so that its memory and its processor time are its own.
 * Takes a {@link Task} as its argument, and prints what it {@link Took} as its last line.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import type { FileSource } from '../../../apps/worker/src/pipeline/file-source.js';
import type { Fragment, Mapper, StepContext } from '../../../apps/worker/src/pipeline/step.js';
import { caseNamed, requestOf } from './cases.js';
import { type MadeData, readPages } from './pages.js';
import { countOf } from './records.js';
import { planning, stepOf } from './worker-modules.js';

export interface Task {
  half: 'map' | 'reduce';
  /** Of a case. */
  name: string;
  parcels: number;
  data: MadeData;
  /** For fragments and files. */
  folder: string;
}

export interface Took {
  rows: number;
  /** Of the step itself: elapsed, and of the processor in user and system mode, all threads. */
  seconds: number;
  cpu: number;
  /** Of the processor, for reading the records of which the map was made. */
  reading: number;
  /** MiB: resident when all was loaded, and at most. */
  baseline: number;
  peak: number;
  /** Of fragments, or of files. */
  bytes: number;
}

/** As worker and plan have them by default. */
const SHARD = 2_500;
const MIB = 1024 * 1024;
/** In which the garbage collector of a process that waits comes to an end. */
const SETTLE_MS = 20;
const FILE_BYTES = 1024;

async function run(task: Task): Promise<Took> {
  const { shardSize, FILE_DATE } = await planning();
  const measured = caseNamed(task.name);
  const context: StepContext = { options: requestOf(measured), schemas: {}, project: 'bench', date: FILE_DATE };
  const step = await stepOf(measured.file, measured.step);
  const storage = openStorage(`file://${task.folder}`);
  const kept = join(task.folder, 'fragments.json');
  const watch = new Stopwatch(runInNewContext('gc'));
  const baseline = process.memoryUsage.rss() / MIB;
  let done: { rows: number; bytes: number };
  if (task.half === 'map') {
    const fragments: Fragment[] = [];
    let rows = 0;
    for (const entity of measured.entities) {
      const size = shardSize(countOf(entity, task.parcels), SHARD);
      let shard = 0;
      let left = 0;
      let mapper: Mapper<typeof entity> | undefined;
      const finish = async () => {
        if (!mapper) return;
        const open = mapper;
        // The collector's threads are at work on what reading left, and would be counted while this waits for the disk.
        await delay(SETTLE_MS);
        fragments.push(...(await watch.during(() => open.finish())).fragments);
        mapper = undefined;
        shard++;
      };
      for (const records of readPages(task.data, entity, task.parcels)) {
        if (left <= 0) {
          await finish();
          left = size;
        }
        const open = async (name: string) => {
          const key = `maps/${entity}/${shard}/${name}`;
          return Object.assign(await storage.create(key), { key });
        };
        mapper ??= step.createMapper(entity, context, open);
        const into = mapper;
        await watch.during(() => into.add(records));
        rows += records.length;
        left -= records.length;
      }
      await finish();
    }
    await writeFile(kept, JSON.stringify(fragments));
    done = { rows, bytes: fragments.reduce((sum, { bytes }) => sum + bytes, 0) };
  } else {
    const all = JSON.parse(await readFile(kept, 'utf8')) as Fragment[];
    const fragments = all.filter(({ output }) => output === measured.output);
    const reduced = await watch.during(() =>
      step.reduce(measured.output, {
        context,
        fragments,
        storage,
        open: async (name) => {
          const key = `files/${createHash('sha1').update(name).digest('hex')}`;
          return Object.assign(await storage.create(key), { key });
        },
        signal: new AbortController().signal,
        openFiles: () => SMALL_FILES,
      }),
    );
    for (const { key } of reduced.files) {
      if (!existsSync(join(task.folder, key))) throw new Error(`${key} is not there`);
    }
    // Companions of a shapefile count the same rows, and files of resources none.
    const rows = Math.max(0, ...reduced.files.map(({ rows }) => rows ?? 0));
    done = { rows, bytes: reduced.files.reduce((sum, { bytes }) => sum + bytes, 0) };
  }
  const used = process.resourceUsage();
  return {
    ...done,
    seconds: watch.seconds,
    cpu: watch.cpu,
    reading: task.half === 'map' ? watch.elsewhere() : 0,
    baseline,
    peak: used.maxRSS / 1024,
  };
}

/** Sums up what is spent in some parts of a process. */
class Stopwatch {
  seconds = 0;
  cpu = 0;
  readonly #begun = process.cpuUsage();

  /** @param clear takes away what other parts left for the garbage collector, so that it is not this part's cost */
  constructor(readonly clear: (options: { type: 'minor' }) => void) {}

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.clear({ type: 'minor' });
    const [start, before] = [performance.now(), process.cpuUsage()];
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    this.cpu += (user + system) / 1e6;
    this.seconds += (performance.now() - start) / 1000;
    return result;
  }

  /** Of the processor, since this was made, in all other parts. */
  elsewhere(): number {
    const { user, system } = process.cpuUsage(this.#begun);
    return (user + system) / 1e6 - this.cpu;
  }
}

/** Hands over a small file for every resource: what a network takes is not ours. */
const SMALL_FILES: FileSource = {
  limits: { file: MIB, all: 1024 * 1024 * MIB },
  async fetch(_url, open) {
    const target = await open();
    await target.write(new Uint8Array(FILE_BYTES));
    return target;
  },
};

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error('this process is started by npm run bench:formats');
// As the worker does.
setFlagsFromString('--heap-growing-percent=100');
setFlagsFromString('--expose-gc');
process.stdout.write(`${JSON.stringify(await run(JSON.parse(given) as Task))}\n`);
