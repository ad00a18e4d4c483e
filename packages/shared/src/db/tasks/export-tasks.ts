/** What is done to exports, as tasks: asked for, cancelled, stopped, tried again, begun by a follow-up. */
import type { ExportFailure } from '../../errors.js';
import type { PreparedExport } from '../../signatures/prepared.js';
import type { SealedTokens } from '../../signatures/signature.js';
import type { Actor } from '../../tasks/actor.js';
import type { AnyTask } from '../../tasks/sequence.js';
import { defineTask, type Task, type TaskMaker } from '../../tasks/task.js';
import type { ExportRequests, NextGeneration, RequestedExport } from '../services/export-requests.js';
import type { ExportService } from '../services/exports.js';
import { askKey, type IdempotencyKey, type KeyAnswer, keepKey } from '../services/idempotency-keys.js';
import type { OutboxService } from '../services/outbox.js';
import type { Renewal } from '../services/renewals.js';

/**
 * What became of a request: `created` an export, `joined` an identical one that is running, `repeated` an earlier request
 * by its key, which may have `joined` one; or nothing was done, since the key stands for another request, or is being
 * recorded at this moment.
 */
export type Recorded = CreatedOrJoined | Exclude<KeyAnswer, { kind: 'new' }>;
type CreatedOrJoined = { kind: 'created' | 'joined'; exportId: string };

interface KeptKey {
  key: IdempotencyKey;
  recorded: CreatedOrJoined;
}

/** A follow-up that starts an export, and what was prepared for it. */
export interface NextExport {
  node: { id: string; exportId: string };
  prepared: PreparedExport;
  sealed: { token: string; next: SealedTokens };
}

/** What renews an export. */
export interface RenewalRequest {
  row: Omit<RequestedExport, 'requestHash'>;
  /** The export that is renewed. */
  renews: string;
  /** Whether a renewal that has come to its end is as good as a new one. */
  isGood: (newest: Renewal) => boolean;
}

/** An export in one of its generations. */
export interface ExportKey {
  id: string;
  generation: number;
}

const KEYS = { ask: askKey, keep: keepKey };

export class ExportTasks {
  /** Takes the key of a request for as long as the transaction lasts; without a key every request is new. */
  readonly askKey: TaskMaker<{ key: IdempotencyKey | undefined }, KeyAnswer>;
  /** Inserts the export, and what brings it into its queue; or joins an identical one. */
  readonly record: TaskMaker<{ row: RequestedExport }, CreatedOrJoined>;
  /** Has a key stand for what the request came to. */
  readonly keepKey: TaskMaker<KeptKey, Recorded>;
  /** Inserts the renewal of an export, or finds the one that there is. */
  readonly renew: TaskMaker<RenewalRequest, CreatedOrJoined>;
  /** Begins the next generation. Throws RetryRefusedError. */
  readonly retry: TaskMaker<ExportKey & { next: NextGeneration }, void>;
  /** Raises the abort flag because somebody wants an end; its result is whether this did. */
  readonly cancel: TaskMaker<{ id: string; reason: ExportFailure }, boolean>;
  /** Raises it because this generation must not go on; its result is whether this did. */
  readonly stop: TaskMaker<ExportKey & { reason: ExportFailure }, boolean>;
  /** Begins the export that a follow-up starts. */
  readonly startNext: TaskMaker<NextExport, { exportId: string; started: boolean }>;
  /** Has an export entered again that its queue lost; its result is whether this did. */
  readonly enterAgain: TaskMaker<ExportKey, boolean>;

  constructor(services: { requests: ExportRequests; exports: ExportService; outbox: OutboxService }) {
    const { requests, exports, outbox } = services;
    this.askKey = defineTask({
      name: 'exports.ask-key',
      service: KEYS,
      run: async ({ service, trx, input: { key } }) => (key ? service.ask(trx, key) : { kind: 'new' }),
    });
    this.record = defineTask({
      name: 'exports.record',
      service: requests,
      run: ({ service, trx, input }) => service.record(trx, input.row),
    });
    this.keepKey = defineTask({
      name: 'exports.keep-key',
      service: KEYS,
      run: async ({ service, trx, input: { key, recorded } }): Promise<Recorded> => {
        await service.keep(trx, key, { exportId: recorded.exportId, joined: recorded.kind === 'joined' });
        return recorded;
      },
    });
    this.renew = defineTask({
      name: 'exports.renew',
      service: requests,
      run: ({ service, trx, input: { row, ...renewal } }) => service.renew(trx, row, renewal),
    });
    this.retry = defineTask({
      name: 'exports.retry',
      service: requests,
      run: ({ service, trx, input: { id, generation, next } }) => service.retry(trx, id, generation, next),
    });
    this.cancel = defineTask({
      name: 'exports.cancel',
      service: requests,
      run: ({ service, trx, input }) => service.cancel(trx, input.id, input.reason),
    });
    this.stop = defineTask({
      name: 'exports.stop',
      service: exports,
      run: ({ service, trx, input: { id, generation, reason } }) => service.raiseAbort(id, generation, reason, trx),
    });
    this.startNext = defineTask({
      name: 'exports.start-next',
      service: requests,
      run: ({ service, trx, input: { node, prepared, sealed } }) => service.startNext(trx, node, prepared, sealed),
    });
    this.enterAgain = defineTask({
      name: 'exports.enter-again',
      service: outbox,
      run: ({ service, trx, input: { id, generation } }) => service.enterAgain(id, generation, trx),
    });
  }

  /**
   * The tasks that record a request: its key, its export, and what the key stands for from now on. What the key answers
   * leaves out the others. They are the end of a sequence, whose result is what became of the request.
   * @param row is called once it is known that there is an export to be recorded
   */
  request(actor: Actor, row: () => RequestedExport, key?: IdempotencyKey): [AnyTask, AnyTask, Task<KeptKey, Recorded>] {
    const ask = this.askKey(actor, { key });
    const getRow = (task: AnyTask): Partial<{ row: RequestedExport }> => {
      task.skip = ask.result.kind !== 'new';
      return task.skip ? {} : { row: row() };
    };
    const record = this.record(actor, {}, { skip: false, getInput: getRow });
    const getKept = (task: AnyTask): Partial<KeptKey> => {
      const recorded = record.result;
      task.skip = recorded === undefined || key === undefined;
      return recorded && key ? { key, recorded } : {};
    };
    const getResult = () => record.result ?? (ask.result as Exclude<KeyAnswer, { kind: 'new' }>);
    const keep = this.keepKey(actor, {}, { skip: false, getInput: getKept, getResult });
    return [ask, record, keep];
  }
}
