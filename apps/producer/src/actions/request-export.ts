/** Asking for an export: who may, what exactly, and the one transaction that makes it certain. */
import { randomUUID } from 'node:crypto';
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import type { RequestedExport } from '@parcelpost/shared/db/services/export-requests.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { findKey } from '@parcelpost/shared/db/services/idempotency-keys.js';
import type { ProjectAddress } from '@parcelpost/shared/db/services/projects.js';
import type { Renewal } from '@parcelpost/shared/db/services/renewals.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { type ExportOptions, type ExportRequestBody, exportOptions } from '@parcelpost/shared/export-request.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import { sequence } from '@parcelpost/shared/tasks/sequence.js';
import type { Dependencies } from '../dependencies.js';
import { problem } from '../problems.js';
import type { Answers, ExportRights } from './export-rights.js';
import type { Canvases, PrepareNextExports } from './prepare-next-exports.js';
import { fingerprint, requestHash } from './request-hash.js';
import { resolveCanvases } from './resolve-canvases.js';
import { actorOf, type RightsTasks } from './rights-tasks.js';

export interface Asked {
  organization: string;
  project: string;
  body: ExportRequestBody;
  /** By which a repeat of the request is known again. */
  key?: string | undefined;
}

/** `repeated`: the same request once more, by its key. */
export interface Answered {
  exportId: string;
  kind: 'created' | 'joined' | 'repeated';
  /** Whether it is an identical request's that was running already; of a repeat, whether the first one was told so. */
  joined: boolean;
}

export class RequestExport {
  constructor(
    readonly dependencies: Pick<Dependencies, 'config' | 'db' | 'relay' | 'metrics' | 'tasks' | 'writes'>,
    readonly rights: ExportRights,
    readonly next: PrepareNextExports,
    readonly permits: RightsTasks,
  ) {}

  /**
   * Records an export and has it entered into the queue; the entering is not waited for, since the outbox holds it. An
   * identical request of the same person that is running is joined; a request whose key is known is answered with the
   * export that the first one came to, and nothing is asked or checked again.
   *
   * One transaction: whether it is permitted, the key, the export and what brings it into its queue.
   * @throws {ProblemError} 403 and 404 by the user's standing, 422 by what is asked, 401, 403, 404 and 502 by an
   *   external platform's answer, 422 and 409 by the key
   */
  async run(user: UserRow, { organization, project, body, key: text }: Asked): Promise<Answered> {
    const { db, relay, metrics, writes } = this.dependencies;
    const address = { organization, project };
    const key =
      text === undefined ? undefined : { userId: user.id, key: text, fingerprint: fingerprint(address, body) };
    const known = key && (await findKey(db, key));
    if (known) {
      if (known.fingerprint !== key.fingerprint) throw keyReused();
      return this.#repeated(known);
    }

    const actor = actorOf(user);
    const options = exportOptions(body);
    const { permit, prepare, row: first, canvases } = await this.#begun(user, actor, address, options, body);
    const row = (): RequestedExport => ({
      ...first(),
      requestHash: requestHash(address, user.id, options, canvases(), body.apiToken),
    });
    const record = writes.exports.request(actor, row, key);
    const recorded = await writes.runner.runSingleSequence(sequence(permit, prepare, ...record));
    switch (recorded.kind) {
      case 'key-reused':
        throw keyReused();
      case 'key-busy':
        throw problem('idempotency-key-busy', 'A request with this Idempotency-Key is being recorded. Try again.', {
          headers: { 'retry-after': '1' },
        });
      case 'repeated':
        return this.#repeated(recorded);
      case 'joined':
        metrics.requestsJoined.inc();
        break;
      case 'created':
        crashPoint('request.recorded');
    }
    void relay.run();
    return { ...recorded, joined: recorded.kind === 'joined' };
  }

  /**
   * Records the renewal of an export: another one of the same project and options, whose rights, token and requester are those of
   * who asks for it. While one is running it is joined, whoever asks; so is one that is as good as a new one.
   * @param wanted what is to follow, and the token of another platform; nothing follows that is not asked for
   * @param isGood whether a renewal that has come to its end is as good as a new one
   * @param actor who is noted; the person who asks unless told otherwise
   * @throws {ProblemError} as {@link run}
   */
  async renew(
    user: UserRow,
    of: ExportRow,
    wanted: Pick<ExportRequestBody, 'onSuccess' | 'onFailure' | 'apiToken'>,
    isGood: (newest: Renewal) => boolean,
    actor: Actor = actorOf(user),
  ): Promise<Answered> {
    const { relay, writes } = this.dependencies;
    const { unchangedSince: _, ...options } = of.options;
    const { permit, prepare, row } = await this.#begun(user, actor, of, options, wanted);
    const getInput = () => ({ row: row() });
    const record = writes.exports.renew(actor, { renews: of.id, isGood }, { getInput });
    const recorded = await writes.runner.runSingleSequence(sequence(permit, prepare, record));
    if (recorded.kind === 'created') crashPoint('request.recorded');
    void relay.run();
    return { ...recorded, joined: recorded.kind === 'joined' };
  }

  /** The tasks that come before an export is recorded, and its row, which is known once they have run. */
  async #begun(
    user: UserRow,
    actor: Actor,
    { organization, project }: ProjectAddress,
    options: ExportOptions,
    body: Pick<ExportRequestBody, 'onSuccess' | 'onFailure' | 'apiToken'>,
  ) {
    const { config, tasks } = this.dependencies;
    const id = randomUUID();
    const address = { organization, project };
    const wanted = { ...address, apiToken: body.apiToken };
    const requester = { id: user.id, name: user.name, email: user.email, language: user.language };
    const first = { exportId: id, generation: 1, organization, apiToken: body.apiToken, user, requester };
    let resolved: Canvases | undefined;
    // Only for whom the project is permitted: what is wrong with the rest is no business of others.
    const canvases = () => {
      resolved ??= resolveCanvases(body, requester, tasks);
      return resolved;
    };
    const answers: Answers = new Map();
    if (this.rights.external) {
      await this.rights.ask(wanted, answers);
      await this.next.ask(first, canvases(), answers);
    }
    const permit = this.permits.permit(actor, { user, wanted, answers });
    const getInput = () => ({ canvases: canvases() });
    const prepare = this.permits.prepareNext(actor, { first, answers }, { getInput });
    const row = () => {
      const { nextTokens, minted, ...prepared } = prepare.result;
      const token = this.rights.issue(user.id, wanted, { exportId: id, generation: 1, hours: config.TOKEN_HOURS });
      return {
        id,
        ...address,
        ...permit.result,
        requester,
        options,
        ...prepared,
        sealedToken: token.sealed,
        nextTokens,
        mintedTokens: [...token.minted, ...minted],
        deadlineAt: new Date(Date.now() + config.EXPORT_DEADLINE_MINUTES * 60_000),
      };
    };
    return { permit, prepare, row, canvases };
  }

  #repeated({ exportId, joined }: Pick<Answered, 'exportId' | 'joined'>): Answered {
    this.dependencies.metrics.idempotentRepeats.inc();
    return { exportId, kind: 'repeated', joined };
  }
}

function keyReused() {
  return problem(
    'idempotency-key-reused',
    'This Idempotency-Key was used for another request within the last 24 hours. Make a new key for each request.',
  );
}
