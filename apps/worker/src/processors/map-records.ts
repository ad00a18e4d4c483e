/** Feeds the records of one shard to every step that was asked for, each id once. */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { Entity, RecordOf } from '@parcelpost/shared/records.js';
import { noTally, type Tally, tally } from '../formats/tally.js';
import type { WorkerPipeline } from '../pipeline/pipeline.js';
import type { Plan } from '../pipeline/plan.js';
import { FILE_DATE, type Fragment, type Mapper, type Notice, type OpenFragment } from '../pipeline/step.js';

/** What the steps made of a shard. */
export interface Mapped {
  /** Records that were mapped. */
  rows: number;
  fragments: Fragment[];
  notices: Notice[];
  /** Records left out, since a record of their id had come before. */
  repeated: Tally;
}

export interface MapInput<E extends Entity> {
  pipeline: WorkerPipeline;
  row: ExportRow;
  plan: Plan;
  entity: E;
  open: OpenFragment;
  /** The same for what others may take later; {@link open} unless told otherwise. */
  openKept?: OpenFragment;
  batches: AsyncIterable<readonly RecordOf[E][]>;
  /** Whether another shard has the record of this id. */
  isElsewhere?: (id: string) => boolean;
  /** Hears after each batch how many records have been mapped. */
  mapped?: (rows: number) => void;
}

/** Maps a shard's records. Memory: one batch, and the shard's ids. Where it throws, nothing is left behind. */
export async function mapRecords<E extends Entity>(input: MapInput<E>): Promise<Mapped> {
  const { pipeline, row, plan, entity, open, openKept = open, batches, isElsewhere, mapped } = input;
  const context = { options: row.options, schemas: plan.schemas, project: row.project, date: FILE_DATE };
  const isReused = ({ name }: { name: string }) => plan.reused?.steps[name] !== undefined;
  const mappers: Mapper<Entity>[] = pipeline
    .applicable(row.options)
    // By what a following step leaves it is seen that a record came twice, also where its results are there already.
    .filter((step) => step.entities.includes(entity) && (step.follows || !isReused(step)))
    .map((step) => step.createMapper(entity, context, step.follows && !isReused(step) ? openKept : open));
  const seen = new Set<string>();
  const repeated = noTally();
  try {
    for await (const batch of batches) {
      const fresh = batch.filter(({ id }) => {
        const known = seen.size;
        if (!isElsewhere?.(id)) seen.add(id);
        if (seen.size > known) return true;
        tally(repeated, id);
        return false;
      });
      if (fresh.length > 0) for (const mapper of mappers) await mapper.add(fresh);
      mapped?.(seen.size);
    }
    const results = await Promise.all(mappers.map((mapper) => mapper.finish()));
    return {
      rows: seen.size,
      fragments: results.flatMap((result) => result.fragments),
      notices: results.flatMap((each) => each.notices),
      repeated,
    };
  } catch (error) {
    await Promise.all(mappers.map((mapper) => mapper.abort()));
    throw error;
  }
}
