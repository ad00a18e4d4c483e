/** Exports from another platform, which has its pages ready and answers as late as it is told. */
import { spawnMockPlatform } from '../support/mock-platform/spawn.js';
import { type Fleet, type Services, startFleet } from './fleet.js';
import { timeExport } from './measure.js';
import type { BenchEngine, BenchOptions } from './options.js';
import { type Repeated, repeatExport } from './repeated.js';
import { cpu, megabytes, mib, seconds, table, whole } from './table.js';

/** What the first system, on Celery, took on two cores, in seconds by parcels and latency. */
const TO_BEAT: Record<number, Record<number, number>> = {
  100: { 0: 0.14, 20: 0.3 },
  1000: { 0: 0.49, 20: 2.35 },
  10000: { 0: 4.35, 20: 23.2 },
  50000: { 0: 20.6, 20: 110.7 },
};

/** How many times faster we want to be than {@link TO_BEAT}. */
const WANTED: Record<number, Record<number, number>> = {
  100: { 0: 1, 20: 1 },
  10000: { 0: 8, 20: 40 },
};

export interface Cell extends Repeated {
  engine: BenchEngine;
  parcels: number;
  latencyMs: number;
  toBeat: number | undefined;
  wantedTimes: number | undefined;
}

const ORGANIZATION = 'bench';
const API_TOKEN = 'token-of-the-mock-platform';
const projectOf = (parcels: number) => `parcels-${parcels}`;

/** Measures every size and latency on every engine asked for. Throws if an export does not complete with all its records. */
export async function benchPlatform(
  services: Services,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<Cell[]> {
  const projects = Object.fromEntries(options.sizes.map((size) => [`${ORGANIZATION}/${projectOf(size)}`, size]));
  const platform = await spawnMockPlatform({ projects, token: API_TOKEN });
  const cells: Cell[] = [];
  try {
    for (const engine of options.engines) {
      const fleet = await startFleet(services, { ...options, engine, platformUrl: platform.url });
      try {
        await platform.configure({ latencyMs: 0 });
        await warmUp(fleet, options.sizes);
        for (const latencyMs of options.latencies) {
          await platform.configure({ latencyMs });
          for (const parcels of options.sizes) {
            const wanted = { organization: ORGANIZATION, project: projectOf(parcels), apiToken: API_TOKEN };
            const cell: Cell = {
              engine,
              parcels,
              latencyMs,
              toBeat: TO_BEAT[parcels]?.[latencyMs],
              wantedTimes: WANTED[parcels]?.[latencyMs],
              // A location, a party and a relationship for each.
              ...(await repeatExport(fleet, wanted, 3 * parcels, options.repeat)),
            };
            cells.push(cell);
            log(`${engine}, ${whole(parcels)} parcels, ${latencyMs} ms: ${seconds(cell.seconds)}`);
          }
        }
      } finally {
        await fleet.stop();
      }
    }
    return cells;
  } finally {
    await platform.close();
  }
}

/** Several exports at once, so that every worker has compiled what it will run. */
async function warmUp(fleet: Fleet, sizes: number[]): Promise<void> {
  const project = projectOf(sizes.find((size) => size >= 1000) ?? Math.max(...sizes));
  for (let round = 0; round < 3; round++) {
    const all = fleet.workers.map(() =>
      timeExport(fleet, { organization: ORGANIZATION, project, apiToken: API_TOKEN }),
    );
    await Promise.all(all);
  }
}

/** The cells beside the figures to beat. */
export function platformTable(cells: Cell[]): string {
  const header = [
    'parcels',
    'latency',
    'engine',
    'time',
    'to beat',
    'times',
    'wanted',
    'zip',
    'workers, peak',
    'producer',
    'workers, CPU',
    'producer',
  ];
  const rows = cells.map((cell) => [
    whole(cell.parcels),
    `${cell.latencyMs} ms`,
    cell.engine,
    seconds(cell.seconds),
    cell.toBeat === undefined ? '' : seconds(cell.toBeat),
    cell.toBeat === undefined ? '' : `${(cell.toBeat / cell.seconds).toFixed(1)}x`,
    cell.wantedTimes === undefined ? '' : `${cell.wantedTimes}x`,
    megabytes(cell.timing.bytes),
    cell.peaks.workers.map(mib).join(' '),
    mib(cell.peaks.producer),
    cpu(cell.cpu.workers),
    cpu(cell.cpu.producer),
  ]);
  return table(header, rows);
}

/** Where the time of each cell went, in milliseconds, side by side. Reading and writing overlap nothing. */
export function whereTimeGoes(cells: Cell[]): string {
  const ms = (value: number | undefined) => (value === undefined ? '' : `${Math.round(value * 1000)}`);
  const header = [
    'parcels',
    'latency',
    'engine',
    'request',
    'to plan',
    'plan',
    'read',
    'write',
    'bundle',
    'download',
    'all',
  ];
  const rows = cells.map(({ parcels, latencyMs, engine, timing, stages }) => {
    const stage = (name: string) => ms(stages.find((one) => one.name.startsWith(name))?.seconds);
    return [
      whole(parcels),
      `${latencyMs} ms`,
      engine,
      ms(timing.requested),
      stage('until the plan'),
      stage('plan,'),
      stage('read, all'),
      stage('write, all'),
      stage('bundle'),
      ms(timing.download),
      ms(timing.seconds),
    ];
  });
  return table(header, rows);
}
