/** Exports of large projects from our own platform: does memory stay flat, and does a row cost the same? */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Database } from '@parcelpost/shared/db/database.js';
import { ROOT } from '../support/root.js';
import { type Fleet, type Services, startFleet } from './fleet.js';
import { median, type Timing, timeExport } from './measure.js';
import { peakMib, resetPeak } from './memory.js';
import type { BenchEngine, BenchOptions } from './options.js';
import { type Stage, stagesOf } from './stages.js';
import { megabytes, mib, perSecond, seconds, table, whole } from './table.js';

export interface OwnRun {
  engine: BenchEngine;
  parcels: number;
  rows: number;
  /** Median over the repeats. */
  seconds: number;
  runs: number[];
  /** Microseconds of elapsed time for each record. */
  microsecondsPerRow: number;
  timing: Timing;
  stages: Stage[];
  peaks: { workers: (number | undefined)[]; producer: number | undefined };
}

const ORGANIZATION = 'bench';
const projectOf = (parcels: number) => `parcels-${parcels}`;

/** Seeded projects are kept between runs: a million parcels take minutes. */
const DATABASE = 'parcelpost_bench_own';

/** Seeds what is missing, then exports each size. Throws if an export does not complete with all its records. */
export async function benchOwn(
  services: Services,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<OwnRun[]> {
  const runs: OwnRun[] = [];
  for (const engine of options.engines) {
    const fleet = await startFleet(services, { ...options, engine, database: DATABASE });
    try {
      const counts = new Map<number, number>();
      for (const parcels of options.own) counts.set(parcels, await seeded(services, fleet, parcels, log));
      await letIn(fleet);
      const smallest = Math.min(...options.own);
      await timeExport(fleet, { organization: ORGANIZATION, project: projectOf(smallest) });
      for (const parcels of options.own) {
        const run = await measure(fleet, engine, parcels, counts.get(parcels) ?? 0, options.repeat);
        runs.push(run);
        log(`\n${engine}, ${whole(parcels)} parcels: ${seconds(run.seconds)}\n${stageTable(run)}`);
      }
    } finally {
      await fleet.stop();
    }
  }
  return runs;
}

/** Makes sure that the project is there. @returns records of its three lists in all */
async function seeded(services: Services, fleet: Fleet, parcels: number, log: (line: string) => void): Promise<number> {
  const slug = projectOf(parcels);
  const before = await recordsOf(fleet.db, slug);
  if (before > 0) return before;
  const start = performance.now();
  const url = new URL(services.postgres.url);
  url.pathname = `/${DATABASE}`;
  const args = ['--organization', ORGANIZATION, '--project', slug, '--parcels', String(parcels)];
  const child = spawn(process.execPath, [`${ROOT}infra/run.mjs`, 'seed', ...args], {
    env: { ...process.env, DATABASE_URL: url.href },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`seeding ${whole(parcels)} parcels failed`);
  await fleet.db.raw('vacuum analyze');
  log(`seeded ${whole(parcels)} parcels in ${seconds((performance.now() - start) / 1000)}`);
  return recordsOf(fleet.db, slug);
}

async function recordsOf(db: Database, slug: string): Promise<number> {
  const { rows } = await db.raw<{ rows: { records: number }[] }>(
    `with project as (
       select p.id from projects p join organizations o on o.id = p.organization_id where o.slug = ? and p.slug = ?
     )
     select (select count(*) from spatial_units where project_id in (select id from project))
          + (select count(*) from parties where project_id in (select id from project))
          + (select count(*) from tenure_relationships where project_id in (select id from project)) as records`,
    [ORGANIZATION, slug],
  );
  return rows[0]?.records ?? 0;
}

async function letIn(fleet: Fleet): Promise<void> {
  await fleet.db.raw(
    `insert into memberships (user_id, organization_id, role)
     select ?, id, 'administrator' from organizations where slug = ? on conflict do nothing`,
    [fleet.userId, ORGANIZATION],
  );
}

async function measure(
  fleet: Fleet,
  engine: BenchEngine,
  parcels: number,
  rows: number,
  repeat: number,
): Promise<OwnRun> {
  await Promise.all([...fleet.workers, fleet.producer].map(({ pid }) => resetPeak(pid)));
  const timings: Timing[] = [];
  for (let run = 0; run < repeat; run++) {
    const timing = await timeExport(fleet, { organization: ORGANIZATION, project: projectOf(parcels) });
    if (timing.rows !== rows) throw new Error(`export ${timing.id} holds ${timing.rows} records, the project ${rows}`);
    timings.push(timing);
  }
  const middle = median(timings.map((timing) => timing.seconds));
  const typical = timings.reduce((best, timing) =>
    Math.abs(timing.seconds - middle) < Math.abs(best.seconds - middle) ? timing : best,
  );
  return {
    engine,
    parcels,
    rows,
    seconds: middle,
    runs: timings.map((timing) => timing.seconds),
    microsecondsPerRow: (middle * 1e6) / rows,
    timing: typical,
    stages: await stagesOf(fleet.db, typical.id),
    peaks: {
      workers: await Promise.all(fleet.workers.map(({ pid }) => peakMib(pid))),
      producer: await peakMib(fleet.producer.pid),
    },
  };
}

function stageTable({ stages, timing }: OwnRun): string {
  const rows = stages.map((stage) => [
    stage.name,
    String(stage.jobs),
    seconds(stage.seconds),
    seconds(stage.busySeconds),
    stage.rows > 0 ? whole(stage.rows) : '',
    perSecond(stage.rows, stage.seconds),
    stage.bytes > 0 ? megabytes(stage.bytes) : '',
  ]);
  rows.push(['download', '', seconds(timing.download), '', '', '', megabytes(timing.bytes)]);
  return table(['stage', 'jobs', 'time', 'work', 'rows', 'rate', 'bytes'], rows);
}

/** Time, memory and cost of a row for each size, beside the smallest size on the same engine. */
export function ownTable(runs: OwnRun[]): string {
  const header = [
    'parcels',
    'engine',
    'records',
    'time',
    'rate',
    'cost of a row',
    'of the smallest',
    'workers, peak',
    'producer',
  ];
  const rows = runs.map((run) => {
    const others = runs.filter(({ engine }) => engine === run.engine);
    const smallest = others.reduce((least, other) => (other.parcels < least.parcels ? other : least));
    return [
      whole(run.parcels),
      run.engine,
      whole(run.rows),
      seconds(run.seconds),
      perSecond(run.rows, run.seconds),
      `${run.microsecondsPerRow.toFixed(1)} us`,
      `${(run.microsecondsPerRow / smallest.microsecondsPerRow).toFixed(2)}x`,
      run.peaks.workers.map(mib).join(' '),
      mib(run.peaks.producer),
    ];
  });
  return table(header, rows);
}
