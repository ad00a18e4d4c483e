/**
 * The tasks that a signature may name here: the built-in ones, one's own, and those of queues that other services own.
 */
import { ConfigError } from '../config.js';
import { FLOW_QUEUES } from '../queues/names.js';
import { NEXT_EXPORT_TASK } from './signature.js';
import { BUILT_IN_TASKS, nextExportTask, queueOfTask, type TaskDefinition } from './tasks.js';

export * from './tasks.js';

/** What can be named in a signature. */
export interface Registry {
  /** The definition of a task, if it is registered. */
  lookUp(task: string): TaskDefinition | undefined;
  /** Whether the task's queue is one that another service owns; then nothing is known of its arguments. */
  isRouted(task: string): boolean;
  /** Names of the registered tasks, sorted. */
  names: readonly string[];
  /** Queues in which registered tasks live, sorted. */
  queues: readonly string[];
  /** Queues that other services own, sorted. */
  routes: readonly string[];
}

/**
 * Puts a registry together.
 * @param own tasks beside the built-in ones, by name
 * @param routes queues that other services own
 * @param formats that requests for next exports may name; those of an installation without steps of its own if left out
 * @throws {ConfigError} if a route is a queue of ours, or of a registered task
 */
export function createRegistry({
  own = {},
  routes = [],
  formats,
}: {
  own?: Readonly<Record<string, TaskDefinition>>;
  routes?: readonly string[];
  formats?: readonly string[];
} = {}): Registry {
  const tasks = new Map<string, TaskDefinition>([...Object.entries(BUILT_IN_TASKS), ...Object.entries(own)]);
  if (formats) tasks.set(NEXT_EXPORT_TASK, nextExportTask(formats));
  const names = [...tasks.keys()].sort();
  const queues = [...new Set(names.map(queueOfTask))].sort();
  const routed = new Set(routes);
  for (const route of routed) {
    const task = names.find((name) => queueOfTask(name) === route);
    if (task !== undefined || FLOW_QUEUES.includes(route)) {
      const why = FLOW_QUEUES.includes(route) ? 'in which exports are made' : `in which the task ${task} runs`;
      throw new ConfigError(
        `TASK_ROUTES is wrong: ${route} is a queue of this service, ${why}; another service’s needs another name`,
      );
    }
  }
  return {
    lookUp: (task) => tasks.get(task),
    isRouted: (task) => routed.has(queueOfTask(task)),
    names,
    queues,
    routes: [...routed].sort(),
  };
}

/** The registry of an installation that has no tasks of its own and routes no queue. */
export const BUILT_IN_REGISTRY: Registry = createRegistry();
