/** Relationships whose party or location is not among those that were read. */
import { noTally, type Tally } from '../tally.js';
import { ownHashes, type ReferencesFragment, type Referred, referredHashes, relationshipIds } from './fragment.js';
import { passes, sortedTogether, within } from './passes.js';

/** Ids that a tally names. */
const SAMPLE = 10;

/**
 * Counts the relationships that refer to a record which is not there, and names the first.
 *
 * Memory: the hashes of one pass, and one fragment. An id whose hash another has passes for being there: for one absent
 * id among a million, that happens once in ten thousand million times.
 * @param relationships fragments in the order of their shards
 * @param others all fragments of the records that are referred to
 * @param passRows how many ids are compared at once, about; a test says less
 */
export async function findAbsent(
  entity: Referred,
  relationships: readonly ReferencesFragment[],
  others: readonly ReferencesFragment[],
  signal: AbortSignal,
  passRows?: number,
): Promise<Tally> {
  const found = relationships.map(() => ({ count: 0, places: [] as number[] }));
  for (const range of passes(rowsOf(others), passRows)) {
    const parts: Float64Array[] = [];
    for (const fragment of others) {
      signal.throwIfAborted();
      const hashes = await ownHashes(fragment);
      parts.push(hashes.slice(...within(hashes, range)));
    }
    const known = sortedTogether(parts);
    for (const [index, fragment] of relationships.entries()) {
      signal.throwIfAborted();
      const { hashes, places } = await referredHashes(fragment, entity);
      const lost = found[index] as (typeof found)[number];
      const [start, end] = within(hashes, range);
      // Both are sorted, so that one walk through each is enough.
      for (let at = start, next = 0; at < end; at++) {
        const hash = hashes[at] as number;
        while (next < known.length && (known[next] as number) < hash) next++;
        if (known[next] === hash) continue;
        lost.count++;
        lost.places.push(places[at] as number);
      }
      lost.places = lost.places.sort((a, b) => a - b).slice(0, SAMPLE);
    }
  }
  const tally = noTally();
  for (const [index, { count, places }] of found.entries()) {
    tally.count += count;
    if (count === 0 || tally.ids.length >= SAMPLE) continue;
    const ids = await relationshipIds(relationships[index] as ReferencesFragment);
    tally.ids.push(...places.slice(0, SAMPLE - tally.ids.length).map((place) => ids[place] as string));
  }
  return tally;
}

function rowsOf(fragments: readonly ReferencesFragment[]): number {
  return fragments.reduce((sum, { meta }) => sum + meta.rows, 0);
}
