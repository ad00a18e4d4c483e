/** How the records of an export were read, as far as whoever reads its bundle has to know. */
import type { Entity } from '@parcelpost/shared/records.js';
import { humanCount } from '@parcelpost/shared/words.js';
import type { BundleWarning } from '../formats/bundle/info.js';
import { amount } from '../formats/bundle/text.js';
import { mergeTallies, type Tally } from '../formats/tally.js';
import { NOUNS } from './changes.js';
import type { Plan } from './plan.js';

/** How one shard was read. */
export interface ShardReading {
  entity: string;
  /** Records left out, since their id had come before. */
  repeated: Tally;
  /** Read as the project was then, though the plan had a consistent view: that was gone. */
  outside: boolean;
  /** Read in an earlier try of the same export. */
  takenOver: boolean;
}

/** Whether all records are of one moment. */
export function isConsistent(plan: Plan, readings: readonly ShardReading[]): boolean {
  // What is taken of others is of the state that the plan saw.
  if (plan.shards.length === 0 && plan.reused) return true;
  return plan.snapshot !== undefined && !readings.some(({ outside, takenOver }) => outside || takenOver);
}

/** A warning for each entity of which ids came twice, and one where the consistent view was lost under way. */
export function readingWarnings(readings: readonly ShardReading[]): BundleWarning[] {
  const entities = [...new Set(readings.map(({ entity }) => entity as Entity))];
  const repeats = entities.flatMap((entity) => {
    const found = mergeTallies(readings.filter((each) => each.entity === entity).map(({ repeated }) => repeated));
    if (found.count === 0) return [];
    const message =
      `the platform gave ${amount(found.count, ...NOUNS[entity])} more than once: ` +
      'each id is in the files once, as it came first';
    return [{ code: 'id-repeated', message, ...found }];
  });
  const lost = readings.filter(({ outside }) => outside).length;
  if (lost === 0) return repeats;
  const message =
    `the records were to be read as they were at one moment, but that view of the project was lost: ${humanCount(lost)} of ` +
    `${amount(readings.length, 'part was', 'parts were')} read as it was later, and may not fit the others; ` +
    'to be sure, ask for the export again';
  return [...repeats, { code: 'snapshot-lost', message, count: lost, ids: [], values: { parts: readings.length } }];
}
