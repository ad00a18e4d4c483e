import { pathToFileURL } from 'node:url';
import { type LocalSecrets, MORE_SECRETS_OF, SECRETS_OF } from './secrets.js';

export type AppKind = 'producer' | 'worker';

export interface AppServices {
  /** The database, for each app by its own role. */
  databaseUrls: Record<AppKind, string>;
  /** `redis://…` or `postgres://…`; without it the database carries the queues, for each app by its own role. */
  queueUrl?: string | undefined;
  queuePrefix?: string | undefined;
  /** Folder for fragments and bundles. */
  storageDir: string;
  /** Address under which people and workers reach the producer. */
  publicUrl: string;
  smtpUrl: string;
  secrets: LocalSecrets;
  /** Another platform than the producer's own. */
  platformApiUrl?: string | undefined;
}

/**
 * The variables that tell producer and worker where everything is. Each gets the secrets that it needs and no other: a
 * worker, which reads what others wrote, cannot mint a token.
 */
export function appEnvironment(services: AppServices): Record<AppKind, Record<string, string>> {
  const common = {
    ...(services.queuePrefix === undefined ? {} : { QUEUE_PREFIX: services.queuePrefix }),
    STORAGE_URL: pathToFileURL(services.storageDir).href,
    PUBLIC_URL: services.publicUrl,
    ...(services.platformApiUrl === undefined ? {} : { PLATFORM_API_URL: services.platformApiUrl }),
  };
  const placesOf = (kind: AppKind) => ({
    DATABASE_URL: services.databaseUrls[kind],
    QUEUE_URL: services.queueUrl ?? services.databaseUrls[kind],
  });
  const secretsOf = (kind: AppKind) =>
    Object.fromEntries(SECRETS_OF[kind].map((name) => [name, services.secrets[name]] as const));
  return {
    producer: { ...placesOf('producer'), ...common, ...secretsOf('producer') },
    worker: { ...placesOf('worker'), ...common, ...secretsOf('worker'), SMTP_URL: services.smtpUrl },
  };
}

/** This process's variables without the secrets that an app of this kind has no use for. */
export function inheritedEnvironment(kind: AppKind, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secrets: readonly string[] = [...Object.values(SECRETS_OF).flat(), ...Object.values(MORE_SECRETS_OF).flat()];
  const own: readonly string[] = [...SECRETS_OF[kind], ...MORE_SECRETS_OF[kind]];
  return Object.fromEntries(Object.entries(env).filter(([name]) => own.includes(name) || !secrets.includes(name)));
}
