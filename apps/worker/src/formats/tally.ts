/** Counts of records that something befell. */

/** How many, and the ids of the first ten. */
export interface Tally {
  count: number;
  ids: string[];
}

const SAMPLE = 10;

export const noTally = (): Tally => ({ count: 0, ids: [] });

export function tally(target: Tally, id: string): void {
  target.count++;
  if (target.ids.length < SAMPLE) target.ids.push(id);
}

/** Adds up what the shards counted; ids of the first shards come first. */
export function mergeTallies(tallies: readonly Tally[]): Tally {
  return {
    count: tallies.reduce((sum, each) => sum + each.count, 0),
    ids: tallies.flatMap((each) => each.ids).slice(0, SAMPLE),
  };
}
