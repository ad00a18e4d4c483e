/** Work of an earlier try that a later one need not do again. */
import type { Connection } from '../database.js';
import type { JobKey } from './export-job-row.js';

/** Done work of an earlier generation that a plan takes over. */
export interface TakenOver {
  generation: number;
  parts: readonly { kind: 'map' | 'reduce'; step: string; shard: number }[];
}

/** Copies done work of an earlier generation, with what it left and when it was done. It cost this generation nothing. */
export async function takeOver(trx: Connection, to: JobKey, { generation, parts }: TakenOver): Promise<void> {
  const columns = ['rows', 'rows_expected', 'bytes', 'started_at', 'finished_at', 'result'];
  await trx.raw(
    `insert into export_jobs (export_id, generation, kind, step, shard, state, reused_from, ${columns.join(', ')})
     select j.export_id, ?, j.kind, j.step, j.shard, 'done', coalesce(j.reused_from, j.generation),
       ${columns.map((column) => `j.${column}`).join(', ')}
     from export_jobs j
     join unnest(?::text[], ?::text[], ?::int[]) as part (kind, step, shard) using (kind, step, shard)
     where j.export_id = ? and j.generation = ? and j.state = 'done'
     on conflict do nothing`,
    [
      to.generation,
      parts.map(({ kind }) => kind),
      parts.map(({ step }) => step),
      parts.map(({ shard }) => shard),
      to.exportId,
      generation,
    ],
  );
}
