/** Tasks that are done together or not at all. */
import { TaskMisuseError } from './errors.js';
import type { ResultOf, Task } from './task.js';

// biome-ignore lint/suspicious/noExplicitAny: a task of any kind; its types matter to whoever made it
export type AnyTask = Task<any, any>;

declare const RESULT: unique symbol;

/** Tasks in one transaction; what the last one leaves is the result. */
export interface Sequence<Result> {
  readonly tasks: readonly AnyTask[];
  /** Carries the type, nothing else. */
  readonly [RESULT]?: Result;
}

/**
 * Puts tasks one behind the other. Those behind may take their input from the results of those before.
 * @throws {TaskMisuseError} when the same task is there twice
 */
export function sequence<Before extends readonly AnyTask[], Last extends AnyTask>(
  ...tasks: [...Before, Last]
): Sequence<ResultOf<Last>> {
  if (new Set(tasks).size !== tasks.length) throw new TaskMisuseError('the same task is twice in a sequence');
  return { tasks };
}
