/** Who may export what, and the token that an export reads with. */
import type { Connection } from '@parcelpost/shared/db/database.js';
import { type ProjectAccess, ProjectService } from '@parcelpost/shared/db/services/projects.js';
import type { MintedToken } from '@parcelpost/shared/db/services/scoped-tokens.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { type FieldError, ProblemError } from '@parcelpost/shared/errors.js';
import { mintScopedToken, projectPath } from '@parcelpost/shared/tokens/scoped-token.js';
import { seal } from '@parcelpost/shared/tokens/seal.js';
import type { ServerConfig } from '../dependencies.js';
import { invalidRequest, problem } from '../problems.js';
import { askPlatform, type ProjectNames } from './external-platform.js';
import { externalPlatform } from './platform-url.js';

/** Questions that another platform gets at once. */
const QUESTIONS_AT_ONCE = 4;

/** A project that somebody wants to export. */
export interface Wanted {
  organization: string;
  project: string;
  /** Token of another platform. */
  apiToken: string | undefined;
}

/** A project that a request's follow-ups are to export. */
export interface WantedNext extends Wanted {
  /** Where in the request's body its arguments stand: `/onSuccess/0/args`. */
  pointer: string;
}

/** What another platform has answered of projects, each by {@link keyOf}. */
export type Answers = Map<string, ProjectNames>;

/** The export that a token is for. */
export interface Reading {
  exportId: string;
  generation: number;
  hours: number;
}

/** A token as it is kept, and what is to be noted of it: nothing of another platform's. */
export interface IssuedToken {
  sealed: string;
  minted: MintedToken[];
}

export class ExportRights {
  readonly #platform: string | undefined;

  constructor(readonly config: Pick<ServerConfig, 'PLATFORM_API_URL' | 'PUBLIC_URL' | 'TOKEN_KEYS' | 'SEAL_SECRET'>) {
    this.#platform = externalPlatform(config);
  }

  /** Whether another platform holds the projects, and is to be asked. */
  get external(): boolean {
    return this.#platform !== undefined;
  }

  /**
   * Asks another platform, with the tokens that came along, once for each project and token: before there is a transaction,
   * which is not to wait for it. Our own is not asked, but looked at by {@link check} and {@link checkNext}.
   * @param answers where its answers go
   * @throws {ProblemError} as those two
   */
  async ask(wanted: Wanted | readonly WantedNext[], answers: Answers): Promise<void> {
    const platform = this.#platform;
    if (platform === undefined) return;
    if ('project' in wanted) {
      this.#refuseToken(wanted);
      answers.set(keyOf(wanted), await askPlatform(platform, withToken(wanted)));
    } else {
      this.#refuseTokens(wanted);
      await askForEach(platform, wanted, answers);
    }
  }

  /**
   * Checks that a user may export a project. On our own platform its membership decides, on another one what that has
   * answered.
   * @param answers as {@link ask} has left them
   * @throws {ProblemError} 404 `project-not-found`, 403 `export-not-permitted` or `project-archived`, 422 for an `apiToken` that is missing or
   *   has no place here; with another platform 401, 403, 404 and 502 by its answer
   */
  async check(db: Connection, user: UserRow, wanted: Wanted, answers: Answers): Promise<ProjectNames> {
    this.#refuseToken(wanted);
    if (this.#platform !== undefined) return answered(answers, wanted);
    const { organization, project } = wanted;
    return permitted(await new ProjectService(db).access(organization, project, user.id), wanted);
  }

  /**
   * The same for all the exports that a request's follow-ups start, in one query.
   * @throws {ProblemError} as {@link check}, naming the field in `errors`
   */
  async checkNext(
    db: Connection,
    user: UserRow,
    wanted: readonly WantedNext[],
    answers: Answers,
  ): Promise<ProjectNames[]> {
    if (wanted.length === 0) return [];
    this.#refuseTokens(wanted);
    if (this.#platform !== undefined) return wanted.map((one) => answered(answers, one));
    const access = await new ProjectService(db).accessAll(wanted, user.id);
    return wanted.map((one, index) => {
      try {
        return permitted(access[index], one);
      } catch (error) {
        throw placed(error, one);
      }
    });
  }

  /**
   * The token that an export of a project reads with, sealed for that export: another platform's own, or one that opens this
   * project alone to its user, who has to be permitted at each use.
   * @param reading.hours that it is to live
   */
  issue(userId: string, { organization, project, apiToken }: Wanted, reading: Reading): IssuedToken {
    const { exportId, generation, hours } = reading;
    const sealed = (token: string) =>
      seal(JSON.stringify({ scheme: 'TmpToken', token }), this.config.SEAL_SECRET, exportId);
    if (apiToken !== undefined) return { sealed: sealed(apiToken), minted: [] };
    const paths = [projectPath(organization, project)];
    const { token, claims } = mintScopedToken({ userId, paths, hours }, this.config.TOKEN_KEYS);
    const { jti, recipient } = claims;
    const minted = { jti, exportId, generation, userId, recipient, expiresAt: new Date(claims.exp * 1000) };
    return { sealed: sealed(token), minted: [minted] };
  }

  #refuseToken(wanted: Wanted): void {
    const wrong = this.#tokenFault(wanted);
    if (wrong !== undefined) throw invalidRequest([{ pointer: '/apiToken', detail: wrong }]);
  }

  #refuseTokens(wanted: readonly WantedNext[]): void {
    const wrong = wanted.flatMap((one): FieldError[] => {
      const detail = this.#tokenFault(one);
      return detail === undefined ? [] : [{ pointer: `${one.pointer}/request/apiToken`, detail }];
    });
    if (wrong.length > 0) throw invalidRequest(wrong);
  }

  #tokenFault({ apiToken }: Wanted): string | undefined {
    if (this.#platform === undefined) {
      return apiToken === undefined
        ? undefined
        : 'is only for a service that exports from another platform; leave it out';
    }
    if (apiToken === undefined) return 'is missing: send a token of the platform that holds the project';
    return /^[\x21-\x7e]+$/.test(apiToken)
      ? undefined
      : 'holds characters that no token has; send it as it was given out';
  }
}

function permitted(access: ProjectAccess | undefined, { organization, project }: Wanted): ProjectNames {
  if (!access?.maySee) {
    throw problem('project-not-found', `There is no project ${organization}/${project} that you may see.`);
  }
  if (access.isMember && !access.mayExport) {
    throw problem('project-archived', `${organization}/${project} is archived: only its administrators may export it.`);
  }
  if (!access.mayExport) {
    throw problem('export-not-permitted', `Only members of ${organization}/${project} may export it.`);
  }
  return { projectName: access.name, organizationName: access.organization.name };
}

/** Asks another platform, a few questions at once, none of them twice. */
async function askForEach(platform: string, wanted: readonly WantedNext[], answers: Answers): Promise<void> {
  const questions = [...new Map(wanted.map((one) => [keyOf(one), one])).values()];
  for (let index = 0; index < questions.length; index += QUESTIONS_AT_ONCE) {
    const ask = async (one: WantedNext) => {
      const answer = await askPlatform(platform, withToken(one)).catch((error: unknown) => {
        throw placed(error, one);
      });
      answers.set(keyOf(one), answer);
    };
    await Promise.all(questions.slice(index, index + QUESTIONS_AT_ONCE).map(ask));
  }
}

const keyOf = (one: Wanted) => JSON.stringify([one.organization, one.project, one.apiToken]);

function answered(answers: Answers, wanted: Wanted): ProjectNames {
  const names = answers.get(keyOf(wanted));
  if (!names) throw new Error(`the platform was not asked for ${wanted.organization}/${wanted.project}`);
  return names;
}

/** A refusal that names the field it is about. */
function placed(error: unknown, { pointer }: WantedNext): unknown {
  if (!(error instanceof ProblemError)) return error;
  const { status, type, title, message, headers, cause } = error;
  const field = { pointer: `${pointer}/project`, detail: message };
  return new ProblemError(status, type, title, `${field.pointer}: ${message}`, { errors: [field], headers, cause });
}

const withToken = ({ organization, project, apiToken }: Wanted) => ({
  organization,
  project,
  apiToken: apiToken ?? '',
});
