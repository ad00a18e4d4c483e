/** Runs tasks and sequences: one or many, each in a transaction. `input`, `getInput`, `skip` and `getResult` mean the same in all. */
import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { databaseIsAway } from '../db/away.js';
import { ExportError, ProblemError } from '../errors.js';
import type { Logger } from '../log.js';
import { type ActionOptions, type Actions, checkAction, onceCommitted } from './actions.js';
import { MaskedError, NoActionError, TaskMisuseError, TaskStoppedError } from './errors.js';
import { Hooks } from './hooks.js';
import type { AnyTask, Sequence } from './sequence.js';
import type { ResultOf } from './task.js';

/** What one of many came to, at its place among them. `value` of a skipped one is what stood in for its result. */
export type Answer<Result> =
  | { ok: true; value: Result }
  | { ok: false; error: Error }
  | { skipped: true; value: Result | undefined };

const KNOWN = [ProblemError, ExportError, TaskMisuseError, TaskStoppedError, NoActionError, MaskedError];

export interface TaskRunnerOptions {
  // biome-ignore lint/suspicious/noExplicitAny: which signatures they keep is nothing to a runner
  actions: Actions<any>;
  log: Logger;
  /** Errors beside those of our own that people may see as they are. */
  isKnown?: (error: Error) => boolean;
}

export class TaskRunner {
  /** What is done around tasks, by their names. */
  readonly hooks = new Hooks();
  readonly #options: TaskRunnerOptions;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs one task, in a transaction of its own.
   * @returns its result
   * @throws what it, or a hook, threw, if that is known; else {@link MaskedError}. Then nothing was done
   */
  async runSingle<One extends AnyTask>(task: One, options?: ActionOptions): Promise<ResultOf<One>> {
    return this.#transaction<ResultOf<One>>([task], options);
  }

  /**
   * Runs tasks one after the other, each in a transaction of its own: one that fails leaves the others alone.
   * @returns what each came to, in their order
   */
  async runMultiple<const Tasks extends readonly AnyTask[]>(
    tasks: Tasks,
    options?: ActionOptions,
  ): Promise<{ -readonly [Index in keyof Tasks]: Answer<ResultOf<Tasks[Index]>> }> {
    const answers: Answer<unknown>[] = [];
    for (const task of tasks) answers.push(await this.#answer([task], options));
    return answers as { -readonly [Index in keyof Tasks]: Answer<ResultOf<Tasks[Index]>> };
  }

  /**
   * Runs the tasks of a sequence in one transaction: all of it is done, or nothing.
   * @returns the result of its last task, also where that was skipped
   * @throws as {@link runSingle}
   */
  async runSingleSequence<Result>({ tasks }: Sequence<Result>, options?: ActionOptions): Promise<Result> {
    return this.#transaction<Result>(tasks, options);
  }

  /**
   * Runs sequences one after the other, each in one transaction.
   * @returns what each came to, in their order
   */
  async runMultipleSequences<const Sequences extends readonly Sequence<unknown>[]>(
    sequences: Sequences,
    options?: ActionOptions,
  ): Promise<{
    -readonly [Index in keyof Sequences]: Sequences[Index] extends Sequence<infer Result> ? Answer<Result> : never;
  }> {
    const answers: Answer<unknown>[] = [];
    for (const { tasks } of sequences) answers.push(await this.#answer(tasks, options));
    return answers as never;
  }

  async #answer(tasks: readonly AnyTask[], options: ActionOptions | undefined): Promise<Answer<unknown>> {
    try {
      const value = await this.#transaction(tasks, options);
      return tasks.at(-1)?.status === 'skipped' ? { skipped: true, value } : { ok: true, value };
    } catch (error) {
      return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  async #transaction<Result>(tasks: readonly AnyTask[], options: ActionOptions | undefined): Promise<Result> {
    const { actions } = this.#options;
    const last = tasks.at(-1);
    if (!last) throw new TaskMisuseError('a sequence needs a task');
    for (const task of tasks) if (task.status !== 'new') throw new TaskMisuseError(`${task.name.text} has run already`);
    const nested = actions.running;
    let at = last;
    try {
      return await actions.run(
        last.actor,
        async (trx) => {
          for (const task of tasks) task.reset();
          for (const task of tasks) {
            at = task;
            checkAction();
            await this.#execute(task, trx);
          }
          return last.result;
        },
        options,
      );
    } catch (error) {
      for (const task of tasks) if (task.status !== 'new') task.fail(error);
      // Whoever is around it has to see the error itself, to begin anew or to give it up.
      throw nested ? error : this.#outward(error, at);
    }
  }

  async #execute(task: AnyTask, trx: Knex.Transaction): Promise<void> {
    const { actor, name } = task;
    const { log } = this.#options;
    await task.execute(trx, log, async (input, run) => {
      const context = { actor, trx, log };
      for (const hook of this.hooks.of('before', name)) await hook(input, context);
      const result = await run();
      for (const hook of this.hooks.of('after', name)) await hook(result, { ...context, input });
      for (const hook of this.hooks.of('afterCommit', name)) onceCommitted(() => hook(result, { input, actor, log }));
      return result;
    });
  }

  /** A known error as it is; for any other one that says nothing, and where it is told. */
  #outward(error: unknown, { name, actor }: AnyTask): unknown {
    const { isKnown, log } = this.#options;
    if (databaseIsAway(error) || KNOWN.some((known) => error instanceof known)) return error;
    if (error instanceof Error && isKnown?.(error)) return error;
    const reference = randomUUID();
    log.error({ err: error, task: name.text, actor: actor.id, reference }, 'a task failed');
    return new MaskedError(name.text, reference);
  }
}
