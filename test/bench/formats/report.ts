/** Tables and verdicts of what was measured. */
import { mib, perSecond, table, whole } from '../table.js';
import type { FormatRun } from './bench-formats.js';
import { caseNamed } from './cases.js';

/** A rate of the largest size counts as that of the smallest where it is this part of it. */
const LINEAR = 0.8;
/** Memory counts as bounded where each further record costs at most so many bytes: a record itself takes a thousand. */
const BOUNDED = 128;
/** Of memory that the garbage collector may leave lying about, whatever the size. */
const SLACK_MIB = 64;
const MIB = 1024 * 1024;

/** Seconds of the processor for the step, and for reading its records too. */
export const cpuOf = ({ map, reduce }: FormatRun) => map.cpu + reduce.cpu;
export const withReading = (run: FormatRun) => cpuOf(run) + run.map.reading;

/** MiB above what the process took before it began, in the half that takes more. */
export const memoryOf = ({ map, reduce }: FormatRun) =>
  Math.max(map.peak - map.baseline, reduce.peak - reduce.baseline, 0);

const times = (value: number) => `${value.toFixed(2)}x`;

/** Rates, memory, and the comparison; a line for each run. */
export function formatsTable(runs: readonly FormatRun[]): string {
  const header = [
    ...['format', 'parcels', 'rows', 'map', 'reduce', 'both', 'memory: map', 'reduce', 'elapsed'],
    ...['other', 'its rate', 'its memory', 'step beside it', 'with reading'],
  ];
  const rows = runs.map((run) => {
    const { name, parcels, rows, map, reduce, other } = run;
    const own = [
      ...[name, whole(parcels), whole(rows)],
      ...[perSecond(rows, map.cpu), perSecond(rows, reduce.cpu), perSecond(rows, cpuOf(run))],
      ...[mib(map.peak - map.baseline), mib(reduce.peak - reduce.baseline)],
      perSecond(rows, map.seconds + reduce.seconds),
    ];
    if ('why' in other) return [...own, other.why, '', '', '', ''];
    const { program, took } = other;
    return [
      ...own,
      ...[program, perSecond(rows, took.cpu), mib(took.peak)],
      ...[times(took.cpu / cpuOf(run)), times(took.cpu / withReading(run))],
    ];
  });
  return table(header, rows);
}

/** What {@link formatsTable} counts, in words. */
export const LEGEND = [
  'Rates are rows per second of processor time (user and system, all threads): other work on the machine does not count; elapsed is by the clock, on this machine as busy as it was.',
  'Memory is what the process took at most above what it had when loaded. Reading records (parsing the pages of the API) is no part of a step.',
  'ogr2ogr reads a GeoPackage of the same records. Beside it: its time in times of ours, for the step alone, and with our reading of the pages.',
  'parquet-wasm reads our file, by columns, and writes it anew: the nearest where ogr2ogr knows no Parquet.',
].join('\n');

/** Whether cost is linear in size and memory bounded, from the smallest to the largest size. */
export function growthTable(runs: readonly FormatRun[]): string {
  const rows = [...new Set(runs.map(({ name }) => name))].flatMap((name) => {
    const own = runs.filter((run) => run.name === name);
    const [small, large] = [own[0], own.at(-1)];
    return small && large && large !== small ? [growthRow(small, large)] : [];
  });
  return rows.length === 0 ? '' : table(['format', 'sizes', 'rate of the largest', '', 'memory', ''], rows);
}

function growthRow(small: FormatRun, large: FormatRun): string[] {
  const { rate, bytes } = growth(small, large);
  return [
    small.name,
    `${whole(small.parcels)} to ${whole(large.parcels)}`,
    times(rate),
    rate >= LINEAR ? 'linear' : 'NOT LINEAR',
    `${mib(memoryOf(small))} to ${mib(memoryOf(large))}, ${Math.round(bytes)} bytes a record`,
    bytes <= BOUNDED ? 'bounded' : 'GROWS',
  ];
}

/** Rate of the larger beside that of the smaller, and bytes of memory for each record more, beyond {@link SLACK_MIB}. */
export function growth(small: FormatRun, large: FormatRun): { rate: number; bytes: number } {
  return {
    rate: large.rows / cpuOf(large) / (small.rows / cpuOf(small)),
    bytes: Math.max(0, ((memoryOf(large) - memoryOf(small) - SLACK_MIB) * MIB) / (large.rows - small.rows)),
  };
}

/** The rates that were promised, by the largest size; empty where nothing was. */
export function promisedRates(runs: readonly FormatRun[]): string[] {
  return [...new Set(runs.map(({ name }) => name))].flatMap((name) => {
    const { wanted } = caseNamed(name);
    const last = runs.findLast((run) => run.name === name);
    if (!wanted || !last) return [];
    const rate = last.rows / cpuOf(last);
    return [
      `${name}: ${whole(Math.round(rate))} rows a second a core, ${whole(wanted)} wanted: ${rate >= wanted ? 'yes' : 'NO'}`,
    ];
  });
}
