/**
 * Next exports: whatever an `export.project` in a request's follow-ups needs to start its export later, without the person
 * who asked, is checked, minted, sealed and signed when the first export is requested.
 */
import type { Connection } from '@parcelpost/shared/db/database.js';
import type { Requester } from '@parcelpost/shared/db/services/exports.js';
import type { MintedToken } from '@parcelpost/shared/db/services/scoped-tokens.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { exportOptions } from '@parcelpost/shared/export-request.js';
import type { JsonValue } from '@parcelpost/shared/export-result.js';
import { signCanvas } from '@parcelpost/shared/signatures/mac.js';
import { type CanvasHook, HOOKS, mapTasks, outboxId, walk } from '@parcelpost/shared/signatures/place.js';
import type { PreparedExport } from '@parcelpost/shared/signatures/prepared.js';
import type { NextExportArgs } from '@parcelpost/shared/signatures/registry.js';
import {
  NEXT_EXPORT_TASK,
  type SealedTokens,
  type Signature,
  type TaskSignature,
} from '@parcelpost/shared/signatures/signature.js';
import type { ServerConfig } from '../dependencies.js';
import { invalidRequest } from '../problems.js';
import { type TriesOf, type Wait, waits } from './canvas-waits.js';
import type { Answers, ExportRights, WantedNext } from './export-rights.js';
import type { ProjectNames } from './external-platform.js';

const HOUR_MS = 3_600_000;
/** No token lives longer, whatever it is for. */
const LONGEST_TOKEN_HOURS = 24 * 7;

/** The two lists of a request. */
export type Canvases = Record<CanvasHook, Signature[]>;

/** The export whose follow-ups start others. */
export interface FirstExport {
  exportId: string;
  generation: number;
  /** That of next exports which name none. */
  organization: string;
  /** That of next exports which bring none. */
  apiToken: string | undefined;
  /** Who asks now: their rights decide, and their tokens are sealed. */
  user: UserRow;
  /** Who is noted on the next exports' rows, and mailed. */
  requester: Requester;
}

export interface PreparedCanvases extends Canvases {
  /** Sealed tokens, by the place of the `export.project` that starts each export. */
  nextTokens: SealedTokens;
  /** What is noted of these tokens, those of the exports after the next ones too. */
  minted: MintedToken[];
}

type Config = Pick<ServerConfig, 'TOKEN_HOURS' | 'EXPORT_DEADLINE_MINUTES' | 'SIGNATURE_SECRET'>;
type Rights = Pick<ExportRights, 'ask' | 'checkNext' | 'issue'>;

interface Next extends WantedNext {
  wait: Wait;
}

export class PrepareNextExports {
  readonly #config: Config;
  readonly #rights: Rights;
  readonly #triesOf: TriesOf;

  constructor({ config, rights, triesOf }: { config: Config; rights: Rights; triesOf: TriesOf }) {
    this.#config = config;
    this.#rights = rights;
    this.#triesOf = triesOf;
  }

  /**
   * Asks another platform for the projects of all next exports, before there is a transaction; see {@link ExportRights.ask}.
   * @throws {ProblemError} as {@link run}
   */
  async ask(first: FirstExport, canvases: Canvases, answers: Answers): Promise<void> {
    const wanted = [...this.#wanted(canvases, first, '', { planned: this.#exportMs(), retries: 0 })];
    await this.#rights.ask(wanted, answers);
  }

  /**
   * Prepares every next export in the canvases of an export, at any depth, and signs every call. A next export's token
   * lives as long as all that may pass before it begins, and `TOKEN_HOURS` from then on, as that of any export. Before it may
   * pass the exports before it, waits at limits (theirs and its own), delays, time limits, and pauses between tries.
   * @param canvases resolved ones
   * @param answers as {@link ask} has left them
   * @throws {ProblemError} 401, 403, 404, 422 and 502 as {@link ExportRights.checkNext}; 422 for one that may have to wait
   *   longer than a token can live
   */
  async run(db: Connection, first: FirstExport, canvases: Canvases, answers: Answers): Promise<PreparedCanvases> {
    const wanted = [...this.#wanted(canvases, first, '', { planned: this.#exportMs(), retries: 0 })];
    const names = await this.#rights.checkNext(db, first.user, wanted, answers);
    this.#refuseTooLate(wanted);
    const nexts = new Map(wanted.map((next, index) => [next.pointer, { ...next, ...(names[index] as ProjectNames) }]));
    return this.#prepare(canvases, first, first, '', nexts);
  }

  /** Every next export, those of next exports too, with what it takes from the one that it follows. */
  *#wanted(
    canvases: Canvases,
    from: Pick<FirstExport, 'organization' | 'apiToken'>,
    pointer: string,
    begin: Wait,
  ): Generator<Next> {
    for (const hook of HOOKS) {
      const when = waits(canvases[hook], hook, begin, this.#triesOf);
      for (const [place, signature] of walk(canvases[hook], hook)) {
        if (!startsNext(signature)) continue;
        const { organization = from.organization, project, request } = argsOf(signature);
        const apiToken = request.apiToken ?? from.apiToken;
        const at = `${pointer}/${place}/args`;
        const wait = when.get(place) as Wait;
        yield { organization, project, apiToken, pointer: at, wait };
        const end = { ...wait, planned: wait.planned + this.#exportMs() };
        yield* this.#wanted(request, { organization, apiToken }, `${at}/request`, end);
      }
    }
  }

  #prepare(
    canvases: Canvases,
    { exportId, generation }: Pick<FirstExport, 'exportId' | 'generation'>,
    first: FirstExport,
    pointer: string,
    nexts: ReadonlyMap<string, Next & ProjectNames>,
  ): PreparedCanvases {
    const { SIGNATURE_SECRET, TOKEN_HOURS, EXPORT_DEADLINE_MINUTES } = this.#config;
    const nextTokens: SealedTokens = {};
    const minted: MintedToken[] = [];
    const prepareOne = (task: TaskSignature, place: string): TaskSignature => {
      if (!startsNext(task)) return task;
      const at = `${pointer}/${place}/args`;
      const next = nexts.get(at) as Next & ProjectNames;
      const { onSuccess, onFailure, apiToken: _, ...request } = argsOf(task).request;
      // The next export is what this follow-up comes to, so it bears its id.
      const id = outboxId({ exportId, generation, place });
      const itself = { exportId: id, generation: 1 };
      const {
        nextTokens: further,
        minted: later,
        ...below
      } = this.#prepare({ onSuccess, onFailure }, itself, first, `${at}/request`, nexts);
      const hours = Math.min(LONGEST_TOKEN_HOURS, TOKEN_HOURS + (next.wait.planned + next.wait.retries) / HOUR_MS);
      const token = this.#rights.issue(first.user.id, next, { ...itself, hours });
      nextTokens[place] = { token: token.sealed, next: further };
      minted.push(...token.minted, ...later);
      const prepared: PreparedExport = {
        organization: next.organization,
        organizationName: next.organizationName,
        project: next.project,
        projectName: next.projectName,
        requester: first.requester,
        options: exportOptions(argsOf(task).request),
        ...below,
        deadlineMinutes: EXPORT_DEADLINE_MINUTES,
      };
      const args = { organization: next.organization, project: next.project, request, prepared };
      return { ...task, args: args as unknown as Record<string, JsonValue> };
    };
    const isRouted = (task: string) => this.#triesOf(task).routed;
    const signed = (hook: CanvasHook) =>
      signCanvas(mapTasks(canvases[hook], hook, prepareOne), { exportId, hook }, SIGNATURE_SECRET, isRouted);
    return { onSuccess: signed('onSuccess'), onFailure: signed('onFailure'), nextTokens, minted };
  }

  /** Our own tokens have an end that is known; another platform's may live as long as they like. */
  #refuseTooLate(wanted: readonly Next[]): void {
    const late = wanted.filter(
      ({ apiToken, wait }) =>
        apiToken === undefined && wait.planned + this.#readingMs() > LONGEST_TOKEN_HOURS * HOUR_MS,
    );
    if (late.length === 0) return;
    throw invalidRequest(
      late.map(({ pointer, wait }) => ({
        pointer,
        detail:
          `this export may begin ${Math.round(wait.planned / HOUR_MS)} hours after the first was asked for, and its token ` +
          `can live ${LONGEST_TOKEN_HOURS} hours at most; lessen the delays, the timeouts, or the exports before it`,
      })),
    );
  }

  /** Milliseconds that an export has; it may have read all by then for long. */
  #exportMs(): number {
    return this.#config.EXPORT_DEADLINE_MINUTES * 60_000;
  }

  /** Milliseconds that an export has to read. */
  #readingMs(): number {
    return Math.min(this.#config.TOKEN_HOURS * HOUR_MS, this.#exportMs());
  }
}

/**
 * Canvases as they were asked, from what {@link PrepareNextExports} made of them: without codes, and without what was
 * prepared for the next exports. Tokens of another platform are not in them any more.
 */
export function unprepared(canvases: Canvases): Canvases {
  const restore = (task: TaskSignature): TaskSignature => {
    const { mac: _mac, routed: _routed, ...asked } = task;
    if (!startsNext(task)) return asked;
    const { prepared, ...args } = task.args as unknown as NextExportArgs & { prepared: PreparedExport };
    const request = { ...args.request, ...unprepared(prepared) };
    return { ...asked, args: { ...args, request } as unknown as TaskSignature['args'] };
  };
  return {
    onSuccess: mapTasks(canvases.onSuccess, 'onSuccess', restore),
    onFailure: mapTasks(canvases.onFailure, 'onFailure', restore),
  };
}

function startsNext(signature: Signature): signature is TaskSignature {
  return 'task' in signature && signature.task === NEXT_EXPORT_TASK;
}

const argsOf = (task: TaskSignature) => task.args as unknown as NextExportArgs;
