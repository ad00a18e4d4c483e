/** Canvases as rows of the outbox: written whole when a hook is released, and changed by what follows from each end. */
import type { ExportEnd } from '../../export-result.js';
import { begin, type CanvasNode, type Transition } from '../../signatures/canvas.js';
import type { PlantedNode } from '../../signatures/plant.js';
import type { Connection } from '../database.js';
import { CanvasValues, type StoredValues } from './canvas-values.js';

/**
 * Writes every node of a hook and starts its roots, in the transaction that decides. What is there already stays as it is.
 * @param end how the export ended; the first input
 */
export async function plantFollowUps(
  trx: Connection,
  where: { exportId: string; generation: number },
  planted: readonly PlantedNode[],
  end: ExportEnd,
): Promise<void> {
  if (planted.length === 0) return;
  const started = new Map(begin(planted).map((transition, order) => [transition.id, { ...transition, order }]));
  const rows = planted.map((node) => {
    const start = started.get(node.id);
    return { ...node, state: start?.state ?? 'waiting', order: start?.order ?? null };
  });
  // Whoever is called first gets the end of the export; but for a root, an immutable one needs nothing to be kept for it.
  await trx.raw(
    `insert into outbox (id, export_id, generation, hook, position, place, parent_id, role, kind, task, args, options,
       immutable, mac, routed, sealed, state, input, pending_at, started_at)
     select n.id, ?::uuid, ?::int, n.hook, n.position, n.place, n."parentId", n.role, n.kind, n.task, n.args, n.options,
       n.immutable, n.mac, n.routed, nullif(n.sealed, 'null'), n.state,
       case when n.state = 'waiting' then null
            when n.immutable and n.role <> 'root' then '{"kind": "none"}'
            else given."end" end,
       case n.state when 'pending' then now() + n."order" * interval '1 microsecond' end,
       case n.state when 'active' then now() end
     from jsonb_to_recordset(?::jsonb) as n(id uuid, hook text, position int, place text, "parentId" uuid, role text,
       kind text, task text, args jsonb, options jsonb, immutable bool, mac text, routed bool, sealed jsonb, state text, "order" int),
       (select ?::jsonb as "end") given
     on conflict (export_id, generation, place) do nothing`,
    [where.exportId, where.generation, JSON.stringify(rows), JSON.stringify(end)],
  );
}

/** The nodes of one hook of one generation, with what decides what their neighbours do. */
export function readCanvas(
  trx: Connection,
  { exportId, generation, hook }: { exportId: string; generation: number; hook: string },
): Promise<CanvasNode[]> {
  return trx('outbox').where({ export_id: exportId, generation, hook }).select<CanvasNode[]>({
    id: 'id',
    parentId: 'parent_id',
    role: 'role',
    position: 'position',
    kind: 'kind',
    state: 'state',
    bytes: 'result_bytes',
  });
}

/**
 * Writes what follows from a node's end, or from its being called again, in two statements however much it is.
 * @returns how many tasks have their turn now
 */
export async function writeTransitions(trx: Connection, transitions: readonly Transition[]): Promise<number> {
  if (transitions.length === 0) return 0;
  const sources = new CanvasValues(transitions);
  const { input, result, fault, oversize } = sources.needed();
  const { rows } = await trx.raw<{ rows: StoredValues[] }>(
    `select id, place, task, case when id = any(g.input) then outbox.input end as input,
       case when id = any(g.result) then outbox.result end as result, case when id = any(g.fault) then error end as error
     from outbox, (select ?::uuid[] as input, ?::uuid[] as result, ?::uuid[] as fault, ?::uuid[] as oversize) g
     where id = any(g.input || g.result || g.fault || g.oversize)`,
    [input, result, fault, oversize],
  );
  const { changes, values } = sources.resolve(rows, new Date());
  const ordered = changes.map((change, order) => ({ ...change, order }));
  // A task that is `pending` without an input was failed, and is called again with the input that it had.
  await trx.raw(
    `update outbox o set
       state = c.state,
       input = case when c.input is null then o.input
                    when o.immutable and o.role <> 'root' then '{"kind": "none"}'
                    else given.list -> c.input end,
       result = case c.state when 'done' then given.list -> c.value end,
       error = case c.state when 'failed' then given.list -> c.value end,
       attempts = case c.state when 'pending' then 0 else o.attempts end,
       replays = o.replays + case when c.state = 'pending' and c.input is null then 1 else 0 end,
       pending_at = case c.state when 'pending' then now() + c."order" * interval '1 microsecond' end,
       entered_at = null,
       due_at = null,
       started_at = case when c.state = 'active' then coalesce(o.started_at, now())
                         when c.state in ('done', 'failed') then o.started_at end,
       finished_at = case when c.state in ('done', 'failed', 'skipped') then now() end
     from jsonb_to_recordset(?::jsonb) as c(id uuid, state text, input int, value int, "order" int),
       (select ?::jsonb as list) given
     where o.id = c.id`,
    [JSON.stringify(ordered), JSON.stringify(values)],
  );
  return transitions.filter(({ state }) => state === 'pending').length;
}
