/** A unit of work on the database: one service, one input, one result, run in a transaction that is given to it. */
import type { Knex } from 'knex';
import type { Logger } from '../log.js';
import type { Actor } from './actor.js';
import { TaskMisuseError, TaskNotRunError } from './errors.js';

declare const TYPES: unique symbol;

/** The name of a kind of task: what hooks are attached to. It is written down, so no minifier changes it. */
export interface TaskName<Input, Result> {
  readonly text: string;
  /** Carries the types, nothing else. */
  readonly [TYPES]?: { input: Input; result: Result };
}

/** What a task's `run` gets. */
export interface TaskWork<Input, Service> {
  input: Input;
  service: Service;
  actor: Actor;
  trx: Knex.Transaction;
  log: Logger;
}

export type TaskStatus = 'new' | 'running' | 'done' | 'skipped' | 'failed';

/** What is said of one task beside its input. */
export interface TaskOptions<Input, Result> {
  /**
   * Supplies input from tasks that ran before; its keys replace those of the constructor's input. It is called right before
   * the task would run, and before `skip` is looked at, so that it may set `task.skip`.
   */
  getInput?: (task: Task<Input, unknown>) => Partial<Input> | Promise<Partial<Input>>;
  /** Whether the task is left out. Only a task that was made with it can be told later to be skipped. */
  skip?: boolean;
  /** Stands in for the result: of a task that was skipped, and of one that ran. */
  getResult?: () => Result;
}

/** A kind of task. */
export interface TaskDefinition<Input, Result, Service> {
  /** Explicit, such as `exports.record`. */
  name: string;
  service: Service;
  /** Called again, on a new transaction, where the database asks for it: what it does outside of `trx` it may do twice. */
  run(work: TaskWork<Input, Service>): Promise<Result>;
}

/** One task: made by a manager, run once by a {@link TaskRunner}, in a sequence or alone. */
export class Task<Input, Result> {
  readonly #definition: TaskDefinition<Input, Result, unknown>;
  readonly #options: TaskOptions<Input, Result>;
  readonly #given: Partial<Input>;
  #skip: boolean;
  /** What was said of it before it ran. */
  #skipBefore: boolean;
  #status: TaskStatus = 'new';
  #result: { value: Result } | undefined;
  #error: unknown;

  constructor(
    readonly name: TaskName<Input, Result>,
    readonly actor: Actor,
    definition: TaskDefinition<Input, Result, unknown>,
    given: Partial<Input>,
    options: TaskOptions<Input, Result>,
  ) {
    this.#definition = definition;
    this.#given = given;
    this.#options = options;
    this.#skip = options.skip ?? false;
    this.#skipBefore = this.#skip;
  }

  get status(): TaskStatus {
    return this.#status;
  }

  /** Why it failed; undefined unless it did. */
  get error(): unknown {
    return this.#error;
  }

  get skip(): boolean {
    return this.#skip;
  }

  /** @throws {TaskMisuseError} for a task that was not made with `skip`: its result was promised */
  set skip(skip: boolean) {
    if (this.#options.skip === undefined)
      throw new TaskMisuseError(`${this.name.text} cannot be skipped; make it with skip: false to decide later`);
    this.#skip = skip;
    if (this.#status === 'new') this.#skipBefore = skip;
  }

  /**
   * What it came to. Of one that was skipped, what `getResult` says; undefined without it.
   * @throws {TaskNotRunError} before it has come to its end, and when it failed
   */
  get result(): Result {
    if (!this.#result) throw new TaskNotRunError(this.name.text, this.#status);
    return this.#result.value;
  }

  /** Makes it as it was before it ran, for another transaction that begins from the start. The runner's to call. */
  reset(): void {
    this.#status = 'new';
    this.#skip = this.#skipBefore;
    this.#result = undefined;
    this.#error = undefined;
  }

  /**
   * Has it come to its end. The runner's to call.
   * @param around is called with the input and what runs the task; where the task is skipped it is not called
   * @throws whatever `getInput`, `around` or `getResult` throw
   */
  async execute(
    trx: Knex.Transaction,
    log: Logger,
    around: (input: Input, run: () => Promise<Result>) => Promise<Result>,
  ): Promise<void> {
    if (this.#status !== 'new') throw new TaskMisuseError(`${this.name.text} has run already; make a new task`);
    this.#status = 'running';
    try {
      const { getInput, getResult } = this.#options;
      const later = await getInput?.(this as Task<Input, unknown>);
      const input = { ...this.#given, ...later } as Input;
      const { service, run } = this.#definition;
      const skipped = this.#skip;
      const value = skipped
        ? (undefined as Result)
        : await around(input, () => run.call(this.#definition, { input, service, actor: this.actor, trx, log }));
      this.#result = { value: getResult ? getResult() : value };
      this.#status = skipped ? 'skipped' : 'done';
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Takes back what it came to: the transaction that it ran in was. The runner's to call. */
  fail(error: unknown): void {
    this.#status = 'failed';
    this.#result = undefined;
    this.#error = error;
  }
}

/** What a task of this type leaves. */
// biome-ignore lint/suspicious/noExplicitAny: whatever its input is
export type ResultOf<T> = T extends Task<any, infer Result> ? Result : never;

type Whole<Result> = { getInput?: never; getResult?: () => Result; skip?: never };

/**
 * Makes tasks of one kind. Without `getInput` the whole input is given at once; with it, the rest of what `getInput` brings.
 * A task made with `skip` and nothing that stands in for its result may leave undefined.
 */
export interface TaskMaker<Input, Result> {
  readonly taskName: TaskName<Input, Result>;
  <Later extends Partial<Input>>(
    actor: Actor,
    input: Omit<Input, keyof Later> & Partial<Input>,
    options: {
      getInput: (task: Task<Input, unknown>) => Later | Promise<Later>;
      getResult?: () => Result;
      skip?: never;
    },
  ): Task<Input, Result>;
  <Later extends Partial<Input>>(
    actor: Actor,
    input: Omit<Input, keyof Later> & Partial<Input>,
    options: {
      getInput: (task: Task<Input, unknown>) => Later | Promise<Later>;
      getResult: () => Result;
      skip: boolean;
    },
  ): Task<Input, Result>;
  <Later extends Partial<Input>>(
    actor: Actor,
    input: Omit<Input, keyof Later> & Partial<Input>,
    options: { getInput: (task: Task<Input, unknown>) => Later | Promise<Later>; getResult?: never; skip: boolean },
  ): Task<Input, Result | undefined>;
  (actor: Actor, input: Input, options?: Whole<Result>): Task<Input, Result>;
  (actor: Actor, input: Input, options: { skip: boolean; getResult: () => Result }): Task<Input, Result>;
  (actor: Actor, input: Input, options: { skip: boolean; getResult?: never }): Task<Input, Result | undefined>;
}

/**
 * Defines a kind of task.
 * @returns makes one task; its `taskName` is what hooks are attached to
 */
export function defineTask<Input, Result, Service>(
  definition: TaskDefinition<Input, Result, Service>,
): TaskMaker<Input, Result> {
  const taskName: TaskName<Input, Result> = Object.freeze({ text: definition.name });
  const make = (actor: Actor, input: Partial<Input>, options: TaskOptions<Input, Result> = {}) =>
    new Task(taskName, actor, definition as TaskDefinition<Input, Result, unknown>, input, options);
  return Object.assign(make, { taskName }) as unknown as TaskMaker<Input, Result>;
}
