/** Comparing the hashes of all shards in bounded memory: in passes, each of a range of hashes. */
import { HASHES } from './hash.js';

/** Hashes of one kind that a pass holds at once: 4 MB of them. */
const PASS_ROWS = 2 ** 19;

/** Ranges of hashes of which none has many more than `passRows` of `rows` ids, since hashes lie evenly. */
export function passes(rows: number, passRows = PASS_ROWS): { from: number; to: number }[] {
  const count = Math.max(1, Math.ceil(rows / passRows));
  return Array.from({ length: count }, (_, pass) => ({
    from: Math.floor((HASHES / count) * pass),
    to: pass + 1 === count ? HASHES : Math.floor((HASHES / count) * (pass + 1)),
  }));
}

/** The part of sorted hashes that lies from `from` up to, and without, `to`: where it begins, and where it ends. */
export function within(sorted: Float64Array, { from, to }: { from: number; to: number }): [start: number, end: number] {
  return [firstNotBelow(sorted, from), firstNotBelow(sorted, to)];
}

/** Parts of several lists, sorted, as one. */
export function sortedTogether(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}

/** Place of the first that is not below `wanted`; the length where all are. */
export function firstNotBelow(sorted: Float64Array, wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
