/** Errors of tasks and actions as such. */
import type { TaskStatus } from './task.js';

/** A task is used in a way that it is not made for: a fault of the program, never of its input. */
export class TaskMisuseError extends Error {
  override readonly name: string = 'TaskMisuseError';
}

/** The result of a task was asked for that has none: it has not run yet, or failed. */
export class TaskNotRunError extends TaskMisuseError {
  override readonly name = 'TaskNotRunError';
  constructor(task: string, status: TaskStatus) {
    super(`${task} has no result: it is ${status}`);
  }
}

/** Something was deferred where no action runs, or by what an action left running behind it. */
export class NoActionError extends Error {
  override readonly name = 'NoActionError';
}

/** What ran was told to stop, or took too long; its transaction was rolled back. */
export class TaskStoppedError extends Error {
  override readonly name = 'TaskStoppedError';
}

/**
 * Stands for an error that nobody outside is to see. The log has the error itself under the same reference.
 */
export class MaskedError extends Error {
  override readonly name = 'MaskedError';
  constructor(
    /** The task that failed. */
    readonly task: string,
    readonly reference: string,
  ) {
    super(`${task} failed for a reason that the log tells under reference ${reference}`);
  }
}
