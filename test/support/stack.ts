/** The whole of it for one test file: database, queue, storage, SMTP, and the built producer and workers as processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeQueues } from '@parcelpost/infra/database/migrate-all.js';
import { type SampleName, seedSamples } from '@parcelpost/infra/samples/seed-samples.js';
import { ApiClient } from '@parcelpost/infra/services/api-client.js';
import { appEnvironment } from '@parcelpost/infra/services/app-environment.js';
import { freePort } from '@parcelpost/infra/services/ports.js';
import { type LocalSecrets, localSecrets } from '@parcelpost/infra/services/secrets.js';
import { type SmtpCatcher, startSmtpCatcher } from '@parcelpost/infra/services/smtp-catcher.js';
import { UserService } from '@parcelpost/shared/db/services/users.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { queueUrlFor, type TestEngine, uniquePrefix } from './engines.js';
import { NO_LIMITS } from './no-limits.js';
import { type AppProcess, startProcess } from './processes.js';

export interface StackOptions {
  engine: TestEngine;
  /** Address of another platform to read from (a mock); without it the producer's own, with the sample projects. */
  platform?: string;
  /** Sample projects to seed (default: the two of cadasta; none with `platform`); users are always there. */
  samples?: readonly SampleName[];
  /** Worker processes to begin with (default 1). */
  workers?: number;
  /** Variables beside those that the stack sets. */
  producerEnv?: Record<string, string>;
  workerEnv?: Record<string, string>;
}

export interface Stack {
  database: TestDatabase;
  /** The queues' address, for whoever looks at them. */
  queueUrl: string;
  queuePrefix: string;
  /** Folder of fragments and bundles. */
  storageDir: string;
  smtp: SmtpCatcher;
  secrets: LocalSecrets;
  /** The whole configuration of each app, for whoever starts one by other means. */
  environment: Record<'producer' | 'worker', Record<string, string>>;
  producer: AppProcess;
  /** Every worker that was started, dead ones included. */
  workers: AppProcess[];
  /** Starts one more worker. */
  startWorker(env?: Record<string, string>): Promise<AppProcess>;
  /** The API as a sample user (`ana`, `ben`, `eve`) sees it. */
  as(username: string): Promise<ApiClient>;
  /** Ends every process and removes all that was made. */
  stop(): Promise<void>;
}

/** Starts a stack. What was started is stopped again where a part of it fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const endings: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const ending of endings.splice(0).reverse()) await ending();
  };
  try {
    return await assemble(options, endings, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  options: StackOptions,
  endings: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'parcelpost-stack-'));
  endings.push(async () => rmSync(folder, { recursive: true, force: true }));
  const database = await createTestDatabase();
  endings.push(() => database.drop());
  const storageDir = join(folder, 'storage');
  await seedSamples(database.url, new FileStorage(storageDir), {
    projects: options.samples ?? (options.platform ? [] : ['cadasta/london-2', 'cadasta/london-20']),
  });
  const queueUrl = queueUrlFor(options.engine, database.url);
  const queuePrefix = uniquePrefix();
  await makeQueues(queueUrl, queuePrefix);
  const smtp = await startSmtpCatcher();
  endings.push(() => smtp.stop());

  const secrets = localSecrets(folder);
  const port = await freePort();
  const environment = appEnvironment({
    databaseUrls: database.urls,
    queueUrl: options.engine === 'redis' ? queueUrl : undefined,
    queuePrefix,
    storageDir,
    publicUrl: `http://127.0.0.1:${port}`,
    smtpUrl: smtp.url,
    secrets,
    platformApiUrl: options.platform,
  });
  // Tests wait for what a sweep does, and their webhooks go to this machine.
  const ofTests = { WEBHOOK_ALLOW_PRIVATE: 'true', SWEEP_SECONDS: '0.5', ...NO_LIMITS };
  const ofWorkers = { REMOVAL_GRACE_SECONDS: '0' };
  const whole = {
    producer: { ...environment.producer, ...ofTests, ...options.producerEnv },
    worker: { ...environment.worker, ...ofTests, ...ofWorkers, ...options.workerEnv },
  };
  const start = async (kind: 'producer' | 'worker', env: Record<string, string>) => {
    const app = await startProcess(kind, { ...whole[kind], ...env });
    endings.push(() => app.kill());
    return app;
  };
  const workers: AppProcess[] = [];
  const startWorker = async (env: Record<string, string> = {}) => {
    const worker = await start('worker', env);
    workers.push(worker);
    return worker;
  };
  const first = start('producer', { PORT: String(port) });
  const starting = [first, ...Array.from({ length: options.workers ?? 1 }, () => startWorker())];
  // Where one cannot start, the others must be there before they can be ended.
  await Promise.allSettled(starting);
  await Promise.all(starting);
  const producer = await first;

  const users = new UserService(database.db);
  return {
    database,
    queueUrl,
    queuePrefix,
    storageDir,
    smtp,
    secrets,
    environment: whole,
    producer,
    workers,
    startWorker,
    as: async (username) => {
      const user = await users.byUsername(username);
      if (!user) throw new Error(`there is no sample user ${username}`);
      return new ApiClient(producer.url, mintAuthToken(user.id, [secrets.AUTH_SECRET]));
    },
    stop,
  };
}
