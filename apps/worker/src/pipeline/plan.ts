/** The plan of an export: which entities are read, in how many shards, and what every shard has to know. */

import type { AttributeSchemas, Entity, ProjectInfo } from '@parcelpost/shared/records.js';
import type { PartKeys, Reused } from './parts.js';

/** Shards of one entity stay below this, so that a flow stays in the hundreds of jobs. */
const MOST_SHARDS = 200;

/**
 * Which records a shard reads. From a cursor up to that at which the next shard begins, the last to the end of the list:
 * whatever is added or removed after the plan, no two shards read the same record, and none is between them. Or, where
 * the platform has no cursors, `limit` records from an offset on; there `last` reads on to the end, so that records
 * added at the end are not lost, but others may shift from shard to shard, see changes.ts.
 */
export type ShardRange = { cursor: string; until?: string } | { offset: number; limit: number; last: boolean };

export interface PlannedShard {
  entity: Entity;
  shard: number;
  range: ShardRange;
  /** As the platform counted; those of an entity's shards come to its count. */
  rowsExpected: number;
}

/** Kept as the result of the plan's row; the shards read it. */
export interface Plan {
  project: { name: string; organizationName: string; country: string; description: string };
  schemas: AttributeSchemas;
  shards: PlannedShard[];
  /** Id of the consistent view that all shards are to be read in; absent where the platform had none to give. */
  snapshot?: string;
  /** What is taken of earlier exports of the same data; absent where nothing is. */
  reused?: Reused;
  /** Keys under which what this export makes is kept for others; absent where it cannot be. */
  keys?: PartKeys;
}

/**
 * Records of one shard for a project of this size: `wanted`, or more where that would make too many shards.
 * @param count records of the largest entity
 */
export function shardSize(count: number, wanted: number): number {
  return Math.max(wanted, Math.ceil(count / MOST_SHARDS));
}

/** Cuts an entity of `count` records into ranges by offset. No records make no shard. */
export function shardsByOffset(entity: Entity, count: number, size: number): PlannedShard[] {
  const shards: PlannedShard[] = [];
  for (let offset = 0; offset < count; offset += size) {
    const limit = Math.min(size, count - offset);
    const last = offset + limit === count;
    shards.push({ entity, shard: shards.length, range: { offset, limit, last }, rowsExpected: limit });
  }
  return shards;
}

/** Cuts an entity by the cursors that the platform gave for this size. */
export function shardsByCursor(
  entity: Entity,
  cursors: readonly string[],
  count: number,
  size: number,
): PlannedShard[] {
  return cursors.map((cursor, shard) => {
    const until = cursors[shard + 1];
    const left = Math.max(0, count - shard * size);
    return until === undefined
      ? { entity, shard, range: { cursor }, rowsExpected: left }
      : { entity, shard, range: { cursor, until }, rowsExpected: Math.min(size, left) };
  });
}

/** The part of a project that the bundle speaks of. */
export function planProject(project: ProjectInfo): Plan['project'] {
  return {
    name: project.name,
    organizationName: project.organization.name,
    country: project.country,
    description: project.description,
  };
}
