/** Exports of large projects from our own platform: does memory stay flat, and does a row cost the same? */
import { seedGenerated } from '@parcelpost/infra/samples/generated.js';
import type { Database } from '@parcelpost/shared/db/database.js';
import { type Fleet, type Services, startFleet } from './fleet.js';
import { timeExport } from './measure.js';
import type { BenchEngine, BenchOptions } from './options.js';
import { type Repeated, repeatExport } from './repeated.js';
import { cpu, megabytes, mib, perSecond, seconds, table, whole } from './table.js';

export interface OwnRun extends Repeated {
  engine: BenchEngine;
  parcels: number;
  /** Records of the project's three lists. */
  rows: number;
}

/** Microseconds of elapsed time for each record. */
const costOfRow = (run: OwnRun) => (run.seconds * 1e6) / run.rows;

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
        const rows = counts.get(parcels) ?? 0;
        const wanted = { organization: ORGANIZATION, project: projectOf(parcels) };
        const run: OwnRun = { engine, parcels, rows, ...(await repeatExport(fleet, wanted, rows, options.repeat)) };
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
  const start = performance.now();
  const url = new URL(services.postgres.url);
  url.pathname = `/${DATABASE}`;
  const made = await seedGenerated(url.href, { organization: ORGANIZATION, project: slug, parcels });
  if (made) log(`seeded ${whole(parcels)} parcels in ${seconds((performance.now() - start) / 1000)}`);
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
    'workers, CPU',
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
      `${costOfRow(run).toFixed(1)} us`,
      `${(costOfRow(run) / costOfRow(smallest)).toFixed(2)}x`,
      run.peaks.workers.map(mib).join(' '),
      mib(run.peaks.producer),
      cpu(run.cpu.workers),
      cpu(run.cpu.producer),
    ];
  });
  return table(header, rows);
}
