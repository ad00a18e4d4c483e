import type { ServerConfig } from '../dependencies.js';

/** The address of the platform that stands in the place of our own; undefined while ours does. */
export function externalPlatform(config: Pick<ServerConfig, 'PLATFORM_API_URL' | 'PUBLIC_URL'>): string | undefined {
  const { PLATFORM_API_URL: url, PUBLIC_URL: own } = config;
  return url === undefined || new URL(url).href === new URL(own).href ? undefined : url;
}
