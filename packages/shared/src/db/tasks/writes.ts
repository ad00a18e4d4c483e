/** All that writes in one process: who it is, what runs its tasks, and what makes them. */
import type { ExportFailure } from '../../errors.js';
import { FileTasks } from '../../files/transfer.js';
import type { Logger } from '../../log.js';
import type { PreparedExport } from '../../signatures/prepared.js';
import type { SealedTokens } from '../../signatures/signature.js';
import { Actions } from '../../tasks/actions.js';
import type { Actor } from '../../tasks/actor.js';
import { TaskRunner } from '../../tasks/runner.js';
import type { Database } from '../database.js';
import { ExportRequests, RetryRefusedError } from '../services/export-requests.js';
import { ExportService } from '../services/exports.js';
import { FileService } from '../services/files.js';
import {
  type FollowUpEnd,
  type FollowUpKey,
  FollowUps,
  type Replayed,
  ReplayRefusedError,
  ResultUnfitError,
  type Settled,
  unfit,
} from '../services/follow-ups.js';
import { LimitService, type Limits } from '../services/limits.js';
import { OutboxService } from '../services/outbox.js';
import { OwnershipService } from '../services/ownership.js';
import { PinRefusedError } from '../services/pins.js';
import { ProjectQuota } from '../services/project-quota.js';
import { type Over, RemovalService } from '../services/removals.js';
import { auditedTasks } from './audit.js';
import { BundleTasks, type RemovalReason } from './bundle-tasks.js';
import { type ExportKey, ExportTasks } from './export-tasks.js';
import { FollowUpTasks } from './follow-up-tasks.js';
import { limitTasks, quotaTasks } from './limited.js';
import { type DeferredCall, OutboxKeeper, type OutboxKeeperOptions } from './outbox-keeper.js';
import { PinTasks } from './pin-tasks.js';

export interface WritesOptions {
  db: Database;
  log: Logger;
  /** Who does what this process does by itself. */
  actor: Actor;
  /** Where calls go that actions defer until after their commit; without it they cannot. */
  deferred?: OutboxKeeperOptions;
  /** How many exports there may be of a person and of a project; without it as many as are asked for. */
  limits?: Limits;
  /** How many megabytes of a project may lie in storage; without it, and by 0, as many as there are. */
  quota?: { readonly mb: number };
  /** Has errors that nobody foresaw thrown as they are: for those who look after an installation, by hand. */
  unmasked?: boolean;
}

/** One for each process, made where it is composed. */
export class Writes {
  readonly actor: Actor;
  readonly actions: Actions<DeferredCall>;
  readonly runner: TaskRunner;
  readonly exports: ExportTasks;
  readonly followUps: FollowUpTasks;
  readonly bundles: BundleTasks;
  readonly pins: PinTasks;
  readonly quota: ProjectQuota;
  readonly files: FileTasks;

  constructor({ db, log, actor, deferred, limits, quota = { mb: 0 }, unmasked = false }: WritesOptions) {
    const services = {
      requests: new ExportRequests(),
      exports: new ExportService(db),
      followUps: new FollowUps(db),
      outbox: new OutboxService(db),
    };
    this.actor = actor;
    this.actions = new Actions({ db, log, ...(deferred && { keeper: new OutboxKeeper(deferred) }) });
    this.exports = new ExportTasks(services);
    this.followUps = new FollowUpTasks(services);
    this.bundles = new BundleTasks(new FileService(db), new RemovalService(db));
    this.pins = new PinTasks();
    this.runner = new TaskRunner({ actions: this.actions, log, isKnown: unmasked ? () => true : isKnown });
    this.files = new FileTasks({ ownership: new OwnershipService(), runner: this.runner });
    for (const attach of auditedTasks(this)) attach(this.runner.hooks);
    if (limits) limitTasks(this.runner.hooks, this.exports, new LimitService(limits));
    this.quota = new ProjectQuota(quota);
    quotaTasks(this.runner.hooks, this.exports, this.quota);
  }

  /** Ends a follow-up; one whose result cannot be kept fails. See {@link FollowUps.settle}. The relay is the caller's to run. */
  async settle(key: FollowUpKey, end: FollowUpEnd): Promise<Settled> {
    try {
      return await this.runner.runSingle(this.followUps.settle(this.actor, { key, end }));
    } catch (error) {
      if (!(error instanceof ResultUnfitError)) throw error;
      return this.runner.runSingle(this.followUps.settle(this.actor, { key, end: unfit(end) }));
    }
  }

  /** Has a failed follow-up called again; see {@link FollowUps.replay}. The relay is the caller's to run. */
  replay(id: string): Promise<Replayed> {
    return this.runner.runSingle(this.followUps.replay(this.actor, { id }));
  }

  /** Begins the export that a follow-up starts; see {@link ExportRequests.startNext}. The relay is the caller's to run. */
  async startNext(
    node: { id: string; exportId: string },
    prepared: PreparedExport,
    sealed: { token: string; next: SealedTokens },
  ): Promise<{ exportId: string; started: boolean }> {
    // Workers report progress without waiting for the disk; an export that was begun is to last.
    return this.runner.runSingle(this.exports.startNext(this.actor, { node, prepared, sealed }), { durable: true });
  }

  /** Raises the abort flag of an export that must not go on. @returns whether this did */
  stop({ id, generation }: ExportKey, reason: ExportFailure): Promise<boolean> {
    return this.runner.runSingle(this.exports.stop(this.actor, { id, generation, reason }));
  }

  /** Has an export entered again that its queue lost. @returns whether this did; the relay is the caller's to run */
  enterAgain({ id, generation }: ExportKey): Promise<boolean> {
    return this.runner.runSingle(this.exports.enterAgain(this.actor, { id, generation }));
  }

  /** Notes that bundles are out of reach; see {@link BundleTasks.noteRemoved}. */
  async noteRemoved(ids: readonly string[], why: RemovalReason): Promise<void> {
    if (ids.length > 0) await this.runner.runSingle(this.bundles.noteRemoved(this.actor, { ids, why }));
  }

  /** Puts bundles that are over out of reach; see {@link RemovalService.take}. @returns how many */
  async takeOver(why: Over, limit: number): Promise<number> {
    return (await this.runner.runSingle(this.bundles.takeOver(this.actor, { why, limit }))).length;
  }

  /** Has follow-ups entered again that their queues lost. @returns how many; the relay is the caller's to run */
  sendAgain(ids: readonly string[]): Promise<number> {
    return this.runner.runSingle(this.followUps.sendAgain(this.actor, { ids }));
  }
}

/** Refusals that whoever asked is to see. */
const isKnown = (error: Error) =>
  error instanceof PinRefusedError ||
  error instanceof RetryRefusedError ||
  error instanceof ReplayRefusedError ||
  error instanceof ResultUnfitError;
