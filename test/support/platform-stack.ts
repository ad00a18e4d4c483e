/** A stack that exports from a mock platform, with an endpoint for its webhooks and a look into its queue. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient, ExportState } from '@parcelpost/infra/services/api-client.js';
import { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import { OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { vi } from 'vitest';
import { type HookEndpoint, startHookEndpoint } from './hook-endpoint.js';
import { startMockPlatform } from './mock-platform/platform.js';
import type { MockPlatform, Settings } from './mock-platform/settings.js';
import { type Stack, type StackOptions, startStack } from './stack.js';

export interface PlatformStack extends Stack {
  platform: MockPlatform;
  hooks: HookEndpoint;
  queues: Queues;
  jobs: ExportJobService;
  outbox: OutboxService;
  api: ApiClient;
  /** Asks for an export of `faraway/<project>`, with a webhook to `/success` or `/failure`; `body` adds or replaces. */
  ask(project: string, body?: object): Promise<ExportState>;
  /** Waits until the export is decided and its follow-ups are done, failed or skipped. */
  settled(id: string): Promise<ExportState>;
  /** Every file in storage that belongs to an export, by its path below the storage folder. */
  stored(id: string): string[];
}

/** What {@link PlatformStack.ask} sends as `apiToken` unless told otherwise. */
export const API_TOKEN = 'secret-4f1d9c7be2a84b06';

/** Starts a mock platform and a stack beside it. */
export async function startPlatformStack(
  settings: Partial<Settings>,
  options: Omit<StackOptions, 'platform'>,
): Promise<PlatformStack> {
  const platform = await startMockPlatform(settings);
  const hooks = await startHookEndpoint();
  const closeOurs = () => Promise.all([hooks.close(), platform.close()]);
  const stack = await startStack({ ...options, platform: platform.url }).catch(async (error: unknown) => {
    await closeOurs();
    throw error;
  });
  const queues = openQueues(stack.queueUrl, { prefix: stack.queuePrefix, log: createLogger('test', 'silent') });
  const api = await stack.as('ana');
  return {
    ...stack,
    platform,
    hooks,
    queues,
    jobs: new ExportJobService(stack.database.db),
    outbox: new OutboxService(stack.database.db),
    api,
    ask: (project, body = {}) =>
      api.requestExport(`faraway/${project}`, {
        formats: ['csv'],
        apiToken: API_TOKEN,
        onSuccess: [{ task: 'webhook.post', args: { url: hooks.url('/success') } }],
        onFailure: [{ task: 'webhook.post', args: { url: hooks.url('/failure') } }],
        ...body,
      }),
    settled: (id) =>
      api.waitFor(
        id,
        ({ outcome, followUps }) =>
          outcome !== null && followUps.every(({ state }) => ['done', 'failed', 'skipped'].includes(state)),
      ),
    stored: (id) =>
      readdirSync(stack.storageDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(stack.storageDir.length + 1))
        .filter((path) => path.includes(id)),
    stop: async () => {
      // Held requests would keep workers from ending in good order.
      await platform.release();
      await queues.close();
      await stack.stop();
      await closeOurs();
    },
  };
}

/** Waits until `look` gives something other than undefined or false. */
export function until<T>(what: string, look: () => Promise<T | undefined | false>, timeoutMs = 20_000): Promise<T> {
  return vi.waitFor(
    async () => {
      const found = await look();
      if (found === undefined || found === false) throw new Error(`not yet: ${what}`);
      return found;
    },
    { timeout: timeoutMs, interval: 20 },
  );
}
