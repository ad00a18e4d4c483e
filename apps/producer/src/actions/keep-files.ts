/** What a person may do to the time of an export's files: keep them, keep them no longer, let them go now. */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { PinRefusedError } from '@parcelpost/shared/db/services/pins.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { type AnyTask, sequence } from '@parcelpost/shared/tasks/sequence.js';
import type { Dependencies } from '../dependencies.js';
import { invalidRequest, problem } from '../problems.js';
import { expiredProblem } from './expired-problem.js';
import type { ReadExports } from './read-exports.js';
import { actorOf, type RightsTasks } from './rights-tasks.js';

export class KeepFiles {
  constructor(
    readonly dependencies: Pick<Dependencies, 'config' | 'writes'>,
    readonly read: ReadExports,
    readonly permits: Pick<RightsTasks, 'change'>,
  ) {}

  /**
   * Keeps the files of an export for longer than their time. Files that are over it, and still there, are in reach again; a
   * pin that is there is replaced.
   * @param until null: until somebody unpins
   * @throws {ProblemError} 403 `export-not-yours`; 404 `export-not-found`; 409 `export-unfinished`, `export-without-file`; 410
   *   `export-expired`; 422 for a time that is not to come
   */
  async pin(id: string, user: UserRow, until: Date | null): Promise<ExportRow> {
    if (until !== null && until.getTime() <= Date.now()) {
      throw invalidRequest([
        { pointer: '/until', detail: 'is a time to come; leave it out to keep them until unpinned' },
      ]);
    }
    const by = { id: user.id, name: user.name };
    return this.#change(id, user, this.dependencies.writes.pins.pin(actorOf(user), { id, until, by }));
  }

  /** Keeps them no longer: they go when their own time is over, an hour from now at the soonest. Throws as {@link pin}. */
  async unpin(id: string, user: UserRow): Promise<ExportRow> {
    return this.#change(id, user, this.dependencies.writes.pins.unpin(actorOf(user), { id }));
  }

  /** Has their time be over now. Throws as {@link pin}; 409 `export-pinned`. */
  async expire(id: string, user: UserRow): Promise<ExportRow> {
    return this.#change(id, user, this.dependencies.writes.pins.expire(actorOf(user), { id }));
  }

  /** One transaction: whether it is permitted, and the change. */
  async #change(id: string, user: UserRow, change: AnyTask): Promise<ExportRow> {
    const { config, writes } = this.dependencies;
    try {
      await writes.runner.runSingleSequence(sequence(this.permits.change(actorOf(user), { id, user }), change));
    } catch (error) {
      if (!(error instanceof PinRefusedError)) throw error;
      const row = await this.read.one(id, user);
      throw refusal(error.reason, row, config.PUBLIC_URL);
    }
    return this.read.one(id, user);
  }
}

function refusal(reason: PinRefusedError['reason'], row: ExportRow, publicUrl: string) {
  switch (reason) {
    case 'expired':
      return expiredProblem(row, row.expiresAt, publicUrl);
    case 'pinned':
      return problem('export-pinned', 'The files of this export are pinned. Unpin them first, if nobody needs them.');
    case 'unfinished':
      return problem('export-unfinished', 'The export has no outcome yet, and so no files. Wait for it.');
    default:
      return problem('export-without-file', 'The export left no files that could be kept or let go.');
  }
}
