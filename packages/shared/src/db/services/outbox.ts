/** The outbox as the relay and the reconciler see it: what is to go into queues, and what has gone there. */
import type { FollowUpFault, FollowUpInput, JsonValue } from '../../export-result.js';
import type { NodeKind, NodeRole, NodeState } from '../../signatures/canvas.js';
import { type CanvasHook, comparePlaces, HOOKS, outboxId } from '../../signatures/place.js';
import type { SignatureOptions } from '../../signatures/signature.js';
import type { Connection, Database } from '../database.js';

/** `deferred`: planted by an action, for after its commit; see db/tasks/outbox-keeper.ts. */
type Hook = 'enter' | CanvasHook | 'deferred';

/** One node of an export's canvas, what an action deferred, or (hook `enter`) what brings the export's flow into its queue. */
export interface OutboxRow {
  /** Derived from export, generation and place; also the id of the job, so that entering it twice is a no-op. */
  id: string;
  exportId: string;
  generation: number;
  hook: Hook;
  /** Place among its siblings of the same role, from 0. */
  position: number;
  place: string;
  parentId: string | null;
  role: NodeRole;
  kind: NodeKind;
  task: string;
  args: Record<string, unknown>;
  options: SignatureOptions;
  immutable: boolean;
  mac: string | null;
  /** Whether another service owns the queue of the task. */
  routed: boolean;
  input: FollowUpInput | null;
  state: NodeState;
  attempts: number;
  /** Of what brings an export into its queue: that of its jobs, once the export has been let in. */
  priority: number | null;
  /** How often an operator had it called again; part of the job's id. */
  replays: number;
  result: JsonValue;
  error: FollowUpFault | null;
  createdAt: Date;
  /** When its turn came. */
  pendingAt: Date | null;
  enteredAt: Date | null;
  startedAt: Date | null;
  /** When another service must have ended it. */
  dueAt: Date | null;
  finishedAt: Date | null;
}

export const OUTBOX_COLUMNS = {
  id: 'outbox.id',
  exportId: 'outbox.export_id',
  generation: 'outbox.generation',
  hook: 'outbox.hook',
  position: 'outbox.position',
  place: 'outbox.place',
  parentId: 'outbox.parent_id',
  role: 'outbox.role',
  kind: 'outbox.kind',
  task: 'outbox.task',
  args: 'outbox.args',
  options: 'outbox.options',
  immutable: 'outbox.immutable',
  mac: 'outbox.mac',
  routed: 'outbox.routed',
  input: 'outbox.input',
  state: 'outbox.state',
  attempts: 'outbox.attempts',
  priority: 'outbox.priority',
  replays: 'outbox.replays',
  result: 'outbox.result',
  error: 'outbox.error',
  createdAt: 'outbox.created_at',
  pendingAt: 'outbox.pending_at',
  enteredAt: 'outbox.entered_at',
  startedAt: 'outbox.started_at',
  dueAt: 'outbox.due_at',
  finishedAt: 'outbox.finished_at',
} as const;

/** A follow-up as people see it: what it came to, and not what it was given. */
export type FollowUpNode = Omit<OutboxRow, 'args' | 'input' | 'mac'>;
const { args: _args, input: _input, mac: _mac, ...NODE_COLUMNS } = OUTBOX_COLUMNS;

/** What tells of a follow-up's jobs. */
export type EnRoute = Pick<OutboxRow, 'id' | 'exportId' | 'task' | 'routed' | 'options' | 'replays'>;
const EN_ROUTE_COLUMNS = {
  id: OUTBOX_COLUMNS.id,
  exportId: OUTBOX_COLUMNS.exportId,
  task: OUTBOX_COLUMNS.task,
  routed: OUTBOX_COLUMNS.routed,
  options: OUTBOX_COLUMNS.options,
  replays: OUTBOX_COLUMNS.replays,
} as const;

/** First half of the advisory locks by which relays take turns at an export; the second half is of the export's id. */
const TURN = 7_041_221;
/** Inputs of so many bytes are taken together at most, and one more: what a relay takes must go into queues in seconds. */
const TURN_BYTES = 4 * 1024 * 1024;
/** How long a relay waits for another one's batch; the next sweep tries again. */
const TURN_MS = 2000;

/**
 * Writes what brings a generation of an export into the queue: `waiting`, until the export is let in. Where it is there
 * already, it stays as it is.
 */
export async function insertEntry(trx: Connection, exportId: string, generation: number): Promise<void> {
  const place = 'enter';
  await trx('outbox')
    .insert({
      id: outboxId({ exportId, generation, place }),
      export_id: exportId,
      generation,
      hook: 'enter',
      position: 0,
      place,
      task: 'export.enter',
      state: 'waiting',
      pending_at: null,
    })
    .onConflict(['export_id', 'generation', 'place'])
    .ignore();
}

/** The rows of `outbox` on their way between database and queues. */
export class OutboxService {
  constructor(readonly db: Database) {}

  async get(id: string): Promise<OutboxRow | undefined> {
    return this.db('outbox').where({ id }).first<OutboxRow | undefined>(OUTBOX_COLUMNS);
  }

  /**
   * The follow-ups of an export, of all its generations, each in the order of the canvas: holders before what they hold. What
   * our own actions deferred is not among them: it is no business of whoever asked.
   */
  async followUps(exportId: string): Promise<FollowUpNode[]> {
    const rows = await this.db('outbox')
      .where({ export_id: exportId })
      .whereIn('hook', HOOKS)
      .select<FollowUpNode[]>(NODE_COLUMNS);
    return rows.sort((a, b) => a.generation - b.generation || comparePlaces(a.place, b.place));
  }

  /** The export that each of these follow-ups belongs to, by the follow-up's id. */
  async exportsOf(followUpIds: readonly string[]): Promise<Map<string, string>> {
    if (followUpIds.length === 0) return new Map();
    const rows = await this.db('outbox')
      .whereIn('id', followUpIds)
      .select<{ id: string; exportId: string }[]>({ id: 'id', exportId: 'export_id' });
    return new Map(rows.map(({ id, exportId }) => [id, exportId]));
  }

  /**
   * Hands pending rows to `enter`, those first whose turn came first, as many as {@link TURN_BYTES} allow, and marks them
   * entered. When `enter` throws, they stay
   * pending. Of several relays one at a time has an export's rows in hand, so that none enters the later entries of a list
   * before the earlier ones; the others go on with other exports.
   * @param dueIn milliseconds in which a row must have come to its end from now on; null: no matter when
   * @returns how many were entered, and whether there may be more
   * @throws when it was only the turn of rows that another relay did not let go of in time
   */
  async takePending(
    limit: number,
    enter: (rows: OutboxRow[]) => Promise<void>,
    dueIn: (row: OutboxRow) => number | null = () => null,
  ): Promise<{ entered: number; more: boolean }> {
    return this.db.transaction(async (trx) => {
      const { rows: due } = await trx.raw<{ rows: { id: string; exportId: string; mine: boolean; waiting: number }[] }>(
        `with first as materialized (
           select id, export_id, pending_at, position, coalesce(octet_length(input::text), 0) as bytes from outbox
           where state = 'pending' order by pending_at, position limit ?
         ), due as materialized (
           select * from (
             select *, count(*) over () as waiting,
               sum(bytes) over (order by pending_at, position rows unbounded preceding) - bytes as before
             from first) summed
           where before < ?
         ), turns as materialized (
           select export_id, pg_try_advisory_xact_lock(?, hashtext(export_id::text)) as mine
           from (select distinct export_id from due) of_due
         )
         select due.id, due.export_id as "exportId", turns.mine, due.waiting from due join turns using (export_id)
         order by due.pending_at, due.position`,
        [limit, TURN_BYTES, TURN],
      );
      const mine = due.filter((row) => row.mine).map(({ id }) => id);
      const others = due.find((row) => !row.mine);
      if (mine.length === 0) {
        if (others) await awaitTurn(trx, others.exportId);
        return { entered: 0, more: others !== undefined };
      }
      // Read anew: what another relay entered meanwhile is not pending any more.
      const rows = await trx('outbox')
        .whereIn('id', mine)
        .where({ state: 'pending' })
        .orderBy(['pending_at', 'position'])
        .forUpdate()
        .skipLocked()
        .select<OutboxRow[]>(OUTBOX_COLUMNS);
      if (rows.length > 0) {
        await enter(rows);
        await trx.raw(
          `update outbox set state = 'entered', entered_at = now(),
             due_at = coalesce(due_at, now() + given.ms * interval '1 millisecond')
           from unnest(?::uuid[], ?::float8[]) as given(id, ms) where outbox.id = given.id`,
          [rows.map(({ id }) => id), rows.map(dueIn) as number[]],
        );
      }
      const waiting = due[0]?.waiting ?? 0;
      const rest = waiting === limit || due.length < waiting;
      return { entered: rows.length, more: others !== undefined || (rows.length > 0 && rest) };
    });
  }

  /** Has an export entered into the queue again, after the queue lost it. @returns whether this call did so */
  async enterAgain(exportId: string, generation: number, db: Connection = this.db): Promise<boolean> {
    const changed = await db('outbox')
      .where({ export_id: exportId, generation, hook: 'enter', state: 'entered' })
      .update({ state: 'pending' });
    return changed === 1;
  }

  /**
   * Follow-ups that were entered at least `ageMs` ago and have not come to their end, in the order of their ids.
   * @param after the id behind which to go on
   */
  async onTheirWay(ageMs: number, after: string | undefined, limit: number): Promise<EnRoute[]> {
    const query = this.db('outbox')
      .whereNot({ hook: 'enter' })
      .where({ kind: 'task' })
      .whereIn('state', ['entered', 'active'])
      .where('entered_at', '<=', this.db.raw(`now() - ? * interval '1 millisecond'`, [ageMs]))
      .orderBy('id')
      .limit(limit)
      .select<EnRoute[]>(EN_ROUTE_COLUMNS);
    if (after !== undefined) query.where('id', '>', after);
    return query;
  }

  /** Follow-ups that another service should have ended by now, those first whose time was over first. */
  async overdue(limit: number): Promise<EnRoute[]> {
    return this.db('outbox')
      .whereIn('state', ['entered', 'active'])
      .where('due_at', '<=', this.db.fn.now())
      .orderBy('due_at')
      .limit(limit)
      .select<EnRoute[]>(EN_ROUTE_COLUMNS);
  }

  /** Has follow-ups entered into their queues again, after those lost them. @returns how many; ended ones stay so */
  async sendAgain(ids: readonly string[], db: Connection = this.db): Promise<number> {
    return db('outbox')
      .whereIn('id', ids)
      .whereIn('state', ['entered', 'active'])
      .update({ state: 'pending', entered_at: null });
  }
}

/** Waits until no other relay has this export in hand. */
async function awaitTurn(trx: Connection, exportId: string): Promise<void> {
  await trx.raw(`set local lock_timeout = ${TURN_MS}`);
  await trx.raw('select pg_advisory_xact_lock(?, hashtext(?))', [TURN, exportId]);
}
