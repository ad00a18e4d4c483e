/** Asking for exports: the rows that a request, a retry, or a follow-up that starts the next export, leaves behind. */
import type { ExportFailure } from '../../errors.js';
import type { PreparedExport } from '../../signatures/prepared.js';
import type { SealedTokens, Signature } from '../../signatures/signature.js';
import type { Connection } from '../database.js';
import type { NewExport } from './exports.js';
import { insertEntry } from './outbox.js';
import { type Renewal, RenewalService } from './renewals.js';
import { type MintedToken, noteTokens } from './scoped-tokens.js';

/** Rounds in which an identical export may end between being met and being looked up, before something else is wrong. */
const MOST_ROUNDS = 10;
const UNIQUE_VIOLATION = '23505';

/** An export as a person asks for it. */
export interface RequestedExport extends NewExport {
  /** Sealed tokens of the exports that its follow-ups start. */
  nextTokens: SealedTokens;
  /** What of its token, and of those of the exports that its follow-ups start, is noted. */
  mintedTokens?: readonly MintedToken[];
  /** The same for whatever is the same request: while one is running, a second one joins it. */
  requestHash: string;
}

/** What a retry begins its generation with. */
export interface NextGeneration {
  onSuccess: Signature[];
  onFailure: Signature[];
  sealedToken: string;
  nextTokens: SealedTokens;
  mintedTokens?: readonly MintedToken[];
  deadlineAt: Date;
}

/** An export cannot be tried again now. Nothing was changed. */
export class RetryRefusedError extends Error {
  override readonly name = 'RetryRefusedError';
  /**
   * @param reason `identical-running`: an identical request is running meanwhile; `not-retryable`: the export is of another
   *   generation, runs, is completed, or its files have expired
   */
  constructor(readonly reason: 'not-retryable' | 'identical-running') {
    super(`the export cannot be tried again: ${reason}`);
  }
}

/** Writes what asking for exports means, each in a transaction that it is given. The relay is the caller's to run. */
export class ExportRequests {
  /**
   * Inserts an export, or joins the identical one that is running and not about to end. However many do so at once, one
   * export comes of it.
   */
  async record(trx: Connection, row: RequestedExport): Promise<{ kind: 'created' | 'joined'; exportId: string }> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const inserted = await trx('exports')
        .insert(columnsOf(trx, row))
        .onConflict(trx.raw('(request_hash) where outcome is null and abort is null'))
        .ignore()
        .returning('id');
      if (inserted.length > 0) {
        await insertEntry(trx, row.id, 1);
        await noteTokens(trx, row.mintedTokens ?? []);
        return { kind: 'created', exportId: row.id };
      }
      const running = await trx('exports')
        .where({ request_hash: row.requestHash, outcome: null, abort: null })
        .first<{ id: string } | undefined>('id');
      if (running) return { kind: 'joined', exportId: running.id };
    }
    throw new Error(`a request met an identical export ${MOST_ROUNDS} times, and could join none`);
  }

  /**
   * Inserts the renewal of an export, unless there is one: of however many at once, one comes of it. A renewal joins no export of
   * the same words, and none joins it.
   * @param isGood whether a renewal that has come to its end is as good as a new one
   */
  async renew(
    trx: Connection,
    row: Omit<RequestedExport, 'requestHash'>,
    { renews, isGood }: { renews: string; isGood: (newest: Renewal) => boolean },
  ): Promise<{ kind: 'created' | 'joined'; exportId: string }> {
    const newest = await new RenewalService(trx).lockedNewest(trx, renews);
    if (newest && (newest.outcome === null || isGood(newest))) return { kind: 'joined', exportId: newest.id };
    await trx('exports').insert({ ...columnsOf(trx, row), renews });
    await insertEntry(trx, row.id, 1);
    await noteTokens(trx, row.mintedTokens ?? []);
    return { kind: 'created', exportId: row.id };
  }

  /**
   * Begins the next generation of an export that has left no bundle, or only a part of one: a compare-and-set, so that of
   * two retries at once one does. The export keeps its requester and its place among the requests.
   * @param generation the one that came to its end
   * @throws {RetryRefusedError}
   */
  async retry(trx: Connection, id: string, generation: number, next: NextGeneration): Promise<void> {
    const changed = await trx('exports')
      .where({ id, generation })
      .whereIn('outcome', ['failed', 'cancelled', 'partial'])
      .where((bundle) =>
        bundle
          .whereNull('expires_at')
          .orWhere('expires_at', '>', trx.fn.now())
          .orWhere('pinned_until', '>', trx.fn.now()),
      )
      .update({
        generation: generation + 1,
        outcome: null,
        phase: 'waiting',
        waiting_since: trx.fn.now(),
        abort: null,
        result: null,
        error: null,
        started_at: null,
        decided_at: null,
        expires_at: null,
        parts_until: null,
        on_success: JSON.stringify(next.onSuccess),
        on_failure: JSON.stringify(next.onFailure),
        sealed_token: next.sealedToken,
        next_tokens: JSON.stringify(next.nextTokens),
        deadline_at: next.deadlineAt,
      })
      .catch((error: { code?: string; constraint?: string }) => {
        const identical =
          error.code === UNIQUE_VIOLATION && ['exports_joinable', 'exports_renewing'].includes(error.constraint ?? '');
        throw identical ? new RetryRefusedError('identical-running') : error;
      });
    if (changed === 0) throw new RetryRefusedError('not-retryable');
    await insertEntry(trx, id, generation + 1);
    await noteTokens(trx, next.mintedTokens ?? []);
  }

  /**
   * Raises the abort flag of an export that is open, whichever generation runs: work stops at its next look, and a worker
   * decides. A flag that is up stays as it is.
   * @returns whether this call raised it
   */
  async cancel(trx: Connection, id: string, reason: ExportFailure): Promise<boolean> {
    const changed = await trx('exports')
      .where({ id, outcome: null, abort: null })
      .update({ abort: JSON.stringify(reason) });
    return changed === 1;
  }

  /**
   * Starts the export that a follow-up of another one asked for. Its id is the follow-up's own, so that a repeat finds it
   * started and changes nothing. It joins no running export and none joins it.
   * @param node the row of the outbox that is being run
   * @param sealed what was sealed for that row: the next export's token, and those of the exports that come after it
   * @returns the export's id, and whether this call started it
   */
  async startNext(
    trx: Connection,
    node: { id: string; exportId: string },
    prepared: PreparedExport,
    sealed: { token: string; next: SealedTokens },
  ): Promise<{ exportId: string; started: boolean }> {
    const { deadlineMinutes, ...row } = prepared;
    const first = {
      ...row,
      id: node.id,
      sealedToken: sealed.token,
      nextTokens: sealed.next,
      startedBy: node.id,
      deadlineAt: new Date(Date.now() + deadlineMinutes * 60_000),
    };
    const inserted = await trx('exports').insert(columnsOf(trx, first)).onConflict('id').ignore().returning('id');
    if (inserted.length > 0) await insertEntry(trx, node.id, 1);
    return { exportId: node.id, started: inserted.length > 0 };
  }
}

/** An export's row as it begins. */
interface FirstRow extends NewExport {
  nextTokens: SealedTokens;
  requestHash?: string;
  /** The follow-up that starts it. */
  startedBy?: string;
}

function columnsOf(trx: Connection, row: FirstRow) {
  return {
    id: row.id,
    organization: row.organization,
    organization_name: row.organizationName,
    project: row.project,
    project_name: row.projectName,
    requester_id: row.requester.id,
    requester: JSON.stringify(row.requester),
    options: JSON.stringify(row.options),
    on_success: JSON.stringify(row.onSuccess),
    on_failure: JSON.stringify(row.onFailure),
    sealed_token: row.sealedToken,
    next_tokens: JSON.stringify(row.nextTokens),
    request_hash: row.requestHash ?? null,
    started_by: row.startedBy ?? null,
    deadline_at: row.deadlineAt,
    waiting_since: trx.fn.now(),
  };
}
