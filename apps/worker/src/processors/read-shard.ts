import type { Page, PlatformClient } from '@parcelpost/shared/platform-client/client.js';
import type { Entity } from '@parcelpost/shared/records.js';
import type { PlannedShard } from '../pipeline/plan.js';

/** Pages of one shard asked for at once, where offsets allow it. */
const PREFETCH = 3;

/**
 * The pages of a shard, in order. By offset, the last shard of an entity goes on behind what the plan counted, as long as
 * the platform says that there is more.
 */
export async function* readShard(
  client: PlatformClient,
  { entity, range }: PlannedShard,
  snapshot: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Page<Entity>, void, undefined> {
  if ('cursor' in range) {
    yield* client.pages(entity, { ...range, snapshot }, { signal });
    return;
  }
  const { offset, limit, last } = range;
  let total: number | null = null;
  for await (const page of client.pages(entity, { offset, limit }, { signal, prefetch: PREFETCH })) {
    total = page.count;
    yield page;
  }
  const end = offset + limit;
  if (last && total !== null && total > end) {
    yield* client.pages(entity, { offset: end, limit: Number.POSITIVE_INFINITY }, { signal, prefetch: 1 });
  }
}
