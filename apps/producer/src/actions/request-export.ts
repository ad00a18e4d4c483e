/** Asking for an export: who may, what exactly, and the one transaction that makes it certain. */
import { randomUUID } from 'node:crypto';
import { crashPoint } from '@parcelpost/shared/crash-points.js';
import type { ExportRequests } from '@parcelpost/shared/db/services/export-requests.js';
import { findKey } from '@parcelpost/shared/db/services/idempotency-keys.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { type ExportRequestBody, exportOptions } from '@parcelpost/shared/export-request.js';
import type { Dependencies } from '../dependencies.js';
import { problem } from '../problems.js';
import type { ExportRights } from './export-rights.js';
import type { PrepareNextExports } from './prepare-next-exports.js';
import { fingerprint, requestHash } from './request-hash.js';
import { resolveCanvases } from './resolve-canvases.js';

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
    readonly dependencies: Pick<Dependencies, 'config' | 'relay' | 'metrics' | 'tasks'>,
    readonly rights: ExportRights,
    readonly next: PrepareNextExports,
    readonly requests: ExportRequests,
  ) {}

  /**
   * Records an export and has it entered into the queue; the entering is not waited for, since the outbox holds it. An
   * identical request of the same person that is running is joined; a request whose key is known is answered with the
   * export that the first one came to, and nothing is asked or checked again.
   * @throws {ProblemError} 403 and 404 by the user's standing, 422 by what is asked, 401, 403, 404 and 502 by an
   *   external platform's answer, 422 and 409 by the key
   */
  async run(user: UserRow, { organization, project, body, key: text }: Asked): Promise<Answered> {
    const { config, relay, metrics, tasks } = this.dependencies;
    const address = { organization, project };
    const key =
      text === undefined ? undefined : { userId: user.id, key: text, fingerprint: fingerprint(address, body) };
    const known = key && (await findKey(this.requests.db, key));
    if (known) {
      if (known.fingerprint !== key.fingerprint) throw keyReused();
      return this.#repeated(known);
    }

    const wanted = { ...address, apiToken: body.apiToken };
    const names = await this.rights.check(user, wanted);
    const requester = { id: user.id, name: user.name, email: user.email, language: user.language };
    const canvases = resolveCanvases(body, requester, tasks);
    const id = randomUUID();
    const { nextTokens, minted, ...prepared } = await this.next.run(
      { exportId: id, generation: 1, organization, apiToken: body.apiToken, user, requester },
      canvases,
    );
    const options = exportOptions(body);
    const token = this.rights.issue(user.id, wanted, { exportId: id, generation: 1, hours: config.TOKEN_HOURS });
    const recorded = await this.requests.request(
      {
        id,
        ...address,
        ...names,
        requester,
        options,
        ...prepared,
        sealedToken: token.sealed,
        nextTokens,
        mintedTokens: [...token.minted, ...minted],
        requestHash: requestHash(address, user.id, options, canvases, body.apiToken),
        deadlineAt: new Date(Date.now() + config.EXPORT_DEADLINE_MINUTES * 60_000),
      },
      key,
    );
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
