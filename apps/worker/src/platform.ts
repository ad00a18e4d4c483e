/** Which platform a worker reads, and whose that is. */
import type { WorkerConfig } from '@parcelpost/shared/config.js';

export interface Platform {
  /** Where its API is. */
  url: string;
  /** Whether it is our own, where all who may export a project see the same of it. */
  own: boolean;
}

/**
 * A worker may reach our own platform at an address inside its network, which looks like any other: `PLATFORM_IS_OWN` says so. Where
 * that says nothing, another address than the public one is another platform.
 */
export function platformOf(
  config: Pick<WorkerConfig, 'PLATFORM_API_URL' | 'PLATFORM_IS_OWN' | 'PUBLIC_URL'>,
): Platform {
  const url = config.PLATFORM_API_URL ?? config.PUBLIC_URL;
  const own = config.PLATFORM_IS_OWN ?? new URL(url).href === new URL(config.PUBLIC_URL).href;
  return { url, own };
}
