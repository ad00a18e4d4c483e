/** Which queues a worker may listen to. */
import { ConfigError } from '@parcelpost/shared/config.js';
import { EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { queueOfTask } from '@parcelpost/shared/signatures/tasks.js';

/**
 * The queues of a worker: those that it was given, and always the meta queue, in which flows are joined.
 * @param asked `WORKER_QUEUES`; without it every queue that a task of this worker lives in
 * @param tasks names of all tasks that this worker has a handler of
 * @param routes queues of other services
 * @throws {ConfigError} if nothing that this worker knows lives in a queue, or another service owns it
 */
export function queuesToServe(
  asked: readonly string[] | undefined,
  tasks: Iterable<string>,
  routes: readonly string[],
): string[] {
  const known = new Set([META_QUEUE, EXPORT_QUEUE, ...[...tasks].map(queueOfTask)]);
  if (asked === undefined) return [...known];
  const problems = asked.flatMap((queue) => {
    if (routes.includes(queue)) {
      return [`${queue} is the queue of another service (TASK_ROUTES); what is in it is for that service to run`];
    }
    return known.has(queue) ? [] : [`no task that this worker knows lives in the queue ${queue}`];
  });
  if (problems.length > 0) {
    const names = [...known].sort().join(', ');
    throw new ConfigError(
      `WORKER_QUEUES is wrong: ${problems.join('; ')}. It may name ${names}; tasks of one’s own come from TASKS_MODULE`,
    );
  }
  return [...new Set([META_QUEUE, ...asked])];
}
