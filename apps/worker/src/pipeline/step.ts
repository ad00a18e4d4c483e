/** What a step of the pipeline is: a map over a shard's records, a reduce over the fragments that the maps left. */

import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { MissingPart } from '@parcelpost/shared/export-result.js';
import { DeclaredStep } from '@parcelpost/shared/pipeline/declared-step.js';
import type { AttributeSchemas, Entity, RecordOf } from '@parcelpost/shared/records.js';
import type { Storage, StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleFile, BundleWarning } from '../formats/bundle/info.js';
import type { FileSource } from './file-source.js';

/**
 * Stands in file headers that want a date, and in the zip. Always the same, since the same data is to make the same
 * bytes whenever it is exported: the first moment that a zip's own clock knows.
 */
export const FILE_DATE = new Date('1980-01-01T00:00:00.000Z');

/** What every step is told of the export. */
export interface StepContext {
  options: ExportOptions;
  schemas: AttributeSchemas;
  /** Slug of the project. */
  project: string;
  /** Stands in file headers that want a date: {@link FILE_DATE}. */
  date: Date;
}

/** What a shard's map left for one output. `meta` belongs to the step; it is JSON and holds figures, never data. */
export interface Fragment {
  step: string;
  output: string;
  /** Key of the fragment in storage. */
  key: string;
  bytes: number;
  meta: unknown;
}

/** What a step has to say of a shard (records left out, say). `meta` belongs to the step; it is JSON. */
export interface Notice {
  step: string;
  meta: unknown;
}

/** A finished file, as it goes into the bundle. */
export interface OutputFile extends BundleFile {
  /** Where it lies in storage until then. */
  key: string;
}

/** What a reduce made. */
export interface Reduced {
  files: OutputFile[];
  warnings: BundleWarning[];
  /** Files that could not be had; only where the request takes a part for the whole. */
  missing?: MissingPart[];
}

/** Opens a fragment to write to; its key is derived from export, generation, shard and this name. */
export type OpenFragment = (name: string) => Promise<StorageWriter & { key: string }>;

/** Takes a shard's records batch by batch, each in its order, and leaves fragments. */
export interface Mapper<E extends Entity> {
  add(records: readonly RecordOf[E][]): Promise<void>;
  /** Commits what was written. */
  finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/** Opens a file to write to; its key is derived from export, generation and this name. */
export type OpenOutput = (name: string) => Promise<StorageWriter & { key: string }>;

/** A finished file of an earlier step. */
export interface EarlierFile extends OutputFile {
  step: string;
}

export interface ReduceInput {
  context: StepContext;
  /** The output's fragments, in the order of the entities and their shards. */
  fragments: readonly Fragment[];
  /** Files of the steps that this one uses, in the order of the bundle; of every other step there are none. */
  earlier?: readonly EarlierFile[];
  storage: Storage;
  open: OpenOutput;
  signal: AbortSignal;
  /** Whence files are fetched that records name. */
  openFiles?: () => FileSource;
}

/** One thing that an export produces. Steps get batches of records; none fetches for itself. */
export abstract class Step<E extends Entity = Entity> extends DeclaredStep {
  /** Outputs to reduce: those that stand even without records, and those that the maps found. */
  abstract outputs(fragments: readonly Fragment[], options: ExportOptions): string[];

  abstract createMapper(entity: E, context: StepContext, open: OpenFragment): Mapper<E>;

  abstract reduce(output: string, input: ReduceInput): Promise<Reduced>;

  /** What readers of the bundle are to be told of what the shards left out. */
  abstract warnings(notices: readonly Notice[], options: ExportOptions): BundleWarning[];

  /** The file by which people know an output. */
  fileOf(output: string): string {
    return `${this.name}.${output}`;
  }
}
