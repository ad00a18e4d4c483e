/** A row of `export_jobs`, and how it is found. */
import type { ExportFailure } from '../../errors.js';

export type JobKind = 'plan' | 'map' | 'reduce' | 'merge';
export type JobState = 'waiting' | 'active' | 'done' | 'failed' | 'aborted';

/** Which piece of work of an export: `step` is the entity of a map, the output of a reduce. */
export interface JobKey {
  exportId: string;
  generation: number;
  kind: JobKind;
  step: string;
  shard: number;
}

/** One start of a piece of work. Once there is a later one, this one changes nothing any more. */
export interface JobStart extends JobKey {
  /** Counts from 1, whatever became of the earlier ones. */
  start: number;
}

/** Why work is to stop before its end. */
export type StopReason = ExportFailure | 'decided' | 'superseded';

export interface ExportJobRow extends JobKey {
  state: JobState;
  /** Tries spent; a worker that was killed, or asked to stop, spends none. */
  attempts: number;
  /** How often the work was begun, whatever became of it. */
  starts: number;
  rows: number;
  rowsExpected: number | null;
  bytes: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  error: ExportFailure | null;
  /** What the work left for those after it: storage keys and figures, never data. */
  result: unknown;
  /** The generation that did the work, where this one took it over as it was. */
  reusedFrom: number | null;
}

/** Its columns, by the names of a row. */
export const COLUMNS = {
  exportId: 'export_id',
  generation: 'generation',
  kind: 'kind',
  step: 'step',
  shard: 'shard',
  state: 'state',
  attempts: 'attempts',
  starts: 'starts',
  rows: 'rows',
  rowsExpected: 'rows_expected',
  bytes: 'bytes',
  startedAt: 'started_at',
  finishedAt: 'finished_at',
  error: 'error',
  result: 'result',
  reusedFrom: 'reused_from',
} as const;

/** What is unique. */
export const KEY = ['export_id', 'generation', 'kind', 'step', 'shard'];

/** Finds the row of a piece of work. */
export const where = (key: JobKey) => ({
  export_id: key.exportId,
  generation: key.generation,
  kind: key.kind,
  step: key.step,
  shard: key.shard,
});

/** Finds a row only for the latest start of its work. */
export const ofStart = (key: JobStart) => ({ ...where(key), starts: key.start });

/** A reduce that need not run. */
export interface DoneReduce {
  step: string;
  rows: number;
  bytes: number;
  result: unknown;
}
