import { pathToFileURL } from 'node:url';
import type { LocalSecrets } from './secrets.js';

export interface AppServices {
  databaseUrl: string;
  /** `redis://…` or `postgres://…`; without it the database carries the queues. */
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

/** The variables that tell producer and worker where everything is. */
export function appEnvironment(services: AppServices): Record<string, string> {
  return {
    DATABASE_URL: services.databaseUrl,
    QUEUE_URL: services.queueUrl ?? services.databaseUrl,
    ...(services.queuePrefix === undefined ? {} : { QUEUE_PREFIX: services.queuePrefix }),
    STORAGE_URL: pathToFileURL(services.storageDir).href,
    PUBLIC_URL: services.publicUrl,
    SMTP_URL: services.smtpUrl,
    ...(services.platformApiUrl === undefined ? {} : { PLATFORM_API_URL: services.platformApiUrl }),
    ...services.secrets,
  };
}
