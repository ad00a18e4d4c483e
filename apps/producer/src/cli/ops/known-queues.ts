/** Which queues this installation has, by what it is configured with. */
import type { OpsConfig } from '@parcelpost/shared/config.js';
import { loadOwnTasks } from '@parcelpost/shared/signatures/own-tasks.js';
import { createRegistry } from '@parcelpost/shared/signatures/registry.js';
import type { KnownQueues } from './check-queues.js';

/**
 * The queues of registered tasks, the installation's own among them, and those of other services.
 * @throws ConfigError when TASKS_MODULE or TASK_ROUTES cannot be used
 */
export async function knownQueues({ TASKS_MODULE, TASK_ROUTES }: OpsConfig): Promise<KnownQueues> {
  const own = TASKS_MODULE === undefined ? {} : await loadOwnTasks(TASKS_MODULE);
  const { queues, routes } = createRegistry({ own, routes: TASK_ROUTES });
  return { own: queues, routes };
}
