/** Renewing exports whose results are of an older version of the software: offered, started by who wants it, or by itself. */
import { ExportService, stateOf } from '@parcelpost/shared/db/services/exports.js';
import { TooManyExportsError } from '@parcelpost/shared/db/services/limits.js';
import { OverQuotaError } from '@parcelpost/shared/db/services/project-quota.js';
import type { ProjectAddress } from '@parcelpost/shared/db/services/projects.js';
import { type Outdated, type Renewal, RenewalService } from '@parcelpost/shared/db/services/renewals.js';
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
/** People and projects at a limit that one round meets. Where so many are, the others wait too: there is enough to do. */
const MOST_HELD = 100;

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
   * they have now. Whoever is at a limit is passed over until the next round, and so is a project at one. Any number of
   * producers may do so at once.
   * @returns how many were started
   */
  async round(): Promise<number> {
    const { db, pipeline } = this.dependencies;
    const except = { ids: this.#refused, requesters: new Set<string>(), projects: new Set<string>() };
    let [started, held] = [0, 0];
    while (started < AT_ONCE && held < MOST_HELD) {
      const before = held;
      const found = await new RenewalService(db).outdated(db, pipeline.steps, except, AT_ONCE - started);
      for (const one of found) {
        if (except.requesters.has(one.requesterId) || except.projects.has(projectOf(one))) continue;
        const did = await this.#renewByItself(one);
        if (did === 'created') started++;
        if (did !== 'person' && did !== 'project') continue;
        held++;
        if (did === 'person') except.requesters.add(one.requesterId);
        else except.projects.add(projectOf(one));
      }
      if (held === before) break;
    }
    return started;
  }

  /** @returns what became of it; `person` or `project`: theirs is the limit that it would pass */
  async #renewByItself({
    id,
    requesterId,
  }: Outdated): Promise<'created' | 'joined' | 'refused' | 'person' | 'project'> {
    const { db, log, pipeline, writes } = this.dependencies;
    const [row, user] = await Promise.all([new ExportService(db).get(id), new UserService(db).get(requesterId)]);
    if (!row || !user) {
      this.#passOver(id);
      return 'refused';
    }
    try {
      const nothing = { onSuccess: [], onFailure: [], apiToken: undefined };
      const good = (one: Renewal) => isGood(pipeline, row, one);
      const { kind, exportId } = await this.request.renew(user, row, nothing, good, writes.actor);
      log.info({ exportId, renews: id, kind }, 'export renewed');
      return kind === 'created' ? 'created' : 'joined';
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      log.info({ err: error, exportId: id }, 'an export is not renewed');
      // Who has too much now may have less later.
      if (error instanceof TooManyExportsError) return error.limit.name.startsWith('person') ? 'person' : 'project';
      if (error instanceof OverQuotaError) return 'project';
      this.#passOver(id);
      return 'refused';
    }
  }

  #passOver(id: string): void {
    this.#refused.add(id);
    const [oldest] = this.#refused;
    if (this.#refused.size > REMEMBERED && oldest !== undefined) this.#refused.delete(oldest);
  }
}

const projectOf = ({ organization, project }: ProjectAddress) => `${organization}/${project}`;
