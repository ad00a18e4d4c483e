/** Tasks of an installation's own, from a module that its configuration names. */
import type { z } from 'zod';
import { ConfigError } from '../config.js';
import type { ExportEnd, JsonValue } from '../export-result.js';
import { isObject } from '../is-object.js';
import type { Logger } from '../log.js';
import { loadOwnModule } from '../own-module.js';
import { FLOW_QUEUES } from '../queues/names.js';
import { taskNameSchema } from './schema.js';
import { BUILT_IN_TASKS, queueOfTask, type ResolveContext, type TaskArgs } from './tasks.js';

/** What an own task is told beside its input and its arguments. */
export interface OwnTaskContext {
  /** The same for every try of this follow-up, and for no other: what a receiver tells repeats by. */
  followUpId: string;
  exportId: string;
  /** 1 for the first try. */
  attempt: number;
  /** Aborted when the worker stops, or the signature's timeout is over. */
  signal: AbortSignal;
  log: Logger;
  /** The end of the export whose follow-up this is, whatever its input is. */
  end: ExportEnd;
}

/**
 * A task of one's own. The producer checks arguments by `args` and fills them by `resolve` when an export is requested; the
 * worker calls `handle`. docs/own-tasks.md says how to write one.
 */
export interface OwnTask {
  /** What the task does, in one sentence. */
  summary: string;
  /** Shape of the arguments, an object. It may come from another copy of zod: nothing but `safeParse` is used of it. */
  args: z.ZodType<Record<string, unknown>>;
  /** Fills what depends on the asker; what it gives is what `args` accepts. */
  resolve?: ((args: never, context: ResolveContext) => TaskArgs) | undefined;
  /** Runs it; may be called more than once for one follow-up. What it returns is the result, as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: the arguments are of the type that the task's own schema gives
  handle(input: JsonValue, args: any, context: OwnTaskContext): unknown;
}

/** Own tasks by name. */
export type OwnTasks = Readonly<Record<string, OwnTask>>;

/**
 * Loads an installation's own tasks: the export `tasks` of an ES module.
 * @param module a path (`./tasks.mjs`, `/srv/tasks.mjs`, also a file: URL), from the working directory, or a package's name
 * @throws {ConfigError} naming what is wrong: the module is not found or cannot be loaded, has no `tasks`, or one of them
 *   has a name or a form that cannot be used
 */
export async function loadOwnTasks(module: string): Promise<OwnTasks> {
  const { tasks } = await loadOwnModule('TASKS_MODULE', module);
  if (!isObject(tasks)) {
    throw wrong(`${module} does not export \`tasks\`, an object of tasks by name`);
  }
  for (const [name, task] of Object.entries(tasks)) check(module, name, task);
  return Object.freeze({ ...tasks }) as OwnTasks;
}

function check(module: string, name: string, task: unknown): void {
  const at = `the task "${name}" of ${module}`;
  const parsed = taskNameSchema.safeParse(name);
  if (!parsed.success) throw wrong(`${at} has a name that cannot be used: ${parsed.error.issues[0]?.message}`);
  if (Object.hasOwn(BUILT_IN_TASKS, name)) throw wrong(`${at} has the name of a built-in task; give it another`);
  const queue = queueOfTask(name);
  if (FLOW_QUEUES.includes(queue)) {
    throw wrong(`${at} would run in the queue ${queue}, in which exports are made; begin its name otherwise`);
  }
  if (!isObject(task)) throw wrong(`${at} is not an object {summary, args, handle}`);
  if (typeof task.summary !== 'string' || task.summary.trim() === '') {
    throw wrong(`${at} has no summary, one sentence that says what it does`);
  }
  if (!isObject(task.args) || typeof task.args.safeParse !== 'function') {
    throw wrong(`${at} has no \`args\`, a zod schema of its arguments`);
  }
  if (typeof task.handle !== 'function') throw wrong(`${at} has no function \`handle\``);
  if (task.resolve !== undefined && typeof task.resolve !== 'function') {
    throw wrong(`${at} has a \`resolve\` that is no function`);
  }
}

function wrong(message: string): ConfigError {
  return new ConfigError(`TASKS_MODULE is wrong: ${message}`);
}
