/** Where an export's time went, read from its own rows. */

import type { Database } from '@parcelpost/shared/db/database.js';
import { type ExportJobRow, ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';

export interface Stage {
  name: string;
  /** From the first start to the last end. */
  seconds: number;
  /** Summed over its jobs. */
  busySeconds: number;
  jobs: number;
  rows: number;
  bytes: number;
}

/** The stages of a finished export: waiting, plan, each entity's reading, each output's writing, the bundle. */
export async function stagesOf(db: Database, exportId: string): Promise<Stage[]> {
  const row = await db('exports')
    .where({ id: exportId })
    .first<{ generation: number; requested_at: Date; decided_at: Date }>('generation', 'requested_at', 'decided_at');
  const jobs = await new ExportJobService(db).all(exportId, row.generation);
  const of = (kind: string) => jobs.filter((job) => job.kind === kind);
  const [plan] = of('plan');
  const firstMap = Math.min(...of('map').map(startOf));
  const stages: Stage[] = [];
  if (plan) {
    const begun = startOf(plan);
    stages.push(span('until the plan begins', row.requested_at.getTime(), begun));
    if (Number.isFinite(firstMap)) stages.push(span('plan, until the first shard begins', begun, firstMap));
  }
  for (const step of new Set(of('map').map((job) => job.step))) {
    const maps = of('map').filter((job) => job.step === step);
    stages.push(together(`read ${step}`, maps));
  }
  stages.push(together('read, all', of('map')));
  for (const job of of('reduce')) stages.push(together(`write ${job.step}`, [job]));
  stages.push(together('write, all', of('reduce')));
  stages.push(together('bundle', of('merge')));
  return stages.filter((stage) => stage.jobs > 0);
}

const startOf = (job: ExportJobRow) => job.startedAt?.getTime() ?? Number.POSITIVE_INFINITY;
const endOf = (job: ExportJobRow) => job.finishedAt?.getTime() ?? 0;

function span(name: string, from: number, to: number): Stage {
  const seconds = (to - from) / 1000;
  return { name, seconds, busySeconds: seconds, jobs: 1, rows: 0, bytes: 0 };
}

function together(name: string, jobs: ExportJobRow[]): Stage {
  const sum = (pick: (job: ExportJobRow) => number) => jobs.reduce((total, job) => total + pick(job), 0);
  return {
    name,
    seconds: jobs.length === 0 ? 0 : (Math.max(...jobs.map(endOf)) - Math.min(...jobs.map(startOf))) / 1000,
    busySeconds: sum((job) => endOf(job) - startOf(job)) / 1000,
    jobs: jobs.length,
    rows: sum((job) => job.rows),
    bytes: sum((job) => job.bytes),
  };
}
