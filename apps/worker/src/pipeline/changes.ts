/** Whether a project was changed between the plan of its export and the reading of its records, as far as counts show it. */
import type { Entity } from '@parcelpost/shared/records.js';
import { humanCount } from '@parcelpost/shared/words.js';
import type { BundleWarning } from '../formats/bundle/info.js';
import { amount } from '../formats/bundle/text.js';
import type { PlannedShard } from './plan.js';

/** The smallest and the largest count that the platform gave with a shard's pages; these are not asked for in order. */
export interface Counts {
  least: number;
  most: number;
}

/** What a shard's map read. */
export interface ShardRead {
  entity: string;
  shard: number;
  rows: number;
  /** Records of the entity as the platform counted them meanwhile; null where it did not. */
  counts: Counts | null;
}

/** `counts` with the count of one more page, where there is one. */
export function widened(counts: Counts | null, count: number | null): Counts | null {
  if (count === null) return counts;
  return { least: Math.min(count, counts?.least ?? count), most: Math.max(count, counts?.most ?? count) };
}

/** Of each entity's records, in the words of warnings. */
export const NOUNS: Record<Entity, [one: string, many: string]> = {
  relationships: ['relationship', 'relationships'],
  parties: ['party', 'parties'],
  locations: ['location', 'locations'],
  resources: ['resource', 'resources'],
};

const BY_CURSOR =
  'some were added or removed in between; those that were there all the time are here, each of them once';
const BY_OFFSET =
  'some were added or removed in between, and since this platform numbers its list anew with every change, others may be missing here; what came twice is here once. To be sure, ask for the export again when nobody changes the project';

/**
 * A warning, `count-changed`, for every entity of which another number of records was read than was planned; and, on a
 * platform that is read by offset, for one that had another count meanwhile: there a change shifts the records behind it
 * from shard to shard, so that the number may be right and the records not. What keeps the count shows nowhere. Shards
 * that were not read are no change: of what they hold is told elsewhere.
 * @param shards all of a plan's
 * @param reads what those that were read came to, in any order
 */
export function changeWarnings(shards: readonly PlannedShard[], reads: readonly ShardRead[]): BundleWarning[] {
  const entities = [...new Set(shards.map(({ entity }) => entity))];
  return entities.flatMap((entity) => {
    const planned = shards.filter((shard) => shard.entity === entity);
    const found = reads.filter((read) => read.entity === entity);
    const read = new Set(found.map(({ shard }) => shard));
    const counted = sum(planned.map(({ rowsExpected }) => rowsExpected));
    const expected = sum(planned.filter(({ shard }) => read.has(shard)).map(({ rowsExpected }) => rowsExpected));
    const rows = sum(found.map((each) => each.rows));
    const byOffset = planned.some(({ range }) => 'offset' in range);
    const told = found.flatMap(({ counts }) => (counts ? [counts.least, counts.most] : []));
    const later = told.find((count) => count !== counted) ?? counted;
    if (rows === expected && (!byOffset || later === counted)) return [];
    const [before, after] = rows === expected ? [counted, later] : [expected, rows];
    const where = rows !== expected && read.size < planned.length ? ' in the parts that could be read' : '';
    const message =
      `the platform counted ${amount(before, ...NOUNS[entity])}${where} when the export was planned, ` +
      `${rows === expected ? `and ${humanCount(after)} later` : `but gave ${humanCount(after)}`}: ${byOffset ? BY_OFFSET : BY_CURSOR}`;
    return [{ code: 'count-changed', message, count: Math.abs(after - before), ids: [] }];
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
