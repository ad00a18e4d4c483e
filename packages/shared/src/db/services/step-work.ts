/** What the work on an export has left so far, as pages show it of each step. */
import type { OutputWork, ShardsWork, StepWork } from '../../pipeline/step-view.js';
import type { Database } from '../database.js';

/** In one query, however many shards there are. */
export async function stepWork(
  db: Database,
  { id, generation, outcome }: { id: string; generation: number; outcome: string | null },
): Promise<StepWork> {
  const { rows } = await db.raw<{ rows: { shards: ShardsWork[]; outputs: OutputWork[] }[] }>(
    `select
       coalesce((select json_agg(m) from (
         select step as entity, count(*) as shards, count(*) filter (where state = 'done') as done,
           count(*) filter (where state in ('failed', 'aborted')) as failed,
           sum(rows) as rows, coalesce(sum(rows_expected), 0) as "rowsExpected"
         from export_jobs where export_id = :id and generation = :generation and kind = 'map' group by step order by step) m), '[]') as shards,
       coalesce((select json_agg(r) from (
         select step as output, state, result->'from' is not null as reused,
           coalesce((select json_agg(json_build_object('name', f->'name', 'rows', f->'rows', 'bytes', f->'bytes') order by n)
             from jsonb_array_elements(result->'files') with ordinality as files (f, n)), '[]') as files,
           coalesce((select json_agg(w->'message' order by n)
             from jsonb_array_elements(result->'warnings') with ordinality as warnings (w, n)), '[]') as warnings
         from export_jobs where export_id = :id and generation = :generation and kind = 'reduce' order by step) r), '[]') as outputs`,
    { id, generation },
  );
  const { shards, outputs } = rows[0] ?? { shards: [], outputs: [] };
  return { shards, outputs, decided: outcome !== null };
}
