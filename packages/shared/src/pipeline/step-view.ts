/** What pages show of a step of one export. */
import type { Entity } from '../records.js';
import type { DeclaredStep } from './declared-step.js';

/** The shards of one list, summed up. */
export interface ShardsWork {
  entity: string;
  shards: number;
  done: number;
  failed: number;
  rows: number;
  rowsExpected: number;
}

/** The work on one output of a step. */
export interface OutputWork {
  /** `<step>.<output>` */
  output: string;
  state: 'waiting' | 'active' | 'done' | 'failed' | 'aborted';
  /** Whether an earlier export made it. */
  reused: boolean;
  files: { name: string; rows: number | null; bytes: number }[];
  warnings: string[];
}

/** What the work on one generation of an export has left so far. */
export interface StepWork {
  shards: readonly ShardsWork[];
  outputs: readonly OutputWork[];
  /** Whether the outcome is decided: what is not done then never will be. */
  decided: boolean;
}

export interface StepView {
  name: string;
  version: string;
  /** `reused`: all of it is of an earlier export of the same data. */
  state: 'waiting' | 'reading' | 'writing' | 'done' | 'reused' | 'failed';
  /** Records that it has read, and of how many; those of lists that it does not read are in neither. */
  rows: number;
  rowsExpected: number;
  shardsDone: number;
  shards: number;
  files: { name: string; rows: number | null; bytes: number }[];
  warnings: string[];
}

/** One step's part of the work. */
export function viewStep({ name, version, entities }: DeclaredStep, { shards, outputs, decided }: StepWork): StepView {
  const made = outputs.filter(({ output }) => output.startsWith(`${name}.`));
  const reused = made.length > 0 && made.every((each) => each.reused);
  const read = reused ? [] : shards.filter(({ entity }) => entities.includes(entity as Entity));
  const sum = (figure: 'shards' | 'done' | 'failed' | 'rows' | 'rowsExpected') =>
    read.reduce((all, each) => all + each[figure], 0);
  return {
    name,
    version,
    state: stateOf(),
    rows: sum('rows'),
    rowsExpected: sum('rowsExpected'),
    shardsDone: sum('done'),
    shards: sum('shards'),
    files: made.flatMap(({ files }) => files),
    warnings: made.flatMap(({ warnings }) => warnings),
  };

  function stateOf(): StepView['state'] {
    if (reused) return 'reused';
    const over = made.filter(({ state }) => state === 'failed' || state === 'aborted');
    if (over.length > 0 || sum('failed') > 0) return 'failed';
    if (made.length > 0 && made.every(({ state }) => state === 'done')) return 'done';
    // A step that found nothing to make of the records has no output.
    if (decided) return sum('done') === sum('shards') ? 'done' : 'failed';
    if (made.length > 0) return 'writing';
    return sum('done') + sum('rows') > 0 ? 'reading' : 'waiting';
  }
}
