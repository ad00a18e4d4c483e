/** Follow-ups while they run: each end is one transaction, which also writes what follows from it in the canvas. */
import type { ExportEnd, JsonValue } from '../../export-result.js';
import { advance, reopen } from '../../signatures/canvas.js';
import type { CanvasHook } from '../../signatures/place.js';
import { RESULT_BYTES, type SealedTokens } from '../../signatures/signature.js';
import { storableText } from '../../storable-text.js';
import type { Connection, Database } from '../database.js';
import { readCanvas, writeTransitions } from './canvas-rows.js';
import { OUTBOX_COLUMNS, type OutboxRow } from './outbox.js';
import { isUuid } from './users.js';

/** A follow-up, and with `replay` which of the times that it was called. */
export interface FollowUpKey {
  id: string;
  replay: number;
  /** The start of which a failure is told, as {@link FollowUps.begin} counts them. Once there is a later one it means nothing. */
  start?: number | undefined;
}

/** All that is needed to run a follow-up. */
export interface FollowUpRow extends OutboxRow {
  hook: CanvasHook | 'deferred';
  /** How the export ended, whatever the follow-up's own input is; of a deferred call, which no end has released, nothing. */
  end: ExportEnd | { kind: 'none' };
  /** Of an `export.project`: the sealed token of the export that it starts. */
  sealed: SealedTokens[string] | null;
}

/** What a follow-up came to. `attempts` and `startedAt` where nobody noted the tries here. */
export type FollowUpEnd = ({ result: JsonValue | undefined } | { error: { code: string; message: string } }) & {
  attempts?: number | undefined;
  startedAt?: Date | undefined;
};

/** Whether this call ended the follow-up, and how many others have their turn by that. */
export interface Settled {
  settled: boolean;
  started: number;
}

/** A follow-up that is called again. */
export type Replayed = Pick<OutboxRow, 'id' | 'exportId' | 'generation' | 'task' | 'place'>;

/** A follow-up cannot be called again. The message says why, and what can be done. */
export class ReplayRefusedError extends Error {
  override readonly name = 'ReplayRefusedError';
  constructor(
    readonly reason: 'not-found' | 'not-a-task' | 'not-failed' | 'export-open' | 'superseded',
    message: string,
  ) {
    super(message);
  }
}

/** PostgreSQL cannot hold what a follow-up left, though it is JSON: a NUL in a text, say. Nothing was written. */
export class ResultUnfitError extends Error {
  override readonly name = 'ResultUnfitError';
}

const ON_ITS_WAY = ['pending', 'entered', 'active'];
/** Most characters of an error that are kept. */
const MESSAGE_CHARACTERS = 2000;
const NOT_SETTLED: Settled = { settled: false, started: 0 };

/** The rows of `outbox` that are follow-ups, as whoever runs them sees them. */
export class FollowUps {
  constructor(readonly db: Database) {}

  /** A follow-up as it is to be run; undefined where there is none of this id. */
  async get(id: string): Promise<FollowUpRow | undefined> {
    if (!isUuid(id)) return undefined;
    return this.db('outbox')
      .joinRaw(
        `join outbox root on root.export_id = outbox.export_id and root.generation = outbox.generation
           and root.place = outbox.hook || '/' || split_part(outbox.place, '/', 2)`,
      )
      .where({ 'outbox.id': id, 'outbox.kind': 'task' })
      .first<FollowUpRow | undefined>({ ...OUTBOX_COLUMNS, end: 'root.input', sealed: 'outbox.sealed' });
  }

  /**
   * Notes the start of a try. One whose relay died before it could say so counts as entered from now on, so that it is looked
   * for like any other.
   * @returns which start this is, from 1; undefined when there is nothing to run: it has ended, or was called again since
   */
  async begin({ id, replay }: FollowUpKey, attempt: number): Promise<number | undefined> {
    const [row] = await this.#onItsWay(this.db, { id, replay })
      .update({
        state: 'active',
        attempts: attempt,
        starts: this.db.raw('starts + 1'),
        entered_at: this.db.raw('coalesce(entered_at, now())'),
        started_at: this.db.raw('coalesce(started_at, now())'),
        error: null,
      })
      .returning<{ starts: number }[]>('starts');
    return row?.starts;
  }

  /**
   * Notes a try that failed and will be followed by another.
   * @returns false when a worker that took it over has begun it, or ended it: then this failure means nothing
   */
  async noteFailure(key: FollowUpKey, error: { code: string; message: string }): Promise<boolean> {
    const changed = await this.#onItsWay(this.db, key).update({
      state: 'entered',
      entered_at: this.db.raw('coalesce(entered_at, now())'),
      error: faultOf(this.db, error, undefined),
    });
    return changed === 1;
  }

  /**
   * Ends a follow-up, and writes what follows from that: callbacks, next steps, joins, bodies. One transaction under a lock
   * on the export's row, so that of two members that end at once the second sees the first, and a join fires once. The relay
   * is the caller's to run.
   *
   * A result over {@link RESULT_BYTES}, or one that is not JSON, fails the follow-up in its place.
   *
   * A failure counts if it is of the latest start, or of none in particular; a success always does, whoever brings it: what
   * was to be done is done.
   * @param trx a transaction for this alone: it waits for the disk
   * @throws {ResultUnfitError} if PostgreSQL cannot hold the result; {@link unfit} says what to end the follow-up with
   */
  async settle(trx: Connection, key: FollowUpKey, end: FollowUpEnd): Promise<Settled> {
    const kept = 'error' in end ? end : keep(end);
    try {
      return await this.#settle(trx, key, kept);
    } catch (error) {
      if ('error' in kept || !isDataError(error)) throw error;
      throw new ResultUnfitError('PostgreSQL cannot hold the result of a follow-up', { cause: error });
    }
  }

  /**
   * Has a failed follow-up called again, with the input that it had, whatever became of its export; the outcome is not
   * touched, and callbacks that were called are not called again. The relay is the caller's to run.
   * @throws {ReplayRefusedError} if there is no such follow-up, it joins others, has not failed, or its export was asked for
   *   again since; a deferred call belongs to no outcome, and may always be called again
   */
  async replay(trx: Connection, id: string): Promise<Replayed> {
    const open = isUuid(id) ? await lockExport(trx, id) : undefined;
    const row = open && (await trx('outbox').where({ id }).whereNot('hook', 'enter').first<OutboxRow>(OUTBOX_COLUMNS));
    if (!open || !row) throw new ReplayRefusedError('not-found', `there is no follow-up ${id}`);
    if (row.kind !== 'task') {
      const detail = `${id} is a ${row.kind}; replay those of its tasks that failed`;
      throw new ReplayRefusedError('not-a-task', detail);
    }
    if (row.state !== 'failed') {
      throw new ReplayRefusedError('not-failed', `the follow-up ${id} has not failed: it is ${row.state}`);
    }
    if (row.hook !== 'deferred') refuseUnreleased(row, open);
    await writeTransitions(trx, reopen(await readCanvas(trx, row), id));
    const { exportId, generation, task, place } = row;
    return { id, exportId, generation, task, place };
  }

  /**
   * Forgets the sealed tokens of follow-ups that failed or were skipped `ageMs` ago; until then a replay may need them.
   * @returns of how many
   */
  async forgetSealed(ageMs: number, limit: number): Promise<number> {
    const old = this.db('outbox')
      .whereNotNull('sealed')
      .whereIn('state', ['failed', 'skipped'])
      .where('finished_at', '<', this.db.raw(`now() - ? * interval '1 millisecond'`, [ageMs]))
      .limit(limit)
      .select('id');
    return this.db('outbox').whereIn('id', old).update({ sealed: null });
  }

  /** The row while it is on its way; with a start, while that is the latest. */
  #onItsWay(connection: Connection, { id, replay, start }: FollowUpKey) {
    const query = connection('outbox').where({ id, replays: replay, kind: 'task' }).whereIn('state', ON_ITS_WAY);
    return start === undefined ? query : query.where({ starts: start });
  }

  async #settle(trx: Connection, { id, replay, start }: FollowUpKey, end: Kept): Promise<Settled> {
    await lockExport(trx, id);
    const state = 'error' in end ? 'failed' : 'done';
    const [node] = await this.#onItsWay(trx, { id, replay, start: state === 'failed' ? start : undefined })
      .update({
        state,
        result: 'error' in end ? null : end.text,
        error: 'error' in end ? faultOf(trx, end.error, end.attempts) : null,
        attempts: trx.raw('coalesce(?::int, attempts)', [end.attempts ?? null]),
        started_at: trx.raw('coalesce(started_at, ?::timestamptz)', [end.startedAt ?? null]),
        finished_at: trx.fn.now(),
        ...(state === 'done' ? { sealed: null } : {}),
      })
      .returning<{ exportId: string; generation: number; hook: string }[]>([
        'export_id as exportId',
        'generation',
        'hook',
      ]);
    if (!node) return NOT_SETTLED;
    const transitions = advance(await readCanvas(trx, node), id, state);
    return { settled: true, started: await writeTransitions(trx, transitions) };
  }
}

/** Refuses what the outcome of the present generation has not released. */
function refuseUnreleased(row: OutboxRow, now: { generation: number; outcome: string | null }): void {
  if (now.generation !== row.generation) {
    const detail = `export ${row.exportId} was tried again since; what follows from that try has replaced this follow-up`;
    throw new ReplayRefusedError('superseded', detail);
  }
  if (now.outcome === null) throw new ReplayRefusedError('export-open', `export ${row.exportId} has no outcome yet`);
}

/**
 * Locks the row of a follow-up's export, so that the canvas changes by one at a time, and has the transaction wait for the
 * disk: an end is not a note of progress.
 */
async function lockExport(
  trx: Connection,
  followUpId: string,
): Promise<{ generation: number; outcome: string | null } | undefined> {
  const { rows } = await trx.raw(
    `select generation, outcome, set_config('synchronous_commit', 'on', true) from exports
     where id = (select export_id from outbox where id = ?) for no key update`,
    [followUpId],
  );
  return rows[0];
}

/** A `FollowUpFault` of the row that is being updated. */
function faultOf(connection: Connection, error: { code: string; message: string }, attempts: number | undefined) {
  return connection.raw(
    `jsonb_build_object('code', ?::text, 'message', ?::text, 'step', task, 'shard', null,
       'attempts', coalesce(?::int, attempts), 'followUpId', id, 'place', place,
       'finishedAt', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`,
    [error.code, storableText(error.message, MESSAGE_CHARACTERS), attempts ?? null],
  );
}

type Kept = ({ text: string } | { error: { code: string; message: string } }) & {
  attempts?: number | undefined;
  startedAt?: Date | undefined;
};

const UNFIT = {
  error: { code: 'result-unfit', message: 'The task left a result that is not JSON, or that cannot be stored.' },
};

/** The end of a follow-up whose result nobody can keep. */
export function unfit({ attempts, startedAt }: FollowUpEnd): FollowUpEnd {
  return { attempts, startedAt, ...UNFIT };
}

function keep({ result, ...rest }: { result: JsonValue | undefined } & Omit<Kept, 'text' | 'error'>): Kept {
  let text: string;
  try {
    text = JSON.stringify(result ?? null) ?? 'null';
  } catch {
    return { ...rest, ...UNFIT };
  }
  const bytes = Buffer.byteLength(text);
  if (bytes <= RESULT_BYTES) return { ...rest, text };
  const message = `The task left a result of ${bytes} bytes as JSON; at most ${RESULT_BYTES} are kept.`;
  return { ...rest, error: { code: 'result-too-large', message } };
}

/** SQLSTATE of class 22 (data exception) or 54 (program limit exceeded): what was given is at fault, not the database. */
function isDataError(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(22|54)/.test(code);
}
