/** Ids that more than one shard of a list has. */
import { ownHashes, type ReferencesFragment } from './fragment.js';
import { passes, sortedTogether, within } from './passes.js';

/** A shard of a list, as far as its ids go. */
export interface ListedShard extends ReferencesFragment {
  shard: number;
  /** Whether records can be taken out of it. */
  open: boolean;
}

/** Hashes that are to be looked at in a shard, and in which shard each has come before. */
export type Repeats = Map<number, Map<number, number>>;

/**
 * Finds the hashes that several shards have, and says which of them keeps each: one from which nothing can be taken, else
 * the first. Whether it is the same id too is for the caller to see. Memory: the hashes of one pass, and what was found.
 * @returns by shard, the hashes that another one keeps, and that one's number
 */
export async function findRepeated(
  shards: readonly ListedShard[],
  signal: AbortSignal,
  passRows?: number,
): Promise<Repeats> {
  const repeats: Repeats = new Map();
  const byRank = shards.toSorted((a, b) => Number(a.open) - Number(b.open) || a.shard - b.shard);
  for (const range of passes(
    shards.reduce((sum, { meta }) => sum + meta.rows, 0),
    passRows,
  )) {
    const parts: Float64Array[] = [];
    for (const shard of byRank) {
      signal.throwIfAborted();
      const hashes = await ownHashes(shard);
      parts.push(hashes.slice(...within(hashes, range)));
    }
    const twice = repeatedIn(sortedTogether(parts));
    if (twice.size === 0) continue;
    const keepers = new Map<number, number>();
    for (const [rank, { shard, open }] of byRank.entries()) {
      for (const hash of parts[rank] as Float64Array) {
        if (!twice.has(hash)) continue;
        const keeper = keepers.get(hash);
        if (keeper === undefined) keepers.set(hash, shard);
        else if (open) repeats.set(shard, (repeats.get(shard) ?? new Map<number, number>()).set(hash, keeper));
      }
    }
  }
  return repeats;
}

function repeatedIn(sorted: Float64Array): Set<number> {
  const twice = new Set<number>();
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) twice.add(sorted[i] as number);
  return twice;
}
