/** What a person may still do to an export that was asked for: cancel it, or have it tried again. */
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import { type NextGeneration, RetryRefusedError } from '@parcelpost/shared/db/services/export-requests.js';
import { type ExportRow, type ExportState, stateOf } from '@parcelpost/shared/db/services/exports.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { verifySignature } from '@parcelpost/shared/signatures/mac.js';
import { walk } from '@parcelpost/shared/signatures/place.js';
import { sequence } from '@parcelpost/shared/tasks/sequence.js';
import type { Dependencies } from '../dependencies.js';
import { problem } from '../problems.js';
import type { Answers, ExportRights } from './export-rights.js';
import { type PrepareNextExports, unprepared } from './prepare-next-exports.js';
import type { ReadExports } from './read-exports.js';
import { actorOf, type RightsTasks } from './rights-tasks.js';

/** Code of the abort flag, and of the failure, of an export that a person cancelled. */
const CANCELLED = 'cancelled';

/** Whether an export is being cancelled: the flag is up, and nothing is decided yet. */
export function isCancelling({ outcome, abort }: Pick<ExportRow, 'outcome' | 'abort'>): boolean {
  return outcome === null && abort?.code === CANCELLED;
}

/** Whether an export of this state may be tried again. */
export function isRetryable(state: ExportState): boolean {
  return state === 'failed' || state === 'cancelled' || state === 'partial';
}

export class ChangeExport {
  constructor(
    readonly dependencies: Pick<Dependencies, 'config' | 'relay' | 'writes'>,
    readonly read: ReadExports,
    readonly rights: ExportRights,
    readonly next: PrepareNextExports,
    readonly permits: RightsTasks,
  ) {}

  /**
   * Cancels an export: raises the flag at which running work stops, wherever it runs; a worker decides. Doing so again
   * changes nothing, also once it is cancelled: whoever lost the answer may ask again (RFC 9110, section 9.2.2).
   * @returns the export as it is now
   * @throws {ProblemError} 403 `export-not-yours`; 404 `export-not-found`; 409 `export-decided` once it has another outcome
   */
  async cancel(id: string, user: UserRow): Promise<ExportRow> {
    const { runner, exports } = this.dependencies.writes;
    const actor = actorOf(user);
    const reason = {
      code: CANCELLED,
      message: `Cancelled by ${user.name}.`,
      step: null,
      shard: null,
      attempts: 1,
    };
    const raised = await runner.runSingleSequence(
      sequence(this.permits.change(actor, { id, user }), exports.cancel(actor, { id, reason })),
    );
    const now = await this.read.one(id, user);
    // One that this call cancelled may have been decided by now.
    if (!raised && now.outcome !== null && now.outcome !== 'cancelled') {
      throw problem('export-decided', `The export is ${now.outcome} already; there is nothing left to cancel.`);
    }
    return now;
  }

  /**
   * Tries an export again: the next generation, with the same options and follow-ups. Parts that the last one made, and
   * that are still right, are taken over.
   *
   * It reads with the rights of whoever tries it again, and so do the next exports that its follow-ups start: a token
   * restricts its user and adds no right, and nobody lends rights that they do not use themselves. The asker may be gone
   * from the project by now. What leaves the house stays theirs: the export keeps its requester, who is mailed.
   * @param apiToken token of another platform, as in a request; next exports are read with it too
   * @throws {ProblemError} as {@link RequestExport.run} where the project may not be exported; 403 `export-not-yours`; 404
   *   `export-not-found`; 409 `export-not-retryable`, `export-identical-running`
   */
  async retry(id: string, user: UserRow, apiToken: string | undefined): Promise<ExportRow> {
    const { config, relay, writes } = this.dependencies;
    const row = await this.read.changeable(id, user);
    const state = stateOf(row);
    if (!isRetryable(state)) throw notRetryable(state);
    if (!isAuthentic(row, config.SIGNATURE_SECRET)) {
      throw problem(
        'export-not-retryable',
        'This export cannot be tried again. Its follow-ups do not bear the codes of this service; ask for a new one.',
      );
    }
    const { organization, project, requester, generation } = row;
    const actor = actorOf(user);
    const wanted = { organization, project, apiToken };
    const first = { exportId: id, generation: generation + 1, organization, apiToken, user, requester };
    const canvases = unprepared(row);
    const answers: Answers = new Map();
    if (this.rights.external) {
      await this.rights.ask(wanted, answers);
      await this.next.ask(first, canvases, answers);
    }
    const prepare = this.permits.prepareNext(actor, { first, canvases, answers });
    const getInput = (): { next: NextGeneration } => {
      const { nextTokens, minted, ...prepared } = prepare.result;
      const reading = { exportId: id, generation: generation + 1, hours: config.TOKEN_HOURS };
      const token = this.rights.issue(user.id, wanted, reading);
      const next = {
        ...prepared,
        nextTokens,
        sealedToken: token.sealed,
        mintedTokens: [...token.minted, ...minted],
        deadlineAt: new Date(Date.now() + config.EXPORT_DEADLINE_MINUTES * 60_000),
      };
      return { next };
    };
    const tasks = sequence(
      this.permits.change(actor, { id, user }),
      this.permits.permit(actor, { user, wanted, answers }),
      prepare,
      writes.exports.retry(actor, { id, generation }, { getInput }),
    );
    try {
      await writes.runner.runSingleSequence(tasks);
    } catch (error) {
      if (!(error instanceof RetryRefusedError)) throw error;
      if (error.reason === 'not-retryable') throw notRetryable(stateOf(await this.read.one(id, user)));
      throw problem(
        'export-identical-running',
        'An export that was asked for in the same words is running. Wait for it, or cancel it.',
      );
    }
    crashPoint('retry.recorded');
    void relay.run();
    return this.read.one(id, user);
  }
}

/** Whether every call is what this service has signed: what somebody else wrote into the row is not signed anew. */
function isAuthentic({ id, onSuccess, onFailure }: ExportRow, secrets: readonly string[]): boolean {
  const calls = [...walk(onSuccess, 'onSuccess'), ...walk(onFailure, 'onFailure')];
  return calls.every(
    ([place, call]) =>
      !('task' in call) || verifySignature({ ...call, exportId: id, place, mac: call.mac ?? null }, secrets),
  );
}

function notRetryable(state: ExportState) {
  const detail = {
    waiting: 'It has not begun yet, and will by itself.',
    running: 'It is running.',
    completed: 'It is completed; ask for a new one to get newer data.',
    expired: 'Its files have expired; ask for a new one.',
  };
  return problem(
    'export-not-retryable',
    `This export cannot be tried again. ${state in detail ? detail[state as keyof typeof detail] : 'It is being tried again already.'}`,
  );
}
