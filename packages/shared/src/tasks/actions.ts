/**
 * Actions: what is done in one transaction, with what others, anywhere below it, want done along with it.
 *
 * While an action runs, `defer(task)` can be called from anywhere in its async call tree. What was deferred runs after the
 * action's own work, first in first out, in the same transaction: the record and what belongs to it are one. If the action
 * throws, nothing that it deferred runs. An action within an action has a savepoint and a queue of its own.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Database } from '../db/database.js';
import type { Logger } from '../log.js';
import type { Actor } from './actor.js';
import { NoActionError, TaskMisuseError, TaskStoppedError } from './errors.js';
import { isTimeout, wantsAnotherTry } from './transaction-errors.js';

/** What the first of the deferred tasks gets for "the value of the one before". */
export const FIRST = Symbol('nothing was deferred before this');

/** What a deferred task may use: the action's transaction. */
export interface DeferredWork {
  trx: Knex.Transaction;
  actor: Actor;
  log: Logger;
}

/**
 * @param result what the action came to
 * @param idx its place among what the action deferred, from 0
 * @param prev what the one before came to; {@link FIRST} for the first
 */
// biome-ignore lint/suspicious/noExplicitAny: who defers knows what the action comes to; the queue does not
export type DeferredTask = (result: any, idx: number, prev: unknown, work: DeferredWork) => unknown;

/** Keeps deferred signatures with the transaction, and starts them once it is committed. */
export interface SignatureKeeper<Signature> {
  /** Writes them, durably, in the transaction of the action. */
  plant(trx: Knex.Transaction, signatures: readonly Signature[], actor: Actor): Promise<void>;
  /** Starts what is planted. Not waited for; must not throw. */
  start(): Promise<void> | void;
}

export interface ActionOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Looked at between tasks and before the commit: what is not committed by then is rolled back. */
  signal?: AbortSignal;
  /** Milliseconds that each statement may take, and the whole until its commit begins. */
  timeoutMs?: number;
  /** Has the commit wait for the disk, on connections that do not by themselves. */
  durable?: boolean;
}

interface Scope {
  readonly owner: Actions<never>;
  readonly work: DeferredWork;
  readonly deferred: DeferredTask[];
  readonly signatures: unknown[];
  /** What is to be done once the outermost action has committed. */
  readonly committed: (() => Promise<void> | void)[];
  readonly check: () => void;
  /** Names that were taken in it, see {@link claim}. */
  readonly claims: Set<string>;
  /** The action that this one is in. */
  readonly outer: Scope | undefined;
  open: boolean;
}

const DURABLE = 'set local synchronous_commit = on';

const scopes = new AsyncLocalStorage<Scope>();

/** Tries of a transaction that the database wants begun anew. */
const TRIES = 6;
const FIRST_PAUSE_MS = 10;

/** Runs actions on one database. */
export class Actions<Signature> {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #keeper: SignatureKeeper<Signature> | undefined;

  /** @param options.keeper where signatures go that actions defer; without it they cannot */
  constructor({ db, log, keeper }: { db: Database; log: Logger; keeper?: SignatureKeeper<Signature> }) {
    this.#db = db;
    this.#log = log;
    this.#keeper = keeper;
  }

  /** Whether the caller is within an action on this database. */
  get running(): boolean {
    return this.#outer() !== undefined;
  }

  /**
   * Runs an action: in a transaction of its own, or, within another one, in a savepoint of that.
   *
   * Serialization failures and deadlocks have the outermost action done again from its start, a few times, with growing
   * pauses: what `work` does outside of its transaction it may do more than once.
   *
   * Of the options of an inner action, `durable` makes the whole transaction so, `signal` and `timeoutMs` are looked at beside
   * those of the outer ones, and the isolation is the outermost's.
   * @param work the action's own; what it returns is the result, and what deferred tasks get
   * @throws what `work`, or what it deferred, threw: then nothing of it was done
   * @throws {TaskStoppedError} when it was told to stop, or took longer than it may, before its commit
   * @throws {TaskMisuseError} when an inner action wants an isolation of its own
   */
  async run<Result>(
    actor: Actor,
    work: (trx: Knex.Transaction) => Promise<Result>,
    options: ActionOptions = {},
  ): Promise<Result> {
    const outer = this.#outer();
    if (outer) return this.#nested(outer, actor, work, options);
    for (let tries = 1; ; tries++) {
      try {
        return await this.#outermost(actor, work, options);
      } catch (error) {
        if (!wantsAnotherTry(error) || tries === TRIES) throw error;
        const pause = Math.random() * FIRST_PAUSE_MS * 2 ** tries;
        this.#log.debug({ err: error, tries }, 'a transaction is begun anew');
        await delay(pause);
      }
    }
  }

  /** The same as a function: any action can be given a queue. */
  wrap<Args extends unknown[], Result>(
    action: (trx: Knex.Transaction, ...args: Args) => Promise<Result>,
  ): (actor: Actor, ...args: Args) => Promise<Result> {
    return (actor, ...args) => this.run(actor, (trx) => action(trx, ...args));
  }

  #outer(): Scope | undefined {
    const scope = scopes.getStore();
    return scope?.open && scope.owner === (this as unknown) ? scope : undefined;
  }

  async #outermost<Result>(
    actor: Actor,
    work: (trx: Knex.Transaction) => Promise<Result>,
    options: ActionOptions,
  ): Promise<Result> {
    const { isolation, timeoutMs, durable } = options;
    const check = checkOf(options);
    const committed: Scope['committed'] = [];
    check();
    const whole = async (trx: Knex.Transaction) => {
      if (durable) await trx.raw(DURABLE);
      if (timeoutMs !== undefined) await trx.raw(`set local statement_timeout = ${Math.ceil(timeoutMs)}`);
      return this.#within({ trx, actor, log: this.#log }, work, {
        committed,
        claims: new Set(),
        check,
        outer: undefined,
      });
    };
    const result = await this.#db
      .transaction(whole, isolation && { isolationLevel: isolation })
      .catch((error: unknown) => {
        throw timeoutMs !== undefined && isTimeout(error) ? tooLong(timeoutMs) : error;
      });
    await this.#afterCommit(committed);
    return result;
  }

  async #nested<Result>(
    outer: Scope,
    actor: Actor,
    work: (trx: Knex.Transaction) => Promise<Result>,
    options: ActionOptions,
  ): Promise<Result> {
    if (options.isolation) throw new TaskMisuseError('the isolation of an inner action is that of the outermost one');
    const own = checkOf(options);
    const check = () => {
      outer.check();
      own();
    };
    check();
    const committed: Scope['committed'] = [];
    const claims: Scope['claims'] = new Set();
    const result = await outer.work.trx.transaction(async (trx) => {
      if (options.durable) await trx.raw(DURABLE);
      return this.#within({ trx, actor, log: this.#log }, work, { committed, claims, check, outer });
    });
    outer.committed.push(...committed);
    for (const name of claims) outer.claims.add(name);
    return result;
  }

  async #within<Result>(
    deferredWork: DeferredWork,
    work: (trx: Knex.Transaction) => Promise<Result>,
    rest: Pick<Scope, 'committed' | 'claims' | 'check' | 'outer'>,
  ): Promise<Result> {
    const owner = this as unknown as Actions<never>;
    const scope: Scope = { owner, work: deferredWork, deferred: [], signatures: [], ...rest, open: true };
    const { trx, actor } = deferredWork;
    const { check, committed } = rest;
    return scopes.run(scope, async () => {
      try {
        const result = await work(trx);
        let prev: unknown = FIRST;
        // It grows while it is worked through: a deferred task may defer more.
        for (let idx = 0; idx < scope.deferred.length; idx++) {
          check();
          prev = await scope.deferred[idx]?.(result, idx, prev, deferredWork);
        }
        const signatures = scope.signatures as Signature[];
        const keeper = this.#keeper;
        if (signatures.length > 0 && keeper) {
          await keeper.plant(trx, signatures, actor);
          committed.push(() => void keeper.start());
        }
        check();
        return result;
      } catch (error) {
        // knex takes a rollback without a reason for a transaction that ended well.
        throw error ?? new Error('an action was given up without a reason');
      } finally {
        scope.open = false;
      }
    });
  }

  async #afterCommit(committed: Scope['committed']): Promise<void> {
    for (const after of committed) {
      try {
        await after();
      } catch (error) {
        this.#log.error({ err: error }, 'what was to follow a commit failed; what was committed stands');
      }
    }
  }

  /** Has a signature planted with the action that runs. @throws {NoActionError} if nobody keeps signatures here */
  keepSignature(scope: { signatures: unknown[] }, signature: Signature): void {
    if (!this.#keeper) throw new NoActionError('the actions here were given nothing that keeps signatures');
    scope.signatures.push(signature);
  }
}

/** What throws once an action is to stop. */
function checkOf({ signal, timeoutMs }: Pick<ActionOptions, 'signal' | 'timeoutMs'>): () => void {
  const until = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  return () => {
    if (signal?.aborted) throw new TaskStoppedError(`it was told to stop: ${String(signal.reason)}`);
    if (until !== undefined && Date.now() > until) throw tooLong(timeoutMs);
  };
}

const tooLong = (timeoutMs: number | undefined) => new TaskStoppedError(`it took longer than ${timeoutMs} ms`);

/**
 * Has a task run after the own work of the action that the caller is in, with its result, and in its transaction.
 * @throws {NoActionError} outside of an action, and once the action has ended
 */
export function defer(task: DeferredTask): void {
  current().deferred.push(task);
}

/**
 * Has a signature called after the commit of the action that the caller is in. It is written in the action's transaction,
 * and so is as durable as what the action did: a crash after the commit loses nothing, a rollback leaves nothing.
 * @throws {NoActionError} outside of an action, once it has ended, and where nobody keeps signatures
 */
defer.afterCommit = (signature: unknown): void => {
  const scope = current();
  (scope.owner as unknown as Actions<unknown>).keepSignature(scope, signature);
};

/** Has something done in this process once the outermost action has committed; lost if the process dies before. */
export function onceCommitted(after: () => Promise<void> | void): void {
  current().committed.push(after);
}

/**
 * Takes a name for as long as the action lasts that the caller is in, and those around it: what is taken twice is found out
 * at once. What an inner action took is free again when it is rolled back.
 * @returns false where it is taken
 * @throws {NoActionError} outside of an action, and once the action has ended
 */
export function claim(name: string): boolean {
  if (isClaimed(name)) return false;
  current().claims.add(name);
  return true;
}

/** Whether a name is taken, see {@link claim}. @throws {NoActionError} as it does */
export function isClaimed(name: string): boolean {
  for (let at: Scope | undefined = current(); at; at = at.outer) if (at.claims.has(name)) return true;
  return false;
}

/** Throws if the action that the caller is in is to stop. */
export function checkAction(): void {
  current().check();
}

function current(): Scope {
  const scope = scopes.getStore();
  if (!scope) throw new NoActionError('there is no action here that could be given something to do');
  if (!scope.open) throw new NoActionError('the action has ended; what it left running cannot give it more to do');
  return scope;
}
