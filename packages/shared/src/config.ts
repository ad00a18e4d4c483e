/** The environment, read once and checked by a schema; a wrong value ends the start with a message that names it. */
import { z } from 'zod';
import {
  count,
  databaseUse,
  grace,
  hosts,
  list,
  origins,
  publicUrl,
  queueNames,
  secrets,
  tokenKeys,
  tokenSecrets,
  url,
} from './config-kinds.js';
import type { Timeouts } from './db/database.js';
import type { Limits } from './db/services/limits.js';
import type { UploadLimits } from './db/services/upload-limits.js';
import { type ProviderConfig, providerConfig, signInFault, signInVariables } from './sign-in-config.js';
import { secretKeys, type TokenKey } from './tokens/token-keys.js';

/** Variables that producer and worker both read. `PUBLIC_URL` comes out as an origin, without a slash at its end. */
const common = {
  DATABASE_URL: url('postgres:', 'postgresql:'),
  QUEUE_URL: url('postgres:', 'postgresql:', 'redis:', 'rediss:').optional(),
  REDIS_URL: url('redis:', 'rediss:').optional(),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,40}$/, 'lower-case letters, digits and _, beginning with a letter')
    .default('parcelpost'),
  STORAGE_URL: url('file:'),
  PUBLIC_URL: publicUrl.default('http://127.0.0.1:3000'),
  SEAL_SECRET: secrets,
  SIGNATURE_SECRET: secrets,
  TASK_ROUTES: queueNames.default([]),
  TASKS_MODULE: z.string().optional(),
  STEPS_MODULE: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SWEEP_SECONDS: z.coerce.number().min(0.1).max(3600).default(5),
  EXPORTS_IN_FLIGHT: count(32, 0, 100_000),
  LIMIT_PERSON_IN_FLIGHT: count(20, 0),
  LIMIT_PERSON_PER_HOUR: count(200, 0),
  LIMIT_PROJECT_IN_FLIGHT: count(50, 0),
  LIMIT_PROJECT_PER_HOUR: count(500, 0),
  PROJECT_QUOTA_MB: count(0, 0, 1_000_000_000),
};

const producer = z.object({
  ...common,
  // Pages of the platform API are read by many workers at once, each page by a connection of its own.
  ...databaseUse({ connections: 16, statement: 30, lock: 10, idle: 60 }),
  PORT: count(3000, 0, 65_535),
  HOST: z.string().default('127.0.0.1'),
  CORS_ORIGINS: origins.default([]),
  TOKEN_SECRET: tokenSecrets,
  TOKEN_KEYS: tokenKeys.optional(),
  AUTH_SECRET: secrets,
  TOKEN_HOURS: count(12, 1, 24 * 7),
  PLATFORM_API_URL: url('http:', 'https:').optional(),
  EXPORT_DEADLINE_MINUTES: count(6 * 60),
  AUDIT_TTL_DAYS: count(365, 1, 36_500),
  AUTO_RENEW: z.stringbool().default(false),
  SNAPSHOTS_OPEN: count(8, 0, 1000),
  SNAPSHOT_MINUTES: count(30, 1, 24 * 60),
  ...signInVariables,
  UPLOAD_MAX_MB: count(100, 1, 100_000),
  UPLOAD_TTL_HOURS: count(24),
  UPLOADS_PER_PERSON: count(50, 0),
  UPLOADS_PER_PERSON_MB: count(1000, 0),
  ORPHAN_HOURS: count(168, 0, 87_600),
  EVENT_STREAMS: count(5000, 1, 100_000),
  EVENT_STREAMS_PER_PERSON: count(50, 1, 100_000),
  BULK_LIMIT: count(20, 0, 1000),
  BULK_ITEMS: count(1000, 1, 10_000),
  BULKS_OPEN_PER_PERSON: count(10, 0, 1000),
});

/** Where there are keys of pairs, secrets verify what they have signed before, and need not be there. */
const producerOfPairs = producer.extend({ TOKEN_SECRET: tokenSecrets.default([]), TOKEN_KEYS: tokenKeys });

const worker = z.object({
  ...common,
  // A worker clears storage while it holds a row, which may take a while.
  ...databaseUse({ connections: 10, statement: 60, lock: 30, idle: 600 }),
  PORT: count(0, 0, 65_535),
  HOST: z.string().default('127.0.0.1'),
  PLATFORM_API_URL: url('http:', 'https:').optional(),
  PLATFORM_IS_OWN: z.stringbool().optional(),
  SMTP_URL: url('smtp:', 'smtps:'),
  MAIL_FROM: z.string().default('Parcelpost <parcelpost@localhost>'),
  WORKER_QUEUES: queueNames.optional(),
  WORKER_CONCURRENCY: count(4, 1, 256),
  WORKER_LOCK_SECONDS: z.coerce.number().min(0.5).max(3600).default(30),
  WEBHOOK_SECRET: list
    .refine((keys) => keys.every((key) => key.length >= 24), 'each secret needs at least 24 characters')
    .optional(),
  WEBHOOK_ALLOW_PRIVATE: z.stringbool().default(false),
  RESOURCE_HOSTS: hosts.default([]),
  RESOURCE_ALLOW_PRIVATE: z.stringbool().default(false),
  RESOURCE_FILE_MB: count(512, 1),
  RESOURCE_TOTAL_MB: count(10_240, 1),
  PAGE_SIZE: count(500, 1, 10_000),
  SHARD_RECORDS: count(2_500),
  FETCH_TIMEOUT_SECONDS: z.coerce.number().min(0.1).max(600).default(30),
  ZIP_LEVEL: count(1, 0, 9),
  EXPORT_TTL_HOURS: count(24 * 7),
  PARTS_TTL_HOURS: count(24),
  REMOVAL_GRACE_SECONDS: grace(300),
});

const { DATABASE_URL, QUEUE_URL, REDIS_URL, QUEUE_PREFIX } = common;
const database = z.object({ DATABASE_URL, QUEUE_URL, REDIS_URL, QUEUE_PREFIX });
const ops = z.object({
  ...database.shape,
  STORAGE_URL: common.STORAGE_URL.optional(),
  PUBLIC_URL: common.PUBLIC_URL,
  TASK_ROUTES: common.TASK_ROUTES,
  TASKS_MODULE: common.TASKS_MODULE,
  SWEEP_SECONDS: common.SWEEP_SECONDS,
  PROJECT_QUOTA_MB: common.PROJECT_QUOTA_MB,
});
const token = z.object({ DATABASE_URL, AUTH_SECRET: secrets });

/** A variable is missing or wrong. The message names each one and says what is wanted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

function read<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return present[name] === undefined ? `${name} is not set` : `${name} is wrong: ${issue.message}`;
    });
    throw new ConfigError(lines.join('\n'));
  }
  return parsed.data;
}

/** How many exports there may be of one person and of one project. */
export const exportLimits = (config: ProducerConfig | WorkerConfig): Limits => ({
  person: { inFlight: config.LIMIT_PERSON_IN_FLIGHT, perHour: config.LIMIT_PERSON_PER_HOUR },
  project: { inFlight: config.LIMIT_PROJECT_IN_FLIGHT, perHour: config.LIMIT_PROJECT_PER_HOUR },
});

/** How much of one person's uploads may wait to be added to something, and for how long. */
export const uploadLimits = (
  config: Pick<ProducerConfig, 'UPLOADS_PER_PERSON' | 'UPLOADS_PER_PERSON_MB' | 'UPLOAD_TTL_HOURS'>,
): UploadLimits => ({
  files: config.UPLOADS_PER_PERSON,
  mb: config.UPLOADS_PER_PERSON_MB,
  ttlMs: config.UPLOAD_TTL_HOURS * 3_600_000,
});

/** Which engine carries the queues, and where it is. `QUEUE_URL` wins over `REDIS_URL`; the database is the default. */
export function queueUrl(config: {
  QUEUE_URL?: string | undefined;
  REDIS_URL?: string | undefined;
  DATABASE_URL: string;
}): string {
  return config.QUEUE_URL ?? config.REDIS_URL ?? config.DATABASE_URL;
}

/** The time-outs of a process, in milliseconds. */
export function databaseTimeouts(
  config: Pick<ProducerConfig, 'DATABASE_STATEMENT_SECONDS' | 'DATABASE_LOCK_SECONDS' | 'DATABASE_IDLE_SECONDS'>,
): Timeouts {
  return {
    statement: config.DATABASE_STATEMENT_SECONDS,
    lock: config.DATABASE_LOCK_SECONDS,
    idleInTransaction: config.DATABASE_IDLE_SECONDS,
  };
}

type ProducerVariables = z.output<typeof producer>;
/**
 * `TOKEN_KEYS` are all that scoped tokens are verified with, the secrets too; the first one signs. `OIDC` is what the
 * variables of that prefix say, where there is a provider.
 */
export type ProducerConfig = Omit<ProducerVariables, 'TOKEN_SECRET' | 'TOKEN_KEYS' | keyof typeof signInVariables> &
  Pick<ProducerVariables, 'SAMPLE_SIGN_IN' | 'SESSION_HOURS'> & {
    TOKEN_KEYS: TokenKey[];
    OIDC: ProviderConfig | undefined;
  };
export type WorkerConfig = z.output<typeof worker>;

/** Reads the producer's environment. Throws {@link ConfigError}. */
export function readProducerConfig(env: NodeJS.ProcessEnv): ProducerConfig {
  const { TOKEN_SECRET, TOKEN_KEYS = [], ...config } = read(env.TOKEN_KEYS ? producerOfPairs : producer, env);
  const fault = signInFault(config);
  if (fault !== undefined) throw new ConfigError(fault);
  return { ...config, TOKEN_KEYS: [...TOKEN_KEYS, ...secretKeys(TOKEN_SECRET)], OIDC: providerConfig(config) };
}

/** Reads the worker's environment. Throws {@link ConfigError}. */
export const readWorkerConfig = (env: NodeJS.ProcessEnv): WorkerConfig => read(worker, env);

/** Reads what a migration needs of the environment. Throws {@link ConfigError}. */
export const readDatabaseConfig = (env: NodeJS.ProcessEnv): z.output<typeof database> => read(database, env);

export type OpsConfig = z.output<typeof ops>;

/** Reads what looking after an installation needs of the environment; no secret is among it. Throws {@link ConfigError}. */
export const readOpsConfig = (env: NodeJS.ProcessEnv): OpsConfig => read(ops, env);

/** Reads what minting a caller's token needs of the environment. Throws {@link ConfigError}. */
export const readTokenConfig = (env: NodeJS.ProcessEnv): z.output<typeof token> => read(token, env);
