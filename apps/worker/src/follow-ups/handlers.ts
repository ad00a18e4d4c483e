/** The follow-up handlers of this worker, by the name of the task they run. */
import type { OwnTasks } from '@parcelpost/shared/signatures/own-tasks.js';
import { REMOVE_REPLACED_TASK } from '@parcelpost/shared/signatures/registry.js';
import { createEmailHandler, type EmailOptions } from './email.js';
import { logInfo } from './log.js';
import { createNextExportHandler, type NextExportOptions } from './next-export.js';
import { ownTaskHandler } from './own-task.js';
import { createRemoveReplacedHandler, type RemoveReplacedOptions } from './remove-replaced.js';
import type { FollowUpHandler } from './types.js';
import { createWebhookHandler, type WebhookOptions } from './webhook.js';

export interface FollowUpHandlers {
  /** Task name → handler; a task that is not here cannot be run by this worker. */
  handlers: ReadonlyMap<string, FollowUpHandler>;
  /** Ends the mail server's connections and those to webhooks, after what is in flight. */
  close(): Promise<void>;
}

export interface FollowUpOptions {
  email: EmailOptions;
  webhook: WebhookOptions;
  nextExports: NextExportOptions;
  bundles: RemoveReplacedOptions;
  /** Tasks beside the built-in ones. */
  own?: OwnTasks;
}

/**
 * Builds the handlers of the built-in tasks, of those that the service itself defers, and of one's own. Nothing is connected before the first follow-up.
 * @throws ConfigError, naming the variable, if MAIL_FROM or WEBHOOK_SECRET cannot be used
 */
export function createFollowUpHandlers(options: FollowUpOptions): FollowUpHandlers {
  const email = createEmailHandler(options.email);
  const webhook = createWebhookHandler(options.webhook);
  return {
    handlers: new Map<string, FollowUpHandler>([
      ['msg.email', email.handle],
      ['webhook.post', webhook.handle],
      ['export.project', createNextExportHandler(options.nextExports)],
      ['log.info', logInfo],
      [REMOVE_REPLACED_TASK, createRemoveReplacedHandler(options.bundles)],
      ...Object.entries(options.own ?? {}).map(([name, task]) => [name, ownTaskHandler(task)] as const),
    ]),
    close: async () => {
      await Promise.all([email.close(), webhook.close()]);
    },
  };
}
