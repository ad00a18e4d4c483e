/** What others want done around tasks of a kind: by name, any number, in the order in which they were attached. */
import type { Knex } from 'knex';
import type { Logger } from '../log.js';
import type { Actor } from './actor.js';
import type { TaskName } from './task.js';

export interface HookContext {
  actor: Actor;
  trx: Knex.Transaction;
  log: Logger;
}

/** Runs in the transaction, right before the task. What it throws vetoes, and rolls back. */
export type BeforeHook<Input> = (input: Input, context: HookContext) => Promise<void> | void;
/** Runs in the transaction, right after the task. What it throws vetoes, and rolls back. */
export type AfterHook<Input, Result> = (
  result: Result,
  context: HookContext & { input: Input },
) => Promise<void> | void;
/**
 * Runs once the transaction is committed, and never for one that is not. What it throws is logged and changes nothing. It is
 * not durable: a process that dies in between never runs it. What has to happen is deferred as a signature, see defer.ts.
 */
export type CommitHook<Input, Result> = (
  result: Result,
  context: { input: Input; actor: Actor; log: Logger },
) => Promise<void> | void;

/** Takes a hook off again. */
export type TakeOff = () => void;

type Moment = 'before' | 'after' | 'afterCommit';
// biome-ignore lint/suspicious/noExplicitAny: the types are those of the name that it was attached by
type AnyHook = (subject: any, context: any) => Promise<void> | void;

export class Hooks {
  readonly #hooks: Record<Moment, Map<string, Set<{ hook: AnyHook }>>> = {
    before: new Map(),
    after: new Map(),
    afterCommit: new Map(),
  };

  before<Input, Result>(name: TaskName<Input, Result>, hook: BeforeHook<Input>): TakeOff {
    return this.#attach('before', name, hook);
  }

  after<Input, Result>(name: TaskName<Input, Result>, hook: AfterHook<Input, Result>): TakeOff {
    return this.#attach('after', name, hook);
  }

  afterCommit<Input, Result>(name: TaskName<Input, Result>, hook: CommitHook<Input, Result>): TakeOff {
    return this.#attach('afterCommit', name, hook);
  }

  /** Those of a moment, as they are attached now. */
  of(moment: Moment, name: TaskName<unknown, unknown>): AnyHook[] {
    return [...(this.#hooks[moment].get(name.text) ?? [])].map(({ hook }) => hook);
  }

  #attach(moment: Moment, { text }: { text: string }, hook: AnyHook): TakeOff {
    const attached = this.#hooks[moment].get(text) ?? new Set();
    this.#hooks[moment].set(text, attached);
    // The same function may be attached twice.
    const entry = { hook };
    attached.add(entry);
    return () => void attached.delete(entry);
  }
}
