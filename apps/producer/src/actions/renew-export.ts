/** Renewing exports whose results are of an older version of the software: offered, started by who wants it, or by itself. */
import { ExportService, stateOf } from '@parcelpost/shared/db/services/exports.js';
import { type Renewal, RenewalService } from '@parcelpost/shared/db/services/renewals.js';
import { type UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import type { ExportRequestBody } from '@parcelpost/shared/export-request.js';
import type { Dependencies } from '../dependencies.js';
import { problem } from '../problems.js';
import type { ReadExports } from './read-exports.js';
import { isGood, offerOf } from './renewal-offer.js';
import type { Answered, RequestExport } from './request-export.js';

/** Exports that one round renews, so that people's own do not wait behind a whole night's. */
const AT_ONCE = 5;
/** Exports that could not be renewed are remembered, so that every round does not begin with them. */
const REMEMBERED = 1000;

export class RenewExport {
  readonly #refused = new Set<string>();

  constructor(
    readonly dependencies: Pick<Dependencies, 'db' | 'log' | 'pipeline' | 'writes'>,
    readonly read: ReadExports,
    readonly request: RequestExport,
  ) {}

  /**
   * Starts the renewal of an export, or finds the one that there is: however many ask, and from wherever, one runs.
   * It is an export of its own, since the one before it keeps its outcome and its links; whoever asks needs the rights of a request.
   * @throws {ProblemError} as a request; 404 `export-not-found`; 409 `renewal-not-needed`
   */
  async run(
    id: string,
    user: UserRow,
    wanted: Pick<ExportRequestBody, 'onSuccess' | 'onFailure' | 'apiToken'>,
  ): Promise<Answered> {
    const { db, pipeline } = this.dependencies;
    const row = await this.read.one(id, user);
    const newest = (await new RenewalService(db).newestOf([id])).get(id);
    const { steps } = offerOf(pipeline, row, stateOf(row), newest);
    if (steps.length === 0) {
      throw problem(
        'renewal-not-needed',
        'This export is not one whose files a newer version would make otherwise. Ask for a new one to get newer data.',
      );
    }
    return this.request.renew(user, row, wanted, (one) => isGood(pipeline, row, one));
  }

  /**
   * Starts, once for each, the renewal of exports that nobody has renewed, in the name of who asked for them and with the rights that
   * they have now. Any number of producers may do so at once.
   * @returns how many were started
   */
  async round(): Promise<number> {
    const { db, log, pipeline, writes } = this.dependencies;
    const found = await new RenewalService(db).outdated(db, pipeline.steps, [...this.#refused], AT_ONCE);
    let started = 0;
    for (const { id, requesterId } of found) {
      const [row, user] = await Promise.all([new ExportService(db).get(id), new UserService(db).get(requesterId)]);
      if (!row || !user) {
        this.#passOver(id);
        continue;
      }
      try {
        const nothing = { onSuccess: [], onFailure: [], apiToken: undefined };
        const good = (one: Renewal) => isGood(pipeline, row, one);
        const { kind, exportId } = await this.request.renew(user, row, nothing, good, writes.actor);
        if (kind === 'created') started++;
        log.info({ exportId, renews: id, kind }, 'export renewed');
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        log.info({ err: error, exportId: id }, 'an export is not renewed');
        // Who has too many exports now may have fewer later.
        if (error.status === 429) break;
        this.#passOver(id);
      }
    }
    return started;
  }

  #passOver(id: string): void {
    this.#refused.add(id);
    const [oldest] = this.#refused;
    if (this.#refused.size > REMEMBERED && oldest !== undefined) this.#refused.delete(oldest);
  }
}
