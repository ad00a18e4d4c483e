/** What the operator's doctor is given, for tests that ask it in their own process. */
import { pathToFileURL } from 'node:url';
import { readOpsConfig } from '@parcelpost/shared/config.js';
import { Inspection } from '@parcelpost/shared/db/services/inspection.js';
import type { Queues } from '@parcelpost/shared/queues/queues.js';
import type { OpsContext } from '../../apps/producer/src/cli/ops/context.js';
import type { TestDatabase } from './database.js';
import { testWrites } from './writes.js';

/** The limits that the command has by default. */
export const LIMITS = { stuckSeconds: 1800, sinceSeconds: 86_400, sweepSeconds: 5 };

/** An installation of these parts; `env` are variables beside those that name them. */
export function doctorContext(
  parts: { database: TestDatabase; queueUrl: string; prefix: string; queues: Queues; storage: string },
  env: Record<string, string> = {},
): OpsContext {
  const { database, queueUrl, prefix, queues, storage } = parts;
  const config = readOpsConfig({
    DATABASE_URL: database.urls.producer,
    QUEUE_URL: queueUrl,
    QUEUE_PREFIX: prefix,
    STORAGE_URL: pathToFileURL(storage).href,
    ...env,
  });
  return {
    config,
    queueUrl,
    db: database.as('producer'),
    queues,
    writes: testWrites(database.as('producer')),
    inspection: new Inspection(database.as('producer')),
    print: () => {},
  };
}
